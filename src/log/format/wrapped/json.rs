//! The members of a JSON object (RFC 8259) in order, at any depth. Broken text ends the walk: a log may be cut
//! anywhere.

use std::borrow::Cow;

/// The greatest depth that is read.
const DEEPEST: usize = 16;

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub(in crate::log::format) struct Member<'a> {
    /// 1 for a member of the outermost object. An array does not count.
    pub(in crate::log::format) depth: usize,
    /// The name of the member that holds the object; empty for the outermost.
    pub(in crate::log::format) parent: &'a [u8],
    pub(in crate::log::format) name: &'a [u8],
    pub(in crate::log::format) value: Value<'a>,
    /// Whether it, or a member above it, holds parts of a request: headers, arguments.
    pub(in crate::log::format) in_request: bool,
}

/// The value of a member.
#[derive(Clone, Copy, Debug)]
pub(in crate::log::format) enum Value<'a> {
    /// The inside of a string, with its escapes as written.
    Text(&'a [u8]),
    /// The text after the bracket of an array.
    Array(&'a [u8]),
    Other,
}

impl<'a> Value<'a> {
    /// Whether it is a string with content, or an array that may be one in bytes.
    pub(super) fn is_text(self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Array(inside) => inside.trim_ascii_start().first().is_some_and(u8::is_ascii_digit),
            Self::Other => false,
        }
    }

    /// The text of a string, or of an array of numbers below 256, which is how journald writes text that is not UTF-8.
    pub(super) fn bytes(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Text(text) => Some(unescaped(text)),
            Self::Array(inside) => numbers(inside).map(Cow::Owned),
            Self::Other => None,
        }
    }
}

/// Names of members that contain a client's own words: Caddy's `"headers":{"Client-Ip":["198.51.100.6"]}`.
const REQUEST: [&[u8]; 12] = [
    b"headers",
    b"request_headers",
    b"requestheaders",
    b"req_headers",
    b"header",
    b"params",
    b"args",
    b"query",
    b"body",
    b"form",
    b"cookies",
    b"httpheaders",
];

/// All members, each before the members inside it.
pub(in crate::log::format) fn members(object: &[u8]) -> impl Iterator<Item = Member<'_>> {
    Walk { rest: object, above: Vec::new(), name: None }
}

/// The only member on a line of a pretty-printed object: `"MESSAGE" : "text"`.
pub(in crate::log::format) fn member(text: &[u8]) -> Option<Member<'_>> {
    let (name, rest) = string(text)?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let (content, behind) = string(value)?;
    behind.trim_ascii().is_empty().then_some(Member {
        depth: 1,
        parent: b"",
        name,
        value: Value::Text(content),
        in_request: false,
    })
}

struct Walk<'a> {
    rest: &'a [u8],
    /// The open objects and arrays of the walk: the name of each, whether it is an object, and whether it belongs to a
    /// request.
    above: Vec<(&'a [u8], bool, bool)>,
    /// The name before the last colon.
    name: Option<&'a [u8]>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        loop {
            let text = self.rest.trim_ascii_start();
            let rest = text.get(1..).unwrap_or_default();
            match text.first()? {
                open @ (b'{' | b'[') => {
                    let named = self.name.take();
                    let found = (*open == b'[').then(|| self.member(named?, Value::Array(rest))).flatten();
                    self.descend(named, *open == b'{')?;
                    self.rest = rest;
                    if found.is_some() {
                        return found;
                    }
                }
                b'}' | b']' => {
                    self.above.pop()?;
                    self.rest = rest;
                    if self.above.is_empty() {
                        return None;
                    }
                }
                b'"' => {
                    let (content, behind) = string(text)?;
                    self.rest = behind;
                    if let Some(name) = self.name.take() {
                        let found = self.member(name, Value::Text(content));
                        if found.is_some() {
                            return found;
                        }
                    } else if let Some(value) = behind.trim_ascii_start().strip_prefix(b":") {
                        (self.name, self.rest) = (Some(content), value);
                    }
                }
                b',' => {
                    self.name = None;
                    self.rest = rest;
                }
                _ => {
                    let end = text.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(text.len());
                    self.rest = text.get(end..)?;
                    let found = self.name.take().and_then(|name| self.member(name, Value::Other));
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
    }
}

impl<'a> Walk<'a> {
    fn descend(&mut self, named: Option<&'a [u8]>, object: bool) -> Option<()> {
        let name = named.or_else(|| self.above.last().map(|above| above.0)).unwrap_or_default();
        let request = self.above.last().is_some_and(|above| above.2) || is_request(name);
        self.above.push((name, object, request));
        (self.above.len() <= DEEPEST).then_some(())
    }

    fn member(&self, name: &'a [u8], value: Value<'a>) -> Option<Member<'a>> {
        let (parent, object, request) = self.above.last()?;
        let depth = self.above.iter().filter(|above| above.1).count();
        let in_request = *request || is_request(name);
        object.then_some(Member { depth, parent, name, value, in_request })
    }
}

fn is_request(name: &[u8]) -> bool {
    name.len() < 20 && REQUEST.contains(&name.to_ascii_lowercase().as_slice())
}

/// The inside of the string at the start of a text, and the text after it.
pub(super) fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', inside.get(from..)?)?;
        if inside.get(at) == Some(&b'"') {
            return Some((inside.get(..at)?, inside.get(at + 1..)?));
        }
        from = at + 2;
    }
}

/// The bytes of `99, 111, 110]`.
fn numbers(inside: &[u8]) -> Option<Vec<u8>> {
    let all = inside.get(..memchr::memchr(b']', inside)?)?;
    let number = |text: &[u8]| std::str::from_utf8(text.trim_ascii()).ok()?.parse::<u8>().ok();
    // A line end inside would hide the text after it.
    let byte = |text| number(text).map(|byte| if byte == b'\n' { b' ' } else { byte });
    all.split(|b| *b == b',').map(byte).collect()
}

/// The text of a string. An escape such as `\u001b` matters only if it is ASCII; others become a question mark.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(rest.get(..at).unwrap_or_default());
        let (byte, length) = match rest.get(at + 1) {
            Some(b'n' | b'r' | b't') => (b' ', 2),
            Some(b'u') => (code(rest.get(at + 2..at + 6)), 6),
            Some(byte) => (*byte, 2),
            None => (b'\\', 1),
        };
        plain.push(byte);
        rest = rest.get(at + length..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

fn code(digits: Option<&[u8]>) -> u8 {
    let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
    code.filter(u8::is_ascii).unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_through_objects_and_arrays() {
        let text =
            r#" { "a" : {"b":["x",{"c":"1"}],"d":2}, "headers":{"e":["y"]}, "f":true,"g":"h" } "i":"j""#;
        let seen: Vec<String> = members(text.as_bytes())
            .map(|member| {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                let request = if member.in_request { "!" } else { "" };
                format!("{}{}/{}{request}", member.depth, text(member.parent), text(member.name))
            })
            .collect();
        assert_eq!(seen, ["2a/b", "3b/c", "2a/d", "2headers/e!", "1/f", "1/g"]);
        assert_eq!(members(b"{\"a\":{\"b\":\"cut").count(), 0);
        assert!(members(&b"{\"a\":".repeat(10_000)).count() < DEEPEST);
    }
}
