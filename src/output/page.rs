//! A report as one self-contained web page: no network, no script, light or dark as the reader's system.
//!
//! All untrusted text goes through [`HtmlText`]; only numbers and our own words do not. In case that fails, the page's
//! own policy forbids everything but its style.

mod chart;
#[cfg(test)]
mod tests;

use super::{
    clock::{DisplayZone, length, rfc3339},
    count::noun,
    table::{owners, title, why},
};
use crate::{
    report::{ClientLines, Report, ReportRow, RowKind, RowSum},
    sanitize::safe,
    verdict::Verdict,
};
use jiff::Timestamp;
use std::{
    fmt,
    io::{self, Write},
};

/// The rows that are shown with all details.
const WHOLE: usize = 100;
/// The networks that a row shows before the rest is folded away.
const NETWORKS: usize = 2;
/// The most networks that a row shows.
const ALL_NETWORKS: usize = 500;
/// The most addresses that a row shows with their lines.
const CLIENTS: usize = 100;

/// The data of a page besides the report.
#[derive(Debug)]
pub struct ReportPage<'a> {
    /// The logs, as they were named.
    pub logs: &'a [String],
    /// The zone of times.
    pub clock: &'a DisplayZone,
    /// The current time.
    pub now: Timestamp,
    /// The number of rows to show; None for all.
    pub top: Option<usize>,
}

/// Untrusted text: escaped, so that it contains no markup and no acting character.
struct HtmlText<'a>(&'a str);

impl fmt::Display for HtmlText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in safe(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// A word with a capital, for the start of a line.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A number with its thousands separated.
struct HtmlNumber(u64);

impl fmt::Display for HtmlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            fmt::Write::write_char(f, digit)?;
        }
        Ok(())
    }
}

/// The verdict as a word, which is also the class for the row's colour.
fn word(owner: &ReportRow) -> &'static str {
    if matches!(owner.kind, RowKind::Reserved(_)) { "reserved" } else { owner.verdict.as_str() }
}

