//! One line of a pattern file.

use crate::{address::Prefix, report::OwnerName};
use std::fmt;

/// What has a meaning in an extended regular expression (POSIX 9.4.3). A backslash in front of anything else would be
/// undefined there.
const SPECIAL: &str = r"\^$.[()|*+?{";

/// A line that names an owner, or a network of its.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SuggestedLine {
    text: String,
    reach: LineReach,
}

/// What a line can match at all.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum LineReach {
    /// Names that are this one in capitals. Capitals of a whole text are never told apart where those of its characters
    /// are not, which is how patterns ignore case.
    Exactly(String),
    /// Names of so many characters: every part of an expression of ours stands for one.
    AsLong(usize),
    /// Addresses.
    Network,
}

impl LineReach {
    /// Both that a name may be reached by.
    pub(super) fn of(name: &str) -> [Self; 2] {
        [Self::Exactly(name.to_uppercase()), Self::AsLong(name.chars().count())]
    }
}

impl SuggestedLine {
    /// The lines that match a record's name and nothing else: one, or one for each prefix of a network without name.
    pub(super) fn of(name: OwnerName<'_>) -> Vec<Self> {
        match name {
            OwnerName::Org(name) => vec![Self::name("org", name)],
            OwnerName::Netname(name) => vec![Self::name("netname", name)],
            OwnerName::Network(record) => record.network.prefixes().into_iter().map(Self::network).collect(),
        }
    }

    fn name(field: &str, name: &str) -> Self {
        let [exactly, as_long] = LineReach::of(name);
        let reach = if name.chars().all(is_plain) { exactly } else { as_long };
        Self { text: format!("@{field} {}", expression(name)), reach }
    }

    /// The line that matches a network.
    pub(super) fn network(network: Prefix) -> Self {
        Self { text: format!("@cidr {network}"), reach: LineReach::Network }
    }

    pub(super) fn reach(&self) -> &LineReach {
        &self.reach
    }

    /// The line without case, which field lines ignore.
    pub(super) fn folded(&self) -> String {
        self.text.to_uppercase()
    }
}

impl fmt::Display for SuggestedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a character may stand in a file that is read by people: no control character, and none that only looks
/// like another.
fn is_plain(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric()
}

/// An expression for this text and no other. What is not plain may be anything.
fn expression(text: &str) -> String {
    let mut expression = String::from("^");
    for c in text.chars() {
        if SPECIAL.contains(c) {
            expression.push('\\');
        }
        expression.push(if is_plain(c) { c } else { '.' });
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_itself() {
        let line = |text| {
            SuggestedLine::of(OwnerName::Org(text))
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(line("Contoso GmbH & Co. KG"), r"@org ^Contoso GmbH & Co\. KG$");
        assert_eq!(
            line(r"a\b^c$d.e[f]g(h)i|j*k+l?m{n}o"),
            r"@org ^a\\b\^c\$d\.e\[f]g\(h\)i\|j\*k\+l\?m\{n}o$"
        );
        assert_eq!(line("Müller 株式会社"), "@org ^Müller 株式会社$");
        assert_eq!(line("evil\n.*\r\u{1b}[2J\u{202e}"), r"@org ^evil.\.\*..\[2J.$");
    }
}
