//! Untrusted text in one line of a mail: in a reply, and in a header that no owner's name can break.

use crate::{serve::decision::ClientDecision, verdict::Verdict};

/// The most characters of one value, so that a long name cannot displace the rest.
const VALUE: usize = 120;

/// `X-Whodunit: VERDICT; owner="..."; network=...; rule=FILE:LINE`, on one line of at most some 450 characters (RFC
/// 5322 2.1.1 has 998): the policy protocol cannot fold lines.
pub(super) fn header(decision: &ClientDecision) -> String {
    let mut header = format!("X-Whodunit: {}", decision.verdict.as_str());
    let mut parameter = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            header.push_str("; ");
            header.push_str(name);
            header.push('=');
            header.push_str(&value);
        }
    };
    parameter("owner", decision.org.as_deref().map(quoted));
    parameter("network", decision.network.map(|network| network.to_string().replace(' ', "")));
    let rule = decision.rule.as_ref().map(|rule| format!("{}:{}", tail(&rule.file), rule.line));
    parameter("rule", rule.map(|rule| if is_plain(&rule) { rule } else { quoted(&rule) }));
    if decision.verdict == Verdict::Unknown {
        parameter("reason", decision.reason.as_ref().map(|(kind, _)| (*kind).to_owned()));
    }
    header
}

/// A quoted string (RFC 5322 3.2.4) of printable ASCII.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in plain(text, VALUE).chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Whether a rule needs no quotes: no character in it ends a parameter or begins a comment.
fn is_plain(rule: &str) -> bool {
    rule.len() <= VALUE && rule.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+:@%=~".contains(&b))
}

/// The end of a long path, which distinguishes files.
fn tail(path: &str) -> &str {
    let cut = path.len().saturating_sub(VALUE - 20);
    let cut = (cut..=path.len()).find(|cut| path.is_char_boundary(*cut)).unwrap_or(path.len());
    path.get(cut..).unwrap_or_default()
}

/// Only printable ASCII, at most `room` bytes: untrusted text must not end a line of the protocol or of SMTP. Control
/// characters become blanks, runs of blanks one blank, and other characters a question mark.
pub(super) fn plain(text: &str, room: usize) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if plain.len() >= room {
            break;
        }
        match c {
            '!'..='~' => plain.push(c),
            c if c.is_ascii() || c.is_control() || c.is_whitespace() => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            _ => plain.push('?'),
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::Network, serve::decision::DecisiveRule};

    fn blocked(org: &str, file: &str) -> ClientDecision {
        ClientDecision {
            verdict: Verdict::Blocked,
            rule: Some(DecisiveRule { file: file.into(), line: 3 }),
            org: Some(org.into()),
            network: Network::new("203.0.112.0".parse().unwrap(), "203.0.115.255".parse().unwrap()),
            reason: None,
            ..ClientDecision::unknown("", "")
        }
    }

    #[test]
    fn the_header_of_the_contract() {
        assert_eq!(
            header(&blocked("Contoso GmbH", "/etc/whodunit/blocked")),
            "X-Whodunit: blocked; owner=\"Contoso GmbH\"; network=203.0.112.0/22; rule=/etc/whodunit/blocked:3"
        );
        let odd = Network::new("203.0.113.1".parse().unwrap(), "203.0.113.9".parse().unwrap());
        let clear = ClientDecision { verdict: Verdict::Clear, rule: None, network: odd, ..blocked("A", "") };
        assert_eq!(header(&clear), "X-Whodunit: clear; owner=\"A\"; network=203.0.113.1-203.0.113.9");
        let unknown = ClientDecision::unknown("timeout", "whois.example did not answer");
        assert_eq!(header(&unknown), "X-Whodunit: unknown; reason=timeout");
    }

    #[test]
    fn no_owner_breaks_a_header() {
        for org in [
            "a\"; rule=evil:1; x=\"",
            "a\\",
            "a\\\"; b",
            "a\r\nSubject: hello\r\n\r\nbody",
            "\u{1b}[2J\u{202e}\0",
            &"é\"\\".repeat(1000),
            "(comment",
            "",
        ] {
            for file in ["blocked", "my rules; \"x\"", &"dir/é\n".repeat(200)] {
                let header = header(&blocked(org, file));
                assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)), "{header:?}");
                assert!(header.len() < 700, "{}", header.len());
                // Splits it like an RFC 5322 parser: quotes hide semicolons, and so do escapes in them.
                let (mut quoted, mut escaped, mut parts) = (false, false, 1);
                for c in header.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if quoted => escaped = true,
                        '"' => quoted = !quoted,
                        ';' if !quoted => parts += 1,
                        _ => {}
                    }
                }
                assert!(!quoted && parts == 4, "{parts} parts in {header}");
            }
        }
    }
}
