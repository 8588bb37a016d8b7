use super::*;
use crate::{
    answer::{Kind, Known, Unknown},
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
    let mut all: Vec<Judged> = MADE.iter().map(|made| made.seen(&patterns, &[0]).judged).collect();
    let message = "whois.ripe.net: no answer in time, and that is all that there is to say of it".to_owned();
    all[4].known = Known::Unknown(Unknown { kind: Kind::Timeout, message });
    all
}

fn rows(aligned: Option<Aligned>, colored: bool) -> Vec<String> {
    let columns = Columns { aligned, paint: Paint { colored } };
    let mut out = Vec::new();
    judged().iter().for_each(|judged| columns.row(judged, &mut out).unwrap());
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    for (width, why) in (60..=160).flat_map(|width| [(width, 1), (width, 20), (width, 70)]) {
        let rows = rows(Some(Aligned { address: 39, why, width: Some(width) }), false);
        for (row, judged) in rows.iter().zip(judged()) {
            assert!(row.width() <= width, "{width}: {row}");
            let address = judged.address.unwrap().to_string();
            assert!(
                row.starts_with(&format!("{address:39}  {:7}  ", judged.verdict.as_str())),
                "{width}: {row}"
            );
        }
    }
}

#[test]
fn eighty_columns_show_everything_that_matters() {
    let rows = rows(Some(Aligned { address: 10, why: 9, width: Some(80) }), false);
    assert_eq!(rows[0], "8.8.1.1     blocked  Contoso Gesellsch…  DE  8.8.0.0/22       ripe     -e:1");
    assert_eq!(rows[4], "7.7.7.7     unknown  -  -   -  -  timeout: whois.ripe.net: no answer in time, a…");
}

#[test]
fn without_a_width_or_on_a_tiny_terminal_nothing_is_lost() {
    for width in [None, Some(0), Some(59)] {
        let rows = rows(Some(Aligned { address: 39, why: 4, width }), false);
        assert!(rows[2].contains("  2001:4860:1234::/48  "), "{}", rows[2]);
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
