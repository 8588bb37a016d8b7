//! A second reading of logs, for facts that the first does not keep: sample lines of some clients, and the servers that
//! mail was delivered to. A log may have any number of clients, so lines are not kept for all of them.

use super::{
    Extract, ReadSpec, context::FileContext, format, list, reading::settled_order, scan::client,
    source::unpacked_text, time::LogClock, token,
};
use crate::error::{Error, Result};
use jiff::Timestamp;
use regex::bytes::Regex;
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read},
    net::IpAddr,
    path::Path,
};

/// The bytes of a line that are kept.
const KEPT: usize = 1024;

/// The bytes that all sample lines may take, and what a client and a line take beside their text. A log has any number of
/// clients, and one expression may choose all of them.
const ALL: usize = 96 << 20;
const BESIDE: (usize, usize) = (256, 64);

/// A log line that names a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SampleLine {
    /// Its time, if it has one.
    pub time: Option<Timestamp>,
    /// Its first KiB. Invalid UTF-8 is replaced.
    pub text: String,
}

/// The lines of some clients.
#[derive(Debug, Default)]
pub struct SampleLines {
    /// The lines, by client.
    pub lines: HashMap<IpAddr, Vec<SampleLine>>,
    /// The bytes that they take.
    size: usize,
    /// The number of lines that were left out because all of them would take too much memory.
    pub left_out: u64,
}

impl SampleLines {
    fn add(&mut self, client: IpAddr, time: Option<Timestamp>, line: &[u8], most: usize) {
        let kept = self.lines.get(&client).map_or(0, Vec::len);
        if kept >= most {
            return;
        }
        let text = line.get(..KEPT).unwrap_or(line).trim_ascii_end();
        let size = text.len() + BESIDE.1 + if kept == 0 { BESIDE.0 } else { 0 };
        if self.size + size > ALL {
            self.left_out += 1;
            return;
        }
        self.size += size;
        let line = SampleLine { time, text: String::from_utf8_lossy(text).into_owned() };
        // Most clients of a large log have one line.
        self.lines.entry(client).or_insert_with(|| Vec::with_capacity(1)).push(line);
    }
}

/// The first lines of these clients, at most `most` for each, from files that a first reading has read; less where all of
/// them would take more than 96 MiB.
///
/// # Errors
/// None is expected: a file that cannot be read again gives no lines.
pub fn samples(
    files: &[&Path],
    spec: &ReadSpec,
    clients: &HashSet<IpAddr>,
    most: usize,
) -> Result<SampleLines> {
    let mut samples = SampleLines::default();
    let mut clock = LogClock::new(spec.now, spec.zone.clone());
    for file in files {
        let mut context = FileContext { order: settled_order(file), ..FileContext::default() };
        let read = each_line(file, |line| {
            let bytes =
                context.record.as_mut().is_some_and(|record| std::mem::take(&mut record.bytes_follow));
            // `journalctl -o export` puts the length of such a field before it, in eight bytes.
            let line = if bytes { line.get(8..).unwrap_or_default() } else { line };
            if !bytes && context.learn(line, Some(&mut clock)) {
                return;
            }
            if spec.grep.as_ref().is_some_and(|grep| !grep.is_match(line)) {
                return;
            }
            let time = context.record.map_or_else(|| clock.time(line, context.order), |record| record.time);
            if !spec.window(time) {
                return;
            }
            let found = match list::address(line) {
                Some(address) => vec![address],
                None if spec.extract == Extract::All => {
                    token::every(line).map(|found| found.address).collect()
                }
                None => client(line, bytes, &context)
                    .map(|client| {
                        let trusted = |address| spec.trusted.iter().any(|proxies| proxies.contains(address));
                        let behind = || format::forwarded_client(line, context.fields.as_ref(), trusted);
                        if trusted(client) { behind().unwrap_or(client) } else { client }
                    })
                    .into_iter()
                    .collect(),
            };
            for address in found.into_iter().filter(|address| clients.contains(address)) {
                samples.add(address, time, line, most);
            }
        });
        // The first reading has reported the fault of this file, and went on without it.
        drop(read);
    }
    Ok(samples)
}

/// The servers that mail was delivered to, each once, in the order of the logs. Bounces (from the null sender) do not
/// count: they go back to any sender.
///
/// # Errors
/// A built-in expression is invalid (70). A file that cannot be read again gives no servers.
pub fn correspondents(files: &[&Path]) -> Result<Vec<IpAddr>> {
    let reader = DeliveryReader::new().map_err(|error| Error::software(error.to_string()))?;
    let (mut seen, mut servers) = (HashSet::new(), Vec::new());
    // Hashes of the queue numbers of bounces: eight bytes each, since a log has many.
    let (mut bounces, hashes) = (HashSet::new(), RandomState::new());
    for file in files {
        let read = each_line(file, |line| {
            if let Some(queue) = reader.bounce(line) {
                bounces.insert(hashes.hash_one(queue));
            } else if let Some((queue, server)) = reader.delivery(line)
                && !bounces.contains(&hashes.hash_one(queue))
                && seen.insert(server)
            {
                servers.push(server);
            }
        });
        drop(read);
    }
    Ok(servers)
}

