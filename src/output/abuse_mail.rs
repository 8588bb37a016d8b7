//! Messages to abuse desks: RFC 5322, with the evidence as text and as XARF v4 JSON (xarf.org). They are only written,
//! never sent.

mod xarf;

use super::{clock::rfc3339, count::counted};
use crate::{
    report::{ClientLines, Report, ReportRow, Sighting, contact},
    sanitize::safe,
    verdict::Verdict,
};
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
};
use xarf::{Contact, Evidence, Incident};

/// The most addresses in a message, those with most hits first; each has an XARF attachment of its own.
const ADDRESSES: usize = 25;

/// The sender of complaints.
#[derive(Clone, Debug)]
pub struct Complainant {
    /// The mailbox for replies.
    pub mailbox: String,
    /// Its domain, used as the host's name.
    pub domain: String,
}

/// A message for the user to review and send.
#[derive(Clone, Debug)]
pub struct AbuseMail {
    /// The recipient.
    pub contact: String,
    /// The message, with CRLF line ends.
    pub message: Vec<u8>,
}

/// The clients to complain about, by contact. A contact is the first in a registry's answer that is not a registry's
/// own; it never comes from a log line. Clients that an allow pattern accepts are left out.
#[derive(Debug)]
pub struct Complaints<'r> {
    /// For each contact its clients, most hits first.
    desks: BTreeMap<&'r str, Vec<Sighting<'r>>>,
    /// Rows with clients that have no known contact.
    pub unknown: Vec<&'r ReportRow<'r>>,
}

impl<'r> Complaints<'r> {
    /// The complaints that follow from a report.
    #[must_use]
    pub fn of(report: &'r Report<'r>) -> Self {
        let mut desks: BTreeMap<&str, Vec<Sighting>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for row in &report.rows {
            let mut lacks = false;
            for seen in row.members.iter().filter(|seen| seen.judged.verdict != Verdict::Allowed) {
                let Some(answer) = seen.judged.answer() else { continue };
                match answer.record.abuse.iter().find(|address| is_contact(address)) {
                    Some(contact) => desks.entry(contact).or_default().push(*seen),
                    None => lacks = true,
                }
            }
            if lacks {
                unknown.push(row);
            }
        }
        for clients in desks.values_mut() {
            clients.shrink_to_fit();
            clients.sort_by_key(|seen| std::cmp::Reverse(seen.hits()));
        }
        Self { desks, unknown }
    }

    /// The clients that messages name, whose lines are the evidence.
    pub fn named(&self) -> impl Iterator<Item = IpAddr> {
        self.desks.values().flat_map(|clients| clients.iter().take(ADDRESSES)).map(|seen| seen.address())
    }

    /// The messages, one to each contact.
    ///
    /// # Errors
    /// None is expected: messages are written to memory.
    pub fn messages(
        &self,
        lines: &ClientLines,
        from: &Complainant,
        now: Timestamp,
    ) -> impl Iterator<Item = io::Result<AbuseMail>> {
        self.desks.iter().map(move |(contact, clients)| {
            let message = compose(contact, clients, lines, from, now)?;
            Ok(AbuseMail { contact: (*contact).to_owned(), message })
        })
    }
}

/// The longest contact in bytes. It names a file too, and file names have at most 255 bytes.
const LONGEST: usize = 200;

/// Whether an address may go into a header unchanged (RFC 5321, 4.1.2, without quotes), and is not a registry's own.
fn is_contact(address: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    let parts = address.split_once('@');
    parts.is_some_and(|(local, domain)| {
        dotted(local) && local.len() <= 64 && dotted(domain) && !domain.contains('@')
    }) && address.chars().all(plain)
        && address.len() <= LONGEST
        && !contact::is_registrys(address)
        && contact::mail_domain(address).is_some()
}

