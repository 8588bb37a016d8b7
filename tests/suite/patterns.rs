//! `whodunit patterns`: problems with their positions, patterns against the cache, and the lists to start from.

use crate::{
    farm::{Farm, Plan, Rule, Scenario},
    jig::Room,
};
use std::{collections::BTreeMap, fs, path::Path};

#[test]
fn problems_are_told_with_their_places_and_end_in_1_or_78() {
    let room =
        Room::with(&[("good", "Contoso\n@org Fabrikam\n"), ("bad", "Globex\r\n\na(b\n^netname: *FOO\n")]);
    room.run(["patterns", "good"]).stdout("").code(0).check();
    let outcome = room.run(["patterns", "-f", "good", "bad", "-e", "RIPE"]).code(78).check();
    let said = |line: &str| line.split(": ").take(2).map(str::to_owned).collect::<Vec<_>>().join(": ");
    let positions: Vec<String> = outcome.stdout.lines().map(said).collect();
    let [first, blank, third, field, last] = positions.as_slice() else { panic!("{positions:?}") };
    assert_eq!((first.as_str(), third.as_str()), ("bad:1: column 7", "bad:3: column 2"));
    assert!(
        blank.starts_with("bad:2: a blank line") && field.starts_with("bad:4: a field line"),
        "{positions:?}"
    );
    assert!(last.starts_with("-e:1: matches what RIPE says"), "{last}");
    assert!(outcome.stdout.contains("@netname ^FOO\n"), "{}", outcome.stdout);
    // Doubtful patterns can still be used.
    room.run(["patterns", "-e", "RIPE"]).code(1).check();
    room.run(["patterns", "-e", "a(b", "-e", "RIPE"]).code(78).check();
}

#[test]
fn a_list_without_a_pattern_is_a_problem() {
    let room = Room::with(&[("empty", ""), ("notes", "# nobody yet\n"), ("good", "Contoso\n")]);
    room.run(["patterns", "empty"]).stdout_has("empty:1: the file is empty").code(1).check();
    room.run(["patterns", "notes", "good"]).stdout_has("notes:1: the file has no pattern").code(1).check();
    std::fs::create_dir(room.path("folder")).unwrap();
    room.run(["patterns", "folder"]).stderr_has("no pattern file in folder").stdout("").code(0).check();
}

#[test]
fn a_remedy_names_the_file() {
    let room = Room::with(&[("bad list", "Globex\r\n")]);
    let outcome = room.run(["patterns", "bad list"]).code(1).check();
    assert!(outcome.stdout.contains("sed -i 's/\\r$//' bad list\n"), "{}", outcome.stdout);
}

#[test]
fn a_file_that_is_no_text_is_called_what_it_is() {
    let room = Room::with(&[("wide", "C\0o\0n\0t\0\n\0")]);
    room.write("program", std::fs::read(crate::jig::PROGRAM).unwrap().get(..4096).unwrap());
    room.run(["patterns", "program"]).stderr_has("program is a binary file").code(78).check();
    room.run(["patterns", "wide"]).stderr_has("wide is UTF-16 text: convert it").code(78).check();
}

#[test]
fn json_has_one_object_a_problem() {
    let room = Room::with(&[("bad", "x\\w\n.*\n")]);
    let lines = room.run(["patterns", "--json", "bad"]).code(1).check().json();
    let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&first["file"], &first["line"], &first["column"]), (&"bad".into(), &1.into(), &2.into()));
    assert_eq!((&first["code"], &second["code"]), (&"extension".into(), &"everything".into()));
    assert!(second["message"].as_str().unwrap().contains("every answer"));
}

#[test]
fn folders_and_the_configuration_are_checked_too() {
    let room = Room::with(&[("d/a", "Contoso\n"), ("d/b", "RIPE\n")]);
    room.run(["patterns", "d"]).stdout_has("d/b:1: matches what RIPE says").code(1).check();
    room.write("c.toml", "block = [\"d/b\"]\n");
    room.run(["patterns", "--config", "c.toml"]).stdout_has("d/b:1: ").code(1).check();
    // The command line wins over the configuration.
    room.run(["patterns", "--config", "c.toml", "d/a"]).stdout("").code(0).check();
}