impl ReportPage<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let (shown, rest) = report.top(self.top);
        self.head(report, out)?;
        self.figures(report, out)?;
        self.runs(report, out)?;
        let (heading, plural) = (report.grouping.heading(), capital(report.grouping.plural()));
        writeln!(
            out,
            "<section aria-labelledby=\"owners\">\n<h2 id=\"owners\">{plural}</h2>\n<table role=\"table\" aria-labelledby=\"owners\">\n\
             <thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">{heading}</th>\
             <th role=\"columnheader\" scope=\"col\" class=\"n\">Hits</th>\
             <th role=\"columnheader\" scope=\"col\" class=\"n\">Addresses</th>\
             <th role=\"columnheader\" scope=\"col\" class=\"when\">Runs</th>\
             <th role=\"columnheader\" scope=\"col\">Verdict</th></tr></thead>\n<tbody role=\"rowgroup\">"
        )?;
        let most = shown.first().map_or(1, |owner| owner.hits.max(1));
        let (whole, tail) = shown.split_at(WHOLE.min(shown.len()));
        for (at, owner) in whole.iter().enumerate() {
            self.row(report, owner, at + 1, most, out)?;
        }
        writeln!(out, "</tbody>\n</table>")?;
        self.tail(tail, out)?;
        if !rest.is_empty() {
            let RowSum { hits, addresses, rows } = Report::sum(rest);
            let (rows, sum) = (HtmlNumber(rows), traffic(hits, addresses));
            writeln!(out, "<p class=\"rest\">And {rows} more, with {sum}.</p>")?;
        }
        writeln!(out, "</section>\n</main>")?;
        self.foot(report, out)
    }

    fn head(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let logs = self.logs.join(", ");
        let logs = HtmlText(&logs);
        writeln!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>Who was behind it: {logs}</title>\n<style>\n{}</style>\n</head>\n<body>",
            include_str!("page/page.css")
        )?;
        writeln!(out, "<header>\n<p class=\"brand\">whodunit</p>\n<h1>Who was behind it</h1>")?;
        let span = report.span.map_or_else(String::new, |span| {
            let range = self.clock.zoned_range(span.first(), span.last());
            let (first, last) = (rfc3339(span.first()), rfc3339(span.last()));
            format!(" · <time datetime=\"{first}/{last}\">{range}</time>")
        });
        writeln!(out, "<p class=\"lede\"><span class=\"log\">{logs}</span>{span}</p>\n</header>\n<main>")
    }

    /// Writes the sums by verdict.
    fn figures(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let sum = Report::sum(&report.rows);
        let named =
            report.rows.iter().filter(|row| matches!(row.kind, RowKind::Known(Some(_)))).count() as u64;
        let plural = capital(report.grouping.plural());
        writeln!(out, "<dl class=\"figures\">")?;
        let mut figure = |class: &str, name: &str, number: u64, note: String| {
            let number = HtmlNumber(number);
            let note = if note.is_empty() { note } else { format!("<dd class=\"note\">{note}</dd>") };
            writeln!(out, "<div class=\"{class}\"><dt>{name}</dt><dd>{number}</dd>{note}</div>")
        };
        figure("all", "Hits", sum.hits, String::new())?;
        figure("all", "Addresses", sum.addresses, String::new())?;
        figure("all", &plural, named, String::new())?;
        for (verdict, name) in [(Verdict::Blocked, "Blocked hits"), (Verdict::Unknown, "Unknown hits")] {
            let part = Report::sum(report.rows.iter().filter(|owner| owner.verdict == verdict));
            if part.hits > 0 {
                figure(
                    verdict.as_str(),
                    name,
                    part.hits,
                    format!("{} of all", percent(part.hits, sum.hits)),
                )?;
            }
        }
        writeln!(out, "</dl>")
    }

    /// Draws all traffic in one chart, with the verdicts stacked.
    fn runs(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let Some(span) = report.span else { return Ok(()) };
        let range = self.clock.range(span.first(), span.last(), self.now);
        let each = length(span.width(span.slices()));
        writeln!(
            out,
            "<section aria-labelledby=\"runs\">\n<h2 id=\"runs\">All hits over time</h2>\n<figure>"
        )?;
        let most = chart::stacked(&report.rows, &format!("From {range}; each bar is {each}."), out)?;
        writeln!(out, "<div class=\"axis\" aria-hidden=\"true\">")?;
        for part in 0..=4 {
            writeln!(out, "<span>{}</span>", self.clock.moment(span.at(part, 4), self.now))?;
        }
        let scale = format!("Each bar is {each}; the highest has {}.", html_counted(most, "hit", "hits"));
        writeln!(out, "</div>\n<figcaption>{scale} {}</figcaption>", PageLegend(report))?;
        writeln!(out, "</figure>\n</section>")
    }

    fn row(
        &self,
        report: &Report,
        owner: &ReportRow,
        rank: usize,
        most: u64,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let name = title(owner);
        let class = word(owner);
        writeln!(
            out,
            "<tr role=\"row\" class=\"{class}\">\n<th role=\"rowheader\" scope=\"row\" class=\"owner\">"
        )?;
        let country = owner.country.map(|code| format!(" <span class=\"cc\">{}</span>", HtmlText(code)));
        writeln!(out, "<span class=\"name\">{}</span>{}", HtmlText(&name), country.unwrap_or_default())?;
        details(owner, out)?;
        if let Some(lines) = &report.lines {
            self.clients(owner, lines, out)?;
        }
        let share = percent(owner.hits, most);
        let hits = noun(owner.hits, "hit", "hits");
        let addresses = noun(owner.addresses, "address", "addresses");
        writeln!(
            out,
            "</th>\n<td role=\"cell\" class=\"n\" data-label=\"{hits}\"><span class=\"big\">{}</span>\
             <span class=\"share\" style=\"--share:{share}\"></span></td>\n\
             <td role=\"cell\" class=\"n\" data-label=\"{addresses}\">{}</td>\n<td role=\"cell\" class=\"when\">",
            HtmlNumber(owner.hits),
            HtmlNumber(owner.addresses)
        )?;
        if let (Some(span), Some((first, last))) = (report.span, owner.first.zip(owner.last)) {
            let range = self.clock.range(first, last, self.now);
            let most = owner.activity.iter().copied().max().unwrap_or_default();
            let each = length(span.width(span.slices()));
            let hits = html_counted(owner.hits, "hit", "hits");
            let about = format!("{hits}, {range}; at most {} in {each}.", HtmlNumber(most));
            chart::row(&owner.activity, rank, &name, &about, out)?;
            let range = self.clock.zoned_range(first, last);
            writeln!(
                out,
                "<span class=\"range\"><span>{range}</span> <span class=\"piece\">highest bar {}</span></span>",
                HtmlNumber(most)
            )?;
        }
        write!(
            out,
            "</td>\n<td role=\"cell\" class=\"verdict\"><span class=\"badge\">{}</span>",
            word(owner)
        )?;
        if let Some(why) = why(owner) {
            write!(out, "<span class=\"why\">{}</span>", HtmlText(&why))?;
        }
        writeln!(out, "</td>\n</tr>")
    }

    /// Writes the rows after the first ones, folded away, one on each line: a page of thousands can still be sent by
    /// mail.
    fn tail(&self, tail: &[ReportRow], out: &mut impl Write) -> io::Result<()> {
        if tail.is_empty() {
            return Ok(());
        }
        let RowSum { hits, addresses, rows } = Report::sum(tail);
        let (rows, sum) = (HtmlNumber(rows), traffic(hits, addresses));
        writeln!(
            out,
            "<details class=\"tail\"><summary>{rows} more, with {sum}</summary>\n<table>\n\
             <tr><th>Name<th class=\"n\">Hits<th class=\"n\">Addresses<th>Network<th>Verdict"
        )?;
        for row in tail {
            let country = row.country.map(|code| format!(" {}", HtmlText(code))).unwrap_or_default();
            let network = row.networks.first().map(ToString::to_string).unwrap_or_default();
            let (hits, addresses) = (HtmlNumber(row.hits), HtmlNumber(row.addresses));
            let (name, class) = (HtmlText(&title(row)).to_string(), word(row));
            writeln!(
                out,
                "<tr class={class}><td>{name}{country}<td class=n>{hits}<td class=n>{addresses}<td>{network}<td>{class}"
            )?;
        }
        writeln!(out, "</table>\n</details>")
    }

    /// Writes the addresses of a row, and their lines.
    fn clients(&self, row: &ReportRow, lines: &ClientLines, out: &mut impl Write) -> io::Result<()> {
        let clients = row.clients();
        let count = HtmlNumber(clients.len() as u64);
        writeln!(out, "<details class=\"clients\"><summary>{count} with their lines</summary>\n<ul>")?;
        for seen in clients.iter().take(CLIENTS) {
            let (address, times) = (seen.address(), seen.first().zip(seen.last()));
            let times = times.map(|(first, last)| self.clock.zoned_range(first, last));
            let (hits, times) = (html_counted(seen.hits(), "hit", "hits"), times.unwrap_or_default());
            writeln!(out, "<li><b>{address}</b> {hits} <span class=\"sub\">{times}</span>")?;
            for line in lines.get(&address).into_iter().flatten() {
                writeln!(out, "<code>{}</code>", HtmlText(&line.text))?;
            }
            writeln!(out, "</li>")?;
        }
        if let Some(more @ 1..) = clients.len().checked_sub(CLIENTS) {
            let more = html_counted(more as u64, "more address", "more addresses");
            writeln!(out, "<li>and {more}: --json has all</li>")?;
        }
        writeln!(out, "</ul></details>")
    }

    fn foot(&self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        let drawn = if report.span.is_some() {
            "Each owner's bars are scaled to that owner's own highest; all rows show the same span of time. "
        } else {
            ""
        };
        let (made, at) = (self.clock.full(self.now), rfc3339(self.now));
        writeln!(
            out,
            "<footer>\n<p>{drawn}A hit is a line of the log. An owner is blocked when any of its addresses is.</p>\n\
             <p>Made by whodunit {} on <time datetime=\"{at}\">{made}</time>.</p>\n</footer>\n</body>\n</html>",
            env!("CARGO_PKG_VERSION")
        )
    }
}

