//! Kerio Connect's security log: `[23/Nov/2026 10:34:34] IP address ADDRESS found in DNS blacklist NAME, mail from
//! <TEXT> to <TEXT> rejected`. Its other lines are left to the general rules.

use super::{LineReading, domino};
use crate::log::token;

/// Reads a line known by its first words.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let own = domino::behind_kerio_date(line).and_then(|text| text.strip_prefix(b"IP address "));
    LineReading::incoming_or_foreign(own.and_then(token::leading))
}
