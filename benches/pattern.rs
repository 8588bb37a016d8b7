//! The time that patterns take: to read, from cold to the first verdict, and for one reply when warm.
#![expect(clippy::expect_used, reason = "a bench ends where it cannot run")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::{fmt::Write, fs, hint::black_box, path::PathBuf};
use whodunit::internals::pattern::{Action, MatchSubject, PatternSpec, Patterns};

/// A pattern of the kinds in a mail server's files, no two alike.
fn pattern(n: usize) -> String {
    match n % 10 {
        0..4 => format!("Example Hosting {n} Ltd"),
        4 | 5 => format!(r"abuse@network-{n}\.example"),
        6 => format!("^netname:[[:space:]]*EXAMPLE-{n}-NET$"),
        7 => format!("(Contoso|Fabrikam|Northwind) {n} GmbH"),
        8 => format!("[Ee]xample[ -]{n}[ -]Cloud"),
        _ => format!("@org Example {n} .*Holding"),
    }
}

/// `count` patterns in `files` files.
fn files(folder: &tempfile::TempDir, count: usize, files: usize) -> PatternSpec {
    let mut spec = PatternSpec::default();
    for file in 0..files {
        let path: PathBuf = folder.path().join(format!("{count}-{file}"));
        let lines = (0..count / files).fold(String::new(), |mut lines, n| {
            writeln!(lines, "{}", pattern(file * count / files + n)).expect("a String takes it");
            lines
        });
        fs::write(&path, lines).expect("the folder is ours");
        spec.files.push((Action::Block, path));
    }
    spec
}

/// A reply of some 3 KB, like a registry's about a made-up network.
fn reply() -> String {
    let mut text = String::from("% This is the whois server of an example registry\n\n");
    for n in 0..8 {
        let _ = writeln!(
            text,
            "inetnum:        203.0.113.0 - 203.0.113.255\nnetname:        SAMPLE-{n}-NET\ndescr:          Sample Networks {n}\n\
             country:        DE\norg:            ORG-SN{n}-TEST\nadmin-c:        SN{n}-TEST\nstatus:         ASSIGNED PA\n\
             mnt-by:         SAMPLE-MNT\ncreated:        2020-01-01T00:00:00Z\nsource:         TEST\n\
             remarks:        complaints to abuse@sample-{n}.example please, not by telephone\n"
        );
    }
    text
}

fn read(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder of our own");
    for (count, number) in [(1_000, 1), (10_000, 1), (10_000, 100)] {
        let spec = files(&folder, count, number);
        c.bench_function(&format!("read and digest, {count} patterns in {number} files"), |b| {
            b.iter(|| black_box(Patterns::read(&spec).expect("they are there").digest()));
        });
    }
}

fn cold(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let text = reply();
    for (count, number) in [(1_000, 1), (10_000, 100)] {
        let spec = files(&folder, count, number);
        c.bench_function(&format!("read, check and judge, {count} patterns in {number} files"), |b| {
            b.iter(|| {
                let patterns = Patterns::read(&spec).expect("they are there");
                patterns.check().expect("they are good");
                black_box(patterns.judge(&MatchSubject {
                    text: &text,
                    record: None,
                    address: None,
                    origin: None,
                }))
            });
        });
    }
}

fn warm(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let text = reply();
    for count in [1_000, 10_000] {
        let patterns = Patterns::read(&files(&folder, count, 100)).expect("they are there");
        c.bench_function(&format!("judge {} bytes, {count} patterns, warm", text.len()), |b| {
            b.iter(|| {
                black_box(patterns.judge(&MatchSubject {
                    text: &text,
                    record: None,
                    address: None,
                    origin: None,
                }))
            });
        });
    }
}

criterion_group!(benches, read, cold, warm);
criterion_main!(benches);
