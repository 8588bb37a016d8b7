//! Matches what is known of an address against the patterns, and gives the verdict.

use crate::{
    address::{Network, Special},
    origin::{AddressOrigin, Origin},
    pattern::{Action, MatchSubject, PatternFinding, PatternMatch, Patterns},
    registry::{Answer, AnswerSource, Known, Unknown, UnknownKind},
};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, net::IpAddr};

/// The verdict, as the contract names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// An allow pattern matched; it wins over any block pattern.
    Allowed,
    /// A block pattern matched.
    Blocked,
    /// The network is known and no pattern matched, or the address is reserved.
    Clear,
    /// The owner of the network could not be found out.
    Unknown,
}

impl Verdict {
    /// The word as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Clear => "clear",
            Self::Unknown => "unknown",
        }
    }
}

/// The meaning of an unknown address.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// Let it in (exit 0)
    ///
    /// To Postfix `DUNNO`: the mail server's other rules decide.
    #[default]
    Pass,
    /// Ask the client to come back later (exit 75)
    ///
    /// To Postfix `DEFER_IF_PERMIT`: unless another rule rejects.
    Defer,
    /// Treat it as blocked (exit 1)
    ///
    /// To Postfix `REJECT`.
    Block,
}

/// The source of the AS numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NumbersFrom {
    /// The registry's answer names them.
    Registry,
    /// The table of origins has them.
    Origin,
}

/// One address with its verdict and everything known of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The address; None for text without one (`match`).
    pub address: Option<IpAddr>,
    /// The number of times it was seen.
    pub hits: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// The number of whois lines that block patterns match; 0 if allowed or unknown.
    pub count: u64,
    /// The patterns that matched, in the order in which they were given.
    pub matches: Vec<PatternMatch>,
    /// The facts known of the address.
    pub known: Known,
    /// Its origin, by the table of origins.
    pub origin: Option<AddressOrigin>,
    /// It was judged from the user's own text, without a query.
    pub text: bool,
}

/// Judges an address by the facts known of it. Patterns are only matched against a registry's record: not against a
/// denial, a placeholder, or the name of a reserved range.
#[must_use]
pub fn judge(
    address: Option<IpAddr>,
    hits: u64,
    known: Known,
    origin: Option<AddressOrigin>,
    patterns: &Patterns,
) -> Judged {
    let announced = origin.as_ref().map(|origin| &origin.origin);
    let finding = match &known {
        Known::Answer(answer) => find(patterns, answer, address, announced),
        Known::Origin => patterns.judge(&MatchSubject { text: "", record: None, address, origin: announced }),
        Known::Reserved(_) | Known::Unknown(_) => PatternFinding::default(),
    };
    Judged { origin, ..settle(address, hits, known, finding) }
}

/// Matches the patterns against one answer and the origin of the address.
#[must_use]
pub fn find(
    patterns: &Patterns,
    answer: &Answer,
    address: Option<IpAddr>,
    origin: Option<&Origin>,
) -> PatternFinding {
    if patterns.is_empty() {
        return PatternFinding::default();
    }
    let subject = MatchSubject { text: &answer.text, record: Some(&answer.record), address, origin };
    let finding = patterns.judge(&subject);
    PatternFinding { inconclusive: answer.rdap && finding.action.is_none() && patterns.has_text(), ..finding }
}

/// The verdict that follows from a finding and the facts known.
#[must_use]
pub fn settle(address: Option<IpAddr>, hits: u64, known: Known, finding: PatternFinding) -> Judged {
    let known = match known {
        Known::Answer(answer) if finding.inconclusive => Known::Unknown(misses_nothing(&answer)),
        known => known,
    };
    let verdict = match (&known, finding.action) {
        (Known::Unknown(_), _) => Verdict::Unknown,
        (Known::Reserved(_), _) | (Known::Answer(_) | Known::Origin, None) => Verdict::Clear,
        (Known::Answer(_) | Known::Origin, Some(Action::Allow)) => Verdict::Allowed,
        (Known::Answer(_) | Known::Origin, Some(Action::Block)) => Verdict::Blocked,
    };
    let count = if verdict == Verdict::Blocked { finding.count } else { 0 };
    Judged { address, hits, verdict, count, matches: finding.matches, known, origin: None, text: false }
}

