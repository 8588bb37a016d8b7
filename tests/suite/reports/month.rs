//! A made-up month of mail: twenty spam runs among two hundred owners whose mail is wanted.

use crate::jig::Room;
use std::fmt::Write;

const RUNS: u32 = 20;
const WANTED: u32 = 200;
/// The networks of a run, each under a name of its own.
const NETWORKS: u32 = 4;

/// Numbers below a bound, the same in every run (a linear congruential generator).
fn numbers() -> impl FnMut(u32) -> u32 {
    let mut state = 20_261_127_u64;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 33).unwrap() % bound
    }
}

fn network(prefix: &str, name: &str, maintainer: &str) -> String {
    format!(
        "inetnum:        {prefix}.0 - {prefix}.255\nnetname:        {name}\ncountry:        DE\n\
         status:         ASSIGNED PA\nmnt-by:         {maintainer}\nsource:         RIPE\n\n"
    )
}

fn room() -> Room {
    let (mut data, mut log, mut ham, mut next) = (String::new(), String::new(), String::new(), numbers());
    let line = |day: u32, hour: u32, client: &str| {
        format!("Nov {day:2} {hour:02}:00:00 mx postfix/smtpd[41]: connect from unknown[{client}]\n")
    };
    for run in 0..RUNS {
        let day = 1 + next(25);
        for net in 0..NETWORKS {
            let prefix = format!("193.{run}.{net}");
            data.push_str(&network(&prefix, &format!("RUN{run}-{net}"), &format!("RUN{run}-MNT")));
            for _ in 0..20 + next(20) {
                log.push_str(&line(day, next(24), &format!("{prefix}.{}", 1 + next(6))));
            }
        }
    }
    for owner in 0..WANTED {
        let prefix = format!("194.0.{owner}");
        // The first run shares its maintainer with a customer whose mail is wanted.
        let maintainer = if owner == 0 { "RUN0-MNT".to_owned() } else { format!("WANTED{owner}-MNT") };
        data.push_str(&network(&prefix, &format!("WANTED{owner}"), &maintainer));
        for _ in 0..5 + next(10) {
            log.push_str(&line(1 + next(26), next(24), &format!("{prefix}.{}", 1 + next(3))));
        }
        writeln!(ham, "{}", line(1 + next(26), next(24), &format!("{prefix}.9")).trim_end()).unwrap();
    }
    let room = Room::with(&[("ripe.db.inetnum", &data), ("mail.log", &log), ("ham.log", &ham)]);
    room.run(["cache", "import", "ripe.db.inetnum"]).cache("cache.db").check();
    room
}

#[test]
fn few_lines_stop_a_months_runs_and_nobody_who_is_wanted() {
    let room = room();
    let run = room.run(["report", "--offline", "--suggest", "--ham", "ham.log", "mail.log"]);
    let suggested = run.cache("cache.db").any_stderr().code(0).check().stdout;
    let lines = suggested.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    assert!((1..=25).contains(&lines), "{lines} lines: {suggested}");
    room.write("blocked", &suggested);
    let run = room.run(["--offline", "--json", "-f", "blocked", "--log", "mail.log", "--log", "ham.log"]);
    let judged = run.cache("cache.db").any_stderr().check().json();
    let (mut all, mut stopped) = (0, 0);
    for one in &judged {
        let (address, hits) = (one["ip"].as_str().unwrap(), one["hits"].as_u64().unwrap());
        let blocked = one["verdict"] == "blocked";
        assert!(!blocked || address.starts_with("193."), "{address} is wanted: {suggested}");
        if address.starts_with("193.") {
            all += hits;
            stopped += if blocked { hits } else { 0 };
        }
    }
    assert!(stopped * 100 >= all * 95, "{stopped} hits of {all}: {suggested}");
}

#[test]
fn a_months_hits_add_up_whatever_rows_stand_for() {
    let room = room();
    let hits = std::fs::read_to_string(room.path("mail.log")).unwrap().lines().count() as u64;
    for by in ["owner", "asn", "abuse", "maintainer", "netname", "network", "registry", "country"] {
        let run = room.run(["report", "--offline", "--json", "--by", by, "mail.log"]);
        let rows = run.cache("cache.db").any_stderr().code(0).check().json();
        assert_eq!(rows.iter().map(|row| row["hits"].as_u64().unwrap()).sum::<u64>(), hits, "{by}");
    }
}
