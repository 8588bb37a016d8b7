//! Finds the lines of a description that name a network's holder. Registries without an organisation object have only
//! `descr:`, and holders write anything into it: their name, a note, a number, or the network's use.
//!
//! Lists of words tell these apart, so the result is a guess. It decides the owner that is shown. `@org` is matched
//! against every line that could be one.

use super::{extend_distinct, mail, range::range};
use aho_corasick::AhoCorasick;
use foldhash::{HashMap, HashMapExt};
use std::sync::LazyLock;

/// The meanings of the words in owner.txt, one bit for each kind.
static WORDS: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (kind, word) in rows() {
        let bit = match kind {
            "use" => USE,
            "general" => GENERAL,
            "form" => FORM,
            "short" => SHORT_FORM,
            "owner" => OWNER_LABEL,
            "note" => NOTE_LABEL,
            "part" => INSTITUTION,
            _ => continue,
        };
        *words.entry(word).or_default() |= bit;
    }
    words
});
const USE: u8 = 1;
const GENERAL: u8 = 2;
const FORM: u8 = 4;
const SHORT_FORM: u8 = 8;
const OWNER_LABEL: u8 = 16;
const NOTE_LABEL: u8 = 32;
const INSTITUTION: u8 = 64;

/// Finds the parts of words that name an institution. None, which finds nothing, only if the list cannot be read.
static PARTS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(rows().filter(|(kind, _)| *kind == "part").map(|(_, word)| word)).ok());

/// The words of owner.txt, each with its kind.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = include_str!("owner.txt").lines().filter_map(|row| row.split_once(": "));
    rows.flat_map(|(kind, words)| words.split(' ').map(move |word| (kind, word)))
}

/// Whether a word in lower case is of one of these kinds.
fn is(word: &str, kinds: u8) -> bool {
    WORDS.get(word).is_some_and(|of| of & kinds != 0)
}

/// The possible meanings of a line in a description.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rank {
    /// It names a firm or an institution, by its legal form (`GmbH`) or in words (`University`).
    Firm,
    /// It may be a name: no rule excludes it.
    Name,
    /// It gives the network's use, or is an identifier. It is taken if no line names a firm.
    Use,
    /// A part of a postal address. It is taken if no line is a name.
    Postal,
    /// A note, a number, a URL, a mail address, a telephone number: never an owner.
    Note,
}

/// The most lines that are read.
const MOST: usize = 64;

/// The owner that a description names, and the other names in it.
#[derive(Debug, Default)]
pub(super) struct Owner {
    /// The name that is shown.
    pub(super) org: Option<String>,
    /// Other possible names of the owner, in order.
    pub(super) others: Vec<String>,
}

/// Reads the lines of a description. `elsewhere` are lines of other objects of the answer, such as a route's
/// description. One of these with a legal form is the owner if the network's own lines give only its use.
pub(super) fn described<'a>(
    lines: &[String],
    netname: Option<&str>,
    elsewhere: impl Iterator<Item = &'a str>,
) -> Owner {
    // No description has more lines than this.
    let ranked = lines.iter().take(MOST).map(|line| rank(line, netname));
    let ranked: Vec<(Rank, &str)> = ranked.filter(|(rank, _)| *rank != Rank::Note).collect();
    let firms = || ranked.iter().filter(|(rank, _)| *rank == Rank::Firm).map(|(_, name)| *name);
    let Some((first, name)) = ranked.first().copied() else {
        // There are only notes and numbers: a firm that another object names is the owner, if there is one.
        let named = elsewhere.take(MOST).filter(|line| !lines.is_empty() && has_legal_form(line));
        let mut named = named.filter(|line| rank(line, netname).0 == Rank::Firm).map(str::to_owned);
        let org = named.next();
        let mut others = Vec::new();
        extend_distinct(&mut others, named.filter(|other| Some(other) != org.as_ref()));
        return Owner { org, others };
    };
    let mut org = (first, name);
    let mut others: Vec<String> = Vec::new();
    if first == Rank::Postal
        && let Some(better) = ranked.iter().find(|(rank, _)| *rank != Rank::Postal)
    {
        org = *better;
    }
    if first == Rank::Use {
        if let Some(firm) = firms().next() {
            org = (Rank::Firm, firm);
        } else {
            let named: Vec<&str> =
                elsewhere.take(MOST).filter(|line| rank(line, netname).0 == Rank::Firm).collect();
            let identifier = netname.is_some_and(|netname| netname.eq_ignore_ascii_case(name));
            if let Some(firm) = named.iter().find(|line| !identifier && has_legal_form(line)) {
                org = (Rank::Firm, firm);
            }
            extend_distinct(&mut others, named.into_iter().map(str::to_owned));
        }
    }
    extend_distinct(&mut others, firms().map(str::to_owned));
    if org.0 != Rank::Firm {
        let names = ranked.iter().filter(|(rank, _)| *rank == Rank::Name);
        extend_distinct(&mut others, names.map(|(_, name)| (*name).to_owned()));
    }
    others.retain(|other| other != org.1);
    Owner { org: Some(org.1.to_owned()), others }
}

