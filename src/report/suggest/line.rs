//! One line of a pattern file.

use crate::{address::Prefix, report::Name};
use std::fmt;

/// What has a meaning in an extended regular expression (POSIX 9.4.3). A backslash in front of anything else would be
/// undefined there.
const SPECIAL: &str = r"\^$.[()|*+?{";

/// A line that names an owner, or a network of its.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line(String);

impl Line {
    /// The lines that match a record's name and nothing else: one, or one for each prefix of a network without name.
    pub(super) fn of(name: Name<'_>) -> Vec<Self> {
        match name {
            Name::Org(text) => vec![Self(format!("@org {}", exactly(text)))],
            Name::Netname(text) => vec![Self(format!("@netname {}", exactly(text)))],
            Name::Network(record) => record.network.prefixes().into_iter().map(Self::network).collect(),
        }
    }

    /// The line that matches a network.
    pub(super) fn network(network: Prefix) -> Self {
        Self(format!("@cidr {network}"))
    }

    /// The line without case, which field lines ignore.
    pub(super) fn folded(&self) -> String {
        self.0.to_uppercase()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An expression for this text and no other. What is neither a letter, a digit, a blank nor ASCII may be anything: a
/// control character, or one that only looks like another, does not belong into a file that is read by people.
fn exactly(text: &str) -> String {
    let mut expression = String::from("^");
    for c in text.chars() {
        if SPECIAL.contains(c) {
            expression.extend(['\\', c]);
        } else if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() {
            expression.push(c);
        } else {
            expression.push('.');
        }
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_itself() {
        let line =
            |text| Line::of(Name::Org(text)).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(line("Contoso GmbH & Co. KG"), r"@org ^Contoso GmbH & Co\. KG$");
        assert_eq!(
            line(r"a\b^c$d.e[f]g(h)i|j*k+l?m{n}o"),
            r"@org ^a\\b\^c\$d\.e\[f]g\(h\)i\|j\*k\+l\?m\{n}o$"
        );
        assert_eq!(line("Müller 株式会社"), "@org ^Müller 株式会社$");
        assert_eq!(line("evil\n.*\r\u{1b}[2J\u{202e}"), r"@org ^evil.\.\*..\[2J.$");
    }
}
