//! Columns for people: tab-separated into a pipe, aligned and coloured on a terminal.

mod fit;
#[cfg(test)]
mod tests;

use super::{Paint, safe};
use crate::{pattern::Patterns, verdict::Judged};
pub use fit::Aligned;
use std::{
    borrow::Cow,
    io::{self, Write},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How the columns are set.
#[derive(Debug)]
pub struct Columns {
    /// Aligned for a terminal; None for a pipe.
    pub aligned: Option<Aligned>,
    /// Colours.
    pub paint: Paint,
}

/// Cells of the longest name that any of the patterns has as a reason.
#[must_use]
pub fn longest_name(patterns: &Patterns) -> usize {
    patterns.names().map(|(file, line)| name(file, line).width()).max().unwrap_or_default()
}

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
        let verdict = |text: &str| self.paint.verdict(judged.verdict, text);
        let Some(aligned) = self.aligned else {
            let (verdict, registry) = (verdict(judged.verdict.as_str()), self.paint.dim(&registry));
            return writeln!(out, "{address}\t{verdict}\t{owner}\t{country}\t{network}\t{registry}\t{why}");
        };
        let front = format!(
            "{}  {}",
            pad(&address, aligned.address),
            verdict(&pad(judged.verdict.as_str(), fit::VERDICT))
        );
        let [registry_cells, network_cells, owner_cells] =
            aligned.row([registry.width(), network.width(), owner.width()], why.width());
        let owner = pad(&cut(&owner, owner_cells), owner_cells);
        let country = pad(&country, fit::COUNTRY);
        // A network is cut only where the terminal is too narrow for it.
        let network =
            if aligned.room().is_some() { cut(&network, network_cells) } else { Cow::Borrowed(&*network) };
        let middle = format!("{owner}  {country}  {}", pad(&network, network_cells));
        let registry = pad(&registry, registry_cells);
        let taken = middle.width() + registry.width() + 4;
        match aligned.room() {
            // Not even a mark would be left of the reason.
            Some(room) if taken >= room => {
                writeln!(out, "{front}  {}", cut(&format!("{middle}  {registry}  {why}"), room))
            }
            room => {
                let why = cut(&why, room.map_or(usize::MAX, |room| room - taken));
                writeln!(out, "{front}  {middle}  {}  {why}", self.paint.dim(&registry))
            }
        }
    }
}

/// A pattern as a reason.
fn name(file: &str, line: u32) -> String {
    safe(&format!("{file}:{line}")).into_owned()
}

/// `FILE:LINE` of the first pattern that decided, or the reason of an unknown, or `-`.
fn why(judged: &Judged) -> String {
    if let Some(found) = judged.decisive() {
        return name(&found.file, found.line);
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
