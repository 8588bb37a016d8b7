//! Haraka: `[NOTICE] [SESSION] [core] connect ip=ADDRESS port=51234 local_ip=LOCAL`. Its outbound part names only
//! destinations. Its other lines are left to the general rules.

use super::LineReading;
use crate::log::token;

/// Reads a line known by its brackets: the level, the session, the plugin. Some may be missing or doubled: `[ERROR] [-]
/// [core] [outbound] TEXT`.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let levels =
        [&b"[NOTICE] "[..], b"[INFO] ", b"[ERROR] ", b"[WARN] ", b"[DEBUG] ", b"[PROTOCOL] ", b"[CRIT] "];
    let Some(mut text) = levels.iter().find_map(|level| line.strip_prefix(*level)) else {
        return LineReading::Foreign;
    };
    let mut plugin: &[u8] = b"";
    for _ in 0..4 {
        let Some(rest) = text.strip_prefix(b"[") else { break };
        let near = rest.get(..64).unwrap_or(rest);
        let Some(close) = memchr::memchr(b']', near) else { break };
        plugin = rest.get(..close).unwrap_or_default();
        text = rest.get(close + 1..).unwrap_or_default().trim_ascii_start();
        match plugin {
            b"outbound" | b"smtp_client" | b"smtp_forward" | b"smtp_proxy" | b"queue/smtp_forward" => {
                return LineReading::Outgoing;
            }
            _ => {}
        }
    }
    match plugin {
        // The input of a plugin or a hook, and anything said, came from the client.
        b"helo.checks" => LineReading::Nobody,
        // `identity=mailfrom ip=ADDRESS domain="b.example" mfrom=<TEXT> result=Pass`
        b"spf" if text.starts_with(b"identity=") => {
            LineReading::incoming(super::pieces::behind(text, b" ip=").and_then(token::leading))
        }
        b"core" if [&b"connect ip="[..], b"disconnect ip="].iter().any(|mark| text.starts_with(mark)) => {
            LineReading::incoming(super::pieces::behind(text, b"ip=").and_then(token::leading))
        }
        b"core" if text.starts_with(b"hook=") || text.starts_with(b"C: ") || text.starts_with(b"S: ") => {
            LineReading::Nobody
        }
        _ => LineReading::Foreign,
    }
}