/// Calls `work` with each line of a file, plain or compressed. A line is cut at 64 KiB, longer than any mail program
/// writes.
fn each_line(path: &Path, mut work: impl FnMut(&[u8])) -> Result<()> {
    let unreadable = |error: std::io::Error| Error::input(path, &error);
    let mut input = BufReader::new(unpacked_text(path).map_err(unreadable)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let longest = format::LONGEST as u64;
        let read = input.by_ref().take(longest).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            return Ok(());
        }
        if line.ends_with(b"\n") {
            line.pop();
        } else if read as u64 == longest {
            // The rest of the long line is not the start of another.
            input.skip_until(b'\n').map_err(unreadable)?;
        }
        work(&line);
    }
}

/// Reads lines in which a mail server reports a delivery or a bounce.
struct DeliveryReader {
    deliveries: [Regex; 5],
    bounces: [Regex; 2],
}

impl DeliveryReader {
    fn new() -> std::result::Result<Self, regex::Error> {
        let expressions = |all: [&str; 5]| all.map(Regex::new);
        let [postfix, sendmail, exim, opensmtpd, qmail] = expressions([
            r#"["= ]([0-9A-Za-z]{6,20}): to=<.*, relay=[^ ,\[\]]*\[([0-9a-fA-F:.]+)\]:[0-9]+, (?:conn_use=[0-9]+, )?delay=[0-9.]+, (?:delays=[0-9./]+, )?dsn=2\.[0-9]+\.[0-9]+, status=sent \("#,
            r#"["= ]([0-9A-Za-z]{8,20}): to=.*, relay=[^ ,\[\]]* ?\[([0-9a-fA-F:.]+)\], dsn=2\.[0-9]+\.[0-9]+, stat=Sent"#,
            r"([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (?:=>|->|\*>) .* T=[^ ]*smtp[^ ]* .*H=[^ ]+ \[([0-9a-fA-F:.]+)\]",
            r#"([0-9a-f]{16}) mta (?:event=)?delivery .*relay="(?:[^" ]+ \()?([0-9a-fA-F:.]+)[) "].* result="Ok""#,
            r"(delivery [0-9]+): success: ([0-9a-fA-F:.]+)_accepted_message",
        ]);
        Ok(Self {
            deliveries: [postfix?, sendmail?, exim?, opensmtpd?, qmail?],
            bounces: [
                Regex::new(r#"["= ]([0-9A-Za-z]{6,20}): from=<>, "#)?,
                Regex::new(r"([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) <= <> ")?,
            ],
        })
    }

    /// The queue number of a bounce.
    fn bounce<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        memchr::memmem::find(line, b"<>")?;
        self.bounces.iter().find_map(|form| Some(form.captures(line)?.get(1)?.as_bytes()))
    }