/// The reason why an RDAP answer without a match is not clear, if patterns match text: the text may lack the line.
fn misses_nothing(answer: &Answer) -> Unknown {
    let server = answer.servers.last().map_or("the registry", String::as_str);
    Unknown {
        kind: UnknownKind::Incomplete,
        message: format!(
            "{server} answered over RDAP, with less text than whois has: no pattern matches it, but one may \
             match the rest"
        ),
    }
}

impl Judged {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.known {
            Known::Answer(answer) => Some(answer),
            Known::Reserved(_) | Known::Origin | Known::Unknown(_) => None,
        }
    }

    /// The reason, if it is unknown.
    #[must_use]
    pub fn unknown(&self) -> Option<&Unknown> {
        match &self.known {
            Known::Unknown(unknown) => Some(unknown),
            Known::Reserved(_) | Known::Origin | Known::Answer(_) => None,
        }
    }

    /// The special-purpose range, if it lies in one.
    #[must_use]
    pub fn reserved(&self) -> Option<&Special> {
        match &self.known {
            Known::Reserved(special) => Some(special),
            Known::Answer(_) | Known::Origin | Known::Unknown(_) => None,
        }
    }

    /// The AS numbers and their source: the registry's if it names any, else the table's.
    #[must_use]
    pub fn numbers(&self) -> (&[u32], Option<NumbersFrom>) {
        let registered = self.answer().map(|answer| answer.record.asn.as_slice()).unwrap_or_default();
        if !registered.is_empty() {
            return (registered, Some(NumbersFrom::Registry));
        }
        match &self.origin {
            Some(origin) => (&origin.origin.asn, Some(NumbersFrom::Origin)),
            None => (&[], None),
        }
    }

    /// The name that the table of origins gives the AS.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        self.origin.as_ref().and_then(|origin| origin.origin.name.as_deref())
    }

    /// The range in the table of origins, if nothing else is known: it decided, or no query was allowed.
    #[must_use]
    pub fn announced(&self) -> Option<&Network> {
        let alone = match &self.known {
            Known::Origin => true,
            Known::Unknown(unknown) => unknown.kind == UnknownKind::Offline,
            Known::Answer(_) | Known::Reserved(_) => false,
        };
        self.origin.as_ref().filter(|_| alone).map(|origin| &origin.range.network)
    }

    /// The owner, for people: the organisation, or the network's name. It is the AS if the table of origins decided,
    /// and the name of a reserved range.
    #[must_use]
    pub fn owner(&self) -> Option<Cow<'_, str>> {
        if let Some(answer) = self.answer() {
            return answer.record.org.as_deref().or(answer.record.name.as_deref()).map(Cow::Borrowed);
        }
        if let Some(special) = self.reserved() {
            return Some(Cow::Borrowed(special.name));
        }
        if !matches!(self.known, Known::Origin) {
            return None;
        }
        let number = || self.numbers().0.first().map(|number| Cow::Owned(format!("AS{number}")));
        self.as_name().map(Cow::Borrowed).or_else(number)
    }

    /// The source of the answer, or the one that was tried.
    #[must_use]
    pub fn source(&self) -> AnswerSource {
        match &self.known {
            Known::Answer(answer) => answer.source,
            Known::Reserved(_) => AnswerSource::Reserved,
            Known::Origin => AnswerSource::Origin,
            Known::Unknown(_) if self.text => AnswerSource::Text,
            Known::Unknown(unknown) if unknown.kind == UnknownKind::Offline => AnswerSource::Cache,
            Known::Unknown(_) => AnswerSource::Whois,
        }
    }

    /// The pattern that decided: the first one whose action is the verdict.
    #[must_use]
    pub fn decisive(&self) -> Option<&PatternMatch> {
        let action = match self.verdict {
            Verdict::Allowed => Action::Allow,
            Verdict::Blocked => Action::Block,
            Verdict::Clear | Verdict::Unknown => return None,
        };
        self.matches.iter().find(|found| found.action == action)
    }
}
