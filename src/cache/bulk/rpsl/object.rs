//! One object of an RPSL file.

use super::BulkEntry;
use crate::{
    cache::{
        body::{self, BodyPacker},
        imported,
    },
    registry::{Registry, record::block::is_class},
    whois::{
        charset,
        reply::{WhoisReply, classify_objects},
    },
};
use std::borrow::Cow;

/// An object's text, and the line that it begins at.
#[derive(Clone, Copy, Debug)]
pub(super) struct RpslObject<'a> {
    line: u64,
    text: &'a [u8],
    /// The object ends the file, and its last line has no line end.
    open: bool,
}

/// A line number, and what is wrong there.
type AtLine<T> = (u64, T);

/// The objects of a piece (RFC 2622, section 2). An object ends at an empty line, or where the name of a class begins
/// the next. Comments and lines of blanks may be inside an object or between two. Between two they belong to neither.
pub(super) fn objects(bytes: &[u8], line: u64) -> Result<Vec<RpslObject<'_>>, AtLine<&'static str>> {
    let mut objects = Vec::new();
    // Start and end of the object that is being read, and the line that it begins at.
    let mut current: Option<(usize, usize, u64)> = None;
    let mut cut = |current: &mut Option<(usize, usize, u64)>| {
        let Some((start, end, line)) = current.take() else { return };
        let text = bytes.get(start..end).unwrap_or_default();
        objects.push(RpslObject { line, text, open: end == bytes.len() && !text.ends_with(b"\n") });
    };
    let (mut at, mut number) = (0, line);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let text = rest.get(..length).unwrap_or_default();
        let end = at + length;
        match text.first() {
            _ if matches!(text, b"\n" | b"\r\n") => cut(&mut current),
            _ if text.trim_ascii().is_empty() => {}
            // "%" and "#" in the first column start a comment; "+" and blanks continue the line above.
            Some(b'%' | b'#') => {}
            Some(b' ' | b'\t' | b'+') if current.is_some() => {
                current = current.map(|(start, _, line)| (start, end, line));
            }
            _ => {
                let Some((name, _)) = attribute(text) else {
                    return Err((number, "this is not a line of an RPSL object"));
                };
                if std::str::from_utf8(name).is_ok_and(is_class) {
                    cut(&mut current);
                }
                let (start, _, line) = current.unwrap_or((at, at, number));
                current = Some((start, end, line));
            }
        }
        at = end;
        number += 1;
    }
    cut(&mut current);
    Ok(objects)
}

/// The name and value of an attribute's line.
fn attribute(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let name_like = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*');
    (!name.is_empty() && name.iter().all(name_like)).then(|| (name, value.trim_ascii()))
}

fn without_comment(line: &[u8]) -> &[u8] {
    line.split(|&b| b == b'#').next().unwrap_or_default().trim_ascii()
}

