//! The table of origins: imported, shown, and used in a look-up.

use crate::{
    farm::{Farm, Plan, Rule, Scenario},
    jig::{PROGRAM, Room, Run},
};
use std::{fs, io::Write, process::Command, thread};

/// 193.0.22.9 is in Contoso's record of 193.0.20.0/22, which names no AS here.
const TABLE: &str = "193.0.20.0\t193.0.23.255\t65010\tDE\tCONTOSO-AS Contoso GmbH\n\
                     193.0.23.0\t193.0.23.255\t4200000000\tUS\tTAILSPIN\n\
                     41.76.4.0\t41.76.4.255\t0\tNone\tNot routed\n\
                     2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64501\tUS\tSIX\n";

fn farm() -> Farm {
    let rule = vec![Rule { reply: Some("ripe".into()), ..Rule::default() }];
    let plan = Plan { name: "whois.ripe.net".into(), rule, optional: true, ..Plan::default() };
    Farm::start(&Scenario { server: vec![plan], ..Scenario::default() })
}

fn run<'a>(room: &'a Room, args: &[&str]) -> Run<'a> {
    room.run(args.iter().copied()).cache("cache.db")
}

fn with_table() -> Room {
    let room = Room::with(&[("table.tsv", TABLE)]);
    run(&room, &["cache", "import", "table.tsv"]).code(0).check();
    room
}

fn origin(room: &Room) -> serde_json::Value {
    run(room, &["cache", "stats", "--json"]).code(0).check().json()[0]["origin"].clone()
}

#[test]
fn a_table_is_imported_shown_replaced_and_forgotten() {
    let room = Room::with(&[("table.tsv", TABLE), ("new.csv", "8.8.8.0,8.8.8.255,64510,\"A, Inc.\"\n")]);
    run(&room, &["cache", "import", "new.csv"]).check();
    let said = "imported 3 ranges with the AS that announces them\n";
    run(&room, &["cache", "import", "table.tsv"]).stdout(said).code(0).check();
    let shown = origin(&room);
    assert_eq!((&shown["ranges"], &shown["files"]), (&3.into(), &serde_json::json!(["table.tsv"])));
    let bytes = fs::metadata(room.path("cache.db-origin")).unwrap().len();
    assert_eq!(shown["bytes"], bytes);
    assert!(shown["imported"].as_str().unwrap().ends_with('Z'), "{shown}");
    run(&room, &["cache", "stats"])
        .stdout_has(&format!("origin\t3 ranges, {bytes} bytes, imported 2"))
        .check();
    run(&room, &["cache", "forget", "--all"]).code(0).check();
    assert!(origin(&room).is_null());
    run(&room, &["cache", "stats"]).stdout_has("origin\t-\n").check();
}

