//! Lines that name a field: `@org Contoso`, `@asn 64500`, `@cidr 203.0.112.0/22`.

use super::ere::Flaw;
use crate::{address::Prefix, whois::Record};

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
}

/// All of them, in the order of [`Field::index`].
pub(super) const FIELDS: [Field; 7] =
    [Field::Org, Field::Netname, Field::Country, Field::Abuse, Field::Registry, Field::Desc, Field::Mnt];

/// Every name that may follow the `@`.
const NAMES: [&str; 9] = ["org", "netname", "country", "abuse", "registry", "desc", "mnt", "asn", "cidr"];

impl Field {
    /// The name behind the `@`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Netname => "netname",
            Self::Country => "country",
            Self::Abuse => "abuse",
            Self::Registry => "registry",
            Self::Desc => "desc",
            Self::Mnt => "mnt",
        }
    }

    /// Its place in [`FIELDS`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// What the record says there.
    pub(super) fn values(self, record: &Record) -> Vec<&str> {
        fn all(list: &[String]) -> Vec<&str> {
            list.iter().map(String::as_str).collect()
        }
        match self {
            Self::Org => record.org.as_deref().into_iter().collect(),
            Self::Netname => record.name.as_deref().into_iter().collect(),
            Self::Country => record.country.as_deref().into_iter().collect(),
            Self::Abuse => all(&record.abuse),
            Self::Registry => vec![record.registry.as_str()],
            Self::Desc => all(&record.descr),
            Self::Mnt => all(&record.maintainer),
        }
    }
}

/// What a field line asks for.
pub(super) enum FieldLine<'a> {
    /// One of the field's values matches; the text behind the name, and where in the line it begins.
    Ere(Field, &'a str, usize),
    /// The network is announced by this system.
    Asn(u32),
    /// The address lies inside.
    Cidr(Prefix),
}

/// Reads a line as a field line: `@`, letters, a blank. None for every other line, such as `@example\.com`.
pub(super) fn read(line: &str) -> Option<Result<FieldLine<'_>, Flaw>> {
    let behind = line.strip_prefix('@')?;
    let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = behind.split_at_checked(letters)?;
    (!name.is_empty() && rest.starts_with([' ', '\t'])).then(|| parse(line, name, rest))
}

fn parse<'a>(line: &'a str, name: &str, rest: &'a str) -> Result<FieldLine<'a>, Flaw> {
    // Unlike egrep's own lines these have no history in which a CR at the end would be meant.
    let value = rest.strip_suffix('\r').unwrap_or(rest).trim_start_matches([' ', '\t']);
    let at = line.len() - rest.len() + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    let whole = value.trim_end();
    let field = FIELDS.into_iter().find(|field| field.name() == name);
    if field.is_none() && name != "asn" && name != "cidr" {
        return Err(Flaw::new(1, unknown(name)));
    }
    if whole.is_empty() {
        return Err(Flaw::new(at, format!("nothing stands behind @{name}; name what it should match")));
    }
    if let Some(field) = field {
        return Ok(FieldLine::Ere(field, value, at));
    }
    if name == "asn" {
        let wrong = || Flaw::new(at, format!("{whole} is no AS number; write 64500 or AS64500"));
        return asn(whole).map(FieldLine::Asn).ok_or_else(wrong);
    }
    let wrong =
        || Flaw::new(at, format!("{whole} is no network; write it as 203.0.112.0/22 or 2001:db8::/32"));
    whole.parse().map(FieldLine::Cidr).map_err(|()| wrong())
}

/// `64500` or `AS64500`.
fn asn(text: &str) -> Option<u32> {
    let digits =
        text.get(..2).filter(|two| two.eq_ignore_ascii_case("as")).and(text.get(2..)).unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// What to say of a name that is no field.
fn unknown(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let nearest = NAMES.into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, &lower));
    match nearest.filter(|known| strsim::damerau_levenshtein(known, &lower) <= known.len().div_ceil(2)) {
        Some(nearest) => format!("there is no field @{name}; did you mean @{nearest}?"),
        None => {
            let known = NAMES.map(|name| format!("@{name}")).join(" ");
            format!(
                "there is no field @{name}; the fields are {known} (for a plain expression write [@]{name})"
            )
        }
    }
}

/// Whether the line is an `@cidr` line, whose answer depends on the address and not on the network alone.
pub(super) fn is_cidr(line: &[u8]) -> bool {
    line.strip_prefix(b"@cidr").and_then(<[u8]>::first).is_some_and(|next| matches!(next, b' ' | b'\t'))
}