#[test]
fn a_folder_means_its_files_and_none_is_skipped_in_silence() {
    let room = Room::with(&[("d/a", "Contoso\n"), ("reply", "owner: Contoso Globex Fabrikam\n")]);
    for left in [".hidden", "a~", "#a#", "a.swp", "a.orig", "a.dpkg-old", "a.rpmsave", "README.md", "below/b"]
    {
        room.write(&format!("d/{left}"), "Globex\n");
    }
    let run = |code| room.run(["match", "-q", "-f", "d", "-e", "Fabrikam", "reply"]).code(code);
    let counted = room.run(["match", "-c", "-f", "d", "reply"]).code(75).check();
    assert_eq!(counted.stdout, "1\n");
    room.run(["patterns", "d"]).stdout("").code(0).check();
    std::os::unix::fs::symlink("none-such", room.path("d/b")).unwrap();
    run(66).stderr_has("cannot read d/b: ").check();
}

#[test]
fn stdin_can_hold_patterns_or_something_else() {
    let room = Room::with(&[("reply", "owner: Contoso\n"), ("empty", "")]);
    room.run(["match", "-c", "-f", "-", "reply"]).stdin("Contoso\n").stdout("1\n").code(75).check();
    room.run(["patterns", "-"]).stdin("RIPE\n").stdout_has("-:1: matches what RIPE says").code(1).check();
    for args in [
        &["-f", "-"][..],
        &["-a", "-", "-"],
        &["match", "-f", "-"],
        &["report", "-f", "-"],
        &["patterns", "-f", "-", "-a", "-"],
    ] {
        let run = room.run(args.iter().copied()).stdin("Contoso\n");
        run.stderr_has("stdin is named for patterns (-) and for ").code(64).check();
    }
    room.run(["serve", "--stdio", "-f", "-"]).stdin("").any_stderr().code(64).check();
    room.run(["match", "-c", "-f", "empty", "reply"])
        .stderr_has("there is no pattern in empty")
        .code(75)
        .check();
}

#[test]
fn what_windows_leaves_in_a_file_is_said_on_every_run() {
    let room = Room::with(&[
        ("marked", "\u{feff}Contoso\n"),
        ("ends", "@org Globex\r\nContoso\r\nFabrikam\r\n"),
        ("wide", "C\0o\0n\0"),
        ("reply", "owner: Contoso\n"),
    ]);
    let run = |list: &str| room.run(["--offline", "-f", list, "127.0.0.1"]).cache("cache.db");
    run("marked").stderr_has("marked:1: begins with a byte order mark").stderr_has("sed -i").code(0).check();
    run("ends").stderr_has("ends:2: ends in a Windows line end (CR)").code(0).check();
    run("wide").stderr_has("wide is UTF-16 text").code(78).check();
    let run =
        room.run(["match", "-f", "ends", "reply"]).stderr_has("ends:2: ends in a Windows line end (CR)");
    run.code(75).check();
    // The counts stay egrep's; and a text may have such lines itself.
    let run = room.run(["match", "-c", "-f", "marked", "reply"]);
    run.stdout("0\n").stderr_has("byte order mark").code(75).check();
    let run = room.run(["match", "-c", "-f", "ends"]).stdin("owner: Contoso\r\n");
    run.stdout("1\n").code(75).check();
}

#[test]
fn what_cannot_be_checked_ends_in_neither_0_nor_1() {
    let room = Room::with(&[("bad", "a(b\n"), ("c.toml", "blok = 1\n")]);
    room.run(["patterns"]).stderr_has("no patterns: name a file").code(64).check();
    room.run(["patterns", "none-such"]).stderr_has("cannot read none-such").code(66).check();
    room.run(["patterns", "--config", "c.toml", "bad"]).stderr_has("c.toml").code(78).check();
    room.run(["patterns", "--unused", "bad"]).stderr_has("bad:1:2: ").code(78).check();
    room.run(["patterns", "--against-cache", "-e", "x"])
        .stderr_has("holds no network yet (imported ones do not count)")
        .code(0)
        .check();
}

