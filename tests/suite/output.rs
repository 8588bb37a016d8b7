//! The streams: a terminal, a pipe that closes, a full disk, progress, colour.

use crate::{
    farm::{Does, Farm, Plan, Rule, Scenario},
    jig::Room,
};

const ESCAPE: char = '\u{1b}';

fn answering() -> Farm {
    Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), ..Rule::default() })
}

#[test]
fn a_closed_pipe_ends_it_without_a_word() {
    let addresses: String = (0..20_000).map(|i| format!("10.1.{}.{}\n", i / 250, i % 250)).collect();
    let room = Room::with(&[("addresses", &addresses)]);
    for form in [&[][..], &["--json"], &["--csv"], &["-c"]] {
        let run = room.run(form.iter().copied());
        let script = r#"{ "$@" <addresses; echo $? >code; } | head -1 >/dev/null; cat code"#;
        let outcome = run.through(script).stdout("141\n").check();
        assert_eq!(outcome.stderr, "", "{form:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let farm = answering();
    for form in [&["--json"][..], &["--csv"], &["-c"], &[]] {
        let room = Room::new();
        let args = form.iter().copied().chain(["-e", "Contoso", "193.0.22.9"]);
        let run = room.run(args).farm(&farm).through(r#""$@" >/dev/full"#);
        let outcome = run.code(74).stderr_has("cannot write").check();
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn a_closed_stdout_is_no_verdict() {
    let farm = answering();
    let room = Room::new();
    let run = room.run(["-e", "Contoso", "193.0.22.9"]).farm(&farm).through(r#""$@" >&-"#);
    let outcome = run.any_stderr().check();
    // Rust opens /dev/null instead; then the verdict stands. Anything else is an output error.
    assert!([1, 74].contains(&outcome.code), "{}", outcome.code);
}

#[test]
fn quiet_needs_no_stdout_at_all() {
    let farm = answering();
    let room = Room::new();
    room.run(["-q", "-e", "Contoso", "193.0.22.9"]).farm(&farm).through(r#""$@" >/dev/full"#).code(1).check();
}

#[test]
fn on_a_terminal_columns_are_aligned_and_coloured() {
    let farm = answering();
    let room = Room::new();
    let run = room.run(["-e", "Contoso", "193.0.22.9", "193.0.199.199", "10.0.0.1"]).farm(&farm);
    let shown = run.on_terminal(140).any_stderr().code(1).check().stdout;
    assert!(shown.contains(ESCAPE), "no colour: {shown}");
    assert!(!shown.contains('\t'), "tabs: {shown}");
    let plain = strip(&shown);
    let at: Vec<_> =
        plain.lines().filter(|l| l.contains("Contoso GmbH")).map(|l| l.find("Contoso GmbH")).collect();
    assert_eq!(at.len(), 2, "{plain}");
    assert_eq!(at[0], at[1], "not aligned:\n{plain}");
}

#[test]
fn no_row_is_wider_than_a_terminal_of_eighty_columns() {
    let with =
        [("org".to_owned(), "Contoso Gesellschaft fuer elektronische Werbesendung mbH".to_owned())].into();
    let farm = Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), with, ..Rule::default() });
    let room = Room::with(&[("blocked_registrars", "Fabrikam\nContoso\n")]);
    let args = ["--timeout", "5", "-f", "blocked_registrars", "193.0.22.9", "193.0.199.199", "10.0.0.1"];
    let run = |columns| room.run(args).farm(&farm).env("NO_COLOR", "1").on_terminal(columns).any_stderr();
    let shown = run(80).code(1).check().stdout;
    assert_eq!(shown.lines().count(), 7, "{shown}");
    for line in shown.lines() {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
    // Name and network are complete and aligned in all rows, and a reason without room follows.
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let at = |line: usize, network: &str| lines[line].split(network).next().unwrap().chars().count();
    let columns = [at(1, "193.0.22.0/24 "), at(4, "193.0.199.0/24 "), at(6, "10.0.0.0/8 ")];
    assert!(columns == [columns[0]; 3], "{shown}");
    assert_eq!((lines[2], lines[5]), ("    blocked_registrars:2", "    blocked_registrars:2"), "{shown}");
    let name = "Contoso Gesellschaft fuer elektronische Werbesendung mbH";
    assert_eq!(lines[0], format!("193.0.22.9     blocked  {name}"), "{shown}");
    let narrow = run(50).check().stdout;
    let words: Vec<&str> = narrow.split_ascii_whitespace().collect();
    assert!(
        words.join(" ").contains(&format!("193.0.22.9 blocked {name} DE 193.0.22.0/24 ripe")),
        "{narrow}"
    );
    assert!(narrow.lines().all(|line| line.trim_end().chars().count() <= 50), "{narrow}");
    assert!(narrow.contains("    DE  193.0.22.0/24  ripe"), "{narrow}");
    let text = room.run(args).farm(&farm).code(1).check().stdout;
    assert!(text.contains(&format!("{name}\t")), "{text}");
}

#[test]
fn one_address_on_a_terminal_says_whom_to_write_to() {
    let (farm, room) = (answering(), Room::new());
    let run = || room.run(["-e", "Contoso", "193.0.22.9"]).farm(&farm).env("NO_COLOR", "1").code(1);
    let shown = run().on_terminal(120).any_stderr().check().stdout;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert!(
        lines[0].starts_with("193.0.22.9  blocked  Contoso GmbH  DE  193.0.22.0/24  ripe  -e:1"),
        "{shown}"
    );
    assert!(lines[1].starts_with("    abuse: ") && lines[1].contains('@'), "{shown}");
    assert_eq!((lines.len(), run().check().stdout.lines().count()), (2, 1));
}

#[test]
fn without_patterns_a_terminal_says_known_where_scripts_read_clear() {
    let (farm, room) = (answering(), Room::with(&[("log", "193.0.22.9\n10.0.0.1\n")]));
    let run = |args: &[&str]| room.run(args.iter().copied()).farm(&farm).env("NO_COLOR", "1").code(0);
    let shown = |args: &[&str]| run(args).on_terminal(120).any_stderr().check().stdout;
    for args in [&["193.0.22.9"][..], &["193.0.22.9", "10.0.0.1"], &["report", "log"]] {
        let (known, judged) = (shown(args), shown(&[args, &["-e", "Fabrikam"]].concat()));
        assert!(known.contains("  known  ") && !known.contains("clear"), "{known}");
        assert!(judged.contains("  clear  ") && !judged.contains("known"), "{judged}");
        let piped = run(args).check().stdout;
        assert!(piped.contains("\tclear\t") && !piped.contains("known"), "{piped}");
    }
}

#[test]
fn no_cell_of_a_stranger_is_a_formula() {
    let with =
        [("org".to_owned(), "=HYPERLINK(\"x\")".to_owned()), ("name".to_owned(), "+1".to_owned())].into();
    let farm = Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), with, ..Rule::default() });
    let room = Room::with(&[("log", "193.0.22.9\n")]);
    let run = |args: &[&str]| room.run(args.iter().copied()).farm(&farm).cache("cache.db");
    let csv = run(&["--csv", "-e", "HYPER", "193.0.22.9"]).code(1).check().stdout;
    assert!(csv.contains(",\"'=HYPERLINK(\"\"x\"\")\","), "{csv}");
    // The user's own words are unchanged.
    assert!(csv.contains(",'+1,ripe,") && csv.contains(",-e,1,"), "{csv}");
    let report = run(&["report", "--csv", "--by", "netname", "log"]).code(0).check().stdout;
    assert!(report.contains("\"'=HYPERLINK(") && report.contains(",'+1,'+1,"), "{report}");
    for args in [&["cache", "list", "--csv"][..], &["networks", "--format", "csv", "-e", "HYPER"]] {
        let listed = room.run(args.iter().copied()).cache("cache.db").any_stderr().code(0).check().stdout;
        assert!(listed.contains(",\"'=HYPERLINK("), "{args:?}: {listed}");
    }
}

#[test]
fn a_missing_value_is_an_empty_cell_in_csv_and_a_hyphen_in_text() {
    let text =
        "inetnum: 193.0.20.0 - 193.0.23.255\nnetname: NAMED\nsource: RIPE\n\n% This query was served\n";
    let farm = Farm::of_one("whois.ripe.net", Rule { text: Some(text.into()), ..Rule::default() });
    let room = Room::new();
    room.run(["193.0.22.9"]).farm(&farm).cache("cache.db").code(0).check();
    let list = |form: &[&str]| {
        room.run([&["cache", "list"], form].concat()).cache("cache.db").code(0).check().stdout
    };
    let text = list(&[]);
    assert!(text.starts_with("193.0.20.0/22\tNAMED\t-\t-\tripe\t"), "{text}");
    let csv = list(&["--csv"]);
    assert!(csv.contains("\n193.0.20.0/22,NAMED,,,ripe,"), "{csv}");
}

#[test]
fn explained_steps_are_broken_at_blanks_on_a_terminal() {
    let farm = Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe-denied".into()), ..Rule::default() });
    let room = Room::new();
    let said = room
        .run(["--explain", "--color", "never", "193.0.22.9"])
        .farm(&farm)
        .on_terminal(80)
        .code(75)
        .check()
        .stdout;
    assert!(said.lines().all(|line| line.trim_end().chars().count() <= 80), "{said}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("193.0.0.0/8 is RIPE NCC since 1993-05: ask whois.ripe.net (--servers: "),
        "{said}"
    );
    assert!(said.lines().any(|line| line.starts_with(&" ".repeat(24))), "{said}");
}

#[test]
fn an_explained_failure_is_said_once() {
    let rule = |within: &str, reply: &str| Rule {
        within: Some(within.into()),
        reply: Some(reply.into()),
        ..Rule::default()
    };
    let farm = Farm::of_one("whois.ripe.net", rule("193.0.22.0/24", "ripe-denied"));
    let said = Room::new().run(["--explain", "193.0.22.9"]).farm(&farm).code(75).check().stdout;
    assert_eq!(said.matches("access denied").count(), 1, "{said}");
    assert!(said.contains("verdict   unknown (denied)\n"), "{said}");
    let farm = Farm::of_one("whois.ripe.net", Rule { does: Does::Reset, ..Rule::default() });
    let said = Room::new().run(["--explain", "193.0.22.9"]).farm(&farm).code(75).check().stdout;
    assert_eq!(said.matches("reset").count(), 1, "{said}");
    // The verdict gives what no step has shown.
    let said = Room::new().run(["--explain", "--offline", "193.0.22.9"]).code(75).check().stdout;
    assert!(said.contains("verdict   unknown (offline: "), "{said}");
}

#[test]
fn progress_is_there_before_the_first_result() {
    let rule = Rule { reply: Some("ripe".into()), delay_ms: 2500, ..Rule::default() };
    let farm = Farm::of_one("whois.ripe.net", rule);
    let room = Room::new();
    let run = room.run(["--config", "none", "--rate", "0", "193.0.22.9", "193.0.199.9"]).farm(&farm);
    let shown = run.on_terminal(120).any_stderr().code(0).check().stdout;
    assert!(shown.contains("0/2 addresses"), "{shown:?}");
    assert!(!shown.contains("left"), "an estimate from nothing: {shown:?}");
}

#[test]
fn answers_past_their_age_are_said_to_be_so() {
    let denied = Rule { reply: Some("ripe-denied".into()), ..Rule::default() };
    let first = Rule { reply: Some("ripe".into()), times: Some(1), ..Rule::default() };
    let server = Plan { name: "whois.ripe.net".into(), rule: vec![first, denied], ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![server], ..Scenario::default() });
    let room = Room::new();
    let run = |args: &[&str]| room.run(["--rate", "0"]).args(args).farm(&farm).cache("cache.db");
    run(&["193.0.22.1"]).code(0).check();
    run(&["193.0.99.1"]).code(75).check();
    let said = "the verdict uses an answer older than --max-age, because whois.ripe.net is held off";
    run(&["--max-age", "0s", "193.0.22.1"]).stderr_has(said).code(0).check();
}

#[test]
fn colour_in_a_pipe_is_for_whoever_asks_for_it() {
    let farm = answering();
    let room = Room::new();
    let run = |more: &[&str]| {
        let run = room.run(["-e", "Contoso", "193.0.22.9"]).args(more).farm(&farm);
        run.code(1).check().stdout
    };
    let plain = run(&[]);
    assert!(!plain.contains(ESCAPE));
    let coloured = run(&["--color", "always"]);
    assert!(coloured.contains("\t\u{1b}[1m\u{1b}[31mblocked\u{1b}[0m\t"), "{coloured:?}");
    assert_eq!(strip(&coloured), plain);
    for quiet in ["--color=auto", "--color=never"] {
        assert_eq!(run(&[quiet]), plain);
    }
    for form in ["--json", "--csv", "-c"] {
        assert!(!run(&["--color", "always", form]).contains(ESCAPE), "{form}");
    }
    let text = "inetnum: 192.0.2.0/24\norg-name: Contoso\nsource: RIPE\n";
    let run = room.run(["match", "--color", "always", "-e", "Contoso"]).stdin(text);
    run.stdout_has("-\t\u{1b}[1m\u{1b}[31mblocked\u{1b}[0m\t").code(1).check();
}

#[test]
fn no_color_is_honoured() {
    let farm = answering();
    let room = Room::new();
    let args = ["-e", "Contoso", "193.0.22.9"];
    let run = room.run(args).farm(&farm).env("NO_COLOR", "1").on_terminal(140);
    assert!(!run.code(1).any_stderr().check().stdout.contains("\u{1b}[3"));
    let run = room.run(["--color", "never"].iter().chain(&args).copied()).farm(&farm).on_terminal(140);
    assert!(!run.code(1).any_stderr().check().stdout.contains("\u{1b}[3"));
    let run = room.run(["--color", "always", "--whois"].iter().chain(&args).copied()).farm(&farm);
    assert!(run.code(1).check().stdout.contains(ESCAPE));
    let run = room.run(["--whois"].iter().chain(&args).copied()).farm(&farm);
    assert!(!run.code(1).check().stdout.contains(ESCAPE));
}

#[test]
fn whois_highlights_what_matched() {
    let farm = answering();
    let room = Room::new();
    let run = room.run(["--whois", "--color", "always", "-e", "Contoso", "193.0.22.9"]).farm(&farm);
    let stdout = run.code(1).check().stdout;
    let lines: Vec<&str> = stdout.lines().filter(|line| line.contains("org-name:")).collect();
    assert!(lines.iter().any(|line| line.contains(ESCAPE)), "{stdout}");
    assert!(stdout.lines().any(|line| line.contains("netname:") && !line.contains(ESCAPE)), "{stdout}");
}

#[test]
fn machine_forms_are_never_coloured() {
    let farm = answering();
    for form in ["--json", "--csv", "-c"] {
        let room = Room::new();
        let run = room.run([form, "-e", "Contoso", "193.0.22.9"]).farm(&farm).on_terminal(140);
        let outcome = run.code(1).any_stderr().check();
        assert!(!outcome.stdout.contains("\u{1b}[3"), "{form}: {}", outcome.stdout);
    }
}

#[test]
fn progress_goes_to_a_terminal_alone() {
    let rule = Rule { reply: Some("ripe".into()), delay_ms: 400, ..Rule::default() };
    let farm = Farm::of_one("whois.ripe.net", rule);
    let room = Room::new();
    let addresses: String = (0..40).map(|i| format!("193.0.{i}.9\n")).collect();
    room.write("addresses", addresses);
    let args = ["--config", "none", "--rate", "0", "-c"];
    let run = || room.run(args).farm(&farm);
    let outcome = run().through(r#""$@" <addresses"#).code(0).check();
    assert_eq!(outcome.stderr, "", "progress in a pipe");
    let shown = run().through(
        r#"printf '%s ' "$@" >command; exec script -qec "sh -c '$(cat command) <addresses >answers'" /dev/null"#,
    );
    let shown = shown.env("TERM", "xterm").code(0).check();
    assert!(shown.stdout.contains("40"), "no progress on a terminal: {:?}", shown.stdout);
    let answers = std::fs::read_to_string(room.path("answers")).unwrap();
    assert_eq!(answers.lines().count(), 40);
    assert!(!answers.contains(ESCAPE));
}

#[test]
fn an_explanation_may_have_the_text_too() {
    let farm = Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), ..Rule::default() });
    let room = Room::new();
    let run = room.run(["--explain", "--whois", "-e", "Contoso", "193.0.22.9"]).farm(&farm).code(1);
    let shown = run.check().stdout;
    let (steps, text) = shown.split_once("  verdict   blocked\n").unwrap();
    assert!(steps.contains("asked") && text.contains("inetnum: "), "{shown}");
}

