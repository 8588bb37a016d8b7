//! Reports whole-text patterns that spell out one registry's name for a field, with the field line that covers all
//! registries.

use crate::{address::Prefix, pattern::field};

/// The registries' names for fields, in lower case, and our name. `org:` and `organisation:` are left out: at RIPE they
/// hold handles, not an owner's name.
const CALLED: &[(&str, &str)] = &[
    ("netname", "netname"),
    ("org-name", "org"),
    ("orgname", "org"),
    ("custname", "org"),
    ("organization", "org"),
    ("owner", "org"),
    ("country", "country"),
    ("mnt-by", "mnt"),
    ("descr", "desc"),
    ("abuse-mailbox", "abuse"),
    ("orgabuseemail", "abuse"),
    ("origin", "asn"),
    ("originas", "asn"),
    ("aut-num", "asn"),
    ("cidr", "cidr"),
    ("route", "cidr"),
    ("route6", "cidr"),
];

/// Ways to write the blanks after the colon.
const BLANKS: &[&str] = &[
    "[[:space:]]*",
    "[[:space:]]+",
    "[[:blank:]]*",
    "[[:blank:]]+",
    "\\s*",
    "\\s+",
    "[ \t]*",
    "[ \t]+",
    "[ ]*",
    "[ ]+",
    " *",
    " +",
    " ",
    "\t*",
    "\t+",
    "\t",
];

/// The field line with the same meaning as this pattern; None if there is none.
pub(super) fn field_line(pattern: &str) -> Option<String> {
    let (name, rest) = pattern.strip_prefix('^').unwrap_or(pattern).split_once(':')?;
    let name = name.to_ascii_lowercase();
    let (_, field) = CALLED.iter().find(|(called, _)| *called == name)?;
    let mut value = rest;
    while let Some(rest) = BLANKS.iter().find_map(|blank| value.strip_prefix(blank)) {
        // A repetition does not matter: a value has no blanks before it.
        let rest = rest.strip_prefix('?').unwrap_or(rest);
        let counted = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let counted =
            counted.filter(|(count, _)| count.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',')));
        value = counted.map_or(rest, |(_, rest)| rest);
    }
    if value.starts_with(['*', '+', '?', '{']) {
        return None;
    }
    let (value, anywhere) = match value.strip_prefix(".*") {
        Some(value) => (value, true),
        None => (value, value.is_empty() || rest == value && !value.starts_with('^')),
    };
    if value.is_empty() || has_branches(value) {
        return None;
    }
    let line = match *field {
        "asn" | "cidr" => {
            let plain = value.trim_end_matches('$').replace("\\.", ".");
            if *field == "cidr" {
                plain.parse::<Prefix>().ok()?;
            }
            format!("@{field} {plain}")
        }
        // A value has no blanks before it.
        _ if anywhere => format!("@{field} {value}"),
        _ => format!("@{field} ^{value}"),
    };
    matches!(field::read(&line), Some(Ok(_))).then_some(line)
}

/// Whether a `|` is outside all groups: the text after it would lose the field's name. If brackets may hold
/// parentheses, the result is unsure.
fn has_branches(value: &str) -> bool {
    if value.contains('[') && value.contains('|') {
        return true;
    }
    let mut depth = 0_usize;
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_line_to_write() {
        for (pattern, line) in [
            ("^netname: *FOO", "@netname ^FOO"),
            ("^netname: {8}FOO", "@netname ^FOO"),
            ("^netname: ?FOO", "@netname ^FOO"),
            ("netname:.*FOO", "@netname FOO"),
            ("^org-name:[[:space:]]+Contoso (GmbH|AG)$", "@org ^Contoso (GmbH|AG)$"),
            ("^OrgName: *Contoso", "@org ^Contoso"),
            ("^country: *RU", "@country ^RU"),
            ("^mnt-by:        CONTOSO-MNT", "@mnt ^CONTOSO-MNT"),
            ("^descr:\\s*.*pool", "@desc pool"),
            ("^origin: *AS64500$", "@asn AS64500"),
            ("OriginAS: *AS64500", "@asn AS64500"),
            ("^route: *203\\.0\\.112\\.0/22", "@cidr 203.0.112.0/22"),
        ] {
            assert_eq!(field_line(pattern).as_deref(), Some(line), "{pattern}");
        }
    }

    #[test]
    fn it_is_silent_where_a_field_line_would_say_something_else() {
        for pattern in [
            "Contoso",
            "^netname:",
            "^netname: *",
            "^netname: *FOO|Bar",
            "^netname: *[(]x|y",
            "^netname: {FOO",
            "^org: *ORG-CT1-RIPE",
            "^origin: *AS64[0-9]+",
            "^route: *203\\.0",
            "^phone: *\\+1",
            "http://example",
        ] {
            assert_eq!(field_line(pattern), None, "{pattern}");
        }
    }
}
