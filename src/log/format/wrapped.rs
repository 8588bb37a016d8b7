//! A line inside a JSON object, as journald exports it, Docker keeps it, and Vector, Filebeat and Fluent Bit ship it:
//! `{"SYSLOG_IDENTIFIER":"postfix/smtpd","MESSAGE":"connect from ..."}`, `{"log":"Nov 23 10:34:34 mx ...\n"}`.

/// Names of the member that holds the line, best first.
const LINE: [&[u8]; 4] = [b"MESSAGE", b"message", b"log", b"msg"];

/// Names of the member that holds the program, best first.
const PROGRAM: [&[u8]; 7] =
    [b"SYSLOG_IDENTIFIER", b"appname", b"app_name", b"app-name", b"programname", b"program", b"ident"];

/// What an object says of a line.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct WrappedLine {
    /// The name of the program; empty where it is not said, and has to be in the line.
    pub(super) program: Vec<u8>,
    pub(super) line: Vec<u8>,
}

/// The line in an object; None when there is none.
pub(super) fn read(object: &[u8]) -> Option<WrappedLine> {
    let mut line: Option<(usize, &[u8])> = None;
    let mut program: Option<(usize, &[u8])> = None;
    let mut text = object.strip_prefix(b"{")?;
    while let Some((name, rest)) = string(text.trim_ascii_start()) {
        let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (content, rest) = match string(value) {
            Some((content, rest)) => (Some(content), rest),
            None => (None, behind_value(value)),
        };
        if let Some(content) = content {
            keep(&mut line, &LINE, name, content);
            keep(&mut program, &PROGRAM, name, content);
        }
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b",") else { break };
        text = rest;
    }
    let program = program.map(|(_, program)| unescaped(program)).unwrap_or_default();
    Some(WrappedLine { program, line: unescaped(line?.1) })
}

/// Keeps the content of the member with the best name; of two with the same name the first.
fn keep<'a>(best: &mut Option<(usize, &'a [u8])>, names: &[&[u8]], name: &[u8], content: &'a [u8]) {
    let Some(place) = names.iter().position(|known| *known == name) else { return };
    if best.is_none_or(|(known, _)| place < known) && !content.is_empty() {
        *best = Some((place, content));
    }
}

/// The inside of the string that a text begins with, and what is behind it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
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

/// What is behind a number, a word, an array or an object.
fn behind_value(text: &[u8]) -> &[u8] {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(first) = rest.first() {
        match first {
            b'"' => match string(rest) {
                Some((_, behind)) => {
                    rest = behind;
                    continue;
                }
                None => return b"",
            },
            b'[' | b'{' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return rest,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    rest
}

/// The text of a string. Of what is written as `\u001b` only the ASCII matters here; the rest becomes a question mark.
fn unescaped(text: &[u8]) -> Vec<u8> {
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
    plain
}

fn code(digits: Option<&[u8]>) -> u8 {
    let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
    code.filter(u8::is_ascii).unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_and_its_program_among_other_members() {
        let of = |program: &str, line: &str| {
            Some(WrappedLine { program: program.as_bytes().to_vec(), line: line.as_bytes().to_vec() })
        };
        for (object, want) in [
            (r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stdout"}"#, of("", "a \"b\" <c> ")),
            (
                r#"{ "x" : {"message":"no"}, "n":[1,{"msg":"no"}], "message" : "yes", "ident":"p" }"#,
                of("p", "yes"),
            ),
            (r#"{"msg":"second","MESSAGE":"first","appname":"b","SYSLOG_IDENTIFIER":"a"}"#, of("a", "first")),
            (r#"{"message":"first","message":"second"}"#, of("", "first")),
            (r#"{"message":"cut \"off"#, None),
            (r#"{"message":1}"#, None),
            ("{", None),
            ("no", None),
        ] {
            assert_eq!(read(object.as_bytes()), want, "{object}");
        }
    }
}
