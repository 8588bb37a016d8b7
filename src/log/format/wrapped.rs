//! A line inside another. JSON, as journald exports it, Docker keeps it, and Vector, Filebeat and Fluent Bit send it
//! (`{"SYSLOG_IDENTIFIER":"postfix/smtpd","MESSAGE":"connect from ..."}`); logfmt (`level=info msg="connect from
//! ..."`); a row of CSV (`2026-11-23 10:34:34,mx,postfix/smtpd,"connect from ..."`); the lines of `journalctl -o
//! json-pretty`, `export` and `verbose`.

pub(super) mod json;
mod quoted;

use std::borrow::Cow;

/// Names of the member that holds the line, best first.
const LINE: [&[u8]; 10] = [
    b"MESSAGE",
    b"message",
    b"log",
    b"msg",
    b"_raw",
    b"@message",
    b"textPayload",
    b"full_message",
    b"short_message",
    b"line",
];

/// Names of members that hold the record in an export of Elasticsearch, Splunk or Google Cloud Logging.
const NESTS: [&[u8]; 3] = [b"_source", b"result", b"jsonPayload"];

/// Names of the member that holds the program, best first.
const PROGRAM: [&[u8]; 10] = [
    b"SYSLOG_IDENTIFIER",
    b"appname",
    b"app_name",
    b"app-name",
    b"programname",
    b"program",
    b"ident",
    b"process_name",
    b"app",
    b"application_name",
];

/// The line in an envelope, and its program.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct WrappedLine<'a> {
    /// The name of the program; empty if the envelope does not name it, and it must be in the line.
    pub(super) program: Cow<'a, [u8]>,
    pub(super) line: Cow<'a, [u8]>,
}

/// The line in a JSON object; None when there is none.
pub(super) fn read(object: &[u8]) -> Option<WrappedLine<'_>> {
    let mut line = Best::default();
    let mut program = Best::default();
    let own =
        |member: &json::Member| member.depth == 1 || member.depth == 2 && NESTS.contains(&member.parent);
    for member in json::members(object).filter(own) {
        line.keep(&LINE, &member);
        program.keep(&PROGRAM, &member);
    }
    let line = line.value.and_then(|value| value.bytes())?;
    Some(WrappedLine { program: program.value.and_then(|value| value.bytes()).unwrap_or_default(), line })
}

/// The member with the best name; the first of two with the same name.
#[derive(Default)]
struct Best<'a> {
    rank: usize,
    value: Option<json::Value<'a>>,
}

impl<'a> Best<'a> {
    fn keep(&mut self, names: &[&[u8]], member: &json::Member<'a>) {
        let Some(rank) = names.iter().position(|known| *known == member.name) else { return };
        if (self.value.is_none() || rank < self.rank) && member.value.is_text() {
            (self.rank, self.value) = (rank, Some(member.value));
        }
    }
}

/// The message in a line that is no object: a member of a pretty-printed object, a field of the journal, a pair of
/// logfmt, a column of CSV. Only a message written by the program itself counts, since its quotes are the envelope's.
pub(super) fn message(line: &[u8]) -> Option<WrappedLine<'_>> {
    let text = line.trim_ascii();
    let text = text.strip_suffix(b",").unwrap_or(text);
    if text.first() == Some(&b'"')
        && let Some(member) = json::member(text)
    {
        let named = LINE.contains(&member.name);
        return if named { Some(bare(member.value.bytes()?)) } else { None };
    }
    if let Some(message) = text.strip_prefix(b"MESSAGE=") {
        return Some(bare(Cow::Borrowed(message)));
    }
    quoted::logfmt(text).or_else(|| quoted::row(text)).or_else(|| quoted::whole(text))
}

/// A line whose program is not known.
fn bare(line: Cow<'_, [u8]>) -> WrappedLine<'_> {
    WrappedLine { program: Cow::Borrowed(b""), line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_and_its_program_among_other_members() {
        let of = |program: &str, line: &str| Some((program.to_owned(), line.to_owned()));
        for (object, want) in [
            (r#"{"log":"a \"b\" \u003cc\u003e\n","stream":"stdout"}"#, of("", "a \"b\" <c> ")),
            (
                r#"{ "x" : {"message":"no"}, "n":[1,{"msg":"no"}], "message" : "yes", "ident":"p" }"#,
                of("p", "yes"),
            ),
            (r#"{"msg":"second","MESSAGE":"first","appname":"b","SYSLOG_IDENTIFIER":"a"}"#, of("a", "first")),
            (r#"{"message":"first","message":"second"}"#, of("", "first")),
            (r#"{"MESSAGE":[99, 111,110],"SYSLOG_IDENTIFIER":"a"}"#, of("a", "con")),
            (r#"{"MESSAGE":[99,1000]}"#, None),
            (r#"{"MESSAGE":[],"msg":"x"}"#, of("", "x")),
            (r#"{"message":"cut \"off"#, None),
            (r#"{"message":1}"#, None),
            ("{", None),
            ("no", None),
        ] {
            let text = |bytes: Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
            let got = read(object.as_bytes()).map(|wrapped| (text(wrapped.program), text(wrapped.line)));
            assert_eq!(got, want, "{object}");
        }
    }

    #[test]
    fn finds_the_message_that_an_envelope_quotes() {
        for (line, program, want) in [
            (r#"	"MESSAGE" : "connect from \"x\"","#, "", r#"connect from "x""#),
            ("MESSAGE=connect from x", "", "connect from x"),
            (r#"level=info msg="a \"b\" c" x=y"#, "", r#"a "b" c"#),
            (r#"<14>date=2026-11-23,time=10:34:34,program=postfix/smtpd,msg="a b""#, "postfix/smtpd", "a b"),
            (r#"2026-11-23 10:34:34,mx,postfix/smtpd,"a ""b"", c""#, "postfix/smtpd", r#"a "b", c"#),
            (r#""2026-11-23 10:34:34","mx","sshd[4711]: a b""#, "", "sshd[4711]: a b"),
            (r#"WARNING[4711][C-1] Ext. s: "a b""#, "", "a b"),
        ] {
            let wrapped = message(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(String::from_utf8_lossy(&wrapped.line), want, "{line}");
            assert_eq!(String::from_utf8_lossy(&wrapped.program), program, "{line}");
        }
        for line in [
            r#""text with a blank""#,
            r#"C: EHLO msg="a b""#,
            r#""_PID" : "4711","#,
            r#"a=b c"#,
            r#"NOTICE: "a b" c"#,
            r#"one, "two three""#,
        ] {
            assert_eq!(message(line.as_bytes()), None, "{line}");
        }
    }
}
