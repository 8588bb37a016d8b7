//! Columns for people: tab-separated for a pipe, aligned and coloured on a terminal.

mod fit;
#[cfg(test)]
mod tests;

use super::Paint;
use crate::{
    pattern::Patterns,
    sanitize::safe,
    verdict::{Judged, Verdict},
};
pub use fit::AlignedColumns;
use fit::RowShape;
use std::{
    borrow::Cow,
    io::{self, Write},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The layout of the columns.
#[derive(Debug)]
pub struct TextColumns {
    /// Aligned for a terminal; None for a pipe.
    pub aligned: Option<AlignedColumns>,
    /// Colours.
    pub paint: Paint,
    /// Patterns were given; without any, a terminal shows `known`.
    pub judges: bool,
}

/// The word for a verdict on a terminal: without patterns, `clear` would read as harmless.
pub(super) fn verdict_word(verdict: Verdict, judges: bool) -> &'static str {
    if verdict == Verdict::Clear && !judges { "known" } else { verdict.as_str() }
}

/// The width in cells of the longest pattern name.
#[must_use]
pub fn longest_name(patterns: &Patterns) -> usize {
    patterns.names().map(|(file, line)| name(file, line).width()).max().unwrap_or_default()
}

/// A row's cells, without characters that act on a terminal.
struct RowCells {
    address: String,
    owner: String,
    country: String,
    network: String,
    registry: String,
    why: String,
}

impl RowCells {
    fn of(judged: &Judged) -> Self {
        let record = judged.answer().map(|answer| &answer.record);
        let special = judged.reserved();
        let cell = |value: Option<&str>| safe(value.filter(|v| !v.is_empty()).unwrap_or("-")).into_owned();
        let network = record.map(|record| record.network.to_string());
        let network = network.or_else(|| special.map(|special| special.prefix.to_string()));
        // The row of an unknown address has only its reason.
        let announced = judged.announced().filter(|_| judged.unknown().is_none());
        let network = network.or_else(|| announced.map(ToString::to_string));
        let registry = record.map(|record| record.registry.as_str());
        Self {
            address: judged.address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            owner: cell(judged.owner().as_deref()),
            country: cell(record.and_then(|record| record.country.as_deref())),
            network: cell(network.as_deref()),
            registry: cell(registry.or_else(|| special.map(|_| "iana"))),
            why: why(judged),
        }
    }
}

impl TextColumns {
    fn word(&self, judged: &Judged) -> &'static str {
        verdict_word(judged.verdict, self.judges)
    }

    pub(super) fn row(&self, judged: &Judged, out: &mut impl Write) -> io::Result<()> {
        let cells = RowCells::of(judged);
        let Some(aligned) = self.aligned else {
            let RowCells { address, owner, country, network, registry, why } = &cells;
            let verdict = self.paint.verdict(judged.verdict, judged.verdict.as_str());
            let registry = self.paint.dim(registry);
            return writeln!(out, "{address}\t{verdict}\t{owner}\t{country}\t{network}\t{registry}\t{why}");
        };
        let room = aligned.room();
        match aligned.shape() {
            RowShape::Alone => {
                let width = cells.address.width() + self.word(judged).len() + cells.country.width();
                let taken = width + cells.network.width() + cells.registry.width() + 5 * fit::GAP;
                let owner = cells.owner.width();
                if owner <= room.saturating_sub(taken) {
                    self.line(judged, &cells, &ColumnWidths { owner, ..ColumnWidths::default() }, room, out)?;
                } else {
                    self.pair(judged, &cells, room, out)?;
                }
                self.abuse(judged, out)
            }
            RowShape::Table([owner, network, registry]) => {
                // A value wider than its column takes the space from this row's owner, so that the columns after it
                // stay aligned.
                let over = cells.network.width().saturating_sub(network)
                    + cells.registry.width().saturating_sub(registry);
                if over > 0 && owner < over + STUMP {
                    return self.pair(judged, &cells, room, out);
                }
                let widths =
                    ColumnWidths { address: aligned.address, owner: owner - over, network, registry };
                self.line(judged, &cells, &widths, room, out)
            }
            RowShape::Pair => self.pair(judged, &cells, room, out),
        }
    }

    /// Writes everything in one line; a reason that does not fit follows in lines of its own.
    fn line(
        &self,
        judged: &Judged,
        cells: &RowCells,
        widths: &ColumnWidths,
        room: usize,
        out: &mut impl Write,
    ) -> io::Result<()> {
        // A single row needs no blanks for alignment.
        let in_line = widths.address > 0;
        let (verdict, country) = if in_line { (fit::VERDICT, fit::COUNTRY) } else { (0, 0) };
        let head = format!("{}  {}  ", pad(&cells.address, widths.address), pad(self.word(judged), verdict));
        let front = head.width();
        let country = pad(&cells.country, country);
        let middle = format!("  {country}  {}  ", pad(&cells.network, widths.network));
        let taken = front + widths.owner + middle.width();
        let registry = widths.registry.max(cells.registry.width());
        let fits = room - room.min(taken) >= registry + fit::GAP + cells.why.width();
        let verdict = self.paint.verdict(judged.verdict, &pad(self.word(judged), verdict));
        write!(out, "{}  {verdict}  ", pad(&cells.address, widths.address))?;
        let mut owner = cells.owner.as_str();
        if owner.width() > widths.owner {
            // The name takes the line, and the other columns stay where they are in the next one.
            let indent = " ".repeat(front);
            let names = folded(owner, room.saturating_sub(front), NAME_LINES);
            write!(out, "{}\n{indent}", names.join(&format!("\n{indent}")))?;
            owner = "";
        }
        let owner = pad(owner, if in_line { widths.owner } else { 0 });
        write!(out, "{owner}{middle}{}", self.paint.dim(&cells.registry))?;
        if fits {
            let blanks = " ".repeat(registry - cells.registry.width());
            write!(out, "{blanks}  {}", cells.why)?;
        }
        writeln!(out)?;
        if fits || cells.why == "-" { Ok(()) } else { wrapped(&cells.why, room, out) }
    }

    /// Writes the owner in one line, and the network in the next.
    fn pair(&self, judged: &Judged, cells: &RowCells, room: usize, out: &mut impl Write) -> io::Result<()> {
        let verdict = self.word(judged);
        let left = room.saturating_sub(cells.address.width() + verdict.len() + 2 * fit::GAP);
        // If hardly any space is left, the terminal may wrap it.
        let names = folded(&cells.owner, if left < STUMP { usize::MAX } else { left }, NAME_LINES);
        let names = names.join(&format!("\n{}", " ".repeat(room.saturating_sub(left))));
        writeln!(out, "{}  {}  {names}", cells.address, self.paint.verdict(judged.verdict, verdict))?;
        let RowCells { country, network, registry, why, .. } = cells;
        if judged.unknown().is_some() {
            return wrapped(why, room, out);
        }
        let plain = format!("{country}  {network}  {registry}");
        let fits = room.saturating_sub(INDENT.len() + plain.width() + fit::GAP) >= why.width();
        let dim = self.paint.dim(registry);
        write!(out, "{INDENT}{country}  {network}  {dim}")?;
        match (fits, why.as_str()) {
            (true, _) => writeln!(out, "  {why}"),
            (false, "-") => writeln!(out),
            (false, _) => writeln!(out).and_then(|()| wrapped(why, room, out)),
        }
    }

    /// Writes the abuse contact: with a single address, the user needs that next.
    fn abuse(&self, judged: &Judged, out: &mut impl Write) -> io::Result<()> {
        let abuse = judged.answer().map_or(&[][..], |answer| &answer.record.abuse);
        if abuse.is_empty() {
            return Ok(());
        }
        let abuse: Vec<Cow<'_, str>> = abuse.iter().map(|abuse| safe(abuse)).collect();
        writeln!(out, "{INDENT}{} {}", self.paint.dim("abuse:"), abuse.join(", "))
    }
}

