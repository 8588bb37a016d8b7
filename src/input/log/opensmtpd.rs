//! OpenSMTPD: `0123456789abcdef smtp connected address=ADDRESS host=NAME`. Later lines of the session have its id
//! only; lines with `mta` are about mail that goes out.

use super::{Reading, general, pieces};
use crate::input::token;

/// The client of a message of the program `smtpd`.
pub(super) fn client(message: &[u8]) -> Reading {
    let text = match pieces::cut_blank(message) {
        Some((id, rest)) if id.len() == 16 && id.iter().all(u8::is_ascii_hexdigit) => rest,
        _ => message,
    };
    if [&b"mta "[..], b"relay: ", b"mta: ", b"smtp-out: "].iter().any(|start| text.starts_with(start)) {
        return Reading::Nobody;
    }
    match pieces::behind(text, b" address=") {
        Some(rest) => token::leading(rest).into(),
        None => general::client(text).into(),
    }
}