/// A number and its noun, as for [`super::counted`].
fn html_counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", HtmlNumber(number), noun(number, one, more))
}

/// `14 hits from 3 addresses`.
fn traffic(hits: u64, addresses: u64) -> String {
    let addresses = html_counted(addresses, "address", "addresses");
    format!("{} from {addresses}", html_counted(hits, "hit", "hits"))
}

/// Writes networks and contacts; if there are too many, the rest is folded away.
fn details(owner: &ReportRow, out: &mut impl Write) -> io::Result<()> {
    let owners = owners(owner);
    if !owners.is_empty() {
        writeln!(out, "<span class=\"sub\">{}</span>", HtmlText(&owners))?;
    }
    if let Some(reason) = owner.reason() {
        writeln!(out, "<span class=\"sub\">{}</span>", HtmlText(&reason))?;
    }
    let networks: Vec<String> = owner.networks.iter().map(ToString::to_string).collect();
    if let Some(first) = networks.get(..NETWORKS.min(networks.len())).filter(|first| !first.is_empty()) {
        writeln!(out, "<span class=\"sub net\">{}</span>", first.join(" "))?;
    }
    if let Some(rest) = networks.get(NETWORKS..).filter(|rest| !rest.is_empty()) {
        let count = html_counted(rest.len() as u64, "more network", "more networks");
        let shown = rest.get(..ALL_NETWORKS).unwrap_or(rest).join(" ");
        let more = HtmlNumber(rest.len().saturating_sub(ALL_NETWORKS) as u64);
        let more = if more.0 > 0 { format!(" and {more} more: --json has all") } else { String::new() };
        writeln!(
            out,
            "<details><summary>{count}</summary><span class=\"sub net\">{shown}{more}</span></details>"
        )?;
    }
    if !owner.abuse.is_empty() {
        let links: Vec<String> = owner.abuse.iter().map(|contact| mail_link(contact)).collect();
        writeln!(out, "<span class=\"sub\">{}</span>", links.join(" "))?;
    }
    Ok(())
}

/// A link that opens a message to a contact, if it is a plain address; else its text.
fn mail_link(contact: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    let text = HtmlText(contact);
    if contact.matches('@').count() == 1 && contact.chars().all(plain) {
        format!("<a href=\"mailto:{text}\">{text}</a>")
    } else {
        text.to_string()
    }
}

/// A part of a whole in percent, with one decimal if it is small.
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    if tenths < 100 { format!("{}.{}%", tenths / 10, tenths % 10) } else { format!("{}%", tenths / 10) }
}

/// The colours of the stacked chart, by name.
struct PageLegend<'r, 'a>(&'r Report<'a>);

impl fmt::Display for PageLegend<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in chart::KINDS {
            if self.0.rows.iter().any(|owner| word(owner) == kind) {
                write!(f, "<span class=\"key {kind}\">{kind}</span> ")?;
            }
        }
        Ok(())
    }
}
