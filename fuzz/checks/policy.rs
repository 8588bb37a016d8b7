//! Postfix's policy delegation protocol, with any peer at the socket, and the text of a rejection.
use std::io::Read;
use whodunit::internals::serve::policy::{PolicyRequest, RejectText, RequestClient, RequestReader};

/// Returns a few bytes at a time, like a network.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        let (now, rest) = self.0.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.0 = rest;
        Ok(length)
    }
}

/// The result of a connection: one word for each request, and whether it ended well.
fn clients(data: &[u8], step: usize) -> Vec<String> {
    let mut requests = RequestReader::new(Drip(data, step));
    let mut seen = Vec::new();
    loop {
        match requests.next_request() {
            Ok(Some(PolicyRequest { client: RequestClient::Unreadable(shown), .. })) => {
                assert!(shown.chars().count() <= 80);
                seen.push("unreadable".to_owned());
            }
            Ok(Some(request)) => seen.push(format!("{request:?}")),
            Ok(None) => return seen,
            Err(trouble) => {
                assert!(!trouble.to_string().is_empty());
                seen.push("trouble".to_owned());
                return seen;
            }
        }
    }
}

pub(crate) fn check(data: &[u8]) {
    // The size of the reads must not matter.
    let whole = clients(data, usize::MAX);
    assert!(whole.len() <= data.len() + 1);
    assert_eq!(whole, clients(data, 1));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = RejectText::parse(text);
    }
}
