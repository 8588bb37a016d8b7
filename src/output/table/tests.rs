use super::*;
use crate::{
    output::{advice::AdviceNotes, rows},
    report::{
        Grouping, Sightings,
        suggest::{SuggestBounds, WantedClients, suggest},
        tests::{Made, at, of, patterns, span},
    },
};
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

const MADE: [Made; 5] = [
    Made {
        country: "DE",
        abuse: "abuse@contoso.example noc@contoso.example",
        ..of("8.8.1.1", 1200, "Contoso Gesellschaft für elektronische Werbesendungen mbH", "8.8.0.0/22")
    },
    Made { country: "JP", ..of("9.9.9.9", 600, "株式会社サンプルメール配信", "9.9.9.0/24") },
    of("9.9.8.1", 40, "Evil\tOrg\u{1b}[31m\n", "9.9.8.0/24"),
    of("10.0.0.1", 30, "", ""),
    of("7.7.7.7", 20, "", ""),
];

fn report<T>(look: impl FnOnce(&Report) -> T) -> T {
    let patterns = patterns(&["Contoso"]);
    let sightings: Sightings =
        MADE.iter().zip(0..).map(|(made, n)| made.seen(&patterns, &[n, n + 4])).collect();
    look(&Report::new(&sightings, Some(span()), Grouping::Owner))
}

fn table(width: usize) -> OwnerTable {
    let (paint, clock) = (Paint { colored: false }, DisplayZone { zone: TimeZone::UTC });
    OwnerTable { width, paint, ink: Ink::Blocks, clock, now: at(60), judges: true }
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [40, 60, 72, 80, 100, 132, 200] {
        let shown = text(|out| report(|report| table(width).write(report, None, out)));
        for line in shown.lines() {
            assert!(line.width() <= width, "{width}: {line}");
            assert!(!line.contains(char::is_control));
        }
    }
}

#[test]
fn a_contact_is_whole_on_a_narrow_terminal() {
    let shown = text(|out| report(|report| table(48).write(report, None, out)));
    let details = "\n      13 Nov 02:14 – 02:18 · 8.8.0.0/22 ·\n      abuse@contoso.example +1 · -e:1\n";
    assert!(shown.contains(details), "{shown}");
}

#[test]
fn eighty_columns_show_everything_that_matters() {
    let shown = text(|out| report(|report| table(80).write(report, None, out)));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "HITS  ADDRS  OWNER                                         CC  VERDICT  ACTIVITY");
    assert_eq!(lines[1], "1200      1  Contoso Gesellschaft für elektronische        DE  blocked  █·▁█····");
    assert_eq!(lines[2], "             Werbesendungen mbH");
    assert_eq!(lines[3], "      13 Nov 02:14 – 02:18 · 8.8.0.0/22 · abuse@contoso.example +1 · -e:1");
    assert_eq!(lines[12], "1890      5  total");
    assert!(lines[13].contains("each bar is 1 min"), "{shown}");
}

#[test]
fn the_rows_that_are_not_shown_are_summed_up() {
    let shown = text(|out| report(|report| table(80).write(report, Some(2), out)));
    assert!(
        shown.contains("\n  90      3  … and 3 more: --top N shows more\n1890      5  total\n"),
        "{shown}"
    );
}

#[test]
fn a_pipe_gets_one_line_a_row() {
    let shown = text(|out| report(|report| plain(&report.rows, None, out)));
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.len() == 11), "{shown}");
    assert_eq!(
        rows[0][1..9].join(" "),
        "1200 1 8.8.0.0/22 DE abuse@contoso.example noc@contoso.example 2025-11-13T02:14:00Z 2025-11-13T02:18:00Z █··▁█·····"
    );
    assert_eq!(rows[2][0], "Evil\\tOrg\\x1b[31m\\n");
    assert_eq!([rows[3][0], rows[3][3], rows[3][9]], ["(reserved)", "10.0.0.0/8", "clear"]);
    assert_eq!([rows[4][0], rows[4][3], rows[4][9]], ["(unknown)", "-", "unknown"]);
}

