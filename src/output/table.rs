//! A report for people: a table that fits the terminal, or the same columns tab-separated for a pipe.

mod layout;
#[cfg(test)]
mod tests;

use super::{
    Paint,
    clock::{self, DisplayZone, rfc3339},
    count::counted,
    spark::{Ink, spark},
    text::{NAME_LINES, cut, folded, pad, verdict_word},
};
use crate::{
    report::{ClientLines, Grouping, Report, ReportRow, RowSum},
    sanitize::safe,
};
use jiff::Timestamp;
use layout::TableLayout;
use std::io::{self, Write};

/// The layout of a report's table.
#[derive(Debug)]
pub struct OwnerTable {
    /// The width of the terminal in cells.
    pub width: usize,
    /// Colours.
    pub paint: Paint,
    /// The characters of the activity bars.
    pub ink: Ink,
    /// The zone of times.
    pub clock: DisplayZone,
    /// The current time.
    pub now: Timestamp,
    /// Patterns were given, so `clear` has a meaning.
    pub judges: bool,
}

/// The title of a row.
pub(super) fn title(owner: &ReportRow) -> String {
    safe(owner.title()).into_owned()
}

/// The most addresses that a row shows on a terminal.
const CLIENTS: usize = 20;
/// The most rows of the terminal for one log line, and for the details of an owner.
const ROWS: usize = 4;
/// The most owners that a row names in one line.
const OWNERS: usize = 2;

