//! The client of a log line.
use whodunit::internals::{address::unwrap, log::client};

pub(crate) fn check(data: &[u8]) {
    for line in data.split(|b| *b == b'\n') {
        let first = client(line);
        assert!(first.is_none_or(|address| unwrap(address) == address));
        assert_eq!(first, client(line), "the same line says the same");
    }
}
