//! Patterns, up to the first NUL, matched against the whois text after it.
use std::{ffi::OsString, net::IpAddr, os::unix::ffi::OsStringExt};
use whodunit::internals::pattern::{Action, MatchSubject, PatternSpec, Patterns};

pub(crate) fn check(data: &[u8]) {
    let cut = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    let (expressions, text) = data.split_at(cut);
    let text = String::from_utf8_lossy(text.get(1..).unwrap_or_default());
    let inline = expressions.split(|b| *b == b'\n').map(|line| OsString::from_vec(line.to_vec())).collect();
    let spec = PatternSpec { inline, ignore_case: data.len() % 2 == 1, ..PatternSpec::default() };
    let patterns = Patterns::read(&spec).unwrap();
    let checked = patterns.check();
    if let Err(error) = &checked {
        assert!(error.to_string().starts_with("-e:"), "{error}");
    }
    let subject = MatchSubject {
        text: &text,
        record: None,
        address: Some(IpAddr::from([193, 0, 22, 9])),
        origin: None,
    };
    let finding = patterns.judge(&subject);
    let lines = text.split_terminator('\n').count() as u64;
    assert!(finding.count <= lines + finding.matches.len() as u64);
    assert_eq!(finding.action.is_some(), !finding.matches.is_empty());
    assert!(finding.matches.iter().all(|found| found.action == Action::Block));
    for line in text.lines() {
        let mut end = 0;
        for span in patterns.spans(line) {
            assert!(end <= span.start && span.start <= span.end && line.get(span.clone()).is_some());
            end = span.end;
        }
    }
}
