//! Reads whole inputs: compressed, long, broken, several at once.

use super::{ClientSource, Extract, LogClients, ReadSpec, read};
use crate::exit::Exit;
use jiff::{Timestamp, tz::TimeZone};
use std::{io::Write, path::PathBuf};
use tempfile::TempDir;

fn spec() -> ReadSpec {
    let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    ReadSpec { zone: TimeZone::UTC, ..ReadSpec::new(now) }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read_one(content: &[u8], spec: &ReadSpec) -> LogClients {
    let folder = folder();
    read(&[ClientSource::File(&file(&folder, "log", content))], spec, &|_, _| {}).unwrap()
}

fn hits(clients: &LogClients) -> String {
    clients.seen.iter().map(|seen| format!("{}={}", seen.address(), seen.hits)).collect::<Vec<_>>().join(" ")
}

const LOG: &str = "\
Nov 23 10:34:34 mx postfix/smtpd[1]: connect from b.example.net[203.0.113.9]
198.51.100.2
Nov 23 10:34:35 mx postfix/smtpd[1]: connect from a.example.net[203.0.113.7]\r
Nov 23 10:34:36 mx postfix/qmgr[1]: 4Xy: removed
Nov 23 10:35:34 mx postfix/smtpd[1]: disconnect from b.example.net[203.0.113.9] helo=[192.0.2.6]
[IPv6:2001:db8::1]:25";

#[test]
fn lists_and_logs_may_be_mixed_and_keep_their_order() {
    let clients = read_one(LOG.as_bytes(), &spec());
    assert_eq!(hits(&clients), "203.0.113.9=2 198.51.100.2=1 203.0.113.7=1 2001:db8::1=1");
    assert_eq!((clients.lines, clients.selected, clients.with_client), (6, 6, 5));
    assert_eq!(clients.seen[0].first(), None, "no time is read unless it is asked for");
    let all = read_one(LOG.as_bytes(), &ReadSpec { extract: Extract::All, ..spec() });
    assert_eq!(hits(&all), "203.0.113.9=2 198.51.100.2=1 203.0.113.7=1 192.0.2.6=1 2001:db8::1=1");
}

#[test]
fn times_bounds_and_expressions_choose_the_lines() {
    let times = read_one(LOG.as_bytes(), &ReadSpec { times: true, ..spec() });
    let first = &times.seen[0];
    assert_eq!(first.first(), Some("2026-11-23T10:34:34Z".parse().unwrap()));
    assert_eq!(first.last(), Some("2026-11-23T10:35:34Z".parse().unwrap()));
    assert_eq!(first.activity.drawn(first.first().unwrap(), first.last().unwrap(), 2), [1, 1]);
    let since = Some("2026-11-23T10:34:35Z".parse().unwrap());
    let window = read_one(LOG.as_bytes(), &ReadSpec { since, until: since, ..spec() });
    assert_eq!(hits(&window), "203.0.113.7=1", "a line without a time is in no window");
    let grep = Some(regex::bytes::Regex::new("disconnect").unwrap());
    let grepped = read_one(LOG.as_bytes(), &ReadSpec { grep, ..spec() });
    assert_eq!((hits(&grepped).as_str(), grepped.lines, grepped.selected), ("203.0.113.9=1", 6, 1));
}

/// The content as each program would compress it, in two members or frames.
fn packed(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let halves = content.split_at(content.len() / 2);
    let twice = |pack: &dyn Fn(&[u8]) -> Vec<u8>| [pack(halves.0), pack(halves.1)].concat();
    vec![
        (
            "gzip",
            twice(&|part| {
                let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                to.write_all(part).unwrap();
                to.finish().unwrap()
            }),
        ),
        (
            "bzip2",
            twice(&|part| {
                let mut to = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                to.write_all(part).unwrap();
                to.finish().unwrap()
            }),
        ),
        (
            "xz",
            twice(&|part| {
                let mut to = liblzma::write::XzEncoder::new(Vec::new(), 1);
                to.write_all(part).unwrap();
                to.finish().unwrap()
            }),
        ),
        ("zstd", twice(&|part| zstd::encode_all(part, 1).unwrap())),
    ]
}

#[test]
fn packed_files_are_known_by_content_and_read_whole() {
    let want = hits(&read_one(LOG.as_bytes(), &spec()));
    for (name, content) in packed(LOG.as_bytes()) {
        assert_eq!(hits(&read_one(&content, &spec())), want, "{name}");
    }
    assert_eq!(hits(&read_one(b"", &spec())), "");
    assert_eq!(hits(&read_one(b"BZh9 203.0.113.7", &spec())), "203.0.113.7=1", "not every BZh is bzip2's");
}

#[test]
fn a_packed_file_that_is_cut_short_is_no_input() {
    let long = LOG.repeat(2000);
    for (name, content) in packed(long.as_bytes()) {
        let folder = folder();
        let path = file(&folder, "cut", &content[..content.len() - 9]);
        let error = read(&[ClientSource::File(&path)], &spec(), &|_, _| {}).unwrap_err();
        assert_eq!(error.exit(), Exit::NoInput, "{name}");
        assert!(error.to_string().contains("cut: "), "{name}: {error}");
    }
}

#[test]
fn any_encoding_is_read() {
    let want = hits(&read_one(LOG.as_bytes(), &spec()));
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let units = LOG.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    assert_eq!(hits(&read_one(&wide([0xff, 0xfe], u16::to_le_bytes), &spec())), want);
    assert_eq!(hits(&read_one(&wide([0xfe, 0xff], u16::to_be_bytes), &spec())), want);
    assert_eq!(hits(&read_one(&[b"\xef\xbb\xbf", LOG.as_bytes()].concat(), &spec())), want);
    let latin = b"Nov 23 10:34:34 mx postfix/smtpd[1]: connect from \xfc\0\xe4[203.0.113.7]\n\0\0\n";
    assert_eq!(hits(&read_one(latin, &spec())), "203.0.113.7=1");
}

#[test]
fn a_line_of_many_megabytes_costs_its_beginning() {
    let mut text = b"203.0.113.7 - - [23/Nov/2026:10:34:34 +0000] \"".to_vec();
    text.resize(5 << 20, b'x');
    text.extend_from_slice(b" 198.51.100.9\n203.0.113.8\n");
    text.resize(text.len() + (3 << 20), b'1');
    let clients = read_one(&text, &spec());
    assert_eq!(hits(&clients), "203.0.113.7=1 203.0.113.8=1");
    assert_eq!(clients.lines, 3);
}

#[test]
fn many_chunks_give_what_one_would_in_the_same_order() {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut want = std::collections::HashMap::new();
    let mut order = Vec::new();
    for i in 0_u32..60_000 {
        let n = (i.wrapping_mul(2_654_435_761) >> 16) % 5000;
        let address = format!("203.0.{}.{}", n / 250, n % 250);
        writeln!(text, "Nov 23 10:34:34 mx postfix/smtpd[{i}]: connect from unknown[{address}]").unwrap();
        let count = want.entry(address.clone()).or_insert(0);
        if *count == 0 {
            order.push(address);
        }
        *count += 1;
    }
    let clients = read_one(text.as_bytes(), &ReadSpec { times: true, ..spec() });
    let got: Vec<String> = clients.seen.iter().map(|seen| seen.address().to_string()).collect();
    assert_eq!(got, order);
    assert!(clients.seen.iter().all(|seen| want[&seen.address().to_string()] == seen.hits));
    assert_eq!(clients.lines, 60_000);
}

#[test]
fn columns_come_from_the_header_and_end_with_the_file() {
    let folder = folder();
    let iis = file(&folder, "iis", b"#Version: 1.0\n#Fields: date time s-ip c-ip cs-method\n\
        2026-11-23 10:34:34 192.0.2.1 203.0.113.7 GET\n#Fields: date time c-ip s-ip\n2026-11-23 10:34:34 203.0.113.8 192.0.2.1\n");
    let exchange = file(&folder, "exchange", b"\xef\xbb\xbf#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n\
        #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n\
        2026-11-23T10:34:34.123Z,\"MX,1\",08D8,2,192.0.2.1:25,203.0.113.9:4711,<,EHLO [198.51.100.6],\r\n");
    let plain = file(&folder, "plain", b"client 203.0.113.10 is here\n");
    let both = file(
        &folder,
        "both",
        b"#Fields: date time s-ip c-ip\n2026-11-23 10:34:34 192.0.2.1 -\n\
        2026-11-23 10:34:34 H=(x) [203.0.113.11] F=<a@[198.51.100.6]> rejected RCPT <b@example.com>: no\n",
    );
    let sources = [
        ClientSource::File(&iis),
        ClientSource::File(&exchange),
        ClientSource::File(&plain),
        ClientSource::File(&both),
    ];
    let clients = read(&sources, &spec(), &|_, _| {}).unwrap();
    assert_eq!(hits(&clients), "203.0.113.7=1 203.0.113.8=1 203.0.113.9=1 203.0.113.10=1 203.0.113.11=1");
}

#[test]
fn columns_go_by_many_names_and_what_the_server_sends_has_no_client() {
    let kinds = [
        (
            "#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user\n2026-11-23T10:34:34Z,0A,1,192.0.2.1:143,203.0.113.7:5,ada",
            "203.0.113.7=1",
        ),
        (
            "#Fields: Timestamp,RemoteEndpoint,EnteredOrgFromIP\n2026-11-23T10:34:34Z,203.0.113.7:5,198.51.100.6",
            "203.0.113.7=1",
        ),
        (
            "#Fields: DateTime,ServerHostName,ClientIpAddress\n2026-11-23T10:34:34Z,192.0.2.1,203.0.113.7",
            "203.0.113.7=1",
        ),
        ("#Fields: date time dst-ip src-ip\n2026-11-23 10:34:34 192.0.2.1 203.0.113.7", "203.0.113.7=1"),
        (
            "#Log-type: SMTP Send Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,\
            remote-endpoint,event,data\n2026-11-23T10:34:34Z,Out,08D8,2,192.0.2.1:51234,192.0.2.8:25,<,250 x",
            "",
        ),
        (
            "#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,\
            remote-endpoint,event,data\n2026-11-23T10:34:34Z,In,08D8,2,192.0.2.1:25,203.0.113.7:51234,<,EHLO x",
            "203.0.113.7=1",
        ),
        (
            "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id\n\
            2026-11-23T10:34:34Z,203.0.113.7,x,192.0.2.1,MX,x,In,SMTP,RECEIVE\n\
            2026-11-23T10:34:35Z,192.0.2.1,MX,192.0.2.8,x,x,Out,SMTP,SEND",
            "203.0.113.7=1",
        ),
    ];
    for (log, want) in kinds {
        assert_eq!(hits(&read_one(log.as_bytes(), &spec())), want, "{log}");
    }
    // The header is in another chunk than most of the rows.
    let row = "2026-11-23T10:34:34Z,Out,08D8,2,192.0.2.1:51234,192.0.2.8:25,<,250 x\n";
    let sent = format!("{}\n{}", kinds[4].0, row.repeat(20_000));
    assert_eq!(hits(&read_one(sent.as_bytes(), &spec())), "");
}

#[test]
fn an_input_that_cannot_be_read_costs_itself_and_stops_only_a_run_that_has_no_other() {
    let folder = folder();
    let good = file(&folder, "good", b"203.0.113.7\n");
    let other = file(&folder, "other", b"203.0.113.8\n");
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    gzip.write_all(LOG.repeat(20_000).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let cut = file(&folder, "cut.gz", &gzip[..gzip.len() / 2]);
    for bad in [folder.path().join("none"), folder.path().to_owned(), cut] {
        let sources = [ClientSource::File(&good), ClientSource::File(&bad), ClientSource::File(&other)];
        let clients = read(&sources, &spec(), &|_, _| {}).unwrap();
        let addresses: Vec<String> = clients.seen.iter().map(|seen| seen.address().to_string()).collect();
        assert_eq!((&addresses[0][..], &addresses[addresses.len() - 1][..]), ("203.0.113.7", "203.0.113.8"));
        let [error] = &clients.unreadable[..] else { panic!("{:?}", clients.unreadable) };
        assert_eq!(error.exit(), Exit::NoInput);
        assert!(error.to_string().contains(&bad.display().to_string()), "{error}");
        let alone = read(&[ClientSource::File(&bad)], &spec(), &|_, _| {}).unwrap_err();
        assert_eq!(alone.exit(), Exit::NoInput);
    }
}

#[test]
fn the_order_of_day_and_month_is_settled_for_a_file() {
    let folder = folder();
    let rows = |dates: &[&str]| -> Vec<u8> {
        let row = |date: &&str| format!("[0001:0002] {date} 10:34:34   SMTP Server: 203.0.113.7 connected\n");
        dates.iter().map(row).collect::<String>().into_bytes()
    };
    // The deciding line comes last. In the second file it is so late that it is in another chunk.
    let day = file(&folder, "day", &rows(&["05-11-2022", "06-11-2022", "13-11-2022"]));
    let mut many = rows(&["05-11-2022"]).repeat(20_000);
    many.extend(rows(&["13-11-2022"]));
    let late = file(&folder, "late", &many);
    let month = file(&folder, "month", &rows(&["11-05-2022", "11-13-2022"]));
    let either = file(&folder, "either", &rows(&["05-11-2022"]));
    let spec = ReadSpec { times: true, ..spec() };
    for (path, first) in
        [(&day, "2022-11-05"), (&late, "2022-11-05"), (&month, "2022-11-05"), (&either, "2022-05-11")]
    {
        let clients = read(&[ClientSource::File(path)], &spec, &|_, _| {}).unwrap();
        let seen = clients.seen[0].first().unwrap().to_string();
        assert!(seen.starts_with(first), "{}: {seen}", path.display());
        assert_eq!(clients.undated, 0);
    }
    // The order found in one file does not apply to the next.
    let both = read(&[ClientSource::File(&day), ClientSource::File(&either)], &spec, &|_, _| {}).unwrap();
    assert!(both.seen[0].first().unwrap().to_string().starts_with("2022-05-11"));
    let packed = file(&folder, "day.zst", &zstd::encode_all(&many[..], 3).unwrap());
    let clients = read(&[ClientSource::File(&packed)], &spec, &|_, _| {}).unwrap();
    assert!(clients.seen[0].first().unwrap().to_string().starts_with("2022-11-05"));
}

#[test]
fn lines_without_a_time_are_counted_where_others_have_one() {
    let log = "Nov 23 10:34:34 mx postfix/smtpd[1]: connect from x[203.0.113.7]\n\
        postfix/smtpd[1]: connect from x[203.0.113.8]\n203.0.113.9\nno client, no time\n";
    let timed = ReadSpec { times: true, ..spec() };
    assert_eq!(read_one(log.as_bytes(), &timed).undated, 2);
    assert_eq!(read_one(log.as_bytes(), &spec()).undated, 0);
    let since = ReadSpec { since: Some("2026-11-01T00:00:00Z".parse().unwrap()), ..timed.clone() };
    let clients = read_one(log.as_bytes(), &since);
    assert_eq!((clients.undated, hits(&clients)), (2, "203.0.113.7=1".to_owned()));
    assert_eq!(read_one(b"203.0.113.9\n203.0.113.8\n", &timed).undated, 0, "a list has no times at all");
}

#[test]
fn an_export_of_the_journal_has_its_times_and_programs_on_lines_of_their_own() {
    let mut log = Vec::new();
    for number in 0..10_000 {
        let (program, message) = match number % 3 {
            0 => ("postfix/smtpd", "connect from unknown[203.0.113.7]"),
            1 => ("postfix/smtp", "4XyZ: host in.example.com[192.0.2.8] said: 450 later"),
            _ => ("dovecot", "auth(198.51.100.6,203.0.113.8,sasl:login)<x>: sql: unknown user"),
        };
        log.extend(format!("__CURSOR=s={number}\n__REALTIME_TIMESTAMP=1795430074{number:06}\n_HOSTNAME=192.0.2.1\nSYSLOG_IDENTIFIER={program}\n").bytes());
        if number % 2 == 0 {
            log.extend(format!("MESSAGE={message}\n\n").bytes());
        } else {
            log.extend(b"MESSAGE\n");
            log.extend((message.len() as u64).to_le_bytes());
            log.extend(format!("{message}\n\n").bytes());
        }
    }
    let clients = read_one(&log, &ReadSpec { times: true, ..spec() });
    assert_eq!(hits(&clients), "203.0.113.7=3334 203.0.113.8=3333");
    assert_eq!(clients.undated, 0);
    assert_eq!(clients.seen[0].first().unwrap().to_string(), "2026-11-23T10:34:34Z");
}

#[test]
fn a_trusted_proxy_stands_for_whom_it_came() {
    let line = |host: &str, list: &str| {
        format!(
            "{host} - - [23/Nov/2026:10:34:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"Mozilla\" \"{list}\"\n"
        )
    };
    let log = [
        line("10.0.0.1", "198.51.100.6, 203.0.113.7, 10.0.0.2"),
        line("10.0.0.1", "-"),
        line("10.0.0.1", "10.0.0.3"),
        // A client that is not a trusted proxy can claim anything.
        line("203.0.113.8", "198.51.100.6"),
    ];
    let trusted = vec!["10.0.0.0/8".parse().unwrap()];
    let clients = read_one(log.concat().as_bytes(), &ReadSpec { trusted, ..spec() });
    assert_eq!(hits(&clients), "203.0.113.7=1 10.0.0.1=2 203.0.113.8=1");
    assert_eq!(hits(&read_one(log.concat().as_bytes(), &spec())), "10.0.0.1=3 203.0.113.8=1");
    let iis = "#Fields: date time s-ip c-ip X-Forwarded-For\n2026-11-23 10:34:34 192.0.2.1 10.0.0.1 198.51.100.6,+203.0.113.7\n\
        2026-11-23 10:34:34 192.0.2.1 10.0.0.1 -\n";
    let trusted = vec!["10.0.0.1".parse().unwrap()];
    assert_eq!(hits(&read_one(iis.as_bytes(), &ReadSpec { trusted, ..spec() })), "203.0.113.7=1 10.0.0.1=1");
}

#[test]
fn progress_ends_at_the_whole() {
    let folder = folder();
    let path = file(&folder, "log", LOG.repeat(20_000).as_bytes());
    let last = std::cell::Cell::new((0, 0));
    let told = |done, total| {
        assert!(done >= last.get().0);
        last.set((done, total));
    };
    read(&[ClientSource::File(&path)], &spec(), &told).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert_eq!(last.get(), (size, size));
}
