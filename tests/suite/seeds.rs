//! Fuzzing's seeds, and the inputs that it ever found: each seed, whole and cut after every byte, goes through the same
//! checks that libFuzzer runs (fuzz/run.sh).

use std::{fs, panic, path::Path};

#[path = "../../fuzz/checks/address.rs"]
mod address;
#[path = "../../fuzz/checks/dns.rs"]
mod dns;
#[path = "../../fuzz/checks/import.rs"]
mod import;
#[path = "../../fuzz/checks/line.rs"]
mod line;
#[path = "../../fuzz/checks/log.rs"]
mod log;
#[path = "../../fuzz/checks/networks.rs"]
mod networks;
#[path = "../../fuzz/checks/origin.rs"]
mod origin;
#[path = "../../fuzz/checks/pattern.rs"]
mod pattern;
#[path = "../../fuzz/checks/policy.rs"]
mod policy;
#[path = "../../fuzz/checks/rdap.rs"]
mod rdap;
#[path = "../../fuzz/checks/record.rs"]
mod record;
#[path = "../../fuzz/checks/referral.rs"]
mod referral;
#[path = "../../fuzz/checks/reply.rs"]
mod reply;
#[path = "../../fuzz/checks/time.rs"]
mod time;
#[path = "../../fuzz/checks/typed.rs"]
mod typed;

/// Runs a check on every seed, whole and cut after every `step`th byte.
fn plant(name: &str, step: usize, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut planted = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        let seed = fs::read(&path).unwrap();
        for length in (0..seed.len()).step_by(step).chain([seed.len()]) {
            let run = panic::catch_unwind(|| check(&seed[..length]));
            assert!(run.is_ok(), "{} breaks it, cut behind {length} bytes", path.display());
        }
        planted += 1;
    }
    assert!(planted > 3, "{} has too few seeds", folder.display());
}

#[test]
fn addresses() {
    plant("address", 1, address::check);
}

#[test]
fn dns_messages() {
    plant("dns", 1, dns::check);
}

#[test]
fn imports() {
    // Each one writes a file.
    plant("import", 17, import::check);
}

#[test]
fn lines() {
    plant("line", 1, line::check);
}

#[test]
fn logs() {
    // Each one makes a file; a cut inside every line is enough.
    plant("log", 61, log::check);
}

#[test]
fn lists_of_networks() {
    plant("networks", 1, networks::check);
}

#[test]
fn tables_of_origins() {
    plant("origin", 1, origin::check);
}

#[test]
fn patterns() {
    plant("pattern", 1, pattern::check);
}

#[test]
fn requests() {
    plant("policy", 1, policy::check);
}

#[test]
fn answers_over_rdap() {
    plant("rdap", 1, rdap::check);
}

#[test]
fn records() {
    // The texts are those of the replies, which are cut after every byte.
    plant("record", 7, record::check);
}

#[test]
fn referrals() {
    plant("referral", 1, referral::check);
}

#[test]
fn replies() {
    plant("reply", 1, reply::check);
}

#[test]
fn times() {
    plant("time", 1, time::check);
}

#[test]
fn what_a_client_typed_never_changes_who_it_is() {
    // Each line is put into some seven hundred positions; it is not cut.
    plant("typed", usize::MAX, typed::check);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/typed");
    for name in ["addresses", "ambiguous", "keys", "lines", "splices"] {
        for typed in fs::read(folder.join(name)).unwrap().split(|b| *b == b'\n') {
            typed::ROWS.iter().for_each(|row| row.check(typed, true));
            if !matches!(name, "ambiguous" | "splices") {
                typed::ROWS.iter().for_each(|row| row.check(typed, false));
            }
        }
    }
}
