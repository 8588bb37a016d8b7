//! A request: `name=value` lines up to a blank line, from a peer that may send anything.

use crate::address;
use std::{
    io::{self, Read},
    net::IpAddr,
};

/// The longest line in bytes that is parsed; a longer one is skipped. Postfix itself sends at most about 2048.
const LINE: usize = 4096;
/// The most lines of one request. Postfix 3.7 sends 30.
const LINES: usize = 1000;
/// The most bytes of one request, including skipped lines.
const TOTAL: usize = 256 * 1024;
/// The characters of an unreadable address that are kept for the log.
const SHOWN: usize = 64;

/// The client of a request.
#[derive(Debug, Eq, PartialEq)]
pub enum RequestClient {
    /// No `client_address`, or an empty one.
    Missing,
    /// A `client_address` that is no address, cut for the log.
    Unreadable(String),
    /// The unwrapped address ([`address::unwrap`]).
    Is(IpAddr),
}

/// The relevant parts of a request.
#[derive(Debug, Eq, PartialEq)]
pub struct PolicyRequest {
    /// The client.
    pub client: RequestClient,
    /// `request=whodunit`: the caller wants the whole verdict instead of an action.
    pub wants_verdict: bool,
    /// `offline=yes`: no query may be sent for it.
    pub offline: bool,
    /// The message has been received, so no header can be added (access(5), PREPEND).
    pub at_end_of_message: bool,
    /// A number for its message: `instance` is the same for all recipients of a message.
    pub message: Option<u64>,
}

impl Default for PolicyRequest {
    fn default() -> Self {
        Self {
            client: RequestClient::Missing,
            wants_verdict: false,
            offline: false,
            at_end_of_message: false,
            message: None,
        }
    }
}

impl PolicyRequest {
    fn read(&mut self, line: &[u8]) {
        let Some(equals) = memchr::memchr(b'=', line) else { return };
        let (name, value) = (line.get(..equals), line.get(equals + 1..).unwrap_or_default());
        match name.unwrap_or_default() {
            // The first one counts: Postfix sends it before anything that the client has written.
            b"client_address" if self.client == RequestClient::Missing => self.client = read_client(value),
            b"request" => self.wants_verdict |= value == b"whodunit",
            b"offline" => self.offline |= value == b"yes",
            b"protocol_state" => self.at_end_of_message |= value == b"END-OF-MESSAGE",
            b"instance" if self.message.is_none() && !value.is_empty() => {
                self.message = Some(xxhash_rust::xxh3::xxh3_64(value));
            }
            _ => {}
        }
    }
}

/// The reason why a connection cannot continue. The protocol then asks to send no reply, log a warning and disconnect.
#[derive(Debug)]
pub enum RequestTrouble {
    /// The peer sends more than any mail server does.
    TooLong,
    /// The peer closed in the middle of a request.
    Cut,
    /// The descriptor failed.
    Io(io::Error),
}

impl std::fmt::Display for RequestTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => f.write_str("the request is longer than any mail server's"),
            Self::Cut => f.write_str("the connection ended inside a request"),
            Self::Io(error) => f.write_str(&crate::error::reason(error)),
        }
    }
}

/// Reads requests from a connection, in bounded memory.
pub struct RequestReader<R> {
    from: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

enum RequestLine {
    /// Its position in the buffer, without the line end.
    At(usize, usize),
    /// It was longer than the buffer, and was dropped.
    Skipped,
    /// The peer has closed its side.
    End,
}

impl<R: Read> RequestReader<R> {
    /// Reads from `from`.
    pub fn new(from: R) -> Self {
        Self { from, buffer: vec![0; LINE], start: 0, end: 0 }
    }

    /// The next request; None if the peer closed between two requests.
    ///
    /// # Errors
    /// [`RequestTrouble`]: the connection should be closed without an answer.
    pub fn next_request(&mut self) -> Result<Option<PolicyRequest>, RequestTrouble> {
        let mut request = PolicyRequest::default();
        let mut budget = TOTAL;
        for count in 0..LINES {
            match self.line(&mut budget)? {
                RequestLine::End if count == 0 => return Ok(None),
                RequestLine::End => return Err(RequestTrouble::Cut),
                RequestLine::Skipped => {}
                RequestLine::At(start, end) => {
                    let line = self.buffer.get(start..end).unwrap_or_default();
                    if line.is_empty() {
                        return Ok(Some(request));
                    }
                    request.read(line);
                }
            }
        }
        Err(RequestTrouble::TooLong)
    }

    /// The next line, without LF or CRLF. A last line without LF does not count: its end may be missing.
    fn line(&mut self, budget: &mut usize) -> Result<RequestLine, RequestTrouble> {
        let mut seen = self.start;
        let mut skipping = false;
        loop {
            let fresh = self.buffer.get(seen..self.end).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'\n', fresh) {
                let (start, end) = (self.start, seen + length);
                self.start = end + 1;
                *budget = budget.checked_sub(end + 1 - start).ok_or(RequestTrouble::TooLong)?;
                let cr = end > start && self.buffer.get(end - 1) == Some(&b'\r');
                return Ok(if skipping {
                    RequestLine::Skipped
                } else {
                    RequestLine::At(start, end - usize::from(cr))
                });
            }
            if self.start == 0 && self.end == self.buffer.len() {
                *budget = budget.checked_sub(self.end).ok_or(RequestTrouble::TooLong)?;
                self.end = 0;
                skipping = true;
            } else if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            seen = self.end;
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.from.read(room) {
                Ok(0) if skipping || self.end > 0 => return Err(RequestTrouble::Cut),
                Ok(0) => return Ok(RequestLine::End),
                Ok(got) => self.end += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(RequestTrouble::Io(error)),
            }
        }
    }
}