/// `Contoso, Fabrikam +3` for a row that does not stand for an owner.
pub(super) fn owners(row: &ReportRow) -> String {
    if row.grouping == Grouping::Owner || row.owners.is_empty() {
        return String::new();
    }
    let named: Vec<_> = row.owners.iter().take(OWNERS).map(|name| safe(name)).collect();
    let more = row.owners.len().saturating_sub(OWNERS);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// `FILE:LINE` of the first pattern that decided.
pub(super) fn why(owner: &ReportRow) -> Option<String> {
    let member = owner.members.iter().find(|seen| seen.judged.verdict == owner.verdict)?;
    let found = member.judged.decisive()?;
    Some(safe(&format!("{}:{}", found.file, found.line)).into_owned())
}

/// Writes tab-separated columns: owner, hits, addresses, networks, country, abuse contacts, first and last seen (RFC
/// 3339), activity, verdict, the first pattern. Lists are joined by a blank; a missing value is `-`. If `lines` is
/// given, a row's addresses follow it: an empty cell, address, hits, first and last seen. The lines of each address
/// follow that, after two empty cells.
///
/// # Errors
/// Writing fails.
pub fn plain(owners: &[ReportRow], lines: Option<&ClientLines>, out: &mut impl Write) -> io::Result<()> {
    for owner in owners {
        let cell = |value: String| if value.is_empty() { "-".to_owned() } else { value };
        let networks: Vec<String> = owner.networks.iter().map(ToString::to_string).collect();
        let cells = [
            title(owner),
            owner.hits.to_string(),
            owner.addresses.to_string(),
            cell(networks.join(" ")),
            cell(safe(owner.country.unwrap_or_default()).into_owned()),
            cell(safe(&owner.abuse.join(" ")).into_owned()),
            cell(owner.first.map(rfc3339).unwrap_or_default()),
            cell(owner.last.map(rfc3339).unwrap_or_default()),
            cell(spark(&owner.activity, usize::MAX, Ink::Blocks)),
            owner.verdict.as_str().to_owned(),
            cell(why(owner).unwrap_or_default()),
        ];
        writeln!(out, "{}", cells.join("\t"))?;
        let Some(lines) = lines else { continue };
        for seen in owner.clients() {
            let address = seen.address();
            let times = [seen.first(), seen.last()].map(|time| cell(time.map(rfc3339).unwrap_or_default()));
            writeln!(out, "\t{address}\t{}\t{}", seen.hits(), times.join("\t"))?;
            for line in lines.get(&address).into_iter().flatten() {
                writeln!(out, "\t\t{}", safe(&line.text))?;
            }
        }
    }
    Ok(())
}

impl OwnerTable {
    /// Writes the first `top` rows, the sum of the others, and the total.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&self, report: &Report, top: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        let (shown, rest) = report.top(top);
        let sum = Report::sum(&report.rows);
        let layout = TableLayout::of(shown, sum, self.width);
        let heading = report.grouping.heading().to_uppercase();
        let head = layout.line([
            "HITS",
            "ADDRS",
            &heading,
            "CC",
            "VERDICT",
            if layout.spark > 0 { "ACTIVITY" } else { "" },
        ]);
        writeln!(out, "{}", self.paint.bold(&head))?;
        for owner in shown {
            self.row(owner, &layout, report.lines.as_ref(), out)?;
        }
        if !rest.is_empty() {
            let others = Report::sum(rest);
            let more = format!("… and {} more", others.rows);
            let (hits, addresses) = (others.hits.to_string(), others.addresses.to_string());
            let line = layout.line([&hits, &addresses, &more, "", "", ""]);
            let line = format!("{}: --top N shows more", line.trim_end());
            writeln!(out, "{}", self.paint.dim(&cut(&line, self.width)))?;
        }
        self.foot(report, sum, &layout, out)
    }

    fn row(
        &self,
        owner: &ReportRow,
        layout: &TableLayout,
        lines: Option<&ClientLines>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let verdict = pad(verdict_word(owner.verdict, self.judges), layout::VERDICT);
        let verdict = self.paint.verdict(owner.verdict, &verdict);
        let (hits, addresses) = (owner.hits.to_string(), owner.addresses.to_string());
        let country = safe(owner.country.unwrap_or("-")).into_owned();
        let names = folded(&title(owner), layout.owner, NAME_LINES);
        let (name, more) = names.split_first().map_or(("", &[][..]), |(name, more)| (name.as_str(), more));
        let front = layout.front(&hits, &addresses, name, &country);
        let drawn = spark(&owner.activity, layout.spark, self.ink);
        writeln!(out, "{front}  {verdict}{}{drawn}", if drawn.is_empty() { "" } else { "  " })?;
        for name in more {
            writeln!(out, "{}{name}", " ".repeat(layout.before_owner()))?;
        }
        let indent = layout.indent();
        let details = self.details(owner);
        if !details.is_empty() {
            for part in folded(&details, self.width.saturating_sub(indent), ROWS) {
                writeln!(out, "{}{}", " ".repeat(indent), self.paint.dim(&part))?;
            }
        }
        lines.map_or(Ok(()), |lines| self.clients(owner, lines, indent, out))
    }

    /// Writes the addresses of a row and their lines.
    fn clients(
        &self,
        row: &ReportRow,
        lines: &ClientLines,
        indent: usize,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (clients, blanks) = (row.clients(), " ".repeat(indent));
        for seen in clients.iter().take(CLIENTS) {
            let (address, times) = (seen.address(), seen.first().zip(seen.last()));
            let times = times.map(|(first, last)| self.clock.zoned_range(first, last));
            let hits = counted(seen.hits(), "hit", "hits");
            let about = [Some(address.to_string()), Some(hits), times];
            let about = about.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            writeln!(out, "{blanks}{}", cut(&about, self.width.saturating_sub(indent)))?;
            for line in lines.get(&address).into_iter().flatten() {
                for part in folded(&safe(&line.text), self.width.saturating_sub(indent + 2), ROWS) {
                    writeln!(out, "{blanks}  {}", self.paint.dim(&part))?;
                }
            }
        }
        let more = clients.len().saturating_sub(CLIENTS);
        if more == 0 {
            return Ok(());
        }
        let more = counted(more as u64, "more address", "more addresses");
        writeln!(out, "{blanks}… and {more}: --json has all")
    }

    /// The times, the networks, the contacts and the reason.
    fn details(&self, owner: &ReportRow) -> String {
        let when = owner.first.zip(owner.last).map(|(first, last)| self.clock.range(first, last, self.now));
        let more = |count: usize| if count > 1 { format!(" +{}", count - 1) } else { String::new() };
        let network = owner.networks.first().map(|first| format!("{first}{}", more(owner.networks.len())));
        let abuse = owner.abuse.first().map(|first| format!("{}{}", safe(first), more(owner.abuse.len())));
        let owners = Some(owners(owner)).filter(|text| !text.is_empty());
        [owners, when, network, abuse, owner.reason(), why(owner)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    }

    fn foot(
        &self,
        report: &Report,
        sum: RowSum,
        layout: &TableLayout,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let total = layout.line([&sum.hits.to_string(), &sum.addresses.to_string(), "total", "", "", ""]);
        writeln!(out, "{}", self.paint.bold(&total))?;
        if let Some(span) = report.span {
            let range = self.clock.range(span.first(), span.last(), self.now);
            let bars = layout.spark.min(span.slices());
            let scale = format!("each bar is {}, scaled to its row", clock::length(span.width(bars)));
            let legend = if bars > 1 { format!("{range} · {scale}") } else { range };
            let indent = layout.indent();
            let legend = cut(&legend, self.width.saturating_sub(indent)).into_owned();
            writeln!(out, "{}{}", " ".repeat(indent), self.paint.dim(&legend))?;
        }
        Ok(())
    }
}