/// The lines of a description that name a firm, even if another holder of the network is known.
pub(super) fn firms(lines: &[String]) -> impl Iterator<Item = String> {
    let ranked = lines.iter().take(MOST).map(|line| rank(line, None));
    ranked.filter(|(rank, _)| *rank == Rank::Firm).map(|(_, name)| name.to_owned())
}

/// A line's rank, and the name in it: the text after a label such as `Customer:`.
fn rank<'a>(line: &'a str, netname: Option<&str>) -> (Rank, &'a str) {
    let line = line.trim();
    let Some((label, value)) = labelled(line) else { return (rank_of_name(line, netname), line) };
    match kind_of_label(label) {
        Label::Owner => (rank_of_name(value, netname), value),
        Label::Note => (Rank::Note, line),
        // `Contoso: dynamic addresses` has no label.
        Label::Unknown if has_legal_form(line) => (Rank::Firm, line),
        Label::Unknown => (Rank::Use, line),
    }
}

fn rank_of_name(name: &str, netname: Option<&str>) -> Rank {
    let words: Vec<String> = words(name).map(|word| word.to_lowercase()).collect();
    if !name.contains(char::is_alphabetic) || range(name).is_some() || is_note(name, &words) {
        return Rank::Note;
    }
    if has_legal_form(name) {
        return Rank::Firm;
    }
    if mail::mailboxes(name).next().is_some() {
        return Rank::Note;
    }
    let says_use = words.iter().any(|word| is(word, USE) || word.ends_with("dsl"));
    let only_use = words.iter().all(|word| is(word, USE | GENERAL));
    // `Rechenzentrum` and `Government network` are kinds of a holder, but not a name.
    let only_kind = words.len() <= 2 && words.iter().all(|word| is(word, USE | GENERAL | INSTITUTION));
    if says_use || only_use || only_kind || is_identifier(name, netname) {
        return Rank::Use;
    }
    if PARTS.as_ref().is_some_and(|parts| words.iter().any(|word| parts.is_match(word))) {
        return Rank::Firm;
    }
    if is_postal(name) { Rank::Postal } else { Rank::Name }
}

/// Starts of notes without a label, in lower case.
const NOTES: [&str; 16] = [
    "please ",
    "for abuse",
    "abuse ",
    "contact ",
    "see ",
    "send ",
    "report ",
    "in case of ",
    "to report ",
    "formerly ",
    "previously ",
    "for more ",
    "for information",
    "this ",
    "these ",
    "if you ",
];

/// Whether a line has the legal form of a firm.
fn has_legal_form(line: &str) -> bool {
    let mut words = words(line).peekable();
    let mut behind_comma = false;
    while let Some(word) = words.next() {
        let bare: String = word.chars().filter(|c| !matches!(c, '.' | ',')).collect();
        let lower = bare.to_lowercase();
        if is(&lower, FORM) {
            return true;
        }
        let dotted = word.trim_end_matches(',').contains('.');
        let capitals = !behind_comma && bare == bare.to_uppercase();
        let short = is(&lower, SHORT_FORM) && (dotted || capitals);
        // `AS 64500` is a number.
        if short && (bare != "AS" || dotted || words.peek().is_none()) {
            return true;
        }
        behind_comma = word.ends_with(',');
    }
    false
}

/// The words of a line, with the stops and commas that follow them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let gaps = |c: char| c.is_whitespace() || "()[]\"'«»“”„&;|".contains(c);
    line.split(gaps).flat_map(|part| part.split_inclusive(',')).filter(|word| !word.is_empty())
}

/// The text before and after the colon of `Customer: Contoso`.
fn labelled(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_once(':')?;
    let word = |c: char| c.is_alphanumeric() || " -_/.#".contains(c);
    let short = label.len() <= 24 && label.starts_with(char::is_alphabetic) && label.chars().all(word);
    (short && !value.starts_with("//")).then(|| (label.trim(), value.trim()))
}

/// The meaning of a label.
enum Label {
    Owner,
    Note,
    Unknown,
}