#[test]
fn json_has_the_names_that_scripts_know() {
    let shown = text(|out| report(|report| rows::json(&report.rows, None, out)));
    let rows: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        rows[0],
        serde_json::json!({
            "owner": "Contoso Gesellschaft für elektronische Werbesendungen mbH", "country": "DE",
            "abuse": ["abuse@contoso.example", "noc@contoso.example"], "networks": ["8.8.0.0/22"],
            "addresses": 1, "hits": 1200, "first_seen": "2025-11-13T02:14:00Z", "last_seen": "2025-11-13T02:18:00Z",
            "activity": [600, 0, 0, 4, 596, 0, 0, 0, 0, 0], "verdict": "blocked",
            "matches": [{"file": "-e", "line": 1, "pattern": "Contoso", "action": "block",
                "text": "org-name: Contoso Gesellschaft für elektronische Werbesendungen mbH"}],
            "by": "Contoso Gesellschaft für elektronische Werbesendungen mbH",
            "name": "Contoso Gesellschaft für elektronische Werbesendungen mbH", "reason": null,
        })
    );
    assert!(rows[3]["owner"].is_null() && rows[4]["owner"].is_null() && rows[4]["country"].is_null());
    let named: Vec<_> = rows[3..].iter().map(|row| (row["name"].as_str(), row["reason"].as_str())).collect();
    let wanted = [(Some("(reserved)"), Some("Private-Use")), (Some("(unknown)"), Some("timeout: 1"))];
    assert_eq!(named, wanted, "rows without an owner say what they are");
    assert_eq!(rows.iter().map(|row| row["hits"].as_u64().unwrap()).sum::<u64>(), 1890);
}

#[test]
fn csv_has_the_same_columns() {
    let shown = text(|out| report(|report| rows::csv(&report.rows, out)));
    let mut reader = csv::Reader::from_reader(shown.as_bytes());
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        head.join(","),
        "owner,country,abuse,networks,addresses,hits,first_seen,last_seen,activity,verdict,matches,by,name,reason"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!([&rows[0][8], &rows[0][9], &rows[0][10]], ["600 0 0 4 596 0 0 0 0 0", "blocked", "-e:1"]);
    assert_eq!([&rows[3][12], &rows[3][13], &rows[4][13]], ["(reserved)", "Private-Use", "timeout: 1"]);
    assert_eq!((&rows[2][0], &rows[4][0], &rows[4][9]), ("Evil\\tOrg\\x1b[31m\\n", "", "unknown"));
}

#[test]
fn a_suggestion_is_comments_and_lines() {
    let logs = ["mail.log\n@org .*".to_owned()];
    let notes = AdviceNotes {
        logs: &logs,
        ham: &[],
        correspondents: false,
        bounds: ANY,
        clock: &DisplayZone { zone: TimeZone::UTC },
        now: at(60),
    };
    let shown = text(|out| {
        report(|report| {
            notes.write(report, &suggest(report, &WantedClients::default(), ANY).unwrap(), None, out)
        })
    });
    let lines: Vec<&str> = shown.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(lines, ["@org ^株式会社サンプルメール配信$", r"@org ^Evil.Org.\[31m.$"]);
    assert!(shown.contains(
        "\n\n# 600 hits from 1 address, 13 Nov 02:15 – 02:19, JP\n# 株式会社サンプルメール配信: 9.9.9.0/24\n@org"
    ), "{shown}");
    assert!(
        shown.ends_with("\n\n# 20 hits from 1 address could not be looked up: run this again later\n"),
        "{shown}"
    );
}

/// Any stopped client is worth a line.
const ANY: SuggestBounds = SuggestBounds { hits: 0, addresses: 0, only: None };
