//! Checks whether an answer is complete. Registries close their answers with a line of their own. An answer that was
//! cut before it may lack the very record that matters.

use super::Provenance;
use crate::registry::{
    Registry,
    record::{
        RecordForm, RecordPage,
        block::{field, is_comment, lines},
    },
};

/// The part that an answer lacks at its end, as the end of a sentence. None if it is complete, or if this registry's
/// answers have no end that could be missed.
///
/// From the network, the closing lines of regional registries and rwhois servers must be there. For others, and in saved
/// text, they must be there if the registry's opening lines are: people save excerpts, which have neither. Some cases are
/// doubtful:
/// - RIPE and APNIC had no closing line before about 2012. A saved answer of that time is recognised by its opening
///   lines. If RIPE's opening is today's, the dates of change show the age: RIPE has not shown them since 2015. Between
///   these years, a saved answer that was asked for in full and then cut looks like a complete one.
/// - KRNIC had none before it named its character set, as far as captures show. Saved answers of that time are complete
///   without it. From the network it is demanded whatever the answer opens with.
/// - AFRINIC and TWNIC have none in any capture seen. AFRINIC's last object and last line must be complete. Each of
///   TWNIC's networks is followed by two contacts, whatever they are called; the last network must have both.
/// - For JPNIC it is only known that both lists of neighbours are in every complete answer seen, and that each has a
///   row at least, and a blank line below. From the network, the whole second list is demanded.
pub(super) fn missing_end(text: &str, registry: Registry, provenance: Provenance) -> Option<&'static str> {
    if provenance == Provenance::Rdap {
        return None;
    }
    let network = provenance == Provenance::Network;
    let shape = ReplyShape::of(text);
    let lacks = match registry {
        Registry::Ripe | Registry::Apnic => {
            let modern = shape.opened && !shape.old;
            ((network || modern) && !shape.closed).then_some("the line \"This query was served by\"")
        }
        Registry::Arin => {
            ((network || shape.opened) && !shape.closed).then_some("ARIN's terms of use below the record")
        }
        Registry::Lacnic | Registry::RegistroBr => {
            ((network || shape.opened) && !shape.closed).then_some("the closing line about \"match queries\"")
        }
        Registry::Krnic => {
            let demanded = network || (shape.opened && !shape.old);
            (demanded && !shape.closed).then_some("the line \"KISA/KRNIC WHOIS Service\"")
        }
        Registry::Jpnic => {
            let lacks = if network { !has_last_list(text) } else { shape.opened && !shape.closed };
            lacks.then_some("the list of more specific networks")
        }
        Registry::Rwhois => ((network || shape.opened) && !shape.closed).then_some("%ok"),
        Registry::Twnic => {
            (network && lacks_contacts(text)).then_some("the second contact of its last network")
        }
        Registry::Afrinic | Registry::Iana | Registry::Other => None,
    };
    // After a closing line, a missing line end does not matter.
    let whole = shape.closed || text.ends_with('\n');
    let open_line = network || is_half(text.rsplit('\n').next().unwrap_or_default());
    lacks.or_else(|| (!whole && open_line).then_some("the end of its last line"))
}

/// Whether fewer than two headings, each with a line below it, follow the last of TWNIC's networks. A heading is no deeper
/// than the network; an empty value of a contact is.
fn lacks_contacts(text: &str) -> bool {
    let (mut contacts, mut headed, mut depth) = (0, false, 0);
    for line in lines(text).filter(|line| !line.trim().is_empty() && !is_comment(line)) {
        let indent = line.len() - line.trim_start().len();
        // A contact may be written like a network of whatever form.
        if RecordForm::of_line(line).is_some() && (!headed || indent <= depth) {
            (contacts, headed, depth) = (0, false, indent);
        } else if line.trim_end().ends_with(':') && indent <= depth {
            headed = true;
        } else if std::mem::take(&mut headed) {
            contacts += 1;
        }
    }
    contacts < 2
}

/// Whether JPNIC's list of more specific networks is there, to its end.
fn has_last_list(text: &str) -> bool {
    lists(text).iter().any(|(heading, ends)| *ends && SMALLER.iter().any(|of| heading.starts_with(of)))
}

/// The headings of the lists in one of JPNIC's answers, each with whether a row and the blank line below the rows are
/// there.
pub(super) fn lists(text: &str) -> Vec<(&str, bool)> {
    let mut lists: Vec<(&str, bool)> = Vec::new();
    let (mut above, mut rows) = ("", false);
    // What follows the last line end is no line.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in lines(whole).map(str::trim_end) {
        if is_rule(line) {
            lists.push((above, false));
            rows = false;
        } else if !line.is_empty() {
            rows = true;
        } else if let Some((_, ends)) = lists.last_mut() {
            *ends |= rows;
        }
        above = line;
    }
    lists
}

/// The line between the heading of one of JPNIC's lists and its rows.
fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 5 && line.bytes().all(|b| b == b'-')
}

