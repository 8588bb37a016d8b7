//! One object of an RPSL file.

use super::Entry;
use crate::{
    cache::body::{self, Squeezer},
    registry::Registry,
    whois::{
        charset,
        reply::{Provenance, Reply, classify},
    },
};
use std::borrow::Cow;

/// An object's text, and the line that it begins at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    line: u64,
    text: &'a [u8],
}

/// A line, and what is wrong with it.
type Wrong<T> = (u64, T);

/// The objects of a piece. Comment lines stand between objects, and are no part of them.
pub(super) fn objects(bytes: &[u8], line: u64) -> Result<Vec<Object<'_>>, Wrong<&'static str>> {
    let mut objects = Vec::new();
    let (mut start, mut begins) = (None, line);
    let (mut at, mut number) = (0, line);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let text = rest.get(..length).unwrap_or_default();
        let blank = text.trim_ascii().is_empty();
        match start {
            Some(from) if blank => {
                objects.push(Object { line: begins, text: bytes.get(from..at).unwrap_or_default() });
                start = None;
            }
            // "%" and "#" in the first column are comments there, "+" and blanks go on with the line above.
            Some(_) if matches!(text.first(), Some(b' ' | b'\t' | b'+' | b'%' | b'#')) => {}
            _ if blank => {}
            None if matches!(text.first(), Some(b'%' | b'#')) => {}
            _ if attribute(text).is_none() => return Err((number, "this is no line of an RPSL object")),
            None => (start, begins) = (Some(at), number),
            Some(_) => {}
        }
        at += length;
        number += 1;
    }
    if let Some(from) = start {
        objects.push(Object { line: begins, text: bytes.get(from..).unwrap_or_default() });
    }
    Ok(objects)
}

/// Name and value of an attribute's line.
fn attribute(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let name_like = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*');
    (!name.is_empty() && name.iter().all(name_like)).then(|| (name, value.trim_ascii()))
}

impl<'a> Object<'a> {
    fn first(&self, name: &str) -> Option<&'a [u8]> {
        let lines = self.text.split(|&b| b == b'\n');
        lines.filter_map(attribute).find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    fn class(&self) -> String {
        let line = self.text.split(|&b| b == b'\n').next().unwrap_or_default();
        attribute(line)
            .map(|(name, _)| String::from_utf8_lossy(name).to_ascii_lowercase())
            .unwrap_or_default()
    }

    /// The database it stands in: RIPE's files add a comment behind its name.
    fn source(&self) -> String {
        let value = self.first("source").unwrap_or_default();
        let word = value.split(|b| b.is_ascii_whitespace() || *b == b'#').next().unwrap_or_default();
        String::from_utf8_lossy(word).to_ascii_uppercase()
    }

    fn registry(source: &str) -> Registry {
        match source {
            "APNIC" => Registry::Apnic,
            "AFRINIC" => Registry::Afrinic,
            "LACNIC" => Registry::Lacnic,
            "ARIN" => Registry::Arin,
            "JPNIC" | "JPIRR" => Registry::Jpnic,
            "KRNIC" => Registry::Krnic,
            "TWNIC" => Registry::Twnic,
            // RIPE itself, and whoever else runs its software.
            _ => Registry::Ripe,
        }
    }

    /// What the object is to us; None for those of other classes.
    pub(super) fn parse(&self, squeeze: &mut Squeezer<'_>) -> Result<Option<Entry>, Wrong<String>> {
        let class = self.class();
        match class.as_str() {
            "inetnum" | "inet6num" => self.network(&class, squeeze).map(Some),
            "organisation" => Ok(self.contact(&class, squeeze)),
            // Persons are nobody's business here; those who take complaints are.
            "role" | "irt" if self.first("abuse-mailbox").is_some() => Ok(self.contact(&class, squeeze)),
            _ => Ok(None),
        }
    }

    fn network(&self, class: &str, squeeze: &mut Squeezer<'_>) -> Result<Entry, Wrong<String>> {
        let source = self.source();
        let registry = Self::registry(&source);
        let text = self.text(registry);
        match classify(&text, registry, None, Provenance::Saved) {
            Reply::Record(record, _) if record.network.is_everything() => Ok(Entry::Placeholder),
            Reply::Record(record, _) => Ok(Entry::Network {
                source: format!("{source} {class}"),
                network: record.network,
                body: squeeze.squeeze(&body::plain(&record, &text).unwrap_or_default()),
            }),
            Reply::Placeholder { .. } => Ok(Entry::Placeholder),
            Reply::Failure { message, .. } | Reply::Empty { message, .. } => {
                Err((self.line, format!("this {class} cannot be read: {message}")))
            }
        }
    }

    fn contact(&self, class: &str, squeeze: &mut Squeezer<'_>) -> Option<Entry> {
        let source = self.source();
        let name = if class == "role" { "nic-hdl" } else { class };
        let handle = String::from_utf8_lossy(self.first(name)?).to_ascii_uppercase();
        let text = self.text(Self::registry(&source));
        Some(Entry::Contact {
            source: format!("{source} {class}"),
            handle,
            body: squeeze.squeeze(text.as_bytes()),
        })
    }

    fn text(&self, registry: Registry) -> Cow<'a, str> {
        match std::str::from_utf8(self.text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(charset::decode(self.text, registry)),
        }
    }

    /// What is packed of the object, as a sample for the dictionary.
    pub(super) fn sample(&self, squeeze: &mut Squeezer<'_>) -> Option<Vec<u8>> {
        match self.parse(squeeze).ok()?? {
            Entry::Network { body, .. } | Entry::Contact { body, .. } => body::stretch(&body),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_cut_at_empty_lines_and_comments_between_them_dropped() {
        let text = b"# a comment\n%another\n\ninetnum: 198.51.100.0 - 198.51.100.255\n+ more\n# inside\nsource: RIPE # Filtered\n\n\r\n\
            organisation: ORG-EX1-RIPE\nsource: RIPE\n";
        let objects = objects(text, 10).unwrap();
        assert_eq!(
            objects.iter().map(|o| (o.line, o.class())).collect::<Vec<_>>(),
            [(13, "inetnum".into()), (19, "organisation".into())]
        );
        assert_eq!(objects[0].source(), "RIPE");
        assert_eq!(objects[1].first("organisation"), Some(&b"ORG-EX1-RIPE"[..]));
        assert_eq!(super::objects(b"inetnum: x\nnot an attribute\n", 1).unwrap_err().0, 2);
    }
}
