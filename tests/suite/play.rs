//! Runs described in scenario files, one test for each file.

use crate::{
    farm::{Farm, Scenario},
    jig::{Outcome, Room, Run},
};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// One run of a scenario, and its expected result.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Played {
    args: Vec<String>,
    /// Files in the working folder.
    #[serde(default)]
    files: BTreeMap<String, String>,
    stdin: Option<String>,
    code: i32,
    stdout: Option<String>,
    #[serde(default)]
    stdout_has: Vec<String>,
    #[serde(default)]
    stdout_lacks: Vec<String>,
    /// Without this, stderr must be empty.
    #[serde(default)]
    stderr_has: Vec<String>,
    /// Keys and values that each line of JSON must have; `(null)` and `(any)` stand for values that TOML cannot
    /// express.
    json: Option<Vec<Value>>,
    /// The longest time that it may take.
    within_ms: Option<u64>,
    /// The shortest time that it may take.
    after_ms: Option<u64>,
    /// The number of queries that the whole farm has got when this run has ended.
    questions: Option<usize>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/scenarios")
}

fn play(name: &str) {
    let scenario = Scenario::read(&folder().join(format!("{name}.toml")));
    assert!(!scenario.run.is_empty(), "{name}: no [[run]]");
    let mut farm = Farm::start(&scenario);
    let mut faults = vec![];
    for (number, table) in scenario.run.iter().enumerate() {
        let run: Played =
            table.clone().try_into().unwrap_or_else(|e| panic!("{name}: run {}: {e}", number + 1));
        faults.extend(run.play(&farm).into_iter().map(|fault| format!("run {}: {fault}", number + 1)));
    }
    faults.extend(farm.complaints());
    assert!(faults.is_empty(), "{name}.toml\n{}", faults.join("\n"));
}

impl Played {
    fn play(&self, farm: &Farm) -> Vec<String> {
        let room = Room::new();
        for (name, text) in &self.files {
            room.write(name, text);
        }
        let run = self.expectations(room.run(&self.args).farm(farm).code(self.code));
        let outcome = run.spawn().finish();
        let mut faults = run.faults(&outcome);
        self.further(&outcome, farm, &mut faults);
        if !faults.is_empty() {
            faults.insert(0, format!("whodunit {}", self.args.join(" ")));
        }
        faults
    }

    fn expectations<'a>(&self, mut run: Run<'a>) -> Run<'a> {
        if let Some(stdin) = &self.stdin {
            run = run.stdin(stdin.as_bytes());
        }
        if let Some(stdout) = &self.stdout {
            run = run.stdout(stdout);
        }
        for part in &self.stdout_has {
            run = run.stdout_has(part);
        }
        for part in &self.stderr_has {
            run = run.stderr_has(part);
        }
        run
    }

    fn further(&self, outcome: &Outcome, farm: &Farm, faults: &mut Vec<String>) {
        for part in self.stdout_lacks.iter().filter(|part| outcome.stdout.contains(part.as_str())) {
            faults.push(format!("stdout: `{part}` in\n{}---", outcome.stdout));
        }
        if let Some(most) = self.within_ms.filter(|most| outcome.took > Duration::from_millis(*most)) {
            faults.push(format!("took {:?}, more than {most} ms", outcome.took));
        }
        if let Some(least) = self.after_ms.filter(|least| outcome.took < Duration::from_millis(*least)) {
            faults.push(format!("took {:?}, less than {least} ms", outcome.took));
        }
        if let Some(wanted) = self.questions.filter(|wanted| *wanted != farm.questions()) {
            faults.push(format!("{} questions so far, not {wanted}", farm.questions()));
        }
        let Some(wanted) = &self.json else { return };
        let lines: Vec<Result<Value, String>> = outcome
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).map_err(|e| format!("{e}: {line}")))
            .collect();
        if lines.len() != wanted.len() {
            faults.push(format!("{} lines of JSON, not {}:\n{}", lines.len(), wanted.len(), outcome.stdout));
        }
        for (number, (wanted, line)) in wanted.iter().zip(lines).enumerate() {
            match line {
                Ok(line) => differ(&format!("line {}: ", number + 1), wanted, &line, faults),
                Err(fault) => faults.push(fault),
            }
        }
    }
}

/// Lists the paths at which `got` lacks a wanted value.
fn differ(path: &str, wanted: &Value, got: &Value, faults: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                differ(&format!("{path}.{key}"), value, got.get(key).unwrap_or(&Value::Null), faults);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (i, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                differ(&format!("{path}[{i}]"), wanted, got, faults);
            }
        }
        (Value::String(word), got) if word == "(null)" && got.is_null() => {}
        (Value::String(word), got) if word == "(any)" && !got.is_null() => {}
        (wanted, got) if wanted == got => {}
        (wanted, got) => faults.push(format!("JSON {path}: want {wanted}, got {got}")),
    }
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { play(stringify!($name)); })*

        #[test]
        fn every_scenario_file_is_played() {
            let mut files: Vec<String> = std::fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort();
            let mut played = vec![$(stringify!($name).to_owned()),*];
            played.sort();
            played.dedup();
            assert_eq!(files, played, "scenario files and the list in play.rs differ");
        }
    };
}

scenarios! {
    afrinic
    afrinic_names_arin
    allowed
    apnic
    apnic_continued
    apnic_transferred
    arin
    closing_words_changed
    closing_words_cut
    closing_words_gone
    control_characters
    denied
    denied_and_hung_up
    denied_behind_placeholder
    denied_holds_off
    denied_in_every_tongue
    denied_words_of_a_customer
    field_patterns
    full
    incomplete
    ipv6
    jpnic
    krnic
    lacnic
    lacnic_proxied
    log_lines
    nested_records
    mute
    mute_by_referral
    national_and_the_as
    national_denies
    national_fails
    national_has_nothing
    national_in_apnics_database
    national_rdap
    national_straight
    network_trouble
    not_found
    on_unknown
    order_and_hits
    pattern_files
    placeholder
    placeholder_faked
    placeholder_next_of_several
    rdap_denied
    rdap_fallback
    rdap_not_asked
    referral_alias_of_a_registry
    referral_arin_to_ripe
    referral_dead_rwhois
    referral_denied_by_the_operator
    referral_forms
    referral_inside
    referral_last_wins
    referral_loop
    referral_national_by_a_remark
    referral_renames_the_owner
    referral_resource_link
    referral_self_loop
    referral_to_the_network_around
    referral_too_many_hops
    registrobr
    registrobr_reduced
    reserved
    ripe_assigned
    unwrapped
}