/// A room whose cache has two networks.
fn knowing() -> Room {
    let room =
        Room::with(&[("block", "@org Contoso\nFabrikam\n@country .\n"), ("allow", "@netname CONTOSO\n")]);
    let with = |network: &str, name: &str, org: &str| Rule {
        reply: Some("ripe".into()),
        network: Some(network.into()),
        with: [("name", name), ("org", org), ("status", "ASSIGNED PA")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        times: Some(1),
        ..Rule::default()
    };
    let rule = vec![
        with("193.0.20.0/22", "CONTOSO-NET", "Contoso GmbH"),
        with("193.0.32.0/22", "GLOBEX-NET", "Globex AG"),
    ];
    let plan = Plan { name: "whois.ripe.net".into(), rule, ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![plan], ..Scenario::default() });
    for address in ["193.0.22.1", "193.0.33.1"] {
        room.run(["--rate", "0", address]).farm(&farm).cache("cache.db").code(0).check();
    }
    assert_eq!(farm.questions(), 2);
    room
}

#[test]
fn patterns_are_held_against_the_cache() {
    let room = knowing();
    let run = room.run(["patterns", "--against-cache", "-a", "allow", "block"]).cache("cache.db").code(0);
    let said = "allow:1: allows 1 of 2 networks [@netname CONTOSO]: 193.0.20.0/22 (Contoso GmbH)\n\
        block:1: blocks 1 of 2 networks, 1 of them let in by allow patterns [@org Contoso]: 193.0.20.0/22 (Contoso GmbH)\n\
        block:2: blocks 0 of 2 networks [Fabrikam]\n\
        block:3: blocks 2 of 2 networks, 1 of them let in by allow patterns [@country .]: \
        193.0.20.0/22 (Contoso GmbH), 193.0.32.0/22 (Globex AG)\n";
    run.stdout(said).check();
    let run = room.run(["patterns", "--against-cache", "--json", "block"]).cache("cache.db").code(0);
    let lines = run.check().json();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[2]["count"], &lines[2]["allowed"]), (&2.into(), &0.into()));
    assert_eq!(lines[2]["networks"][1]["org"], "Globex AG");
}

#[test]
fn unused_patterns_are_found() {
    let room = knowing();
    let run = room.run(["patterns", "--unused", "block"]).cache("cache.db").code(1);
    run.stdout("block:2: matches none of 2 networks [Fabrikam]\n").check();
    room.run(["patterns", "--unused", "allow"]).cache("cache.db").stdout("").code(0).check();
}

/// Imported networks count: their text, the contacts that they name, their fields and their extents, and the table of
/// origins.
#[test]
fn what_imported_data_matches_is_used() {
    let patterns = "Contoso\nContoso GmbH\nabuse@contoso\n@org ^Contoso\n@cidr 80.0.0.7/32\n@cidr 80.0.0.0/8\n@country DE\n\
        ^$\n@asn 64500\n@asname globex\nFabrikam\n@cidr 81.0.0.0/8\n@asn 64501\n@org Globex\nContoso\n";
    let dump = "inetnum: 80.0.0.0 - 80.0.0.255\nnetname: EXAMPLE\ncountry: DE\norg: ORG-C1-RIPE\nsource: RIPE\n\n\
        inetnum: 80.0.1.0 - 80.0.1.255\nnetname: OTHER\nsource: RIPE\n\n\
        organisation: ORG-C1-RIPE\norg-name: Contoso GmbH\ne-mail: abuse@contoso.example\nsource: RIPE\n";
    let room = Room::with(&[("list", patterns), ("allow", "^netname: +OTHER\n"), ("ripe.db", dump)]);
    room.write("ip2asn.tsv", "80.0.0.0\t80.0.0.255\t64500\tDE\tGLOBEX\n");
    let run = |args: &[&str]| room.run(args.iter().copied()).cache("cache.db");
    run(&["patterns", "--unused", "list"]).stdout("").stderr_has("there is no network yet").code(0).check();
    run(&["cache", "import", "ripe.db", "ip2asn.tsv"]).any_stderr().code(0).check();
    let said: String = ["11", "12", "13", "14"]
        .iter()
        .zip(["Fabrikam", "@cidr 81.0.0.0/8", "@asn 64501", "@org Globex"])
        .map(|(line, pattern)| format!("list:{line}: matches none of 2 networks [{pattern}]\n"))
        .collect();
    run(&["patterns", "--unused", "list", "-a", "allow"]).stdout(&said).code(1).check();
    run(&["patterns", "--unused", "-a", "allow"]).stdout("").code(0).check();
}