    /// The queue number of a mail, and the server that took it.
    fn delivery<'l>(&self, line: &'l [u8]) -> Option<(&'l [u8], IpAddr)> {
        const SIGNS: [&[u8]; 5] = [b"status=sent", b"stat=Sent", b" T=", b"result=\"Ok\"", b": success: "];
        let (_, form) = SIGNS
            .iter()
            .zip(&self.deliveries)
            .find(|(sign, form)| memchr::memmem::find(line, sign).is_some() && form.is_match(line))?;
        let found = form.captures(line)?;
        let server = std::str::from_utf8(found.get(2)?.as_bytes()).ok()?.parse().ok()?;
        Some((found.get(1)?.as_bytes(), crate::address::unwrap(server)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_names_the_server_that_took_it() {
        let reader = DeliveryReader::new().unwrap();
        for (line, want) in [
            (
                "Nov 20 10:00:00 mx postfix/smtp[4]: 4F1C2A3B: to=<a@contoso.example>, relay=mx.contoso.example[192.0.2.9]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 ok)",
                Some("192.0.2.9"),
            ),
            (
                "Nov 20 10:00:00 mx postfix/smtp[4]: 4F1C2A3B: to=<a@contoso.example>, orig_to=<b>, relay=mx.contoso.example[2001:db8::9]:25, conn_use=2, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 ok)",
                Some("2001:db8::9"),
            ),
            (
                "Nov 20 10:00:00 mx postfix/smtp[4]: 4F1C2A3B: to=<a@contoso.example>, relay=mx.contoso.example[192.0.2.9]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=5.1.1, status=bounced (550 no)",
                None,
            ),
            (
                "Nov 20 10:00:00 mx postfix/smtp[4]: 4F1C2A3B: to=<a@contoso.example>, relay=mx.contoso.example[192.0.2.9]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=4.1.1, status=deferred (x status=sent)",
                None,
            ),
            (
                "Nov 20 10:00:00 mx postfix/local[4]: 4F1C2A3B: to=<a@here.example>, relay=local, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
                None,
            ),
            (
                "Nov 20 10:00:00 mx sm-mta[4]: 0AKA0001: to=<a@contoso.example>, delay=00:00:01, mailer=esmtp, pri=30, relay=mx.contoso.example. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)",
                Some("192.0.2.9"),
            ),
            (
                "2026-11-20 10:00:00 1tABCD-000001-AB => a@contoso.example R=dnslookup T=remote_smtp H=mx.contoso.example [192.0.2.9] X=TLS1.3 C=\"250 ok\"",
                Some("192.0.2.9"),
            ),
            ("2026-11-20 10:00:00 1tABCD-000001-AB => a R=local T=local_delivery H=x [192.0.2.9]", None),
            (
                "Nov 20 10:00:00 mx smtpd[9]: 5b2a1f0c9d8e7f60 mta delivery evpid=1f2e from=<b@here.example> to=<a@contoso.example> rcpt=<-> source=\"192.0.2.1\" relay=\"192.0.2.9 (mx.contoso.example)\" delay=1s result=\"Ok\" stat=\"250 2.0.0 ok\"",
                Some("192.0.2.9"),
            ),
            (
                "Nov 20 10:00:00 mx smtpd[9]: 5b2a1f0c9d8e7f60 mta event=delivery evpid=1f2e from=<b@here.example> to=<a@contoso.example> rcpt=<-> source=\"192.0.2.1\" relay=\"192.0.2.9 (mx.contoso.example)\" delay=1s result=\"TempFail\" stat=\"421 later\"",
                None,
            ),
            (
                "MESSAGE=4F1C2A3B: to=<a@contoso.example>, relay=mx.contoso.example[192.0.2.9]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 ok)",
                Some("192.0.2.9"),
            ),
            ("@400 delivery 7: success: 192.0.2.9_accepted_message./", Some("192.0.2.9")),
            ("Nov 20 10:00:00 mx postfix/smtpd[4]: connect from unknown[192.0.2.9]", None),
        ] {
            let found = reader.delivery(line.as_bytes()).map(|(_, server)| server);
            assert_eq!(found, want.map(|want| want.parse().unwrap()), "{line}");
        }
    }

    #[test]
    fn sample_lines_take_no_more_than_a_bound() {
        let mut samples = SampleLines::default();
        let line = [b'x'; 4 * KEPT];
        for client in 0..200_000_u32 {
            samples.add(IpAddr::V4(client.into()), None, &line, 1);
            samples.add(IpAddr::V4(client.into()), None, &line, 1);
        }
        assert!(samples.size <= ALL && samples.size > ALL - 2 * KEPT, "{}", samples.size);
        assert_eq!(samples.lines.len() as u64 + samples.left_out / 2, 200_000);
        assert!(samples.lines.values().all(|lines| lines.len() == 1 && lines[0].text.len() == KEPT));
    }

    #[test]
    fn a_bounce_is_no_correspondence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail.log");
        let line = |queue: &str, server: &str| {
            format!(
                "Nov 20 10:00:00 mx postfix/smtp[4]: {queue}: to=<a@x.example>, relay=x[{server}]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250)\n"
            )
        };
        let bounce =
            "Nov 20 10:00:00 mx postfix/qmgr[4]: AAAAAA2: from=<>, size=10, nrcpt=1 (queue active)\n";
        let text = line("AAAAAA1", "192.0.2.1")
            + bounce
            + &line("AAAAAA2", "192.0.2.2")
            + &line("AAAAAA3", "192.0.2.1");
        std::fs::write(&path, text).unwrap();
        assert_eq!(correspondents(&[&path]).unwrap(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_second_reading_reads_what_the_first_one_does() {
        let line = "Nov 20 10:00:00 mx postfix/smtpd[4]: connect from unknown[192.0.2.9]\n";
        let utf16: Vec<u8> =
            "\u{feff}".encode_utf16().chain(line.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let export = "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795430074123456\nSYSLOG_IDENTIFIER=postfix/smtpd\n\
                      MESSAGE=connect from unknown[192.0.2.9]\n\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail.log");
        let spec = ReadSpec::new("2026-12-01T00:00:00Z".parse().unwrap());
        let spec = ReadSpec { zone: jiff::tz::TimeZone::UTC, times: true, ..spec };
        let client = IpAddr::from([192, 0, 2, 9]);
        // A line after those of the client shows which number is the month.
        let day_first = "[0001:0002] 05-11-2026 10:34:34   SMTP Server: 192.0.2.9 connected\n".to_owned()
            + "[0001:0002] 13-11-2026 10:34:34   SMTP Server: 192.0.2.8 connected\n";
        for (log, time, text) in [
            (utf16.as_slice(), "2026-11-20T10:00:00Z", line.trim_end()),
            (
                day_first.as_bytes(),
                "2026-11-05T10:34:34Z",
                "[0001:0002] 05-11-2026 10:34:34   SMTP Server: 192.0.2.9 connected",
            ),
            (export.as_bytes(), "2026-11-23T10:34:34Z", "MESSAGE=connect from unknown[192.0.2.9]"),
        ] {
            std::fs::write(&path, log).unwrap();
            let found = samples(&[&path], &spec, &HashSet::from([client]), 3).unwrap();
            let want = SampleLine { time: Some(time.parse().unwrap()), text: text.to_owned() };
            assert_eq!(found.lines.get(&client), Some(&vec![want]), "{text}");
        }
    }
}
