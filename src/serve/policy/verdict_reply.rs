//! The answer to `request=whodunit`: the whole verdict, for our own programs that ask a running service.

use crate::{sanitize::safe, serve::decision::ClientDecision};
use std::{fmt::Write as _, net::IpAddr};

/// The most characters of one value.
const VALUE: usize = 300;

/// `name=value` lines and a blank one: the columns of the default output, and the verdict. Unknown values are empty.
pub(super) fn verdict_reply(address: IpAddr, decision: &ClientDecision) -> Vec<u8> {
    let mut reply = String::new();
    let mut line = |name: &str, value: Option<&str>| {
        let value: String = safe(value.unwrap_or_default()).chars().take(VALUE).collect();
        let _ = writeln!(reply, "{name}={value}");
    };
    let rule = decision.rule.as_ref().map(|rule| format!("{}:{}", rule.file, rule.line));
    let reason = decision.reason.as_ref().map(|(kind, sentence)| format!("{kind}: {sentence}"));
    line("address", Some(&address.to_string()));
    line("verdict", Some(decision.verdict.as_str()));
    line("owner", decision.org.as_deref());
    line("country", decision.country.as_deref());
    line("network", decision.network.map(|network| network.to_string()).as_deref());
    line("registry", decision.registry.map(|registry| registry.as_str()));
    line("why", rule.or(reason).as_deref());
    reply.push('\n');
    reply.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_value_whatever_the_owner_is_called() {
        let decision = ClientDecision {
            org: Some("Contoso\nverdict=clear\r\n\u{1b}[2J".into()),
            country: Some("DE".into()),
            ..ClientDecision::unknown("denied", "whois.example denied us\n\n")
        };
        let reply = String::from_utf8(verdict_reply("203.0.113.7".parse().unwrap(), &decision)).unwrap();
        assert_eq!(
            reply,
            "address=203.0.113.7\nverdict=unknown\nowner=Contoso\\nverdict=clear\\r\\n\\x1b[2J\ncountry=DE\n\
             network=\nregistry=\nwhy=denied: whois.example denied us\\n\\n\n\n"
        );
    }
}
