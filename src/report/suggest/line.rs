//! One line of a pattern file.

use crate::{
    address::Prefix,
    registry::Record,
    report::{Grouping, OwnerName, contact, name},
    verdict::Judged,
};
use std::fmt;

/// Special characters of an extended regular expression (POSIX 9.4.3). A backslash before any other character is
/// undefined there.
const SPECIAL: &str = r"\^$.[()|*+?{";

/// The field of a line. If two lines cover the same, the field that is first here wins: it matches least beyond the
/// clients seen.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LineField {
    /// The owner.
    Org,
    /// The network's name.
    Netname,
    /// The network.
    Network,
    /// The maintainer.
    Maintainer,
    /// The abuse desk.
    Abuse,
    /// The AS.
    Asn,
    /// The country.
    Country,
    /// The registry.
    Registry,
}

impl LineField {
    /// Whether one line may stand for several owners: they share more than a name that anybody may use.
    pub(super) fn joins(self) -> bool {
        !matches!(self, Self::Org | Self::Netname | Self::Network)
    }

    /// The value that such a line matches, as a word for people.
    #[must_use]
    pub fn shared(self) -> &'static str {
        match self {
            Self::Org => "name",
            Self::Netname => "network name",
            Self::Network => "network",
            Self::Maintainer => "maintainer",
            Self::Abuse => "abuse desk",
            Self::Asn => "AS",
            Self::Country => "country",
            Self::Registry => "registry",
        }
    }
}

/// A line that names an owner, a network, or a value that several owners share.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SuggestedLine {
    text: String,
    field: LineField,
    reach: LineReach,
    network: Option<Prefix>,
}

/// The texts of its field that a line can match.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum LineReach {
    /// Texts equal to this one in upper case. Patterns ignore case in the same way, character by character. For an
    /// abuse contact, this is the abuse desk.
    Exactly(LineField, String),
    /// Texts of so many characters: every element of our expressions matches one.
    AsLong(LineField, usize),
    /// Addresses.
    Network,
}

impl LineReach {
    fn of(field: LineField, text: &str) -> [Self; 2] {
        [Self::Exactly(field, text.to_uppercase()), Self::AsLong(field, text.chars().count())]
    }

    /// The reach of every line that could match a record.
    pub(super) fn all(judged: &Judged) -> Vec<Self> {
        let record = judged.answer().map(|answer| &answer.record);
        let mut all: Vec<Self> =
            record.into_iter().flat_map(texts).flat_map(|(field, text)| Self::of(field, &text)).collect();
        all.extend(judged.numbers().0.iter().map(|number| Self::Exactly(LineField::Asn, number.to_string())));
        all
    }
}

/// The texts of a record that lines are made from. Registries' own contacts and maintainers are left out.
fn texts(record: &Record) -> impl Iterator<Item = (LineField, String)> {
    let maintainers = record.maintainer.iter().filter(|name| !contact::is_registrys_maintainer(name));
    let desks = record.abuse.iter().filter_map(|address| contact::desk(address));
    let given = |text: &&String| !text.trim().is_empty();
    record
        .org
        .iter()
        .filter(given)
        .map(|org| (LineField::Org, org.clone()))
        .chain(record.name.iter().filter(given).map(|name| (LineField::Netname, name.clone())))
        .chain(maintainers.map(|name| (LineField::Maintainer, name.clone())))
        .chain(desks.map(|desk| (LineField::Abuse, desk)))
        .chain(record.country.iter().filter(given).map(|code| (LineField::Country, code.clone())))
        .chain(std::iter::once((LineField::Registry, record.registry.as_str().to_owned())))
}

