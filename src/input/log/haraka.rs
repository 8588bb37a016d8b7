//! Haraka: `[NOTICE] [SESSION] [core] connect ip=ADDRESS port=51234 local_ip=LOCAL`. Its outbound part names only
//! where mail goes; for the rest the general rules do.

use super::{Reading, pieces};

/// A line known by its brackets.
pub(super) fn by_shape(line: &[u8]) -> Reading {
    let near = line.get(..200).unwrap_or(line);
    // What a hook was given and what a plugin looked at came from the client.
    let marks = [&b"] [outbound] "[..], b"] [core] hook=", b"] [helo.checks] "];
    if marks.iter().any(|mark| pieces::has(near, mark)) { Reading::Nobody } else { Reading::Foreign }
}
