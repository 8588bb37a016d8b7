//! A client's message: one question, parsed from hostile bytes.
//!
//! The `domain` crate does all parsing, and checks each length and each compression pointer. This module decides which
//! messages are answered, and which get an error.

use domain::base::{
    Message, ParsedName, Question,
    iana::{Opcode, OptRcode, Rtype},
};

/// UDP without EDNS (RFC 1035 2.3.4).
const PLAIN_PAYLOAD: u16 = 512;
/// The largest answer over UDP that today's networks do not fragment (the value of DNS Flag Day 2020).
pub(super) const EDNS_PAYLOAD: u16 = 1232;

/// The EDNS data of a query (RFC 6891).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct EdnsRequest {
    /// The octets that the client accepts over UDP.
    payload: u16,
    version: u8,
    /// DO, which the response repeats (RFC 3225 3).
    pub(super) dnssec_ok: bool,
}

/// A message that will be answered.
#[derive(Clone, Copy)]
pub struct DnsQuery<'a> {
    pub(super) message: &'a Message<[u8]>,
    pub(super) question: Option<Question<ParsedName<&'a [u8]>>>,
    pub(super) edns: Option<EdnsRequest>,
    /// The code of the response, if the message can get no other.
    pub(super) fault: Option<OptRcode>,
}

impl<'a> DnsQuery<'a> {
    /// Parses a message. None if it must not be answered: it is shorter than a header, or a response. Two servers that
    /// answered each other's responses would never end.
    #[must_use]
    pub fn read(packet: &'a [u8]) -> Option<Self> {
        let message = Message::from_slice(packet).ok()?;
        if message.header().qr() {
            return None;
        }
        let mut query = Self { message, question: None, edns: None, fault: None };
        query.fault = query.read_sections().err();
        Some(query)
    }

    fn read_sections(&mut self) -> Result<(), OptRcode> {
        if self.message.header().opcode() != Opcode::QUERY {
            return Err(OptRcode::NOTIMP);
        }
        let counts = self.message.header_counts();
        // A query has no records in these two sections; IXFR has, but is refused anyway.
        if counts.qdcount() != 1 || counts.ancount() != 0 || counts.nscount() != 0 {
            return Err(OptRcode::FORMERR);
        }
        self.question = Some(self.message.sole_question().map_err(|_| OptRcode::FORMERR)?);
        for record in self.message.additional().map_err(|_| OptRcode::FORMERR)? {
            let record = record.map_err(|_| OptRcode::FORMERR)?;
            if record.rtype() == Rtype::OPT {
                // At most one, and at the root (RFC 6891 6.1.1, 6.1.2).
                if self.edns.is_some() || !record.owner().is_root() {
                    return Err(OptRcode::FORMERR);
                }
                let [_, version, flags, _] = record.ttl().as_secs().to_be_bytes();
                let dnssec_ok = flags & 0x80 != 0;
                self.edns = Some(EdnsRequest { payload: record.class().to_int(), version, dnssec_ok });
            }
        }
        match self.edns {
            Some(EdnsRequest { version: 1.., .. }) => Err(OptRcode::BADVERS),
            _ => Ok(()),
        }
    }

    /// The most octets of a response over UDP.
    pub(super) fn payload(&self) -> usize {
        self.edns.map_or(PLAIN_PAYLOAD, |edns| edns.payload.clamp(PLAIN_PAYLOAD, EDNS_PAYLOAD)).into()
    }
}