impl SuggestedLine {
    /// Every line that matches a record and may be suggested: of `only` if given, else those that do not stand for a
    /// whole country or registry.
    pub(super) fn all(judged: &Judged, only: Option<Grouping>) -> Vec<Self> {
        let Some(record) = judged.answer().map(|answer| &answer.record) else { return Vec::new() };
        let wanted = |field: LineField| match only {
            None => !matches!(field, LineField::Country | LineField::Registry),
            Some(Grouping::Owner) => match name(record) {
                OwnerName::Org(_) => field == LineField::Org,
                OwnerName::Netname(_) => field == LineField::Netname,
                OwnerName::Network(_) => field == LineField::Network,
            },
            Some(Grouping::Asn) => field == LineField::Asn,
            Some(Grouping::Abuse) => field == LineField::Abuse,
            Some(Grouping::Maintainer) => field == LineField::Maintainer,
            Some(Grouping::Netname) => field == LineField::Netname,
            Some(Grouping::Network) => field == LineField::Network,
            Some(Grouping::Country) => field == LineField::Country,
            Some(Grouping::Registry) => field == LineField::Registry,
        };
        let mut lines: Vec<Self> = texts(record)
            .filter(|(field, _)| wanted(*field))
            .map(|(field, text)| Self::text(field, &text))
            .collect();
        if wanted(LineField::Asn) {
            lines.extend(judged.numbers().0.iter().copied().map(Self::asn));
        }
        if wanted(LineField::Network) {
            lines.extend(record.network.prefixes().into_iter().map(Self::network));
        }
        lines
    }

    fn text(field: LineField, text: &str) -> Self {
        let [exactly, as_long] = LineReach::of(field, text);
        let reach = if text.chars().all(is_plain) { exactly } else { as_long };
        let expression = escaped(text);
        let line = match field {
            LineField::Netname => format!("@netname ^{expression}$"),
            LineField::Maintainer => format!("@mnt ^{expression}$"),
            LineField::Abuse if text.contains('@') => format!("@abuse ^{expression}$"),
            LineField::Abuse => format!("@abuse @{expression}$"),
            LineField::Country => format!("@country ^{expression}$"),
            LineField::Registry => format!("@registry ^{expression}$"),
            LineField::Org | LineField::Network | LineField::Asn => format!("@org ^{expression}$"),
        };
        Self { text: line, field, reach, network: None }
    }

    fn asn(number: u32) -> Self {
        let reach = LineReach::Exactly(LineField::Asn, number.to_string());
        Self { text: format!("@asn AS{number}"), field: LineField::Asn, reach, network: None }
    }

    /// The line that matches a network.
    fn network(network: Prefix) -> Self {
        Self {
            text: format!("@cidr {network}"),
            field: LineField::Network,
            reach: LineReach::Network,
            network: Some(network),
        }
    }

    /// The field that it matches.
    #[must_use]
    pub fn field(&self) -> LineField {
        self.field
    }

    /// The network, if that is its field.
    pub(super) fn prefix(&self) -> Option<Prefix> {
        self.network
    }

    pub(super) fn reach(&self) -> &LineReach {
        &self.reach
    }

    /// The line in lower case: field lines ignore case.
    pub(super) fn folded(&self) -> String {
        self.text.to_uppercase()
    }
}

impl fmt::Display for SuggestedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a character may be in a file for people: no control character, and none that only looks like another.
fn is_plain(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric()
}

/// An expression for this text and no other. A character that is not plain becomes `.`.
fn escaped(text: &str) -> String {
    let mut expression = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if SPECIAL.contains(c) {
            expression.push('\\');
        }
        expression.push(if is_plain(c) { c } else { '.' });
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_itself() {
        let line = |text| SuggestedLine::text(LineField::Org, text).to_string();
        assert_eq!(line("Contoso GmbH & Co. KG"), r"@org ^Contoso GmbH & Co\. KG$");
        assert_eq!(
            line(r"a\b^c$d.e[f]g(h)i|j*k+l?m{n}o"),
            r"@org ^a\\b\^c\$d\.e\[f]g\(h\)i\|j\*k\+l\?m\{n}o$"
        );
        assert_eq!(line("Müller 株式会社"), "@org ^Müller 株式会社$");
        assert_eq!(line("evil\n.*\r\u{1b}[2J\u{202e}"), r"@org ^evil.\.\*..\[2J.$");
    }

    #[test]
    fn a_desk_is_all_of_its_domain_and_a_mailbox_at_free_mail_itself() {
        let line = |text| SuggestedLine::text(LineField::Abuse, text).to_string();
        assert_eq!(line("contoso.example"), r"@abuse @contoso\.example$");
        assert_eq!(line("x.y@gmail.com"), r"@abuse ^x\.y@gmail\.com$");
    }
}
