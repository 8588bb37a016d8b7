//! What the mail server is told: `action=...` and a blank line, in ASCII, short enough for an SMTP line.

use super::decision::PolicyDecision;
use crate::{
    error::{Error, Result},
    verdict::Verdict,
};
use std::net::IpAddr;

/// Bytes of text behind the action's word. An SMTP reply line holds 512 (RFC 5321 4.5.3.1.5) and the mail server
/// puts a code, the recipient and a phrase in front.
const TEXT: usize = 300;
/// Bytes of one value in a template, so that one long name cannot push the rest out.
const VALUE: usize = 120;

/// What an unknown address gets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnUnknown {
    /// `DUNNO`: the mail server's other rules decide.
    #[default]
    Pass,
    /// `DEFER_IF_PERMIT`: come back later, unless another rule rejects.
    Defer,
    /// `REJECT`.
    Block,
}

/// The text of a rejection, with `{org} {network} {ip} {file} {line}` to be filled in.
#[derive(Clone, Debug)]
pub struct RejectText(Vec<TemplatePiece>);

#[derive(Clone, Debug)]
enum TemplatePiece {
    Text(String),
    Org,
    Network,
    Ip,
    File,
    Line,
}

impl Default for RejectText {
    fn default() -> Self {
        Self(vec![TemplatePiece::Text("No access to hosts using this registrar".into())])
    }
}

impl RejectText {
    /// Reads a template.
    ///
    /// # Errors
    /// A usage error when a name in braces is none of the five, or the text is empty.
    pub fn parse(template: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((text, behind)) = rest.split_once('{') {
            pieces.push(TemplatePiece::Text(text.into()));
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(Error::usage("the reject text has a { without its }"));
            };
            pieces.push(match name {
                "org" => TemplatePiece::Org,
                "network" => TemplatePiece::Network,
                "ip" => TemplatePiece::Ip,
                "file" => TemplatePiece::File,
                "line" => TemplatePiece::Line,
                _ => {
                    return Err(Error::usage(format!(
                        "the reject text knows no {{{}}}: use {{org}}, {{network}}, {{ip}}, {{file}} or {{line}}",
                        plain(name, VALUE)
                    )));
                }
            });
            rest = behind;
        }
        pieces.push(TemplatePiece::Text(rest.into()));
        if template.trim().is_empty() {
            return Err(Error::usage("the reject text is empty: leave it out to have the default"));
        }
        Ok(Self(pieces))
    }

    fn fill(&self, address: IpAddr, decision: &PolicyDecision) -> String {
        let mut text = String::new();
        let rule = decision.rule.as_ref();
        for piece in &self.0 {
            let value = match piece {
                TemplatePiece::Text(literal) => {
                    text.push_str(literal);
                    continue;
                }
                TemplatePiece::Org => decision.org.clone(),
                TemplatePiece::Network => decision.network.map(|network| network.to_string()),
                TemplatePiece::Ip => Some(address.to_string()),
                TemplatePiece::File => rule.map(|rule| rule.file.clone()),
                TemplatePiece::Line => rule.map(|rule| rule.line.to_string()),
            };
            text.push_str(&plain(value.as_deref().unwrap_or("-"), VALUE));
        }
        plain(&text, TEXT)
    }
}

/// How decisions are put to the mail server.
#[derive(Clone, Debug, Default)]
pub struct ReplyPolicy {
    /// What a blocked client reads.
    pub reject_text: RejectText,
    /// What an unknown client gets.
    pub on_unknown: OnUnknown,
    /// Only warn in the mail server's log.
    pub dry_run: bool,
}

