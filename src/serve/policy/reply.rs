//! The answer to the mail server: `action=...` and a blank line, in ASCII, short enough for an SMTP line.

use super::header::{header, plain};
use crate::{
    error::{Error, Result},
    serve::decision::ClientDecision,
    verdict::{OnUnknown, Verdict},
};
use clap::ValueEnum;
use serde::Deserialize;
use std::net::IpAddr;

/// The most bytes of text after the action. An SMTP reply line holds 512 (RFC 5321 4.5.3.1.5), and the mail server adds
/// a code, the recipient and a phrase.
const TEXT: usize = 300;
/// The most bytes of one value in a template, so that a long name cannot displace the rest.
const VALUE: usize = 120;

/// The action for a blocked client.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnBlocked {
    /// Reject it
    ///
    /// `REJECT`.
    #[default]
    Reject,
    /// Ask the client to come back later
    ///
    /// `DEFER_IF_PERMIT`: unless another rule rejects.
    Defer,
    /// Let it in with a header
    ///
    /// `PREPEND X-Whodunit: blocked; ...`: a filter behind decides.
    Tag,
}

/// The text of a rejection, with `{org} {network} {contact} {ip} {file} {line}` as placeholders.
#[derive(Clone, Debug)]
pub struct RejectText(Vec<TemplatePiece>);

#[derive(Clone, Debug)]
enum TemplatePiece {
    Text(String),
    Org,
    Network,
    Contact,
    Ip,
    File,
    Line,
}

impl Default for RejectText {
    fn default() -> Self {
        let text = |text: &str| TemplatePiece::Text(text.into());
        let before = text("No access to hosts using this registrar: ");
        Self(vec![before, TemplatePiece::Org, text(" ("), TemplatePiece::Network, text(")")])
    }
}

