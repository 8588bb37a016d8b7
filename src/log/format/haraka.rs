//! Haraka: `[NOTICE] [SESSION] [core] connect ip=ADDRESS port=51234 local_ip=LOCAL`. Its outbound part names only
//! where mail goes; for the rest the general rules do.

use super::LineReading;

/// A line known by its brackets: the level, the session, the plugin.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if line.first() != Some(&b'[') {
        return LineReading::Foreign;
    }
    let mut parts = line.splitn(4, |b| *b == b']');
    let plugin = parts.nth(2).and_then(|part| part.strip_prefix(b" ["));
    let text = parts.next().unwrap_or_default();
    match plugin {
        Some(b"outbound") => LineReading::Nobody,
        // What a plugin looked at, what a hook was given, and what was said came from the client.
        Some(b"helo.checks") => LineReading::Nobody,
        Some(b"core") if text.starts_with(b" hook=") || text.starts_with(b" C: ") => LineReading::Nobody,
        _ => LineReading::Foreign,
    }
}
