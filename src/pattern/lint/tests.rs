use crate::pattern::{PatternSpec, Patterns};
use std::time::{Duration, Instant};

/// Lints `-e` patterns; the problems as `line code`.
fn of(lines: &[&str], ignore_case: bool) -> Vec<String> {
    let inline = lines.iter().map(|line| (*line).into()).collect();
    let patterns = Patterns::read(&PatternSpec { inline, ignore_case, ..PatternSpec::default() }).unwrap();
    patterns
        .lint(Some(&(64500..64600).collect()))
        .iter()
        .map(|problem| format!("{} {}", problem.line, problem.code))
        .collect()
}

/// The problems of one file as `LINE:COLUMN code`, and the sentences.
fn file(text: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, text).unwrap();
    let files = vec![(crate::pattern::Action::Block, path)];
    let found = Patterns::read(&PatternSpec { files, ..PatternSpec::default() }).unwrap().lint(None);
    let positions = found.iter().map(|p| format!("{}:{} {}", p.line, p.column, p.code)).collect();
    (positions, found.into_iter().map(|p| p.message + "\n").collect())
}

#[test]
fn good_patterns_are_left_alone() {
    let good = [
        "Contoso",
        "Fabrikam (GmbH|AG)",
        "FABRIKAM-NET[0-9]+",
        "^address: *1 Example Street",
        "@org ^Contoso",
        "@example\\.com",
        "@asn 64500",
        "@asn 64501",
        "@cidr 203.0.113.0/24",
        "@mnt CONTOSO-MNT",
        "@country ^(RU|CN)$",
    ];
    assert_eq!(of(&good, false), Vec::<String>::new());
    assert_eq!(of(&good, true), Vec::<String>::new());
}

#[test]
fn every_line_that_does_not_compile_is_said() {
    let (positions, said) = file("a(b\nContoso\n@ogr x\n@cidr 1.2.3\nx\\1\n");
    assert_eq!(positions, ["1:2 invalid", "3:2 invalid", "4:7 invalid", "5:2 invalid"]);
    assert!(said.contains("did you mean @org?"), "{said}");
}

#[test]
fn patterns_for_everything_and_for_everybody_are_found() {
    let everything = [".*", "x*", "()", "^", "$", ".", "@org .*", "@netname ^", "@country .", "^$"];
    let boilerplate =
        ["RIPE", "Terms", "netname", "^descr:.*", "ARIN", "@mnt RIPE", "Ltd", "#", "country: *"];
    for (patterns, code) in [(&everything[..], "everything"), (&boilerplate[..], "boilerplate")] {
        for pattern in patterns {
            assert_eq!(of(&[pattern], false), [format!("1 {code}")], "{pattern}");
        }
    }
    assert_eq!(of(&["ripe"], false), ["1 boilerplate"], "https://docs.db.ripe.net/");
    assert_eq!(of(&["rpsl"], false), Vec::<String>::new());
    assert_eq!(of(&["rpsl"], true), ["1 boilerplate"]);
}

#[test]
fn what_can_never_match_or_decide_is_found() {
    let (positions, said) =
        file("Contoso\r\nGlobex$.x\nInitech\nInitech\nInitech Ltd.\nInitech[0-9]+\n(x|y)Initech A\n");
    assert_eq!(
        positions,
        ["1:8 carriage-return", "2:1 never", "4:1 duplicate", "5:1 shadowed", "6:1 shadowed", "7:1 shadowed"]
    );
    assert!(said.contains("is the same as ") && said.contains("list:3"), "{said}");
    assert_eq!(of(&["@org Foo", "@org foo", "Foo", "foo"], false), ["2 duplicate"]);
    assert_eq!(of(&["Foo", "foo"], true), ["2 duplicate"]);
    assert_eq!(of(&["@org Foo Bar", "@desc Foo", "Foo x"], false), Vec::<String>::new());
    assert_eq!(of(&["@org Foo Bar", "@org oo b"], false), ["1 shadowed"]);
    assert_eq!(of(&["@asn 64500", "@asn AS64500"], false), ["2 duplicate"]);
    assert_eq!(
        of(&["@cidr 203.0.113.0/24", "@cidr 203.0.112.0/22", "@cidr 198.51.100.0/24"], false),
        ["1 shadowed"]
    );
    assert_eq!(of(&["Zq\\w", "Zq\\W"], true), ["1 extension", "2 extension"], "no duplicates");
}