/// Precedes a line that belongs to the one above it.
const INDENT: &str = "    ";
/// The fewest cells of an owner's name that are useful.
const STUMP: usize = 8;

/// The widths of a line's columns in cells; 0 for as many as needed.
#[derive(Default)]
struct ColumnWidths {
    address: usize,
    owner: usize,
    network: usize,
    registry: usize,
}

/// Writes text in indented lines of at most `room` cells, broken at blanks.
fn wrapped(text: &str, room: usize, out: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && INDENT.len() + line.width() + 1 + word.width() > room {
            writeln!(out, "{INDENT}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{INDENT}{line}")
}

/// A pattern as a reason.
fn name(file: &str, line: u32) -> String {
    safe(&format!("{file}:{line}")).into_owned()
}

/// `FILE:LINE` of the first pattern that decided, or the reason if unknown, or `-`.
fn why(judged: &Judged) -> String {
    if let Some(found) = judged.decisive() {
        return name(&found.file, found.line);
    }
    judged.unknown().map_or_else(
        || "-".to_owned(),
        |unknown| format!("{}: {}", unknown.kind.as_str(), safe(&unknown.message)),
    )
}

/// The most lines of an owner's name. No real name needs more.
pub(super) const NAME_LINES: usize = 4;

/// The text in at most `most` lines of at most `width` cells, broken at blanks where possible. Only the last line is cut.
pub fn folded(text: &str, width: usize, most: usize) -> Vec<String> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while lines.len() + 1 < most && rest.width() > width {
        let mut cells = 0;
        let fits = |(_, c): &(usize, char)| {
            cells += c.width().unwrap_or_default();
            cells <= width
        };
        let end = rest.char_indices().take_while(fits).last().map_or(0, |(at, c)| at + c.len_utf8());
        let (head, tail) = rest.split_at(end);
        let blank = if tail.starts_with(' ') { Some(end) } else { head.rfind(' ') };
        let (line, more) = rest.split_at(blank.filter(|at| *at > 0).unwrap_or(end));
        if line.is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
        rest = more.trim_start();
    }
    lines.push(cut(rest, width).into_owned());
    lines
}

/// The text padded with blanks to this width.
pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The text cut to this width, with a mark where something is missing.
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

/// Writes whois text with the matches of patterns highlighted, like grep --color.
///
/// # Errors
/// Writing fails.
pub fn matched(text: &str, patterns: &Patterns, paint: Paint, out: &mut impl Write) -> io::Result<()> {
    for line in text.lines() {
        let mut at = 0;
        for span in patterns.spans(line) {
            // Spans come in order without overlaps; one that did overlap would be left out instead of shown twice.
            if let (Some(before), Some(hit)) = (line.get(at..span.start), line.get(span.clone())) {
                write!(out, "{}{}", safe(before), paint.hit(&safe(hit)))?;
                at = span.end;
            }
        }
        writeln!(out, "{}", safe(line.get(at..).unwrap_or_default()))?;
    }
    Ok(())
}
