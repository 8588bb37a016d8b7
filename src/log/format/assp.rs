//! ASSP: `Nov-23-26 10:34:34 m1-00001-00001 [Worker_1] [TLS-in] 203.0.113.7 <sender> to: recipient TEXT`. The client
//! comes after the ID and the brackets. The text after it may quote other addresses.

use super::{LineReading, pieces};
use crate::log::token;

/// Reads a line known by its date.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let dated = matches!(
        line,
        [b'A'..=b'Z', _, _, b'-', b'0'..=b'9', b'0'..=b'9', b'-', b'0'..=b'9', b'0'..=b'9', ..]
    );
    if !dated {
        return LineReading::Foreign;
    }
    let Some((_, text)) = pieces::cut_blank(line) else { return LineReading::Foreign };
    let mut rest = text;
    // Time, ID and brackets: few lines have more than four of them.
    for _ in 0..8 {
        let Some((word, behind)) = pieces::cut_blank(rest) else { break };
        if let Some(address) = token::bare(word) {
            return LineReading::Incoming(address);
        }
        let own = word.first() == Some(&b'[') || word.iter().any(u8::is_ascii_digit);
        if !own {
            break;
        }
        rest = behind;
    }
    LineReading::Foreign
}