impl RejectText {
    /// Parses a template.
    ///
    /// # Errors
    /// A usage error if a name in braces is none of the six, or the text is empty.
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
                "contact" => TemplatePiece::Contact,
                "ip" => TemplatePiece::Ip,
                "file" => TemplatePiece::File,
                "line" => TemplatePiece::Line,
                _ => {
                    return Err(Error::usage(format!(
                        "the reject text knows no {{{}}}: use {{org}}, {{network}}, {{contact}}, {{ip}}, \
                         {{file}} or {{line}}",
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

    fn fill(&self, address: IpAddr, decision: &ClientDecision) -> String {
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
                TemplatePiece::Contact => decision.abuse.first().cloned(),
                TemplatePiece::Ip => Some(address.to_string()),
                TemplatePiece::File => rule.map(|rule| rule.file.clone()),
                TemplatePiece::Line => rule.map(|rule| rule.line.to_string()),
            };
            text.push_str(&plain(value.as_deref().unwrap_or("-"), VALUE));
        }
        plain(&text, TEXT)
    }
}

/// The rules for turning decisions into answers.
#[derive(Clone, Debug, Default)]
pub struct ReplyPolicy {
    /// The text for a blocked client.
    pub reject_text: RejectText,
    /// The action for a blocked client.
    pub on_blocked: OnBlocked,
    /// The action for an unknown client.
    pub on_unknown: OnUnknown,
    /// Also add a header to mail that is accepted.
    pub header: bool,
    /// Only warn in the mail server's log.
    pub dry_run: bool,
}

/// The word of an answer for the log, and its bytes.
pub(super) struct PolicyReply {
    pub(super) word: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl PolicyReply {
    fn new(word: &'static str, text: &str) -> Self {
        Self { word, bytes: format!("action={word} {text}\n\n").into_bytes() }
    }

    fn dunno() -> Self {
        Self { word: "DUNNO", bytes: DUNNO.to_vec() }
    }
}

/// The answer to a request without a client, and to all requests that do not concern this program.
pub(super) const DUNNO: &[u8] = b"action=DUNNO\n\n";

impl ReplyPolicy {
    /// The answer for a decision. It is never `OK`: the mail server would then skip its other rules. `takes_header` is
    /// false if no header can be added to the message, or it has one already.
    pub(super) fn reply(
        &self,
        address: IpAddr,
        decision: &ClientDecision,
        takes_header: bool,
    ) -> PolicyReply {
        let reject = || self.reject_text.fill(address, decision);
        let (word, text) = match (decision.verdict, self.on_blocked, self.on_unknown) {
            (Verdict::Blocked, OnBlocked::Reject, _) => ("REJECT", reject()),
            (Verdict::Blocked, OnBlocked::Defer, _) => ("DEFER_IF_PERMIT", reject()),
            (Verdict::Blocked, OnBlocked::Tag, _) if takes_header => ("PREPEND", header(decision)),
            (Verdict::Unknown, _, OnUnknown::Block) => ("REJECT", nobody_knows(decision)),
            (Verdict::Unknown, _, OnUnknown::Defer) => {
                ("DEFER_IF_PERMIT", nobody_knows(decision) + ", please try again later")
            }
            _ if self.header && takes_header && !self.dry_run => {
                return PolicyReply::new("PREPEND", &header(decision));
            }
            _ => return PolicyReply::dunno(),
        };
        if self.dry_run {
            return PolicyReply::new("WARN", &format!("whodunit would {word}: {text}"));
        }
        PolicyReply::new(word, &text)
    }
}

fn nobody_knows(decision: &ClientDecision) -> String {
    let kind = decision.reason.as_ref().map_or("unknown", |(kind, _)| kind);
    format!("Cannot find out who runs your network ({kind})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::Network, serve::decision::DecisiveRule};

    fn blocked() -> ClientDecision {
        ClientDecision {
            verdict: Verdict::Blocked,
            rule: Some(DecisiveRule { file: "blocked_registrars".into(), line: 3 }),
            org: Some("Contoso\r\nRCPT \u{1b}[2J\u{e9}\u{202e} GmbH".into()),
            network: Network::new("203.0.112.0".parse().unwrap(), "203.0.115.255".parse().unwrap()),
            abuse: vec!["abuse@contoso.example".into(), "noc@contoso.example".into()],
            reason: None,
            ..ClientDecision::unknown("", "")
        }
    }

    fn reply(reply_policy: &ReplyPolicy, decision: &ClientDecision) -> String {
        String::from_utf8(reply_policy.reply("203.0.113.7".parse().unwrap(), decision, true).bytes).unwrap()
    }

    #[test]
    fn says_what_the_contract_says() {
        let unknown = ClientDecision::unknown("timeout", "whois.example did not answer");
        let clear = ClientDecision { verdict: Verdict::Clear, ..blocked() };
        let allowed = ClientDecision { verdict: Verdict::Allowed, ..blocked() };
        let reply_policy =
            |on_unknown, dry_run| ReplyPolicy { on_unknown, dry_run, ..ReplyPolicy::default() };
        let reject = "action=REJECT No access to hosts using this registrar: Contoso RCPT [2J?? GmbH (203.0.112.0/22)\n\n";
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
    fn blocked_mail_is_deferred_or_tagged_where_that_is_wanted() {
        let clear = ClientDecision { verdict: Verdict::Clear, rule: None, ..blocked() };
        let unknown = ClientDecision::unknown("timeout", "whois.example did not answer");
        let policy = |on_blocked, header, dry_run| ReplyPolicy {
            on_blocked,
            header,
            dry_run,
            ..ReplyPolicy::default()
        };
        let says = |policy: &ReplyPolicy, decision: &ClientDecision, takes_header| {
            let reply = policy.reply("203.0.113.7".parse().unwrap(), decision, takes_header);
            let text = String::from_utf8(reply.bytes).unwrap();
            text.trim_start_matches("action=").chars().take(30).collect::<String>()
        };
        let defer = policy(OnBlocked::Defer, false, false);
        assert_eq!(says(&defer, &blocked(), true), "DEFER_IF_PERMIT No access to h");
        let tag = policy(OnBlocked::Tag, false, false);
        assert_eq!(says(&tag, &blocked(), true), "PREPEND X-Whodunit: blocked; o");
        assert_eq!(says(&tag, &blocked(), false), "DUNNO\n\n", "it has one already, or can have none");
        assert_eq!(says(&tag, &clear, true), "DUNNO\n\n");
        let header = policy(OnBlocked::Reject, true, false);
        assert_eq!(says(&header, &clear, true), "PREPEND X-Whodunit: clear; own");
        assert_eq!(says(&header, &unknown, true), "PREPEND X-Whodunit: unknown; r");
        assert_eq!(says(&header, &clear, false), "DUNNO\n\n");
        assert_eq!(says(&header, &blocked(), false), "REJECT No access to hosts usin");
        let dry = policy(OnBlocked::Tag, true, true);
        assert_eq!(says(&dry, &blocked(), true), "WARN whodunit would PREPEND: X");
        assert_eq!(says(&dry, &clear, true), "DUNNO\n\n", "what only tries changes no mail");
    }

    #[test]
    fn fills_in_what_is_known_and_lets_no_line_end_through() {
        let reply_policy = ReplyPolicy {
            reject_text: RejectText::parse("{ip} of {org} in {network}, see {file}:{line}; {contact}")
                .unwrap(),
            ..ReplyPolicy::default()
        };
        assert_eq!(
            reply(&reply_policy, &blocked()),
            "action=REJECT 203.0.113.7 of Contoso RCPT [2J?? GmbH in 203.0.112.0/22, see blocked_registrars:3; abuse@contoso.example\n\n"
        );
        let bare = ClientDecision { rule: None, org: None, network: None, abuse: vec![], ..blocked() };
        assert_eq!(reply(&reply_policy, &bare), "action=REJECT 203.0.113.7 of - in -, see -:-; -\n\n");
    }

    #[test]
    fn fits_an_smtp_line_whatever_the_owner_is_called() {
        let reply_policy = ReplyPolicy {
            reject_text: RejectText::parse(&"{org} {file} é".repeat(50)).unwrap(),
            ..ReplyPolicy::default()
        };
        for org in ["x".repeat(100_000), "é".repeat(1000), "\n".repeat(1000)] {
            let line = reply(&reply_policy, &ClientDecision { org: Some(org), ..blocked() });
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
