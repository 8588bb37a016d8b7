//! What is known of an address, held against the patterns: the verdict.

use crate::{
    address::{Network, Special},
    origin::{AddressOrigin, Origin},
    pattern::{Action, MatchSubject, PatternFinding, PatternMatch, Patterns},
    registry::{Answer, AnswerSource, Known, Unknown, UnknownKind},
};
use serde::Serialize;
use std::{borrow::Cow, net::IpAddr};

/// The word of the contract.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// An allow pattern matched; it wins over any block pattern.
    Allowed,
    /// A block pattern matched.
    Blocked,
    /// The network is known and nothing matched; or it is reserved.
    Clear,
    /// Who runs it could not be found out.
    Unknown,
}

impl Verdict {
    /// The word in output.
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

/// Whose AS numbers are given.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NumbersFrom {
    /// The registry's answer names them.
    Registry,
    /// The table of origins has them.
    Origin,
}

/// One address with everything that is said of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The address; None for text that nobody gave one for (`match`).
    pub address: Option<IpAddr>,
    /// How often it was seen.
    pub hits: u64,
    /// The word.
    pub verdict: Verdict,
    /// Whois lines that block patterns match; 0 when allowed or unknown.
    pub count: u64,
    /// Which patterns matched, in the order in which they were given.
    pub matches: Vec<PatternMatch>,
    /// What is known of it.
    pub known: Known,
    /// Who announces it, by the table of origins.
    pub origin: Option<AddressOrigin>,
    /// It was judged from text that the user had, and nobody was asked.
    pub text: bool,
}

/// Judges what is known of an address. Patterns are never held against anything but a registry's record: not against
/// a denial, not against a placeholder, and not against the name of a reserved range.
#[must_use]
pub fn judge(
    address: IpAddr,
    hits: u64,
    known: Known,
    origin: Option<AddressOrigin>,
    patterns: &Patterns,
) -> Judged {
    let announced = origin.as_ref().map(|origin| &origin.origin);
    let finding = match &known {
        Known::Answer(answer) => find(patterns, answer, Some(address), announced),
        Known::Origin => patterns.judge(&MatchSubject {
            text: "",
            record: None,
            address: Some(address),
            origin: announced,
        }),
        Known::Reserved(_) | Known::Unknown(_) => PatternFinding::default(),
    };
    Judged { origin, ..settle(Some(address), hits, known, finding) }
}

/// Holds the patterns against one answer, and against who announces the address.
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

/// The verdict that a finding and what is known come to.
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

/// Why an answer over RDAP that no pattern matches clears nobody where patterns are held against the text.
fn misses_nothing(answer: &Answer) -> Unknown {
    let server = answer.servers.last().map_or("the registry", String::as_str);
    Unknown {
        kind: UnknownKind::Incomplete,
        message: format!(
            "{server} answered in place of whois, with less text than whois has: no pattern matches it, \
             and of the rest nobody knows"
        ),
    }
}

impl Judged {
    /// The answer, where there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.known {
            Known::Answer(answer) => Some(answer),
            Known::Reserved(_) | Known::Origin | Known::Unknown(_) => None,
        }
    }

    /// Why it is unknown, where it is.
    #[must_use]
    pub fn unknown(&self) -> Option<&Unknown> {
        match &self.known {
            Known::Unknown(unknown) => Some(unknown),
            Known::Reserved(_) | Known::Origin | Known::Answer(_) => None,
        }
    }

    /// The special-purpose range, where it lies in one.
    #[must_use]
    pub fn reserved(&self) -> Option<&Special> {
        match &self.known {
            Known::Reserved(special) => Some(special),
            Known::Answer(_) | Known::Origin | Known::Unknown(_) => None,
        }
    }

    /// The AS numbers that are known: the registry's where it names any, else the table's; and whose they are.
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

    /// The range that the table of origins has, where that is all that is known: it decided, or nobody was to be asked.
    #[must_use]
    pub fn announced(&self) -> Option<&Network> {
        let alone = match &self.known {
            Known::Origin => true,
            Known::Unknown(unknown) => unknown.kind == UnknownKind::Offline,
            Known::Answer(_) | Known::Reserved(_) => false,
        };
        self.origin.as_ref().filter(|_| alone).map(|origin| &origin.range.network)
    }

    /// Who is behind it, for people: the owner, or the network's name; where the table of origins decided, the AS. A
    /// reserved range's name.
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

    /// Where the answer came from, or would have come from, had there been one.
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

    /// The pattern that decided: the first of those whose action the verdict is.
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