fn read_client(value: &[u8]) -> RequestClient {
    let text = String::from_utf8_lossy(value);
    match address::parse(&text) {
        _ if text.trim_ascii().is_empty() => RequestClient::Missing,
        Ok(address) => RequestClient::Is(address),
        Err(_) => RequestClient::Unreadable(text.chars().take(SHOWN).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most `step` bytes for each read, like a slow peer.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(room.len()).min(self.0.len());
            room[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all(bytes: &[u8], step: usize) -> (Vec<RequestClient>, Option<RequestTrouble>) {
        let mut requests = RequestReader::new(Drip(bytes, step));
        let mut clients = Vec::new();
        loop {
            match requests.next_request() {
                Ok(Some(request)) => clients.push(request.client),
                Ok(None) => return (clients, None),
                Err(trouble) => return (clients, Some(trouble)),
            }
        }
    }

    fn is(address: &str) -> RequestClient {
        RequestClient::Is(address.parse().unwrap())
    }

    #[test]
    fn reads_requests_however_they_are_cut_into_packets() {
        let bytes = b"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=203.0.113.7\n\
            helo_name=[192.0.2.1]\nsender=\nno equals sign\nnew_name=x\n\n\
            protocol_state=XCLIENT\r\nclient_address=2001:db8::7\r\n\r\n";
        for step in [1, 2, 3, 7, 100, 10_000] {
            let (clients, trouble) = all(bytes, step);
            assert_eq!(clients, [is("203.0.113.7"), is("2001:db8::7")], "{step} bytes a read");
            assert!(trouble.is_none());
        }
    }

    #[test]
    fn an_address_that_is_none_is_no_reason_to_stop() {
        let (clients, trouble) = all(
            b"client_address=\n\nclient_address=unknown\n\n\nsender=x\n\nclient_address=\xff\x1b[2J\n\n\
              client_address=::ffff:203.0.113.7\n\nclient_address=2001:0db8:0000:0000:0000:0000:0000:0007\n\n",
            64,
        );
        assert_eq!(
            clients,
            [
                RequestClient::Missing,
                RequestClient::Unreadable("unknown".into()),
                RequestClient::Missing,
                RequestClient::Missing,
                RequestClient::Unreadable("\u{fffd}\u{1b}[2J".into()),
                is("203.0.113.7"),
                is("2001:db8::7"),
            ]
        );
        assert!(trouble.is_none());
    }

    #[test]
    fn the_address_that_the_server_sent_first_counts() {
        let (clients, _) = all(b"client_address=203.0.113.7\nclient_address=192.0.2.1\n\n", 100);
        assert_eq!(clients, [is("203.0.113.7")]);
    }

    #[test]
    fn a_line_of_any_length_is_skipped_and_the_rest_is_read() {
        for length in [LINE - 2, LINE - 1, LINE, LINE + 1, 3 * LINE, 100_000] {
            let mut bytes = b"sender=".to_vec();
            bytes.extend(std::iter::repeat_n(b'x', length));
            bytes.extend(b"\nclient_address=203.0.113.7\n\nclient_address=203.0.113.8\n\n");
            for step in [100, 4096, 100_000] {
                let (clients, trouble) = all(&bytes, step);
                assert_eq!(clients, [is("203.0.113.7"), is("203.0.113.8")], "{length}, {step} bytes a read");
                assert!(trouble.is_none());
            }
        }
    }

    #[test]
    fn what_else_a_request_says() {
        let read = |text: &str| RequestReader::new(text.as_bytes()).next_request().unwrap().unwrap();
        let plain = read("request=smtpd_access_policy\nprotocol_state=RCPT\ninstance=\noffline=no\n\n");
        assert_eq!(plain, PolicyRequest::default());
        let verdict = read("request=whodunit\noffline=yes\nclient_address=203.0.113.7\n\n");
        assert!(verdict.wants_verdict && verdict.offline && verdict.client == is("203.0.113.7"));
        let message =
            |instance: &str| read(&format!("protocol_state=END-OF-MESSAGE\ninstance={instance}\n\n"));
        assert!(message("1b2c.6562a3f1.8d2e4.0").at_end_of_message);
        assert_eq!(message("1b2c.6562a3f1.8d2e4.0").message, message("1b2c.6562a3f1.8d2e4.0").message);
        assert_ne!(message("1b2c.6562a3f1.8d2e4.0").message, message("1b2c.6562a3f1.8d2e4.1").message);
    }

    #[test]
    fn no_request_is_read_for_ever() {
        let many = b"a=b\n".repeat(LINES + 1);
        assert!(matches!(all(&many, 4096), (clients, Some(RequestTrouble::TooLong)) if clients.is_empty()));
        let long = vec![b'x'; TOTAL + 2 * LINE];
        assert!(matches!(all(&long, 4096).1, Some(RequestTrouble::TooLong)));
        let wide = [vec![b'x'; 1000], b"\n".to_vec()].concat().repeat(TOTAL / 1000);
        assert!(matches!(all(&wide, 4096).1, Some(RequestTrouble::TooLong)));
    }

    #[test]
    fn a_request_without_its_end_is_not_answered() {
        for cut in ["client_address=203.0.113.7", "client_address=203.0.113.7\n", "x"] {
            let (clients, trouble) = all(cut.as_bytes(), 100);
            assert!(clients.is_empty());
            assert!(matches!(trouble, Some(RequestTrouble::Cut)), "{cut}");
        }
        assert!(matches!(all(b"", 1), (clients, None) if clients.is_empty()));
    }
}
