use super::*;
use crate::{
    registry::{Known, Unknown, UnknownKind},
    report::tests::{Made, of, patterns},
};

const MADE: [Made; 5] = [
    Made {
        country: "DE",
        ..of("8.8.1.1", 1, "Contoso Gesellschaft für elektronische Werbesendungen mbH", "8.8.0.0/22")
    },
    Made { country: "JP", ..of("9.9.9.9", 1, "株式会社サンプルメール配信", "9.9.9.0/24") },
    of("2001:4860:1234:5678:9abc:def0:1234:5678", 1, "Example", "2001:4860:1234::/48"),
    of("10.0.0.1", 1, "", ""),
    of("7.7.7.7", 1, "", ""),
];

fn judged() -> Vec<Judged> {
    let patterns = patterns(&["Contoso"]);
    let mut all: Vec<Judged> = MADE.iter().map(|made| made.judged(&patterns)).collect();
    let message = "whois.ripe.net: no answer in time, and that is all that there is to say of it".to_owned();
    all[4].known = Known::Unknown(Unknown { kind: UnknownKind::Timeout, message });
    all
}

fn rows(aligned: Option<AlignedColumns>, colored: bool) -> Vec<String> {
    let columns = TextColumns { aligned, paint: Paint { colored }, judges: true };
    let mut out = Vec::new();
    judged().iter().for_each(|judged| columns.row(judged, &mut out).unwrap());
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

fn on(width: usize, address: usize, why: usize) -> Option<AlignedColumns> {
    Some(AlignedColumns { address, alone: false, why, width: Some(width) })
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_network_is_cut() {
    for (width, why) in (60..=160).flat_map(|width| [(width, 1), (width, 20), (width, 70)]) {
        let lines = rows(on(width, 37, why), false);
        for line in &lines {
            assert!(line.width() <= width, "{width}: {line}");
        }
        let all = lines.join("\n");
        for whole in ["  2001:4860:1234::/48  ", "  8.8.0.0/22  ", "  10.0.0.0/8  ", "that is all that"] {
            let said = all.contains(whole) || all.replace("\n    ", " ").contains(whole);
            assert!(said, "{width}: {whole}\n{all}");
        }
    }
}

#[test]
fn eighty_columns_show_everything_that_matters() {
    let rows = rows(on(80, 10, 9), false);
    // A name that is longer than its column has a line, and the others stay in their columns.
    assert_eq!(rows[0], "8.8.1.1     blocked  Contoso Gesellschaft für elektronische Werbesendungen mbH");
    assert_eq!(rows[1], format!("{:36}  DE  8.8.0.0/22          ripe     -e:1", ""));
    assert_eq!(rows[2], "9.9.9.9     clear    株式会社サンプルメール配信");
    let rest: Vec<&str> = rows.iter().skip_while(|row| !row.starts_with("10.")).map(String::as_str).collect();
    assert_eq!(rest[0], "10.0.0.1    clear    Private-Use      -   10.0.0.0/8          iana     -");
    assert_eq!(rest[1], "7.7.7.7     unknown  -                -   -                   -");
    assert_eq!(rest[2], "    timeout: whois.ripe.net: no answer in time, and that is all that there is to");
    assert_eq!(rest[3], "    say of it");
}

#[test]
fn a_narrow_terminal_has_two_lines_an_address() {
    let rows = rows(on(50, 10, 9), false);
    assert_eq!(rows[0], "8.8.1.1  blocked  Contoso Gesellschaft für");
    assert_eq!(rows[1], "                  elektronische Werbesendungen mbH");
    assert_eq!(rows[2], "    DE  8.8.0.0/22  ripe  -e:1");
    assert_eq!(rows.last().unwrap(), "    and that is all that there is to say of it");
}

#[test]
fn one_address_alone_is_not_padded_and_names_the_abuse_contact() {
    let made = Made { abuse: "abuse@contoso.example", ..of("8.8.1.1", 1, "Contoso GmbH", "8.8.0.0/22") };
    let judged = made.judged(&patterns(&["Contoso"]));
    let show = |width| {
        let aligned = Some(AlignedColumns { address: 7, alone: true, why: 9, width: Some(width) });
        let mut out = Vec::new();
        TextColumns { aligned, paint: Paint { colored: false }, judges: true }
            .row(&judged, &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    let abuse = "    abuse: abuse@contoso.example\n";
    assert_eq!(show(80), format!("8.8.1.1  blocked  Contoso GmbH  -  8.8.0.0/22  ripe  -e:1\n{abuse}"));
    assert_eq!(show(55), format!("8.8.1.1  blocked  Contoso GmbH  -  8.8.0.0/22  ripe\n    -e:1\n{abuse}"));
    assert_eq!(show(38), format!("8.8.1.1  blocked  Contoso GmbH\n    -  8.8.0.0/22  ripe  -e:1\n{abuse}"));
}

#[test]
fn without_a_width_nothing_wraps() {
    for width in [None, Some(0)] {
        let rows = rows(Some(AlignedColumns { address: 39, alone: false, why: 4, width }), false);
        assert!(rows[2].contains("  2001:4860:1234::/48   "), "{}", rows[2]);
        assert!(rows[4].ends_with(" to say of it"), "{}", rows[4]);
    }
}

#[test]
fn a_pipe_is_coloured_when_asked_for_and_never_cut() {
    let (plain, coloured) = (rows(None, false), rows(None, true));
    assert_eq!(
        plain[0],
        "8.8.1.1\tblocked\tContoso Gesellschaft für elektronische Werbesendungen mbH\tDE\t8.8.0.0/22\tripe\t-e:1"
    );
    for (plain, coloured) in plain.iter().zip(&coloured) {
        let (plain, coloured): (Vec<_>, Vec<_>) =
            (plain.split('\t').collect(), coloured.split('\t').collect());
        assert_eq!((plain.len(), coloured.len()), (7, 7));
        assert!(coloured[1].starts_with("\x1b[1m\x1b[3") && coloured[1].contains(plain[1]), "{coloured:?}");
        assert_eq!(coloured[5], format!("\x1b[2m{}\x1b[0m", plain[5]));
        assert_eq!([coloured[0], coloured[2], coloured[6]], [plain[0], plain[2], plain[6]]);
    }
}

#[test]
fn a_name_takes_more_lines_before_it_is_cut() {
    let lines = |text, width| folded(text, width, 3).join("|");
    assert_eq!(lines("Contoso GmbH", 12), "Contoso GmbH");
    assert_eq!(lines("Contoso GmbH", 11), "Contoso|GmbH");
    assert_eq!(lines("Contoso GmbH & Co. KG", 7), "Contoso|GmbH &|Co. KG");
    assert_eq!(lines("Contosogesellschaft mbH", 8), "Contosog|esellsch|aft mbH");
    assert_eq!(lines("a b c d e f", 3), "a b|c d|e f");
    assert_eq!(lines("a b c d e f g", 3), "a b|c d|e …");
    assert_eq!(lines("株式会社サンプル", 5), "株式|会社|サン…");
    assert_eq!(lines("株式", 1), "…");
    assert_eq!((lines("", 5), lines("abc", 0)), (String::new(), "…".to_owned()));
}
