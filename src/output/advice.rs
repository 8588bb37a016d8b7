//! A suggested pattern file: comments and lines, ready for `-f`.

use super::{clock::DisplayZone, table::title};
use crate::{
    report::{
        Report, ReportRow,
        suggest::{Advice, SparedReason, Suggested},
    },
    sanitize::safe,
    verdict::Verdict,
};
use jiff::Timestamp;
use std::io::{self, Write};

/// Networks that a comment names.
const NETWORKS: usize = 4;

/// What surrounds a suggestion.
#[derive(Debug)]
pub struct AdviceNotes<'a> {
    /// The logs, as they were named.
    pub logs: &'a [String],
    /// The logs of wanted mail.
    pub ham: &'a [String],
    /// The zone of times.
    pub clock: &'a DisplayZone,
    /// When it is made.
    pub now: Timestamp,
}

impl AdviceNotes<'_> {
    /// Writes the lines for the first `top` owners, each below a comment that says why, and who was spared.
    ///
    /// # Errors
    /// The output's own.
    pub fn write(
        &self,
        report: &Report,
        advice: &Advice,
        top: Option<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let listed = |names: &[String]| names.iter().map(|name| safe(name)).collect::<Vec<_>>().join(" ");
        writeln!(out, "# Suggested by whodunit from {}, {}.", listed(self.logs), self.clock.full(self.now))?;
        writeln!(
            out,
            "# Owners that no pattern blocks yet, most hits first. Of all clients in the log each line matches"
        )?;
        writeln!(out, "# its own owner's alone. Read it before you use it.")?;
        if !self.ham.is_empty() {
            writeln!(out, "# It blocks no client of {} whose owner is known.", listed(self.ham))?;
        }
        for suggested in advice.suggested.iter().take(top.unwrap_or(usize::MAX)) {
            self.owner(suggested, out)?;
        }
        let unknown = Report::sum(report.rows.iter().filter(|owner| owner.verdict == Verdict::Unknown));
        let mut notes: Vec<String> = advice.spared.iter().map(|(owner, why)| spared(owner, why)).collect();
        if unknown.hits > 0 {
            notes.push(format!(
                "{} from {} could not be looked up: run this again later",
                count(unknown.hits, "hit"),
                addresses(unknown.addresses)
            ));
        }
        notes.extend(strangers(advice));
        if !notes.is_empty() {
            writeln!(out)?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "# {note}"))
    }

    fn owner(&self, suggested: &Suggested, out: &mut impl Write) -> io::Result<()> {
        let owner = suggested.owner;
        let when = owner.first.zip(owner.last).map(|(first, last)| self.clock.range(first, last, self.now));
        let why = [
            Some(format!("{} from {}", count(owner.hits, "hit"), addresses(owner.addresses))),
            when,
            owner.country.map(|country| safe(country).into_owned()),
            owner.abuse.first().map(|abuse| safe(abuse).into_owned()),
        ];
        writeln!(out, "\n# {}", why.into_iter().flatten().collect::<Vec<_>>().join(", "))?;
        let networks: Vec<String> = owner.networks.iter().take(NETWORKS).map(ToString::to_string).collect();
        let more = owner.networks.len().saturating_sub(NETWORKS);
        let more =
            if more > 0 { format!(" and {}", count(more as u64, "more network")) } else { String::new() };
        writeln!(out, "# {}: {}{more}", title(owner), networks.join(" "))?;
        for (at, line) in suggested.lines.iter().enumerate() {
            if at > 0 {
                writeln!(out, "# {}, too", title(owner))?;
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// Why an owner is left out, as a sentence.
#[must_use]
pub fn spared(owner: &ReportRow, why: &SparedReason) -> String {
    let name = title(owner);
    match why {
        SparedReason::Ham(client) => format!("left out: {name}; {client} sends mail that you want"),
        SparedReason::Stranger(client) => {
            format!(
                "left out: {name}; {client} sends mail that you want from its networks, and could not be looked up"
            )
        }
        SparedReason::Inseparable => {
            format!("left out: {name}; no line matches it that would not match others too")
        }
    }
}

/// What could not be heeded, as a sentence; None when there is nothing.
#[must_use]
pub fn strangers(advice: &Advice) -> Option<String> {
    let those = addresses(advice.strangers);
    (advice.strangers > 0).then(|| {
        format!("{those} of the mail that you want could not be looked up: their owners may be among those suggested")
    })
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn addresses(number: u64) -> String {
    format!("{number} address{}", if number == 1 { "" } else { "es" })
}
