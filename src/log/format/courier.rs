//! Courier: `ip=[::ffff:203.0.113.7]`, and `error,relay=::ffff:203.0.113.7,from=<...>,to=<...>` of its SMTP server. Its
//! SMTP client (`courieresmtp`) names only the destination.

use super::{LineReading, pieces};
use crate::log::token;

/// The client of a message of `program`; Foreign for every program that is not Courier's.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    // Some start the services under names such as `courier-imapd`.
    match program.strip_prefix(b"courier-").unwrap_or(program) {
        // `newmsg,id=...: dns; HELO (name [ADDRESS])`
        b"courierd" if message.starts_with(b"newmsg,") => {
            let host = pieces::behind_last(message, b" (").unwrap_or_default();
            LineReading::incoming(pieces::first_bracketed(host, |_| true))
        }
        b"courieresmtp" => LineReading::Outgoing,
        b"courierlocal" | b"courierd" => LineReading::Nobody,
        b"courieresmtpd" | b"courieresmtpd-ssl" | b"esmtpd" | b"smtpd" | b"esmtpd-ssl"
        | b"courieresmtpd-msa" => {
            // relay= and ip= are written by Courier itself, and come first.
            let marks = [&b"relay="[..], b"ip="];
            let found = marks.iter().find_map(|mark| pieces::behind(message, mark).and_then(token::leading));
            LineReading::incoming_or_foreign(found)
        }
        // `LOGIN FAILED, user=name, ip=[::ffff:203.0.113.7]`: the name precedes the address.
        b"imapd" | b"imapd-ssl" | b"pop3d" | b"pop3d-ssl" | b"couriertls" | b"courierpop3login"
        | b"courierpop3d" | b"imaplogin" | b"pop3login" | b"pop3d-login" => {
            match pieces::behind_last(message, b"ip=[") {
                Some(rest) => LineReading::incoming(token::leading(rest)),
                None => LineReading::Foreign,
            }
        }
        _ => LineReading::Foreign,
    }
}