#[test]
fn several_files_are_one_table_whatever_they_are_packed_in() {
    let room = Room::with(&[("table.tsv", TABLE), ("more", "193.0.22.0\t24\t64511_64512\n")]);
    for (tool, name) in [("gzip", "table.tsv.gz"), ("bzip2", "table.tsv.bz2"), ("xz", "table.tsv.xz")] {
        let packed = Command::new(tool).arg("-c").arg(room.path("table.tsv")).output().unwrap().stdout;
        room.write(name, &packed);
        // From stdin too.
        let script = format!(r#""$@" < {name}"#);
        run(&room, &["cache", "import", "-"]).through(&script).code(0).check();
        assert_eq!(origin(&room)["files"], serde_json::json!(["standard input"]));
        // A cut file is refused, and changes nothing.
        room.write("cut", &packed[..packed.len() - 9]);
        run(&room, &["cache", "import", "cut"]).stderr_has("cut: it cannot be unpacked").code(65).check();
        assert_eq!(origin(&room)["files"], serde_json::json!(["standard input"]));
    }
    run(&room, &["cache", "import", "table.tsv.gz", "more"]).code(0).check();
    assert_eq!(origin(&room)["ranges"], 4);
    let line = &run(&room, &["--offline", "--json", "193.0.22.9"]).code(75).check().json()[0]["network"];
    assert_eq!(line["asn"], serde_json::json!([64511, 64512]));
    assert_eq!((&line["first"], &line["asname"]), (&"193.0.22.0".into(), &serde_json::Value::Null));
}

#[test]
fn a_file_that_is_no_table_or_broken_is_refused_and_changes_nothing() {
    let room = with_table();
    let before = fs::read(room.path("cache.db-origin")).unwrap();
    for (content, why) in [
        ("", "other: it is empty; nothing was imported"),
        ("hello\n", "nor a table that says which AS announces an address; nothing was imported"),
        ("193.0.20.0\t193.0.23.255\t65010\tDE\tX\n193.0.24.0\t193.", "other:2: "),
        (
            "193.0.20.0,193.0.23.255,65010,X\n193.0.24.0,193.0.25.255,many,Y\n",
            "other:2: this row is not like",
        ),
        ("\0\0\0\u{1} no MMDB", "other: it is neither text nor a whole MMDB file"),
    ] {
        room.write("other", content);
        let refused = run(&room, &["cache", "import", "table.tsv", "other"]);
        refused.stderr_has(why).stdout("").code(65).check();
        assert!(before == fs::read(room.path("cache.db-origin")).unwrap(), "{content}");
        assert!(!room.path("cache.db-origin.new").exists());
    }
    run(&room, &["cache", "import", "nothing"]).any_stderr().code(66).check();
}

#[test]
fn bulk_data_and_a_table_are_imported_together_or_not_at_all() {
    let rpsl = "inetnum: 198.51.101.0 - 198.51.101.255\nnetname: SMALL\nsource: RIPE\n\n";
    let room =
        Room::with(&[("table.tsv", TABLE), ("rpsl", rpsl), ("broken", "inetnum: nowhere\nsource: RIPE\n\n")]);
    run(&room, &["cache", "import", "table.tsv", "broken"]).any_stderr().code(65).check();
    assert!(origin(&room).is_null());
    let both = run(&room, &["cache", "import", "table.tsv", "rpsl"]);
    both.stdout("imported 1 network, 3 ranges with the AS that announces them\n").code(0).check();
    // A later import of one kind leaves the other.
    run(&room, &["cache", "import", "rpsl"]).code(0).check();
    assert_eq!(origin(&room)["ranges"], 3);
}

#[test]
fn json_and_csv_say_whose_as_it_is() {
    let (room, farm) = (with_table(), farm());
    let line = &run(&room, &["--json", "193.0.22.9"]).farm(&farm).code(0).check().json()[0];
    let network = &line["network"];
    assert_eq!((&line["source"], &network["name"]), (&"whois".into(), &"CONTOSO-NET".into()), "{line}");
    assert_eq!(network["asname"], "CONTOSO-AS Contoso GmbH");
    assert_eq!((&network["asn"], &network["asn_from"]), (&serde_json::json!([64500]), &"registry".into()));
    let csv = run(&room, &["--csv", "193.0.22.9"]).farm(&farm).code(0).check().stdout;
    assert!(csv.starts_with("ip,verdict,"), "{csv}");
    assert!(csv.lines().next().unwrap().ends_with(",source,error,asname"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().ends_with(",cache,,CONTOSO-AS Contoso GmbH"), "{csv}");
    // Without a table the keys are still there.
    let bare = Room::new();
    let line = &run(&bare, &["--json", "193.0.22.9"]).farm(&farm).code(0).check().json()[0];
    assert!(line["network"]["asname"].is_null(), "{line}");
    let reserved = &run(&room, &["--json", "10.0.0.1"]).code(0).check().json()[0]["network"];
    assert!(reserved["asname"].is_null() && reserved["asn_from"].is_null(), "{reserved}");
}

#[test]
fn patterns_of_origins_alone_decide_without_a_question() {
    let room = with_table();
    let farm = Farm::start(&Scenario::default());
    for (pattern, address, code, network) in [
        ("@asn 65010", "193.0.22.9", 1, "193.0.20.0"),
        ("@asn AS4200000000", "193.0.22.9", 0, "193.0.20.0"),
        ("@asn AS4200000000", "193.0.23.9", 1, "193.0.23.0"),
        ("@asname contoso gmbh$", "193.0.22.9", 1, "193.0.20.0"),
        ("@asname ^six$", "2001:db8::1", 0, "-"),
        ("@cidr 193.0.22.0/24", "193.0.22.9", 1, "193.0.20.0"),
        ("@cidr 193.0.22.0/24", "193.0.21.9", 0, "193.0.20.0"),
    ] {
        let args = ["--json", "-e", pattern, address];
        let line = &run(&room, &args).farm(&farm).code(code).check().json()[0];
        if network == "-" {
            assert_eq!(line["source"], "reserved", "documentation is nobody's: {line}");
            continue;
        }
        assert_eq!(
            (&line["source"], &line["network"]["first"]),
            (&"origin".into(), &network.into()),
            "{line}"
        );
        assert_eq!(line["network"]["asn_from"], "origin");
        for key in ["name", "org", "country", "registry"] {
            assert!(line["network"][key].is_null(), "{key}: {line}");
        }
        assert_eq!(line["servers"], serde_json::json!([]));
    }
    let text = run(&room, &["-e", "@asn 65010", "193.0.22.9"]).farm(&farm).code(1);
    text.stdout("193.0.22.9\tblocked\tCONTOSO-AS Contoso GmbH\t-\t193.0.20.0/22\t-\t-e:1\n").check();
    run(&room, &["-c", "-e", "@asn 65010", "193.0.22.9"]).farm(&farm).stdout("1\n").code(1).check();
    let explained = run(&room, &["--explain", "-e", "@asn 65010", "193.0.22.9"]).farm(&farm).code(1);
    explained
        .stdout_has("193.0.20.0/22 is announced by AS65010 (CONTOSO-AS Contoso GmbH)")
        .stdout_has("every pattern is @asn, @asname or @cidr: this decides without a query")
        .check();
    // Many at once, and the first is not in the table: the others still need no query.
    let list: String = (0..3000).map(|n| format!("193.0.{}.{}\n", 20 + n % 4, n / 4 % 256)).collect();
    let outcome =
        run(&room, &["--offline", "-e", "@asn 65010"]).stdin(format!("8.8.8.8\n{list}")).code(1).check();
    assert_eq!(outcome.stdout.lines().filter(|line| line.contains("\tblocked\t")).count(), 768);
    assert_eq!(farm.questions(), 0);
}

#[test]
fn any_other_pattern_needs_the_record_as_before() {
    let (room, farm) = (with_table(), farm());
    let args = ["--json", "-e", "@asn 65010", "-e", "Proseware", "193.0.22.9"];
    let line = &run(&room, &args).farm(&farm).code(1).check().json()[0];
    assert_eq!(
        (&line["source"], &line["matches"][0]["text"]),
        (&"whois".into(), &"AS65010".into()),
        "{line}"
    );
    assert_eq!(farm.questions(), 1);
    // The text below the verdict needs a query.
    let texts = run(&room, &["--whois", "-e", "@asn 65010", "193.0.22.9"]).farm(&farm).code(1);
    texts.stdout_has("inetnum:").check();
    // An address that the table does not cover is asked about.
    let args = ["-e", "@asn 65010", "193.0.24.9"];
    run(&room, &args).farm(&farm).any_stderr().check();
    assert_eq!(farm.questions(), 2);
}

#[test]
fn offline_without_a_record_the_network_carries_the_as() {
    let room = with_table();
    let line =
        &run(&room, &["--offline", "--json", "-e", "Contoso", "193.0.22.9"]).code(75).check().json()[0];
    assert_eq!((&line["verdict"], &line["error"]["kind"]), (&"unknown".into(), &"offline".into()));
    assert_eq!(
        (&line["network"]["asn"], &line["network"]["asn_from"]),
        (&serde_json::json!([65010]), &"origin".into())
    );
    assert_eq!(line["matches"], serde_json::json!([]));
    let line = &run(&room, &["--offline", "--json", "8.8.8.8"]).code(75).check().json()[0];
    assert!(line["network"].is_null(), "{line}");
    let row = run(&room, &["--offline", "193.0.22.9"]).code(75).check().stdout;
    assert!(row.starts_with("193.0.22.9\tunknown\t-\t-\t-\t-\toffline: "), "{row}");
}

#[test]
fn a_new_table_takes_effect_on_remembered_decisions() {
    let (room, farm) = (with_table(), farm());
    let args = ["-e", "@asn 65010", "-e", "Proseware", "193.0.22.9"];
    for _ in 0..2 {
        run(&room, &args).farm(&farm).code(1).check();
    }
    room.write("new", "193.0.20.0/22\t64999\n");
    run(&room, &["cache", "import", "new"]).code(0).check();
    run(&room, &args).farm(&farm).code(0).check();
    run(&room, &["cache", "import", "table.tsv"]).code(0).check();
    run(&room, &args).farm(&farm).code(1).check();
    assert_eq!(farm.questions(), 1);
}

#[test]
fn whois_text_and_its_count_know_nothing_of_the_table() {
    let (room, farm) = (with_table(), farm());
    let bare = Room::new();
    for args in [["-c", "-e", "CONTOSO-AS", "193.0.22.9"], ["--whois", "-e", "AS64500", "193.0.22.9"]] {
        let with = run(&room, &args).farm(&farm).check();
        let without = run(&bare, &args).farm(&farm).check();
        assert_eq!((with.stdout, with.code), (without.stdout, without.code), "{args:?}");
    }
}

#[test]
fn without_a_table_one_warning_names_the_remedy() {
    let (room, farm) = (Room::new(), farm());
    let args = ["-e", "@asn 65010", "193.0.22.9", "193.0.22.10"];
    let outcome = run(&room, &args).farm(&farm).any_stderr().check();
    assert_eq!(outcome.stderr.matches("whodunit cache import FILE").count(), 1, "{}", outcome.stderr);
    for silent in ["-c", "-q"] {
        run(&room, &[silent]).args(&args).farm(&farm).check();
    }
    run(&room, &["-e", "Contoso", "193.0.22.9"]).farm(&farm).check();
    room.write("log", "Nov 23 10:00:00 mx postfix/smtpd[1]: connect from x[193.0.22.9]\n");
    let report = run(&room, &["report", "--offline", "-e", "@asname Contoso", "log"]);
    report.stderr_has("@asname none; import a table with").check();
}

#[test]
fn a_damaged_or_planted_table_costs_one_warning_and_no_verdict() {
    let (room, farm) = (with_table(), farm());
    let path = room.path("cache.db-origin");
    let good = fs::read(&path).unwrap();
    let args = ["-e", "@asn 65010", "-e", "Contoso", "193.0.22.9", "193.0.22.10"];
    let mut newer = good.clone();
    newer[19] = 9;
    for content in [&good[..40], &good[..good.len() - 1], &newer, b"SQLite format 3\0", b""] {
        fs::write(&path, content).unwrap();
        let outcome = run(&room, &args).farm(&farm).any_stderr().code(1).check();
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("import one again; going on without it"), "{}", outcome.stderr);
        assert!(outcome.stdout.lines().all(|line| line.contains("\tblocked\t")), "{}", outcome.stdout);
        run(&room, &["cache", "stats"])
            .stdout_has("origin\t-")
            .stderr_has("import one again")
            .code(0)
            .check();
    }
    // A pipe without a writer, or a folder, blocks nothing.
    fs::remove_file(&path).unwrap();
    Command::new("mkfifo").arg(&path).status().unwrap();
    run(&room, &args).farm(&farm).stderr_has("is no file").code(1).check();
    fs::remove_file(&path).unwrap();
    run(&room, &["cache", "import", "table.tsv"]).code(0).check();
    run(&room, &args).farm(&farm).code(1).check();
}

#[test]
fn hooks_read_on_while_tables_are_replaced() {
    let room = with_table();
    room.write("other", "193.0.20.0/22\t65010\n");
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let importing = scope.spawn(|| {
            for n in 0..12 {
                let file = if n % 2 == 0 { "other" } else { "table.tsv" };
                run(&room, &["cache", "import", file]).code(0).check();
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let mut hooks = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) && !importing.is_finished() {
            let runs: Vec<_> =
                (0..8).map(|_| run(&room, &["-e", "@asn 65010", "193.0.22.9"]).code(1)).collect();
            let started: Vec<_> = runs.iter().map(Run::spawn).collect();
            for (run, started) in runs.iter().zip(started) {
                let faults = run.faults(&started.finish());
                assert!(faults.is_empty(), "{faults:?}");
                hooks += 1;
            }
        }
        assert!(hooks >= 8);
    });
}

#[test]
fn match_with_an_address_knows_the_table() {
    let room = with_table();
    let text =
        "inetnum: 193.0.20.0 - 193.0.23.255\nnetname: CONTOSO-NET\norg-name: Contoso GmbH\nsource: RIPE\n";
    room.write("saved", text);
    let args = ["match", "--json", "-e", "@asn 65010", "saved"];
    let line = &run(&room, &args).args(&["--ip", "193.0.22.9"]).code(1).check().json()[0];
    assert_eq!(
        (&line["source"], &line["network"]["asname"]),
        (&"text".into(), &"CONTOSO-AS Contoso GmbH".into())
    );
    assert_eq!(line["network"]["asn_from"], "origin");
    run(&room, &args).code(0).check();
    // The cache itself is not opened.
    fs::remove_file(room.path("cache.db")).unwrap();
    run(&room, &args).args(&["--ip", "193.0.22.9"]).code(1).check();
    assert!(!room.path("cache.db").exists());
}

#[test]
fn a_report_names_the_as_where_the_table_decided() {
    let room = with_table();
    let line = |n: u32, address: &str| {
        format!("Nov 23 10:00:{n:02} mx postfix/smtpd[1]: connect from x[{address}]\n")
    };
    let log =
        [line(1, "193.0.22.9"), line(2, "193.0.21.9"), line(3, "193.0.23.1"), line(4, "8.8.8.8")].concat();
    room.write("log", log);
    let args = ["report", "--offline", "--json", "-e", "@asn 65010", "log"];
    let rows = run(&room, &args).code(0).check().json();
    let owner = |row: usize| rows[row]["owner"].clone();
    assert_eq!((owner(0), &rows[0]["hits"]), ("CONTOSO-AS Contoso GmbH".into(), &2.into()), "{rows:?}");
    assert_eq!(
        (&rows[0]["verdict"], &rows[0]["networks"]),
        (&"blocked".into(), &serde_json::json!(["193.0.20.0/22"]))
    );
    assert_eq!((owner(1), owner(2)), ("TAILSPIN".into(), serde_json::Value::Null));
    let by = run(&room, &["report", "--offline", "--json", "--by", "asn", "-e", "@asn 65010", "log"])
        .check()
        .json();
    assert_eq!((&by[0]["by"], &by[1]["by"]), (&"AS65010".into(), &"AS4200000000".into()), "{by:?}");
    // The same if a record is needed for more, and no query is allowed.
    let rows = run(&room, &["report", "--offline", "--json", "--by", "asn", "log"]).check().json();
    assert!(rows.iter().any(|row| row["by"] == "AS65010" && row["verdict"] == "unknown"), "{rows:?}");
}

#[test]
fn the_policy_service_decides_by_the_table_and_takes_up_a_new_one() {
    let room = with_table();
    let farm = Farm::start(&Scenario::default());
    let request = |address: &str| format!("request=smtpd_access_policy\nclient_address={address}\n\n");
    let asks: String = (0..50).map(|n| request(&format!("193.0.22.{n}"))).collect();
    let serve = run(&room, &["serve", "--stdio", "-e", "@asn 65010"]).farm(&farm).stdin(asks);
    let outcome = serve.code(0).check();
    assert_eq!(outcome.stdout.matches("action=REJECT").count(), 50, "{}", outcome.stdout);
    // A long-running process sees the next table within a second or two.
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--stdio", "-e", "@asn 64999", "--servers"])
        .arg(farm.list())
        .env("WHODUNIT_CACHE", room.path("cache.db"))
        .env("WHODUNIT_CONFIG", "none")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut ask = |address: &str| {
        stdin.write_all(request(address).as_bytes()).unwrap();
        answers.by_ref().map(Result::unwrap).find(|line| line.starts_with("action=")).unwrap()
    };
    assert_eq!(ask("193.0.22.9"), "action=DUNNO");
    room.write("new", "193.0.20.0/22\t64999\n");
    run(&room, &["cache", "import", "new"]).code(0).check();
    // Addresses that it has just decided on are remembered; for others it reads the new table.
    let rejected = (0..250_u8).any(|n| {
        thread::sleep(std::time::Duration::from_millis(20));
        ask(&format!("193.0.21.{n}")).starts_with("action=REJECT")
    });
    assert!(rejected, "the new table was not taken up");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(farm.questions(), 0);
}

#[test]
fn the_lint_knows_the_table() {
    let room = Room::with(&[("patterns", "@asn 65010\n@asn 64777\nContoso\n"), ("table.tsv", TABLE)]);
    let lint = || run(&room, &["patterns", "patterns"]);
    let outcome =
        lint().stdout("").stderr_has("patterns:1: this line and one more ask who announces").code(0).check();
    assert!(outcome.stderr.contains("whodunit cache import FILE"), "{}", outcome.stderr);
    run(&room, &["cache", "import", "table.tsv"]).code(0).check();
    let unknown =
        "patterns:2: the table of origins knows no AS64777: no network is announced by that number\n";
    lint().stdout(unknown).code(1).check();
    room.write("patterns", "@org Contoso\n");
    lint().stdout("").code(0).check();
}