#[test]
fn what_an_allow_pattern_lets_in_never_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, "@org Contoso\n").unwrap();
        path
    };
    use crate::pattern::Action;
    let files = vec![(Action::Allow, write("allow")), (Action::Block, write("block"))];
    let found = Patterns::read(&PatternSpec { files, ..PatternSpec::default() }).unwrap().lint(None);
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert!(only.file.ends_with("block") && only.message.contains("allow:1 allows the same"), "{only:?}");
}

#[test]
fn what_egrep_reads_otherwise_is_said_once_a_file() {
    let (positions, said) = file("# made by hand\nContoso\n\n  \n# more\nFabrikam\n\n");
    assert_eq!(positions, ["1:1 egrep", "3:1 egrep", "4:1 egrep"]);
    assert!(said.contains("(1 more such line in") && said.contains("a line of blanks"), "{said}");
    assert_eq!(file("# for whodunit alone\n\n@org Contoso\n").0, Vec::<String>::new());
    assert_eq!(file("Contoso\n").0, Vec::<String>::new());
    assert_eq!(file("").0, ["1:1 empty"]);
    assert_eq!(file("\n").0, ["1:1 egrep", "1:1 empty"]);
}

#[test]
fn near_misses_are_found_where_they_stand() {
    let (positions, said) =
        file("\u{feff}Contoso\n@cidr 0.0.0.0/0\n@cidr ::/0\n@cidr 203.0.113.7/24\n198.51.100.0/24\n");
    let codes =
        ["1:1 byte-order-mark", "2:1 everything", "3:1 everything", "4:1 slip", "4:1 shadowed", "5:1 slip"];
    assert_eq!(positions, codes);
    assert!(said.contains("write: @cidr 203.0.113.0/24") && said.contains("@cidr 198.51.100.0/24"), "{said}");
    let mapped = ["@cidr ::ffff:203.0.113.0/120", "@cidr 203.0.113.0/24"];
    assert_eq!(of(&mapped, false), ["2 duplicate"], "both name the same network");
    let (positions, _) = file("\u{feff}# made on Windows\n@org Contoso\n");
    assert_eq!(positions, Vec::<String>::new(), "the mark is no part of a comment");
}

#[test]
fn what_several_patterns_match_together_is_said_of_all_of_them() {
    let (positions, said) = file("Foo\nBar\n(Foo|Bar) Ltd\n");
    assert_eq!(positions, ["3:1 shadowed"]);
    assert!(said.contains("list:1 (Foo) and ") && said.contains("list:2 (Bar) match all"), "{said}");
}

#[test]
fn field_lines_and_posix_forms_are_proposed() {
    let (positions, said) = file("^netname: *FOO\nß\\bxy\\w+z\n");
    assert_eq!(positions, ["1:1 field", "2:2 extension", "2:6 extension"]);
    assert!(said.contains(": @netname ^FOO\n") && said.contains("write [_[:alnum:]]\n"), "{said}");
}

#[test]
fn ten_thousand_patterns_take_no_longer_than_their_number() {
    let mut lines: Vec<String> = (0..10_000).map(|n| format!("Contoso Branch {n:05} Ltd")).collect();
    lines.extend((0..200).map(|n| "Ж".repeat(n + 1)));
    lines.extend((0..1000).map(|n| format!("@cidr 203.{}.{}.0/24", n / 200, n % 200)));
    lines.extend((0..1000).map(|_| "Globex".to_owned()));
    let began = Instant::now();
    let (positions, _) = file(&(lines.join("\n") + "\n"));
    assert_eq!(positions.len(), 199 + 999);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn numbers_that_the_table_of_origins_does_not_have_are_named() {
    let inline = ["@asn 64500", "@asname Contoso", "@asn AS64777", "@org Contoso"].map(Into::into).to_vec();
    let patterns = Patterns::read(&PatternSpec { inline, ..PatternSpec::default() }).unwrap();
    let found = patterns.lint(Some(&[64500, 64501].into()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].line, found[0].code), (3, "origin"));
    assert!(found[0].message.starts_with("the table of origins knows no AS64777"), "{found:?}");
    assert_eq!(patterns.lint(None), [], "without a table nothing can be said of them");
    assert_eq!(patterns.origin_lines().collect::<Vec<_>>(), [("-e", 1), ("-e", 2), ("-e", 3)]);
}
