//! The table of lines. Each row of `lines.txt` has the client (or `-`), a tab, and the line. All lines are made up from
//! the programs' documentation, with documentation addresses. Text that a client chose is marked, as `⟦any⟧`,
//! `⟪quoted⟫` or `⟨word⟩`. `fuzz/checks/typed.rs` explains the marks, and puts other texts there.

use super::client;

/// A line of the table as its program writes it.
pub(in crate::log) fn unmarked(line: &str) -> String {
    line.replace(['⟦', '⟧', '⟪', '⟫', '⟨', '⟩'], "")
}

#[test]
fn every_line_of_the_table_yields_its_client() {
    let mut wrong = Vec::new();
    let rows = include_str!("lines.txt").lines().filter(|row| !row.is_empty() && !row.starts_with("##"));
    let mut count = 0;
    for row in rows {
        let (want, line) = row.split_once('\t').unwrap_or_else(|| panic!("no tab in {row}"));
        let line = unmarked(line);
        let got = client(line.as_bytes()).map_or_else(|| "-".to_owned(), |address| address.to_string());
        count += 1;
        if got != want {
            wrong.push(format!("want {want}, got {got}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 900, "{count} rows");
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    // 64 KiB of each text that the readers look for: a reader that searches them again and again would take too long.
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
