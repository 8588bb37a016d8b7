//! Lines that name a field: `@org Contoso`, `@asn 64500`, `@cidr 203.0.112.0/22`.

use super::{MatchSubject, ere::EreError};
use crate::{address::Prefix, nearest::nearest, registry::Registry};
use std::net::IpAddr;

/// A field that a line can name and that an expression is matched against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    Org,
    Netname,
    Country,
    Abuse,
    Registry,
    Desc,
    Mnt,
    AsName,
}

/// All of them, in the order of [`Field::index`].
pub(super) const FIELDS: [Field; 8] = [
    Field::Org,
    Field::Netname,
    Field::Country,
    Field::Abuse,
    Field::Registry,
    Field::Desc,
    Field::Mnt,
    Field::AsName,
];

/// All names that may follow the `@`.
pub(super) const NAMES: [&str; 10] =
    ["org", "netname", "country", "abuse", "registry", "desc", "mnt", "asname", "asn", "cidr"];

/// Other common names of fields.
const ALIASES: [(&str, &str); 16] = [
    ("owner", "org"),
    ("orgname", "org"),
    ("organisation", "org"),
    ("net", "netname"),
    ("name", "netname"),
    ("email", "abuse"),
    ("mail", "abuse"),
    ("source", "registry"),
    ("descr", "desc"),
    ("description", "desc"),
    ("maintainer", "mnt"),
    ("mntner", "mnt"),
    ("origin", "asn"),
    ("network", "cidr"),
    ("route", "cidr"),
    ("inetnum", "cidr"),
];

impl Field {
    /// The name after the `@`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Netname => "netname",
            Self::Country => "country",
            Self::Abuse => "abuse",
            Self::Registry => "registry",
            Self::Desc => "desc",
            Self::Mnt => "mnt",
            Self::AsName => "asname",
        }
    }

    /// Its index in [`FIELDS`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// The field's values in the record; for an AS's name, that in the table of origins.
    pub(super) fn values<'a>(self, subject: &MatchSubject<'a>) -> Vec<&'a str> {
        fn all<'a>(list: impl IntoIterator<Item = &'a String>, outer: &'a [String]) -> Vec<&'a str> {
            list.into_iter().chain(outer).map(String::as_str).collect()
        }
        if self == Self::AsName {
            return subject.origin.and_then(|origin| origin.name.as_deref()).into_iter().collect();
        }
        let Some(record) = subject.record else { return Vec::new() };
        let outer = &record.outer;
        match self {
            Self::Org => all(&record.org, &record.other_orgs),
            Self::Netname => all(&record.name, &outer.names),
            Self::Country => all(&record.country, &outer.countries),
            Self::Abuse => all(&record.abuse, &outer.abuse),
            Self::Registry => std::iter::once(record.registry)
                .chain(outer.registries.iter().copied())
                .map(Registry::as_str)
                .collect(),
            Self::Desc => all(&record.descr, &outer.descr),
            Self::Mnt => all(&record.maintainer, &outer.maintainer),
            Self::AsName => Vec::new(),
        }
    }
}

/// The condition of a field line.
pub(super) enum FieldLine<'a> {
    /// One of the field's values matches. The text after the name, and its position in the line.
    Ere(Field, &'a str, usize),
    /// The network is announced by this AS.
    Asn(u32),
    /// The address lies inside the prefix.
    Cidr(Prefix),
}

/// Parses a line as a field line: `@`, letters, a blank. None for every other line, such as `@example\.com`.
pub(super) fn read(line: &str) -> Option<Result<FieldLine<'_>, EreError>> {
    let behind = line.strip_prefix('@')?;
    let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = behind.split_at_checked(letters)?;
    (!name.is_empty() && rest.starts_with([' ', '\t'])).then(|| parse(line, name, rest))
}

fn parse<'a>(line: &'a str, name: &str, rest: &'a str) -> Result<FieldLine<'a>, EreError> {
    // Unlike egrep lines, field lines have no history in which a trailing blank or CR would be meant.
    let value = rest.trim_start_matches([' ', '\t']);
    let at = line.len() - value.len();
    let whole = value.trim_end();
    let name = &name.to_ascii_lowercase();
    let field = FIELDS.into_iter().find(|field| field.name() == name);
    if field.is_none() && name != "asn" && name != "cidr" {
        return Err(EreError::new(1, unknown(name)));
    }
    if whole.is_empty() {
        return Err(EreError::new(at, format!("@{name} has nothing after it; write what it should match")));
    }
    if let Some(field) = field {
        return Ok(FieldLine::Ere(field, whole, at));
    }
    if name == "asn" {
        let wrong = || EreError::new(at, format!("{whole} is no AS number; write 64500 or AS64500"));
        return asn(whole).map(FieldLine::Asn).ok_or_else(wrong);
    }
    let wrong =
        || EreError::new(at, format!("{whole} is no network; write it as 203.0.112.0/22 or 2001:db8::/32"));
    whole.parse().map(|prefix| FieldLine::Cidr(unmapped(prefix))).map_err(|()| wrong())
}