impl<'a> RpslObject<'a> {
    fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        self.text.split(|&b| b == b'\n')
    }

    /// The first value of an attribute, joined over its continuation lines, without comments.
    fn first(&self, name: &str) -> Option<String> {
        let is_it =
            |line: &&[u8]| attribute(line).is_some_and(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
        let mut lines = self.lines().skip_while(|line| !is_it(line));
        let mut value = without_comment(attribute(lines.next()?)?.1).to_vec();
        let goes_on = |line: &&[u8]| {
            line.trim_ascii().is_empty() || matches!(line.first(), Some(b' ' | b'\t' | b'+' | b'%' | b'#'))
        };
        for line in lines.take_while(goes_on).filter(|line| line.first() != Some(&b'%')) {
            let more = without_comment(line.strip_prefix(b"+").unwrap_or(line));
            if !value.is_empty() && !more.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(more);
        }
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    fn class(&self) -> String {
        let line = self.lines().next().unwrap_or_default();
        attribute(line)
            .map(|(name, _)| String::from_utf8_lossy(name).to_ascii_lowercase())
            .unwrap_or_default()
    }

    /// The database that it comes from, in capitals; empty if it does not say.
    fn source(&self) -> String {
        let value = self.first("source").unwrap_or_default();
        value.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Checks that the object is complete, and returns its source. Every object has `source:` (RFC 2622, section 3),
    /// and it is the last attribute in the registries' files. `before` is the source of an earlier object: a last line
    /// without a line end may have been cut inside a name.
    pub(super) fn check(&self, before: Option<&str>) -> Result<String, AtLine<String>> {
        let source = self.source();
        if source.is_empty() {
            let why =
                format!("this {} has no source: attribute, as if the file had been cut here", self.class());
            return Err((self.line, why));
        }
        let last = self.lines().filter_map(attribute).last();
        let ends = last.is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"source"));
        let known =
            before == Some(source.as_str()) || source == "RIPE" || Self::registry(&source) != Registry::Ripe;
        if self.open && !(ends && known) {
            let class = self.class();
            return Err((
                self.line,
                format!("the file ends within a line of this {class}, as if it had been cut"),
            ));
        }
        Ok(source)
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
            // RIPE itself, and others that run its software.
            _ => Registry::Ripe,
        }
    }

    /// The entry that the object makes; None for classes that are not imported. `source` is the object's own.
    pub(super) fn parse(
        &self,
        source: &str,
        squeeze: &mut BodyPacker<'_>,
    ) -> Result<Option<BulkEntry>, AtLine<String>> {
        let class = self.class();
        match class.as_str() {
            "inetnum" | "inet6num" => self.network(&class, source, squeeze).map(Some),
            "organisation" => Ok(self.contact(&class, source, squeeze)),
            // Persons are not imported, for privacy; abuse contacts are.
            "role" | "irt" if self.first("abuse-mailbox").is_some() => {
                Ok(self.contact(&class, source, squeeze))
            }
            _ => Ok(None),
        }
    }

    fn network(
        &self,
        class: &str,
        source: &str,
        squeeze: &mut BodyPacker<'_>,
    ) -> Result<BulkEntry, AtLine<String>> {
        let registry = Self::registry(source);
        let text = self.text(registry);
        match classify_objects(&text, registry) {
            WhoisReply::Record(record, _) if record.network.is_everything() => Ok(BulkEntry::Placeholder),
            WhoisReply::Record(record, _) => Ok(BulkEntry::Network {
                source: format!("{source} {class}"),
                network: record.network,
                body: squeeze.squeeze(&imported::plain(&record, &text)),
            }),
            WhoisReply::Placeholder { .. } => Ok(BulkEntry::Placeholder),
            WhoisReply::Failure { message, .. } | WhoisReply::Empty { message, .. } => {
                Err((self.line, format!("this {class} cannot be read: {message}")))
            }
        }
    }

    fn contact(&self, class: &str, source: &str, squeeze: &mut BodyPacker<'_>) -> Option<BulkEntry> {
        let name = if class == "role" { "nic-hdl" } else { class };
        let handle = self.first(name)?.to_ascii_uppercase();
        let text = self.text(Self::registry(source));
        Some(BulkEntry::Contact {
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

    /// The bytes of the object that will be packed, as a sample for the dictionary.
    pub(super) fn sample(&self, squeeze: &mut BodyPacker<'_>) -> Option<Vec<u8>> {
        match self.parse(&self.source(), squeeze).ok()?? {
            BulkEntry::Network { body, .. } | BulkEntry::Contact { body, .. } => body::stretch(&body),
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
            organisation: ORG-EX1-RIPE\nsource: RIPE\n# behind\n";
        let objects = objects(text, 10).unwrap();
        assert_eq!(
            objects.iter().map(|o| (o.line, o.class())).collect::<Vec<_>>(),
            [(13, "inetnum".into()), (19, "organisation".into())]
        );
        assert_eq!(objects[0].source(), "RIPE");
        assert!(objects[1].text.ends_with(b"source: RIPE\n"));
        assert_eq!(objects[1].first("organisation").unwrap(), "ORG-EX1-RIPE");
        assert_eq!(super::objects(b"inetnum: x\nnot an attribute\n", 1).unwrap_err().0, 2);
    }
}