#[test]
fn the_lists_to_start_from_are_sound_and_say_what_they_are() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    let mut lists = vec![];
    for folder in [top.clone(), top.join("allow")] {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        lists.extend(entries.filter(|path| path.is_file() && path.extension().is_none_or(|end| end != "md")));
    }
    assert!(lists.len() >= 4, "{lists:?}");
    let room = Room::new();
    for list in lists {
        // There is no table of origins here, and some lists need one.
        let run = room.run(["patterns".into(), list.clone().into_os_string()]).stdout("").code(0);
        let asks = fs::read_to_string(&list).unwrap().contains("\n@asn ");
        if asks { run.stderr_has("whodunit cache import FILE") } else { run }.check();
        let text = fs::read_to_string(&list).unwrap();
        let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
        for part in ["For: ", "Costs: ", "Made: "] {
            assert!(head.contains(part), "{}: its head does not say `{part}`", list.display());
        }
        assert!(text.lines().any(|line| !line.starts_with('#') && !line.is_empty()), "{}", list.display());
    }
}

/// A client behind a proxy.
const WEB: &str =
    "193.0.60.2 - - [23/Nov/2026:10:34:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\" \"193.0.22.9\"\n";

#[test]
fn the_cost_of_each_line_is_told_before_it_is_used() {
    let room = Room::with(&[
        ("blocked", "# comment\nContoso\n@country ^NL$\nnobody\n"),
        ("mail.log", "193.0.22.9\n193.0.22.9\n193.0.60.1\n"),
        ("ham.log", "193.0.60.9\n"),
        ("web.log", WEB),
    ]);
    let of = |within: &str, org: &str, country: &str| Rule {
        within: Some(within.into()),
        network: Some(within.into()),
        reply: Some("ripe".into()),
        with: BTreeMap::from([("org".into(), org.into()), ("country".into(), country.into())]),
        ..Rule::default()
    };
    let rule = vec![of("193.0.20.0/22", "Contoso GmbH", "DE"), of("193.0.60.0/24", "Fabrikam", "NL")];
    let ripe = Plan { name: "whois.ripe.net".into(), rule, ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![ripe], ..Scenario::default() });
    let list = farm.list();
    let run = |args: &[&str]| {
        let run =
            room.run(["patterns", "--servers", list.to_str().unwrap(), "--rate", "0", "--cost", "mail.log"]);
        run.args(args).args(&["blocked"])
    };
    let text = "blocked:2: blocks 2 hits from 1 address of 1 owner [Contoso]\n\
                blocked:3: blocks 1 hit from 1 address of 1 owner [@country ^NL$]\n\
                blocked:4: blocks 0 hits from 0 addresses of 0 owners [nobody]\n";
    run(&[]).stdout(text).code(0).check();
    let proxied = "blocked:2: blocks 3 hits from 1 address of 1 owner [Contoso]\n";
    let ran = run(&["--cost", "web.log", "--trusted-proxy", "193.0.60.2"]).code(0).check();
    assert!(ran.stdout.starts_with(proxied), "{}", ran.stdout);
    // One log of several that cannot be read costs itself, and is told; one of wanted mail could hide a cost.
    run(&["--cost", "nowhere.log"]).stdout(text).stderr_has("cannot read nowhere.log: ").code(66).check();
    run(&["--ham", "nowhere.log", "--ham", "ham.log"]).stdout("").stderr_has("nowhere.log").code(66).check();
    let run = run(&["--ham", "ham.log", "--json"]);
    let rows = run.code(1).check().json();
    assert_eq!((&rows[0]["hits"], &rows[0]["wanted"]["hits"]), (&2.into(), &0.into()));
    assert_eq!((&rows[1]["wanted"]["hits"], &rows[1]["wanted_owners"][0]), (&1.into(), &"Fabrikam".into()));
}
