//! Whether an answer came to its end. Registries close their answers with a line of their own; one that was cut before
//! it may lack the very record that matters.

use super::Provenance;
use crate::whois::{
    Registry,
    record::{
        Form,
        block::{is_comment, lines},
    },
};

/// What an answer lacks at its end, as the end of a sentence; None when it is whole, or when this registry's answers
/// have no end that could be missed.
///
/// From the network, RIPE's, APNIC's and rwhois servers' closing lines must be there. For the others, and in saved
/// text, they must be there when the registry's opening lines are: people save excerpts, and those have neither.
/// Doubtful, and why:
/// - RIPE and APNIC had no closing line before 2012 or so. A saved answer of that time is told by how it opens.
/// - AFRINIC's answers have none in any capture seen, TWNIC's neither. Their last object and last line must be whole.
/// - Of JPNIC it is known only that both lists of neighbours stand in every whole answer seen.
pub(super) fn missing_end(text: &str, registry: Registry, provenance: Provenance) -> Option<&'static str> {
    let network = provenance == Provenance::Network;
    let shape = Shape::of(text);
    let lacks = match registry {
        Registry::Ripe | Registry::Apnic => {
            let modern = shape.opened && !shape.old;
            ((network || modern) && !shape.closed).then_some("the line \"This query was served by\"")
        }
        Registry::Arin => (shape.opened && !shape.closed).then_some("ARIN's terms of use below the record"),
        Registry::Lacnic | Registry::RegistroBr => {
            (shape.opened && !shape.closed).then_some("the line \"accepts only direct match queries\"")
        }
        Registry::Krnic => (shape.opened && !shape.closed).then_some("the line \"KISA/KRNIC WHOIS Service\""),
        Registry::Jpnic => (shape.opened && !shape.closed).then_some("the list of more specific networks"),
        Registry::Rwhois => ((network || shape.opened) && !shape.closed).then_some("%ok"),
        Registry::Afrinic | Registry::Twnic | Registry::Iana | Registry::Other => None,
    };
    // Where a closing line stands, nobody cares whether a line end follows it.
    let whole = shape.closed || text.ends_with('\n');
    lacks.or_else(|| (network && !whole).then_some("the end of its last line"))
}

/// What an answer's own lines show of its beginning and its end.
#[derive(Default)]
struct Shape {
    /// Lines that every whole answer of the registry begins with.
    opened: bool,
    /// Lines that it ends with, behind the last record.
    closed: bool,
    /// The opening of a server that closed with nothing.
    old: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self::default();
        let mut form = None;
        for line in lines(text) {
            if let Some(side) = terms(line) {
                // ARIN says the same in front and behind.
                shape.opened |= form.is_none();
                shape.closed = form.is_some() || side;
            } else if form.is_none() && opens(line) {
                shape.opened = true;
                shape.old |= line.starts_with("% [whois.apnic.net node-");
            } else if closes(line) {
                shape.closed = true;
            } else if line.starts_with("% Note: This output has been filtered")
                || line.contains("Whois query server #")
            {
                shape.old = true;
            } else if begins_record(line) {
                form = Form::of(line).or(form);
                // A record behind the end is no end: a joint answer goes on.
                shape.closed &= !is_arin(line);
            }
        }
        shape
    }
}

fn is_arin(line: &str) -> bool {
    line.starts_with("NetRange:") || line.starts_with("# start")
}

fn begins_record(line: &str) -> bool {
    !is_comment(line) && !line.is_empty()
}

/// ARIN's terms: Some(true) for those of old that stand only at the end.
fn terms(line: &str) -> Option<bool> {
    if line.starts_with("# ARIN WHOIS database, last updated")
        || line.starts_with("# Enter ? for additional hints")
    {
        return Some(true);
    }
    line.starts_with("# ARIN WHOIS data and services").then_some(false)
}

fn opens(line: &str) -> bool {
    [
        "% This is the RIPE ",
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
    ["% This query was served by the ", "%ok", "%error ", "More Specific Info.", "下位情報"]
        .iter()
        .any(|of| line.starts_with(of))
        || (line.starts_with('%') && line.contains("accepts only direct match queries"))
        || (line.starts_with("- ") && line.contains("WHOIS Service -"))
}