/// Only if it takes long, and removed before the verdict.
#[test]
fn a_slow_look_up_at_a_terminal_says_whom_it_waits_for() {
    let slow = |delay_ms| {
        Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), delay_ms, ..Rule::default() })
    };
    let (slow, quick, room) = (slow(1400), slow(0), Room::new());
    for form in [&[][..], &["--explain"]] {
        let run = |farm| room.run(["--config", "none", "193.0.22.9"]).args(form).farm(farm).code(0);
        run(&slow).check();
        let shown = run(&slow).on_terminal(100).any_stderr().check().stdout;
        let (waits, verdict) = shown.rsplit_once("asking whois.ripe.net").expect(&shown);
        assert!(!waits.contains("Contoso") && verdict.contains("Contoso"), "{form:?}: {shown:?}");
        let (removed, _) = verdict.split_once("\u{1b}[2K").expect(&shown);
        assert!(removed.trim().is_empty(), "{form:?}: {shown:?}");
        let shown = run(&quick).on_terminal(100).any_stderr().check().stdout;
        assert!(!shown.contains("asking"), "{form:?}: {shown:?}");
    }
}

#[test]
fn csv_quotes_what_needs_quotes() {
    let with = [("org".to_owned(), "Contoso, \"Mail\" GmbH".to_owned())].into();
    let farm = Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), with, ..Rule::default() });
    let room = Room::new();
    let outcome = room.run(["--csv", "193.0.22.9"]).farm(&farm).code(0).check();
    assert!(outcome.stdout.contains(r#","Contoso, ""Mail"" GmbH","#), "{}", outcome.stdout);
}

#[test]
fn an_unknown_says_why_in_every_form() {
    let rule = Rule { reply: Some("ripe-denied".into()), ..Rule::default() };
    let farm = Farm::of_one("whois.ripe.net", rule);
    let room = Room::new();
    let run = |form: &'static [&'static str]| {
        let args = form.iter().copied().chain(["193.0.22.9"]);
        room.run(args).farm(&farm).code(75).check()
    };
    let text = run(&[]);
    let row = &text.rows()[0];
    assert_eq!((row.len(), row[1], row[2]), (7, "unknown", "-"), "{row:?}");
    assert!(row[6].contains("denied"), "{row:?}");
    assert!(run(&["--csv"]).stdout.lines().nth(1).unwrap().ends_with(",denied,"));
    assert_eq!(run(&["--json"]).json()[0]["error"]["kind"], "denied");
    assert_eq!(run(&["-c"]).stdout, "0\n");
}

#[test]
fn help_and_version_are_no_errors() {
    Room::new().run(["--help"]).stdout_has("--block").stdout_has("--timeout").code(0).check();
    Room::new().run(["--version"]).stdout_has(env!("CARGO_PKG_VERSION")).code(0).check();
}

fn strip(text: &str) -> String {
    let colour = regex::Regex::new("\u{1b}\\[[0-9;]*[A-Za-z]").unwrap();
    colour.replace_all(text, "").into_owned()
}
