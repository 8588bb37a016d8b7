//! A suggested pattern file: comments and lines, ready for `-f`.

use super::{clock::DisplayZone, count::counted, table::title};
use crate::{
    report::{
        Report, ReportRow,
        suggest::{Advice, SparedReason, SuggestBounds, Suggestion},
    },
    sanitize::safe,
    verdict::Verdict,
};
use jiff::Timestamp;
use std::io::{self, Write};

/// The most networks in a comment.
const NETWORKS: usize = 4;
/// The most owners in a comment or a sentence.
const OWNERS: usize = 3;

/// The facts around the suggestions.
#[derive(Debug)]
pub struct AdviceNotes<'a> {
    /// The logs, as they were named.
    pub logs: &'a [String],
    /// The logs of wanted mail.
    pub ham: &'a [String],
    /// Servers that mail was delivered to are left out.
    pub correspondents: bool,
    /// The limits for a line.
    pub bounds: SuggestBounds,
    /// The zone of times.
    pub clock: &'a DisplayZone,
    /// The current time.
    pub now: Timestamp,
}

impl AdviceNotes<'_> {
    /// Writes the first `top` lines, each below a comment that says what it covers, and the owners left out.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(
        &self,
        report: &Report,
        advice: &Advice,
        top: Option<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        self.head(advice, out)?;
        for suggestion in advice.suggested.iter().take(top.unwrap_or(usize::MAX)) {
            self.suggestion(suggestion, out)?;
        }
        let unknown = Report::sum(report.rows.iter().filter(|row| row.verdict == Verdict::Unknown));
        let mut notes: Vec<String> = advice.spared.iter().map(|(row, why)| spared(row, why)).collect();
        if advice.small.rows > 0 {
            notes.push(format!(
                "left out: {} with fewer than {} from {} (--min-hits, --min-addresses)",
                counted(advice.small.rows, "owner", "owners"),
                counted(self.bounds.hits, "hit", "hits"),
                addresses(self.bounds.addresses)
            ));
        }
        if unknown.hits > 0 {
            notes.push(format!(
                "{} from {} could not be looked up: run this again later",
                counted(unknown.hits, "hit", "hits"),
                addresses(unknown.addresses)
            ));
        }
        notes.extend(strangers(advice));
        if !notes.is_empty() {
            writeln!(out)?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "# {note}"))
    }

    fn head(&self, advice: &Advice, out: &mut impl Write) -> io::Result<()> {
        let listed = |names: &[String]| names.iter().map(|name| safe(name)).collect::<Vec<_>>().join(" ");
        writeln!(out, "# Suggested by whodunit from {}, {}.", listed(self.logs), self.clock.full(self.now))?;
        writeln!(
            out,
            "# Lines for owners that no pattern blocks yet, most hits first. Read them before you use them."
        )?;
        if !self.ham.is_empty() {
            writeln!(out, "# They block no client of {} whose owner is known.", listed(self.ham))?;
        }
        if self.correspondents {
            writeln!(out, "# They block no owner of a server that the logs show mail delivered to.")?;
        }
        if !advice.weighed {
            writeln!(
                out,
                "# No mail is known to be wanted: --ham LOG and --correspondents spare its senders."
            )?;
        }
        Ok(())
    }

    fn suggestion(&self, suggestion: &Suggestion, out: &mut impl Write) -> io::Result<()> {
        let times = suggestion.first.zip(suggestion.last);
        let why = [
            Some(format!(
                "{} from {}",
                counted(suggestion.hits, "hit", "hits"),
                addresses(suggestion.addresses)
            )),
            times.map(|(first, last)| self.clock.range(first, last, self.now)),
            suggestion.country.map(|country| safe(country).into_owned()),
            suggestion.abuse.map(|abuse| safe(abuse).into_owned()),
        ];
        writeln!(out, "\n# {}", why.into_iter().flatten().collect::<Vec<_>>().join(", "))?;
        let networks = some(
            suggestion.networks.iter().map(ToString::to_string),
            NETWORKS,
            " ",
            ("more network", "more networks"),
        );
        match suggestion.owners.as_slice() {
            [one] => writeln!(out, "# {}: {networks}", title(one))?,
            many => {
                let owners = some(many.iter().map(|row| title(row)), OWNERS, ", ", ("more", "more"));
                let shared = suggestion.line.field().shared();
                writeln!(out, "# {} owners with one {shared}: {owners}", many.len())?;
                writeln!(out, "# {networks}")?;
            }
        }
        writeln!(out, "{}", suggestion.line)
    }
}

/// The first of some names, and the number of others: `A, B and 3 more`.
fn some(
    names: impl ExactSizeIterator<Item = String>,
    most: usize,
    between: &str,
    (one, others): (&str, &str),
) -> String {
    let more = names.len().saturating_sub(most) as u64;
    let named = names.take(most).collect::<Vec<_>>().join(between);
    match more {
        0 => named,
        _ => format!("{named} and {}", counted(more, one, others)),
    }
}

/// The owners that were left out, in one sentence; None if there are none.
#[must_use]
pub fn all_spared(advice: &Advice) -> Option<String> {
    let [(row, why), others @ ..] = advice.spared.as_slice() else { return None };
    if others.is_empty() {
        return Some(spared(row, why));
    }
    let (apart, wanted): (Vec<_>, Vec<_>) = advice
        .spared
        .iter()
        .partition(|(_, why)| matches!(why, SparedReason::Inseparable | SparedReason::Unnamed(_)));
    let named = |rows: &[&(&ReportRow, SparedReason)]| {
        some(rows.iter().map(|(row, _)| title(row)), OWNERS, ", ", ("more", "more"))
    };
    let mut parts = Vec::new();
    if !wanted.is_empty() {
        parts.push(format!(
            "{} whose mail you want ({})",
            counted(wanted.len() as u64, "owner", "owners"),
            named(&wanted)
        ));
    }
    if !apart.is_empty() {
        let count = counted(apart.len() as u64, "owner", "owners");
        parts.push(format!("{count} that no line stops alone ({})", named(&apart)));
    }
    Some(format!("left out: {}; the list's last lines say why", parts.join(", and ")))
}

/// The reason why an owner is left out, as a sentence.
#[must_use]
pub fn spared(owner: &ReportRow, why: &SparedReason) -> String {
    let name = title(owner);
    match why {
        SparedReason::Ham(client) => format!("left out: {name}; {client} sends mail that you want"),
        SparedReason::Correspondent(server) => {
            format!("left out: {name}; mail of yours was delivered to {server}")
        }
        SparedReason::Stranger(client) => {
            format!(
                "left out: {name}; {client} sends mail that you want from its networks, and could not be looked up"
            )
        }
        SparedReason::Inseparable => {
            format!("left out: {name}; no line matches it that would not match others too")
        }
        SparedReason::Unnamed(field) => {
            let none = field.none().trim_matches(['(', ')']);
            format!("left out: {name}; {none} is known of it")
        }
    }
}

/// The clients that could not be considered, as a sentence; None if there are none.
#[must_use]
pub fn strangers(advice: &Advice) -> Option<String> {
    let those = addresses(advice.strangers);
    let owners = if advice.strangers == 1 { "its owner" } else { "their owners" };
    (advice.strangers > 0).then(|| {
        format!(
            "{those} of the mail that you want could not be looked up: {owners} may be among those suggested"
        )
    })
}

fn addresses(number: u64) -> String {
    counted(number, "address", "addresses")
}
