//! Events in the formats of security tools: CEF (`CEF:0|VENDOR|...|src=ADDRESS dst=LOCAL`), LEEF (`LEEF:1.0|VENDOR|...|
//! src=ADDRESS<TAB>dst=LOCAL`), and Windows logons, as text (`Source Network Address: ADDRESS`) and as XML.

use super::{LineReading, pieces};
use crate::log::token;
use std::net::IpAddr;

/// Reads a line known by its format's name, or by the words of a Windows event.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if let Some(rest) = [&b"CEF:"[..], b"LEEF:"].iter().find_map(|name| line.strip_prefix(*name))
        && rest.first().is_some_and(u8::is_ascii_digit)
    {
        return extension(line);
    }
    // The typed name comes before the address, and no text of the client's after it.
    if line.starts_with(b"An account ")
        && let Some(client) = pieces::behind_last(line, b"Source Network Address:")
    {
        return LineReading::incoming(token::leading(client.trim_ascii_start()));
    }
    if let Some(client) = fortimail(line) {
        return LineReading::Incoming(client);
    }
    if !line.starts_with(b"<Event") {
        return LineReading::Foreign;
    }
    // XML escapes the characters that end an element.
    let named = [&b"Name='IpAddress'>"[..], b"Name=\"IpAddress\">"];
    match named.iter().find_map(|mark| pieces::behind(line, mark)) {
        Some(client) => LineReading::incoming(token::leading(client)),
        None => LineReading::Foreign,
    }
}

/// FortiMail's records of mails have either `client_ip="ADDRESS"`, or only `client_name="NAME [ADDRESS]"`.
fn fortimail(line: &[u8]) -> Option<IpAddr> {
    pieces::behind_near(line, 128, b"device_id=").filter(|_| line.starts_with(b"date="))?;
    let name = pieces::behind_near(line, 320, b"client_name=\"")?;
    let (name, rest) = name.split_at_checked(memchr::memchr(b'"', name)?)?;
    let open = memchr::memrchr(b'[', name).filter(|_| !pieces::has(rest, b"client_ip=\""))?;
    pieces::bracketed(name, open)
}

/// `src=ADDRESS` at the start, or after a blank (CEF) or a tab (LEEF). Not all writers of CEF escape `=` in values, so two
/// different addresses are ambiguous.
fn extension(line: &[u8]) -> LineReading {
    let bars = match line {
        [b'C', ..] => 7,
        [b'L', b'E', b'E', b'F', b':', b'2', ..] => 6,
        _ => 5,
    };
    let bar = memchr::memchr_iter(b'|', line).filter(|at| !pieces::is_escaped(line, *at)).nth(bars - 1);
    let Some(text) = bar.and_then(|bar| line.get(bar + 1..)) else { return LineReading::Foreign };
    // A firewall passed this on to the outside.
    if pieces::has(text, b" deviceDirection=1 ") || text.starts_with(b"deviceDirection=1 ") {
        return LineReading::Outgoing;
    }
    let mark: &[u8] = if bars == 7 { b" src=" } else { b"\tsrc=" };
    let others = memchr::memmem::find_iter(text, mark).filter_map(|at| text.get(at + 5..)).take(32);
    let mut all = text.strip_prefix(b"src=").into_iter().chain(others).map(token::leading);
    match all.next() {
        Some(first) => LineReading::incoming(first.filter(|_| all.all(|other| other == first))),
        None => LineReading::Foreign,
    }
}
