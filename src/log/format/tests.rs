//! The table of lines: `lines.txt` has one a row, the client (or `-`) before a tab, the line behind it. All of it is
//! made up after the programs' documentation, on documentation addresses.

use super::client;

#[test]
fn every_line_of_the_table_yields_its_client() {
    let mut wrong = Vec::new();
    let rows = include_str!("lines.txt").lines().filter(|row| !row.is_empty() && !row.starts_with("##"));
    let mut count = 0;
    for row in rows {
        let (want, line) = row.split_once('\t').unwrap_or_else(|| panic!("no tab in {row}"));
        let got = client(line.as_bytes()).map_or_else(|| "-".to_owned(), |address| address.to_string());
        count += 1;
        if got != want {
            wrong.push(format!("want {want}, got {got}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 150, "{count} rows");
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    // Whatever a reader searches again and again would show here: 64 KiB of what each of them looks for.
    for piece in [
        "1.2.3.4 ",
        "[1.2.3.4]",
        " from x",
        "\"",
        "::",
        " input=\"",
        "(",
        ",<",
        "H=[",
        " tr=\"TCP|",
        ", client: ",
        "mail.err ",
        "> ",
        "x:",
        "x-",
        "x |",
        "[1] ",
        "{\"log\":\"",
        "{\"log\":[",
        "\\u001b",
        "\u{1b}[1m",
    ] {
        let line = piece.repeat((1 << 20) / piece.len());
        let began = std::time::Instant::now();
        for head in [
            "",
            "Nov 23 10:34:34 mx ",
            "{\"log\":\"",
            "Nov 23 10:34:34 mx postfix/smtpd[1]: ",
            "Nov 23 10:34:34 mx sshd[1]: ",
            "2026-11-23 10:34:34 H=",
        ] {
            let _ = client(format!("{head}{line}").as_bytes());
        }
        assert!(began.elapsed().as_secs() < 5, "{piece}");
    }
}

/// Texts that a client may choose, with addresses in every form that a reader looks for.
const TYPED: [&str; 16] = [
    "198.51.100.6",
    "[198.51.100.6]",
    "[IPv6:2001:db8::6]",
    "2001:db8::6",
    "::ffff:198.51.100.6",
    "198.51.100.6:25",
    "x [198.51.100.6]",
    "from 198.51.100.6",
    "x from [198.51.100.6] port 1",
    "rip=198.51.100.6",
    "client=198.51.100.6",
    "ip=198.51.100.6",
    "relay=y [198.51.100.6]",
    "client: 198.51.100.6",
    "rhost=198.51.100.6",
    "198.51.100.6/32",
];

#[test]
fn what_a_client_typed_never_changes_who_it_is() {
    let mut wrong = Vec::new();
    for row in include_str!("typed.txt").lines() {
        let parts: Vec<&str> = row.split(['\u{ab}', '\u{bb}']).collect();
        assert!(parts.len() > 2 && parts.len() % 2 == 1, "no typed part in {row}");
        for typed in TYPED {
            let part = |(number, part): (usize, &&str)| {
                if number % 2 == 1 { typed.to_owned() } else { (*part).to_owned() }
            };
            let line: String = parts.iter().enumerate().map(part).collect();
            let got = client(line.as_bytes());
            if got != Some("203.0.113.7".parse().unwrap()) {
                wrong.push(format!("got {got:?}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