fn compose(
    contact: &str,
    clients: &[Sighting<'_>],
    lines: &ClientLines,
    from: &Complainant,
    now: Timestamp,
) -> io::Result<Vec<u8>> {
    let (named, more) = clients.split_at(ADDRESSES.min(clients.len()));
    let hits: u64 = clients.iter().map(|seen| seen.hits()).sum();
    let networks: BTreeSet<String> =
        clients.iter().filter_map(|seen| Some(seen.judged.answer()?.record.network.to_string())).collect();
    let network = networks.first().cloned().unwrap_or_default();
    let others = if networks.len() > 1 { " and others" } else { "" };
    let subject =
        format!("Unwanted mail from {network}{others}: {} of {}", log_lines(hits), addresses(clients.len()));
    let mut text = format!(
        "Dear abuse desk,\n\nthe mail server {} saw unwanted mail or attempts at it from your networks:\n\n",
        from.domain
    );
    let mut evidence = String::new();
    for seen in named {
        let (address, times) = (seen.address(), seen.first().zip(seen.last()));
        let times = times.map(|(first, last)| format!(", {} to {}", rfc3339(first), rfc3339(last)));
        text.push_str(&format!("  {address}: {}{}\n", log_lines(seen.hits()), times.unwrap_or_default()));
        evidence.push_str(&excerpt(lines, address));
    }
    if !more.is_empty() {
        text.push_str(&format!("  and {} more\n", addresses(more.len())));
    }
    text.push_str(
        "\nTimes are in UTC. Sample log lines are attached, with the local parts of\n\
         mail addresses masked, and the same as XARF v4 reports (xarf.org).\n\
         Please look into it, and answer to this address.\n",
    );
    let mut message = MessageBuilder::new()
        .from(from.mailbox.as_str())
        .to(contact)
        .subject(subject)
        .date(now.as_second())
        .message_id(format!("{}@{}", xarf::uuid(), from.domain))
        .text_body(text)
        .attachment("text/plain", "evidence.txt", evidence);
    for seen in named {
        let address = seen.address();
        let json = serde_json::to_string_pretty(&incident(*seen, lines, from, now))?;
        message = message.attachment("application/json", format!("xarf-{}.json", file_part(address)), json);
    }
    message.write_to_vec()
}

fn incident(seen: Sighting<'_>, lines: &ClientLines, from: &Complainant, now: Timestamp) -> Incident {
    let contact =
        Contact { org: from.domain.clone(), contact: from.mailbox.clone(), domain: from.domain.clone() };
    Incident::new(
        seen.address(),
        rfc3339(seen.last().unwrap_or(now)),
        contact,
        format!("Unwanted mail over SMTP: {} of this address.", log_lines(seen.hits())),
        Evidence::text(
            "Sample lines of the mail server's log, local parts of mail addresses masked",
            &excerpt(lines, seen.address()),
        ),
    )
}

/// Lines as evidence: the time in UTC, and the line with its mail addresses masked.
fn excerpt(lines: &ClientLines, client: IpAddr) -> String {
    let mut text = String::new();
    for line in lines.get(&client).into_iter().flatten() {
        let time = line.time.map_or_else(|| "-".to_owned(), rfc3339);
        text.push_str(&format!("{time}  {}\n", masked(&safe(&line.text))));
    }
    text
}

/// The text with `***` for the local part of each mail address, also if the `@` is written as `%40`.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, sign)) = ["@", "%40"].iter().filter_map(|sign| Some((rest.find(sign)?, *sign))).min()
    {
        let (before, behind) = rest.split_at(at);
        let local = local_part(before);
        let behind = behind.get(sign.len()..).unwrap_or_default();
        let is_address = local < at && behind.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        masked.push_str(before.get(..if is_address { local } else { at }).unwrap_or(before));
        masked.push_str(if is_address { "***" } else { "" });
        masked.push_str(sign);
        rest = behind;
    }
    masked.push_str(rest);
    masked
}

/// The start of the local part at the end of this text.
fn local_part(text: &str) -> usize {
    if let Some(quoted) = text.strip_suffix('"') {
        let escaped = |at: &usize| quoted.get(..*at).is_some_and(|before| before.ends_with('\\'));
        let mut quotes = quoted.rmatch_indices('"').map(|(at, _)| at);
        if let Some(opening) = quotes.find(|at| !escaped(at)) {
            return opening;
        }
    }
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let begin = text.trim_end_matches(is_local).len();
    // Without brackets, the word before the first equals sign is the log's own: `from=x@y`.
    let is_bracketed = text.get(..begin).is_some_and(|before| before.ends_with(['<', '"', '\'']));
    let word = text.get(begin..).and_then(|part| part.find('=')).filter(|_| !is_bracketed);
    word.map_or(begin, |equals| begin + equals + 1)
}

/// An address as part of a file name.
fn file_part(address: IpAddr) -> String {
    address.to_string().replace(':', "-")
}

fn log_lines(count: u64) -> String {
    counted(count, "log line", "log lines")
}

fn addresses(count: usize) -> String {
    counted(count as u64, "address", "addresses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_masked_and_nothing_else() {
        for (line, want) in [
            (
                "from=<king@spam.example> to=<joe.x+y@here.example>",
                "from=<***@spam.example> to=<***@here.example>",
            ),
            ("from=king@spam.example", "from=***@spam.example"),
            ("to=<\"joe x\"@here.example>", "to=<***@here.example>"),
            ("a @ b, @x, x@", "a @ b, @x, x@"),
            ("Müller@here.example: ok", "***@here.example: ok"),
            ("from=<bounce-joe=here.example@list.example>", "from=<***@list.example>"),
            ("from=bounce-joe=here.example@list.example", "from=***@list.example"),
            (r#"to=<"joe \"x"@here.example>"#, "to=<***@here.example>"),
            ("to=<joe@[192.0.2.1]>", "to=<***@[192.0.2.1]>"),
            ("GET /?mail=joe%40here.example&x=%40", "GET /?mail=***%40here.example&x=%40"),
            ("<a@b@c.example>", "<***@***@c.example>"),
        ] {
            assert_eq!(masked(line), want);
        }
    }

    #[test]
    fn a_contact_is_a_plain_address_of_no_registry() {
        for good in ["abuse@contoso.example", "a.b+c@x-y.example"] {
            assert!(is_contact(good), "{good}");
        }
        for bad in [
            "abuse@ripe.net",
            "x",
            "a@b",
            "a b@c.example",
            "a@b@c.example",
            "a@c.example,d@e.example",
            "a@.example",
            ".a@c.example",
            "a..b@c.example",
            "a.@c.example",
            // Which no file can be named after.
            &format!("a@{}.example", "c".repeat(250)),
        ] {
            assert!(!is_contact(bad), "{bad}");
        }
    }
}
