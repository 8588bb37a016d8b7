//! The promise for old pattern files: the machine's own `grep -E -f` counts the same lines as this program.
//!
//! Each pattern is a file of its own for both. If both accept it, the counts must be equal. Nearly every pattern that
//! grep accepts must be accepted.
#![expect(clippy::expect_used, reason = "a test ends where the machine lacks its tools")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use whodunit::internals::pattern::{Action, MatchSubject, PatternSpec, Patterns};

mod forms;
mod generated;

/// The results for a set of patterns.
#[derive(Default)]
struct Outcome {
    accepted_by_grep: usize,
    refused_by_us: Vec<String>,
    different: Vec<String>,
}

/// Matches each pattern against the text, with grep and with this program.
fn compare(patterns: &[Vec<u8>], text: &str, ignore_case: bool) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let input = folder.path().join("text");
    fs::write(&input, text).expect("the folder is ours");
    let mut files = Vec::new();
    for (number, pattern) in patterns.iter().enumerate() {
        let file = folder.path().join(number.to_string());
        fs::write(&file, [pattern.as_slice(), b"\n"].concat()).expect("the folder is ours");
        files.push(file);
    }
    let mut outcome = Outcome::default();
    let counts = grep("-c", &files, &input, ignore_case);
    for ((pattern, file), theirs) in patterns.iter().zip(&files).zip(counts) {
        let Some(theirs) = theirs else { continue };
        let shown = String::from_utf8_lossy(pattern).into_owned();
        outcome.accepted_by_grep += 1;
        match Reader::new(file, ignore_case) {
            Err(message) => outcome.refused_by_us.push(format!("{shown:?}: {message}")),
            Ok(ours) if [ours.count(text)] != theirs.as_slice() => {
                let theirs = grep("-n", std::slice::from_ref(file), &input, ignore_case);
                let theirs: BTreeSet<u64> = theirs.into_iter().flatten().flatten().collect();
                let differ = ours.lines(text).symmetric_difference(&theirs).copied().collect::<Vec<_>>();
                let lines: Vec<_> = differ
                    .iter()
                    .filter_map(|n| text.split('\n').nth(usize::try_from(*n).ok()? - 1))
                    .collect();
                outcome.different.push(format!("{shown:?} differs on {lines:?}"));
            }
            Ok(_) => {}
        }
    }
    outcome
}

/// The output of the machine's grep for each pattern file: the number at the start of each line, which is the count for
/// `-c`. None if it refuses the pattern, or needs more than a little time and memory (for large intervals it takes
/// gigabytes).
fn grep(print: &str, files: &[PathBuf], input: &Path, ignore_case: bool) -> Vec<Option<Vec<u64>>> {
    const LOOP: &str = "ulimit -v 1000000 -t 2; text=$1 flags=$2; shift 2; \
        for file; do grep $flags -f \"$file\" \"$text\" 2>/dev/null; echo \"exit $?\"; done";
    let mut command = Command::new("sh");
    command.env_clear().env("LC_ALL", "C.UTF-8").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let flags = format!("-a -E {print} {}", if ignore_case { "-i" } else { "" });
    let output = command.args(["-c", LOOP, "sh"]).arg(input).arg(flags).args(files).output();
    let output = output.expect("a shell and grep are installed").stdout;
    let mut answers = Vec::new();
    let mut numbers = Vec::new();
    for line in String::from_utf8_lossy(&output).lines() {
        match line.strip_prefix("exit ") {
            Some("0" | "1") => answers.push(Some(std::mem::take(&mut numbers))),
            Some(_) => {
                answers.push(None);
                numbers.clear();
            }
            None => numbers.extend(line.split(':').next().and_then(|number| number.parse::<u64>().ok())),
        }
    }
    assert_eq!(answers.len(), files.len(), "grep answers for each file");
    answers
}

/// One pattern file, read by this program.
struct Reader(Patterns);

impl Reader {
    /// The reason for refusing it, if it is refused.
    fn new(file: &Path, ignore_case: bool) -> Result<Self, String> {
        let spec =
            PatternSpec { files: vec![(Action::Block, file.to_path_buf())], inline: Vec::new(), ignore_case };
        let patterns = Patterns::read(&spec).map_err(|error| error.to_string())?;
        patterns.check().map_err(|error| error.to_string())?;
        Ok(Self(patterns))
    }

    fn count(&self, text: &str) -> u64 {
        self.0.judge(&MatchSubject { text, record: None, address: None, origin: None }).count
    }

    /// The lines that match, from 1, each judged alone.
    fn lines(&self, text: &str) -> BTreeSet<u64> {
        let lines = (1..).zip(text.split_inclusive('\n'));
        lines.filter(|(_, line)| self.count(line) == 1).map(|(number, _)| number).collect()
    }
}