/// The word of an answer, for the log, and its bytes.
pub(super) struct PolicyReply {
    pub(super) word: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The answer to a request that names no client, and to everything that is not this program's business.
pub(super) const DUNNO: &[u8] = b"action=DUNNO\n\n";

impl ReplyPolicy {
    /// The answer that goes with a decision. Never `OK`: behind it no other rule of the mail server would be asked.
    pub(super) fn reply(&self, address: IpAddr, decision: &PolicyDecision) -> PolicyReply {
        let (word, text) = match (decision.verdict, self.on_unknown) {
            (Verdict::Blocked, _) => ("REJECT", self.reject_text.fill(address, decision)),
            (Verdict::Unknown, OnUnknown::Block) => ("REJECT", nobody_knows(decision)),
            (Verdict::Unknown, OnUnknown::Defer) => {
                ("DEFER_IF_PERMIT", nobody_knows(decision) + ", please try again later")
            }
            (Verdict::Unknown, OnUnknown::Pass) | (Verdict::Allowed | Verdict::Clear, _) => {
                return PolicyReply { word: "DUNNO", bytes: DUNNO.to_vec() };
            }
        };
        if self.dry_run {
            let bytes = format!("action=WARN whodunit would {word}: {text}\n\n").into_bytes();
            return PolicyReply { word: "WARN", bytes };
        }
        PolicyReply { word, bytes: format!("action={word} {text}\n\n").into_bytes() }
    }
}

fn nobody_knows(decision: &PolicyDecision) -> String {
    let kind = decision.reason.as_ref().map_or("unknown", |(kind, _)| kind);
    format!("Cannot find out who runs your network ({kind})")
}

/// Printable ASCII alone, at most `room` bytes: what a stranger wrote must not end a line of the protocol or of
/// SMTP. Control characters become blanks, runs of blanks one, and what is not ASCII a question mark.
fn plain(text: &str, room: usize) -> String {
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
    use crate::{address::Network, serve::policy::decision::DecisiveRule};

    fn blocked() -> PolicyDecision {
        PolicyDecision {
            verdict: Verdict::Blocked,
            rule: Some(DecisiveRule { file: "blocked_registrars".into(), line: 3 }),
            org: Some("Contoso\r\nRCPT \u{1b}[2J\u{e9}\u{202e} GmbH".into()),
            network: Network::new("203.0.112.0".parse().unwrap(), "203.0.115.255".parse().unwrap()),
            source: None,
            server: None,
            reason: None,
        }
    }

    fn reply(reply_policy: &ReplyPolicy, decision: &PolicyDecision) -> String {
        String::from_utf8(reply_policy.reply("203.0.113.7".parse().unwrap(), decision).bytes).unwrap()
    }

    #[test]
    fn says_what_the_contract_says() {
        let unknown = PolicyDecision::unknown("timeout", "whois.example did not answer");
        let clear = PolicyDecision { verdict: Verdict::Clear, ..blocked() };
        let allowed = PolicyDecision { verdict: Verdict::Allowed, ..blocked() };
        let reply_policy =
            |on_unknown, dry_run| ReplyPolicy { on_unknown, dry_run, ..ReplyPolicy::default() };
        let reject = "action=REJECT No access to hosts using this registrar\n\n";
        for on_unknown in [OnUnknown::Pass, OnUnknown::Defer, OnUnknown::Block] {
            assert_eq!(reply(&reply_policy(on_unknown, false), &blocked()), reject);
            assert_eq!(reply(&reply_policy(on_unknown, false), &clear), "action=DUNNO\n\n");
            assert_eq!(reply(&reply_policy(on_unknown, false), &allowed), "action=DUNNO\n\n");
            assert_eq!(reply(&reply_policy(on_unknown, true), &clear), "action=DUNNO\n\n");
            assert!(reply(&reply_policy(on_unknown, true), &blocked()).starts_with("action=WARN "));
        }
        assert_eq!(reply(&reply_policy(OnUnknown::Pass, false), &unknown), "action=DUNNO\n\n");
        assert_eq!(
            reply(&reply_policy(OnUnknown::Defer, false), &unknown),
            "action=DEFER_IF_PERMIT Cannot find out who runs your network (timeout), please try again later\n\n"
        );
        assert_eq!(
            reply(&reply_policy(OnUnknown::Block, false), &unknown),
            "action=REJECT Cannot find out who runs your network (timeout)\n\n",
            "who is refused for good is not told to come again"
        );
        assert!(reply(&reply_policy(OnUnknown::Defer, true), &unknown).starts_with("action=WARN "));
    }

    #[test]
    fn fills_in_what_is_known_and_lets_no_line_end_through() {
        let reply_policy = ReplyPolicy {
            reject_text: RejectText::parse("{ip} of {org} in {network}, see {file}:{line}").unwrap(),
            ..ReplyPolicy::default()
        };
        assert_eq!(
            reply(&reply_policy, &blocked()),
            "action=REJECT 203.0.113.7 of Contoso RCPT [2J?? GmbH in 203.0.112.0/22, see blocked_registrars:3\n\n"
        );
        let bare = PolicyDecision { rule: None, org: None, network: None, ..blocked() };
        assert_eq!(reply(&reply_policy, &bare), "action=REJECT 203.0.113.7 of - in -, see -:-\n\n");
    }

    #[test]
    fn fits_an_smtp_line_whatever_the_owner_is_called() {
        let reply_policy = ReplyPolicy {
            reject_text: RejectText::parse(&"{org} {file} é".repeat(50)).unwrap(),
            ..ReplyPolicy::default()
        };
        for org in ["x".repeat(100_000), "é".repeat(1000), "\n".repeat(1000)] {
            let line = reply(&reply_policy, &PolicyDecision { org: Some(org), ..blocked() });
            assert!(line.len() <= TEXT + "action=REJECT \n\n".len(), "{}", line.len());
            assert_eq!(line.matches('\n').count(), 2);
            assert!(line.is_ascii());
        }
    }

    #[test]
    fn refuses_a_name_that_it_does_not_know() {
        for template in ["{owner}", "{", "{}", "ok {org} {ORG}", "  ", "a {org", "{org} {line"] {
            let error = RejectText::parse(template).unwrap_err();
            assert_eq!(error.exit().code(), 64, "{template}");
        }
    }
}