fn kind_of_label(label: &str) -> Label {
    let label = label.to_lowercase().replace(['-', '_', '.'], " ");
    let label = label.split_whitespace().collect::<Vec<_>>().join("_");
    if is(&label, OWNER_LABEL) {
        return Label::Owner;
    }
    let mut words = label.split('_');
    let first = words.next().unwrap_or_default();
    // `customer id` and `service no` announce a number.
    let numbers = words.any(|word| matches!(word, "id" | "no" | "nr" | "number" | "code" | "ref" | "name"));
    if is(first, NOTE_LABEL) || numbers { Label::Note } else { Label::Unknown }
}

/// Whether a line without a label is a note: a sentence about complaints, a URL, a telephone number, an AS number.
fn is_note(line: &str, words: &[String]) -> bool {
    let lower = line.to_lowercase();
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    let first = words.first().map(|word| word.trim_end_matches(['.', ','])).unwrap_or_default();
    let telephone = digits >= 5
        && ["tel", "telephone", "phone", "ph", "fax", "fon", "mob", "mobile"].contains(&first)
        || (digits >= 7 && letters <= 4);
    // `Created 2019-04-01`: a label without its colon.
    let unlettered = words.iter().skip(1).all(|word| !word.contains(char::is_alphabetic));
    let dated = words.len() > 1 && is(first, NOTE_LABEL) && unlettered;
    let system = words.len() == 1 && first.strip_prefix("as").is_some_and(|rest| rest.parse::<u32>().is_ok());
    NOTES.iter().any(|of| lower.starts_with(of))
        || is_numbering(&lower)
        || lower.contains("://")
        || (lower.starts_with("www.") && words.len() == 1)
        || telephone
        || dated
        || system
}

/// Whether a line in lower case only gives a number: `Customer ID 4711`, `Cust#4711`, `contract no. 55-12`.
fn is_numbering(line: &str) -> bool {
    const COUNTED: [&str; 18] = [
        "account",
        "circuit",
        "client",
        "code",
        "contract",
        "cust",
        "customer",
        "id",
        "no",
        "nr",
        "number",
        "order",
        "project",
        "ref",
        "reference",
        "service",
        "ticket",
        "user",
    ];
    let mut words =
        line.split(|c: char| c.is_whitespace() || "#:.".contains(c)).filter(|word| !word.is_empty());
    let number = words.next_back().is_some_and(|word| word.bytes().any(|b| b.is_ascii_digit()));
    let mut labels = words.peekable();
    number && labels.peek().is_some() && labels.all(|word| COUNTED.contains(&word))
}

/// Whether a line is an identifier: the network's own name, or one word with digits and hyphens.
fn is_identifier(line: &str, netname: Option<&str>) -> bool {
    let code = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    netname.is_some_and(|name| name.eq_ignore_ascii_case(line))
        || (line.bytes().all(code)
            && line.bytes().any(|b| b.is_ascii_digit())
            && line.bytes().any(|b| matches!(b, b'-' | b'_')))
}

