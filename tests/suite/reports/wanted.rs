//! The manual's commands that make a log of wanted mail, run unchanged.

use super::{farm, log};
use crate::jig::Room;
use std::process::Command;

/// The manual's text between these words, as a user would type it.
fn typed(from: &str, to: &str) -> String {
    let manual = include_str!("../../../src/command/manual.roff");
    let shown = manual.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap();
    format!("{from}{shown}{to}").replace("\\-", "-").replace("\\e", "\\")
}

#[test]
fn the_manuals_commands_make_a_log_of_wanted_mail() {
    let postfix = "\
Nov 20 10:00:00 mx postfix/smtpd[41]: 4F1C2A3B: client=mail.contoso.example[193.0.40.200]
Nov 20 10:00:01 mx postfix/smtpd[42]: 4F1C2A3C: client=mail.spam.example[193.0.60.9]
Nov 20 10:00:02 mx postfix/qmgr[4]: 4F1C2A3B: from=<joe@contoso.example>, size=900, nrcpt=1 (queue active)
Nov 20 10:00:03 mx postfix/qmgr[4]: 4F1C2A3C: from=<joe@spam.example>, size=900, nrcpt=1 (queue active)
2026-11-20T10:00:04+00:00 mx postfix/smtpd[41]: 4YcQ0x1z: client=m2.contoso.example[193.0.40.201]
2026-11-20T10:00:05+00:00 mx postfix/qmgr[4]: 4YcQ0x1z: from=<a.b@contoso.example>, size=900, nrcpt=1 (queue active)
";
    let exim = "\
2026-11-20 10:00:00 1tABCD-000001-AB <= joe@contoso.example H=mail.contoso.example [193.0.40.200] P=esmtps S=900
2026-11-20 10:00:01 1tABCD-000002-AB <= joe@spam.example H=mail.spam.example [193.0.60.9] P=esmtps S=900
2026-11-20 10:00:02 1tABCD-000002-AB => joe@contoso.example R=dnslookup T=remote_smtp H=x [193.0.61.1]
2026-11-20 10:00:03 1tABCD-000003-AB <= a.b@contoso.example H=m2.contoso.example [193.0.40.201] P=esmtps S=900
";
    for (program, command, input, path) in [
        ("Postfix", typed("awk '", ">wanted.log"), postfix, "/var/log/mail.log"),
        ("Exim", typed("grep '<= ", ">wanted.log"), exim, "/var/log/exim4/mainlog"),
    ] {
        let room = Room::with(&[("taken.log", input), ("mail.log", &log())]);
        assert!(command.contains(path), "{command}");
        let command = command.replace(path, "taken.log");
        let made = Command::new("sh").args(["-c", &command]).current_dir(room.path(".")).status().unwrap();
        assert!(made.success(), "{command}");
        let wanted = std::fs::read_to_string(room.path("wanted.log")).unwrap();
        assert_eq!(wanted.lines().count(), 2, "{program}: {wanted}");
        let farm = farm();
        let run =
            room.run(["report", "--rate", "0", "--suggest", "--ham", "wanted.log", "mail.log"]).farm(&farm);
        let said = "left out: Contoso (Bulk) GmbH; 193.0.40.200 sends mail that you want";
        let shown = run.stderr_has(said).code(0).check().stdout;
        assert!(shown.contains("\n@mnt ^MNT-NL$\n"), "{program}: {shown}");
    }
}

#[test]
fn a_client_of_a_log_of_wanted_mail_costs_little_memory() {
    let network = |net: u32| {
        format!(
            "inetnum:        193.{net}.0.0 - 193.{net}.255.255\nnetname:        NET-{net}\ncountry:        DE\n\
             status:         ASSIGNED PA\nmnt-by:         NET{net}-MNT\nsource:         RIPE\n\n"
        )
    };
    let line = |n: u32| {
        let [_, b, c, d] = n.to_be_bytes();
        format!("Nov 20 10:00:00 mx postfix/smtpd[41]: connect from unknown[193.{b}.{c}.{d}]\n")
    };
    let room = Room::with(&[
        ("ripe.db.inetnum", &(0..2).map(network).collect::<String>()),
        ("ham.log", &(0..100_000).map(line).collect::<String>()),
        ("mail.log", &line(7)),
    ]);
    room.run(["cache", "import", "ripe.db.inetnum"]).cache("cache.db").check();
    let run =
        room.run(["report", "--offline", "--suggest", "--ham", "ham.log", "mail.log"]).cache("cache.db");
    let run = run.args(&["--min-hits", "1", "--min-addresses", "1"]);
    let outcome = run.stderr_has("left out: NET-0; 193.0.0.0 sends mail that you want").code(0).check();
    // An answer of its own for each would take 100 MB more.
    assert!(outcome.peak_kb < 80 * 1024, "took {} kB", outcome.peak_kb);
}
