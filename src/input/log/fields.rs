//! Exchange and IIS: rows whose columns a `#Fields:` header names. Exchange separates them with commas, the W3C
//! form with blanks. In both the server's own address comes before the client's.

use super::Reading;
use crate::input::token;

/// Names of the client's column, best first.
const NAMES: &[&[u8]] = &[b"remote-endpoint", b"c-ip", b"client-ip", b"original-client-ip"];

/// Where a file says that the client's address is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fields {
    separator: u8,
    count: usize,
    /// None: the header names no client.
    column: Option<usize>,
}

impl Fields {
    /// Reads a header line; None when it is none.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let names = line.strip_prefix(b"#Fields:")?.trim_ascii();
        let names = names.get(..super::LONGEST).unwrap_or(names);
        let separator = if names.contains(&b',') { b',' } else { b' ' };
        let count = names.split(|b| *b == separator).count();
        let place = |name: &&[u8]| {
            names.split(|b| *b == separator).position(|n| n.trim_ascii().eq_ignore_ascii_case(name))
        };
        Some(Self { separator, count, column: NAMES.iter().find_map(place) })
    }

    /// The last header in a text of whole lines.
    pub(crate) fn last_in(text: &[u8]) -> Option<Self> {
        let marks = memchr::memmem::find_iter(text, b"#Fields:");
        let at_line_start =
            |at: &usize| at.checked_sub(1).is_none_or(|before| text.get(before) == Some(&b'\n'));
        let last = marks.filter(at_line_start).last().and_then(|at| text.get(at..))?;
        Self::read(last.get(..memchr::memchr(b'\n', last).unwrap_or(last.len())).unwrap_or(last))
    }

    /// The client of a row; Foreign for what is no row of this file, as where several logs come through one pipe.
    pub(super) fn client(self, line: &[u8]) -> Reading {
        let row = match self.separator {
            b',' => super::head::is_iso_time(line),
            // IIS writes no blank inside a column.
            _ => columns(line.trim_ascii_end(), b' ').count() == self.count,
        };
        if !row {
            return Reading::Foreign;
        }
        self.column.and_then(|column| columns(line, self.separator).nth(column)).and_then(token::bare).into()
    }
}

/// A row that nothing announced (one line out of a file): Exchange's and IIS's own default columns.
pub(super) fn by_shape(line: &[u8]) -> Reading {
    if super::head::is_iso_time(line) && columns(line, b',').count() >= 7 {
        // date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
        let mut ends = columns(line, b',').skip(4).map(token::bare);
        return match (ends.next().flatten(), ends.next().flatten()) {
            (_, Some(remote)) => Reading::Client(remote),
            // date-time,client-ip,... of message tracking
            _ => columns(line, b',').nth(1).and_then(token::bare).map_or(Reading::Foreign, Reading::Client),
        };
    }
    w3c(line)
}

/// `date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip ...` of IIS, and `date time c-ip ...`
/// of its SMTP service.
fn w3c(line: &[u8]) -> Reading {
    let mut words = line.split(|b| *b == b' ');
    let dated = matches!(words.next(), Some([_, _, _, _, b'-', _, _, b'-', _, _]))
        && matches!(words.next(), Some([_, _, b':', _, _, b':', _, _]));
    let Some(first) = words.next().and_then(token::bare).filter(|_| dated) else { return Reading::Foreign };
    let method = words.next().is_some_and(|word| word.len() > 2 && word.iter().all(u8::is_ascii_uppercase));
    if !method {
        return Reading::Client(first);
    }
    words.find_map(token::bare).map_or(Reading::Foreign, Reading::Client)
}

/// The columns of a row; a quoted one may hold the separator.
fn columns(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some(inside) = text.strip_prefix(b"\"")
            && let Some(close) = memchr::memchr(b'"', inside)
        {
            let behind = inside.get(close + 1..).unwrap_or_default();
            rest = behind.first().and_then(|_| behind.get(1..));
            return inside.get(..close);
        }
        let end = memchr::memchr(separator, text);
        rest = end.and_then(|end| text.get(end + 1..));
        let column = end.map_or(Some(text), |end| text.get(..end));
        column.map(|column| column.strip_suffix(b"\r").unwrap_or(column))
    })
}