/// Whether a line is part of a postal address: it begins with a number, or has a number and a word such as `street`.
fn is_postal(line: &str) -> bool {
    const PARTS: [&str; 19] = [
        "ave",
        "avenue",
        "blvd",
        "block",
        "boulevard",
        "box",
        "building",
        "floor",
        "jalan",
        "jl",
        "prospekt",
        "road",
        "rd",
        "room",
        "str",
        "strasse",
        "street",
        "tower",
        "ul",
    ];
    let lower = line.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let is_number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
    let leads = words.peek().is_some_and(is_number);
    let (mut numbers, mut parts) = (false, false);
    for word in words {
        numbers |= word.bytes().any(|b| b.is_ascii_digit());
        parts |= PARTS.contains(&word) || word.ends_with("straße") || word.ends_with("strasse");
    }
    leads || (numbers && parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name that is shown, and the other possible ones.
    fn owner(descr: &str) -> String {
        told(descr, None, "")
    }

    fn told(descr: &str, netname: Option<&str>, elsewhere: &str) -> String {
        let lines: Vec<String> = descr.split(" / ").map(str::to_owned).collect();
        let elsewhere = elsewhere.split(" / ").filter(|line| !line.is_empty());
        let owner = described(&lines, netname, elsewhere);
        let org = owner.org.unwrap_or_else(|| "-".to_owned());
        if owner.others.is_empty() { org } else { format!("{org} | {}", owner.others.join(" | ")) }
    }

    #[test]
    fn a_note_is_no_owner() {
        for note in [
            "ex-netname: CONTOSO-DSLAM-2",
            "formerly: Fabrikam",
            "Netname: CONTOSO-NET",
            "Customer: 1234",
            "Customer ID: A-17",
            "Customer ID 4711",
            "Cust#4711",
            "Contract No. 55-12",
            "client 17",
            "ID: 55",
            "Tel: +49 30 5550100",
            "tel. +7 (495) 555-01-00",
            "+49 30 5550100",
            "4711",
            "2019-04-01",
            "Created 2019-04-01",
            "vlan 204",
            "192.0.2.0/24",
            "2001:db8::/32",
            "AS64500",
            "http://www.contoso.example/",
            "www.contoso.example",
            "noc@contoso.example",
            "Abuse: abuse@contoso.example",
            "please send complaints to abuse@contoso.example",
            "formerly known as Fabrikam",
            "--------",
        ] {
            assert_eq!(owner(note), "-", "{note}");
            assert_eq!(owner(&format!("{note} / Contoso GmbH")), "Contoso GmbH", "{note}");
        }
    }

    #[test]
    fn a_label_may_announce_the_owner() {
        assert_eq!(owner("Customer: Contoso GmbH"), "Contoso GmbH");
        assert_eq!(owner("ID: 55 / Organization: Contoso"), "Contoso");
        assert_eq!(owner("Contoso: leased lines"), "Contoso: leased lines");
        assert_eq!(owner("Contoso: leased lines / Fabrikam Ltd."), "Fabrikam Ltd.");
    }

    #[test]
    fn a_use_gives_way_to_a_firm() {
        for usage in [
            "Dynamic IP Pool for Broadband Customers",
            "PPPoE xDSL links in Springfield",
            "Infrastructure",
            "Broadband Access Network",
            "ADSL2 users",
            "CONTOSO-POOL-7",
            "Rechenzentrum",
            "Government network",
        ] {
            assert_eq!(owner(usage), usage);
            for firm in [
                "Contoso GmbH",
                "CONTOSO S.p.A.",
                "Contoso Sp. z o.o.",
                "JSC \"Contoso\"",
                "Contoso AS",
                "Contoso A/S",
                "PT Contoso",
                "Contoso Telecom",
                "University of Springfield",
            ] {
                assert_eq!(owner(&format!("{usage} / {firm}")), firm);
            }
            for locality in ["Springfield", "Denver, CO", "Example Street 7"] {
                assert!(owner(&format!("{usage} / {locality}")).starts_with(usage), "{locality}");
            }
        }
        let elsewhere = told("Infrastructure", None, "AS 64500 backbone / Contoso GmbH / Contoso Telecom");
        assert_eq!(elsewhere, "Contoso GmbH | Contoso Telecom");
        assert_eq!(told("Infrastructure", None, "Contoso Telecom"), "Infrastructure | Contoso Telecom");
        assert_eq!(told("CONTOSO", Some("Contoso"), "Fabrikam GmbH"), "CONTOSO | Fabrikam GmbH");
        let noted =
            told("4711 / ID: 55", None, "Springfield / Contoso GmbH / Contoso Telecom / Litware Inc.");
        assert_eq!(noted, "Contoso GmbH | Litware Inc.");
        assert_eq!(owner("Contoso 24 / Customer 24 Ltd"), "Contoso 24 | Customer 24 Ltd");
    }

    #[test]
    fn of_several_names_the_first_is_shown_and_all_may_match() {
        assert_eq!(owner("Contoso / Fabrikam Ltd. / Example"), "Contoso | Fabrikam Ltd. | Example");
        assert_eq!(owner("Contoso GmbH / Litware Inc. / Springfield"), "Contoso GmbH | Litware Inc.");
        assert_eq!(owner("Contoso / 1 Example Street / P.O. Box 17"), "Contoso");
        assert_eq!(owner("Pool Electrical Ltd / Springfield"), "Pool Electrical Ltd");
        assert_eq!(owner("702, Tower / Contoso / Springfield"), "Contoso | Springfield");
        assert_eq!(owner("Example Street 7"), "Example Street 7");
    }

    #[test]
    fn a_short_legal_form_is_not_a_place() {
        for (line, firm) in [
            ("Contoso AG", true),
            ("Contoso AG & Co. KG", true),
            ("Contoso Co.", true),
            ("Contoso, a.s.", true),
            ("Contoso, S.A. de C.V.", true),
            ("Calgary, AB", false),
            ("AS 64500 Contoso", false),
            ("as is", false),
            ("Contoso Co., Ltd", true),
        ] {
            assert_eq!(has_legal_form(line), firm, "{line}");
        }
    }
}
