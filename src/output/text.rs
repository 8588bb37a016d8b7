//! Columns for people: tab-separated into a pipe, aligned and coloured on a terminal.

use super::{Paint, safe};
use crate::{pattern::Patterns, verdict::Judged};
use std::{
    borrow::Cow,
    io::{self, Write},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How the columns are set.
#[derive(Debug)]
pub struct Columns {
    /// Aligned to this width of the address column; None for a pipe.
    pub aligned: Option<usize>,
    /// Colours.
    pub paint: Paint,
}

/// Cells that an owner's name gets on a terminal.
const OWNER: usize = 32;
/// Cells for a network: the longest IPv4 prefix.
const NETWORK: usize = 18;
/// Cells for the longest registry's name.
const REGISTRY: usize = 10;

impl Columns {
    pub(super) fn row(&self, judged: &Judged, out: &mut impl Write) -> io::Result<()> {
        let answer = judged.answer();
        let record = answer.map(|answer| &answer.record);
        let address = judged.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let owner = record
            .and_then(|record| record.org.as_deref().or(record.name.as_deref()))
            .or_else(|| judged.reserved().map(|special| special.name));
        let country = record.and_then(|record| record.country.as_deref());
        let network = record
            .map(|record| record.network.to_string())
            .or_else(|| judged.reserved().map(|special| special.prefix.to_string()));
        let registry =
            record.map_or_else(|| judged.reserved().map(|_| "iana"), |record| Some(record.registry.as_str()));
        let cell = |value: Option<&str>| safe(value.filter(|v| !v.is_empty()).unwrap_or("-")).into_owned();
        let (owner, country, network) = (cell(owner), cell(country), cell(network.as_deref()));
        let (registry, why) = (cell(registry), why(judged));
        let verdict = judged.verdict.as_str();
        let Some(width) = self.aligned else {
            return writeln!(out, "{address}\t{verdict}\t{owner}\t{country}\t{network}\t{registry}\t{why}");
        };
        writeln!(
            out,
            "{}  {}  {}  {}  {}  {}  {}",
            pad(&address, width),
            self.paint.verdict(judged.verdict, &pad(verdict, 7)),
            pad(&cut(&owner, OWNER), OWNER),
            pad(&country, 2),
            pad(&network, NETWORK),
            self.paint.dim(&pad(&registry, REGISTRY)),
            why
        )
    }
}

/// `FILE:LINE` of the first pattern that decided, or the reason of an unknown, or `-`.
fn why(judged: &Judged) -> String {
    if let Some(found) = judged.decisive() {
        return safe(&format!("{}:{}", found.file, found.line)).into_owned();
    }
    judged.unknown().map_or_else(
        || "-".to_owned(),
        |unknown| format!("{}: {}", unknown.kind.as_str(), safe(&unknown.message)),
    )
}

/// The text with blanks behind it, up to so many cells.
pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The text cut to so many cells, with a mark where something is missing.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut cells = 0;
    for c in text.chars() {
        cells += c.width().unwrap_or_default();
        if cells + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// Writes whois text with what patterns match highlighted, as grep --color would; all lines, or those alone that match.
///
/// # Errors
/// The output's own.
pub fn matched(
    text: &str,
    patterns: &Patterns,
    paint: Paint,
    all: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    for line in text.lines() {
        let spans = patterns.spans(line);
        if spans.is_empty() && !all {
            continue;
        }
        let mut at = 0;
        for span in spans {
            // Spans come in order and do not overlap; one that did would be left out rather than shown twice.
            if let (Some(before), Some(hit)) = (line.get(at..span.start), line.get(span.clone())) {
                write!(out, "{}{}", safe(before), paint.hit(&safe(hit)))?;
                at = span.end;
            }
        }
        writeln!(out, "{}", safe(line.get(at..).unwrap_or_default()))?;
    }
    Ok(())
}