/// Whether a server's line is between objects, to introduce the next one.
pub(super) fn introduces(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    ["related to", "abuse contact", "as follows"].iter().any(|of| lower.contains(of))
        || lower.trim_end().ends_with(':')
        || line.starts_with('[')
        || is_rule(line)
}

/// Whether the text has the opening lines of a server's whole answer.
pub(super) fn is_opened(text: &str) -> bool {
    ReplyShape::of(text).opened
}

/// Whether the text has a server's closing lines.
pub(super) fn is_closed(text: &str) -> bool {
    ReplyShape::of(text).closed
}

/// Whether a last line without a line end must have been cut: half a key, or a network whose digits may continue.
/// Editors and copied strings drop the last line end, so a missing one alone proves nothing in saved text.
fn is_half(line: &str) -> bool {
    (RecordPage::read(line, Registry::Other).is_some() && may_go_on(line))
        || (line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !line.is_empty())
}

/// Whether the number at the end of a line may lack a digit: no octet is above 255, and no IPv4 prefix is longer than
/// 32.
fn may_go_on(line: &str) -> bool {
    let rest = line.trim_end_matches(|c: char| c.is_ascii_digit());
    let most = match rest.chars().last() {
        Some('.') => 255,
        Some('/') if rest.contains('.') => 32,
        Some('/') => 128,
        _ => return true,
    };
    let number: Option<u32> = line.strip_prefix(rest).and_then(|digits| digits.parse().ok());
    number.is_none_or(|number| number * 10 <= most)
}

/// The signs of an answer's beginning and end in its own lines.
#[derive(Default)]
struct ReplyShape {
    /// The lines with which every complete answer of the registry begins.
    opened: bool,
    /// The lines with which it ends, after the last record.
    closed: bool,
    /// The opening of a server without a closing line, or record lines that only such a server wrote.
    old: bool,
}

impl ReplyShape {
    fn of(text: &str) -> Self {
        let mut shape = Self::default();
        let mut recorded = false;
        let (mut ripe, mut changed, mut modified) = (false, false, false);
        for line in lines(text) {
            if !is_comment(line) && RecordForm::of_line(line).is_some() {
                recorded = true;
                // Lines before this one were not the end.
                shape.closed = false;
            } else if line.starts_with("# ARIN WHOIS data") {
                // ARIN's terms come before and after the answer; before 2011 only after it.
                shape.closed = recorded;
                shape.opened |= !recorded;
            } else if closes(line) {
                shape.closed = true;
            } else if !recorded && opens(line.trim_start()) {
                // LACNIC indents the head that it passes on.
                shape.opened = true;
            }
            shape.old |= is_old(line);
            ripe |= line.starts_with(RIPE);
            changed |= is_dated_change(line);
            modified |= line.starts_with("last-modified:");
        }
        shape.old |= ripe && changed && !modified;
        shape
    }
}

/// The headings of JPNIC's list of more specific networks, in English and Japanese.
const SMALLER: [&str; 2] = ["More Specific Info.", "下位情報"];

/// The opening of RIPE's server since before it had a closing line. It had several names earlier.
const RIPE: &str = "% This is the RIPE Database query service";

/// The opening lines of RIPE's and APNIC's servers before 2012, and of KRNIC's before it named its character set.
fn is_old(line: &str) -> bool {
    line.starts_with("% [whois.apnic.net node-")
        || line.starts_with("% How to use this server")
        || line.starts_with("% Note: This output has been filtered")
        || (line.starts_with("% This is the RIPE ") && !line.starts_with(RIPE))
        || line.trim_end() == "# KOREAN"
}

/// `changed: hostmaster@example.net 20010203`, an attribute that RIPE's database no longer has.
fn is_dated_change(line: &str) -> bool {
    let date = field(line).filter(|(key, _)| *key == "changed").and_then(|(_, value)| value.rsplit_once(' '));
    date.is_some_and(|(_, date)| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()))
}

fn opens(line: &str) -> bool {
    [
        "% This is the RIPE ",
        "% This is the AfriNIC ",
        "% This is the AFRINIC ",
        "% [whois.apnic.net",
        "# Query terms are ambiguous",
        "# The following results may also be",
        "% Joint Whois - whois.lacnic.net",
        "% LACNIC resource:",
        "% Copyright LACNIC",
        "% Copyright (c) Nic.br",
        "# KOREAN",
        "query : ",
        "[ JPNIC database provides",
        "%rwhois V-",
    ]
    .iter()
    .any(|of| line.starts_with(of))
}

fn closes(line: &str) -> bool {
    [
        "% This query was served by the ",
        // registro.br writes it directly above its line about queries, whose wording has changed before.
        "% Security and mail abuse issues",
        "# ARIN WHOIS database, last updated",
        "# Enter ? for additional hints",
        "%ok",
        "%error ",
    ]
    .iter()
    .chain(&SMALLER)
    .any(|of| line.starts_with(of))
        || (line.starts_with('%') && line.contains("match queries"))
        || (line.starts_with("- ") && line.to_ascii_uppercase().contains("WHOIS SERVICE -"))
}