/// Unwraps an IPv4 network written as IPv6, `::ffff:203.0.113.0/120`, because addresses are unwrapped too.
fn unmapped(prefix: Prefix) -> Prefix {
    let IpAddr::V6(first) = prefix.first() else { return prefix };
    let v4 = first.to_ipv4_mapped().zip(prefix.length().checked_sub(96));
    v4.and_then(|(first, length)| Prefix::new(first.into(), length)).unwrap_or(prefix)
}

/// Parses `64500` or `AS64500`.
fn asn(text: &str) -> Option<u32> {
    let digits =
        text.get(..2).filter(|two| two.eq_ignore_ascii_case("as")).and(text.get(2..)).unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The message for a name that is no field.
fn unknown(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = NAMES.into_iter().chain(ALIASES.map(|(alias, _)| alias)).collect();
    let meant = |word| ALIASES.into_iter().find(|(alias, _)| *alias == word).map_or(word, |(_, name)| name);
    match nearest(&words, &lower).map(meant) {
        Some(nearest) => format!("there is no field @{name}; did you mean @{nearest}?"),
        None => {
            let known = NAMES.map(|name| format!("@{name}")).join(" ");
            format!(
                "there is no field @{name}; the fields are {known} (for a plain expression write [@]{name})"
            )
        }
    }
}

/// The kinds of lines, told by their first letters: no line is parsed for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineKinds {
    /// `@cidr`: the answer depends on the address, not only on the network.
    pub(super) cidr: bool,
    /// `@asn` or `@asname`.
    pub(super) origin: bool,
    /// Any other line, which needs the registry's answer.
    pub(super) answer: bool,
}

impl LineKinds {
    /// The kind of one line.
    pub(super) fn of(line: &[u8]) -> Self {
        let mut kinds = Self::default();
        kinds.add(line);
        kinds
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &[u8]) {
        let is = |name: &[u8]| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && line.get(name.len()).is_some_and(|next| matches!(next, b' ' | b'\t'))
        };
        if is(b"@cidr") {
            self.cidr = true;
        } else if is(b"@asn") || is(b"@asname") {
            self.origin = true;
        } else {
            self.answer = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_values_without_blanks() {
        let Some(Ok(FieldLine::Ere(field, value, at))) = read("@Org \tContoso GmbH \r") else { panic!() };
        assert_eq!((field, value, at), (Field::Org, "Contoso GmbH", 6));
        assert!(matches!(read("@ASN AS64500 "), Some(Ok(FieldLine::Asn(64500)))));
        let kinds = |line: &[u8]| {
            let LineKinds { cidr, origin, answer } = LineKinds::of(line);
            (cidr, origin, answer)
        };
        assert_eq!(kinds(b"@CIDR 203.0.113.0/24"), (true, false, false));
        assert_eq!(kinds(b"@cidrs x"), (false, false, true));
        assert_eq!(kinds(b"@cidr"), (false, false, true));
        assert_eq!(kinds(b"@asn\t64500"), (false, true, false));
        assert_eq!(kinds(b"@AsName Contoso"), (false, true, false));
        assert_eq!(kinds(b"@org Contoso"), (false, false, true));
    }

    #[test]
    fn an_ipv4_network_in_ipv6_is_itself() {
        let cidr = |line| match read(line) {
            Some(Ok(FieldLine::Cidr(prefix))) => prefix.to_string(),
            _ => panic!("{line}"),
        };
        assert_eq!(cidr("@cidr ::ffff:203.0.113.0/120"), "203.0.113.0/24");
        assert_eq!(cidr("@cidr ::/0"), "::/0");
        assert_eq!(cidr("@cidr ::ffff:0:0/90"), "::ffc0:0:0/90");
    }

    #[test]
    fn the_field_that_is_meant_is_named() {
        for (name, meant) in [
            ("ogr", "org"),
            ("nett", "netname"),
            ("owner", "org"),
            ("maintainer", "mnt"),
            ("emails", "abuse"),
            ("Contry", "country"),
        ] {
            assert!(unknown(name).ends_with(&format!("did you mean @{meant}?")), "{}", unknown(name));
        }
        assert!(unknown("xyzzy").contains("the fields are @org"));
    }
}
