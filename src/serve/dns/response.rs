//! The responses: the records of each name, and their bytes.

use super::{
    query::{DnsQuery, EDNS_PAYLOAD},
    text::{listed_text, origin_texts, owner_text},
    zone::{ListName, ZoneName, ZoneNode},
};
use crate::{serve::decision::ClientDecision, verdict::Verdict};
use domain::{
    base::{
        MessageBuilder, Name, Serial, StaticCompressor, ToName, Ttl,
        iana::{Class, ExtendedErrorCode, OptRcode, Rtype},
        message_builder::{AdditionalBuilder, AnswerBuilder, PushError},
        opt::ExtendedError,
        wire::Composer,
    },
    rdata::{A, Aaaa, Ns, Soa, Txt},
};
use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr},
};

/// The TTL of an answer, and of its absence: the same as the policy service's memory.
const KEPT: Ttl = Ttl::from_secs(300);
/// The TTL of a failure or of a provisional answer (RFC 2308 7 and RFC 9520 3.2 allow up to 300 s).
const SHORTLY_KEPT: Ttl = Ttl::from_secs(5);
/// The answer for a listed address (RFC 5782 2.1).
const LISTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The most octets of EXTRA-TEXT, which must not cause a truncation (RFC 8914 2).
const EXTRA_TEXT: usize = 200;

/// One record, without owner and class.
#[derive(Clone, Debug, Eq, PartialEq)]
enum RecordContent {
    Address(IpAddr),
    Text(String),
    Start,
    NameServer,
}

/// A response, not yet written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DnsResponse {
    code: OptRcode,
    /// It is an authoritative answer.
    authoritative: bool,
    answer: Vec<RecordContent>,
    /// Whether the authority section has the SOA, for negative caching.
    start: bool,
    /// The TTL of all records.
    kept: Ttl,
    /// The extended error (RFC 8914).
    extended: Option<(ExtendedErrorCode, Cow<'static, str>)>,
}

impl DnsResponse {
    fn found(answer: Vec<RecordContent>) -> Self {
        Self {
            code: OptRcode::NOERROR,
            authoritative: true,
            answer,
            start: false,
            kept: KEPT,
            extended: None,
        }
    }

    /// The name exists, and has no record of this type.
    fn no_data() -> Self {
        Self { start: true, ..Self::found(vec![]) }
    }

    /// There is no such name.
    fn no_name() -> Self {
        Self { code: OptRcode::NXDOMAIN, ..Self::no_data() }
    }

    fn error(code: OptRcode) -> Self {
        Self { code, authoritative: false, ..Self::found(vec![]) }
    }

    fn refused(code: ExtendedErrorCode, why: &'static str) -> Self {
        Self { extended: Some((code, why.into())), ..Self::error(OptRcode::REFUSED) }
    }

    /// The result is unknown. Never NXDOMAIN, which would clear the address for as long as a resolver caches it.
    pub(super) fn failure(kind: &'static str, why: &str) -> Self {
        let code = match kind {
            "timeout" => ExtendedErrorCode::NO_REACHABLE_AUTHORITY,
            "network" => ExtendedErrorCode::NETWORK_ERROR,
            "offline" => ExtendedErrorCode::NOT_READY,
            _ => ExtendedErrorCode::OTHER,
        };
        let text: String = format!("{kind}: {why}").chars().filter(|c| !c.is_control()).collect();
        let end = (0..=EXTRA_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let text = text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned();
        Self {
            start: true,
            kept: SHORTLY_KEPT,
            extended: Some((code, text.into())),
            ..Self::error(OptRcode::SERVFAIL)
        }
    }

    /// Those of the records that have the requested type.
    fn of_type(records: Vec<RecordContent>, asked: Rtype) -> Self {
        let answer: Vec<_> = records.into_iter().filter(|record| record.rtype() == asked).collect();
        if answer.is_empty() { Self::no_data() } else { Self::found(answer) }
    }
}

impl RecordContent {
    fn rtype(&self) -> Rtype {
        match self {
            Self::Address(IpAddr::V4(_)) => Rtype::A,
            Self::Address(IpAddr::V6(_)) => Rtype::AAAA,
            Self::Text(_) => Rtype::TXT,
            Self::Start => Rtype::SOA,
            Self::NameServer => Rtype::NS,
        }
    }
}

/// The result of a query before anything is known of an address.
pub enum Outcome {
    /// The response, which needs no decision.
    Ready(DnsResponse),
    /// The address must be decided first.
    Pending(ListName, IpAddr),
}

/// Answers for one zone.
#[derive(Clone, Debug)]
pub struct ZoneServer {
    zone: ZoneName,
    name_server: Name<Vec<u8>>,
    contact: Name<Vec<u8>>,
    /// The addresses that we listen at, which are those of `ns.ZONE`.
    addresses: Vec<IpAddr>,
    serial: u32,
}

impl ZoneServer {
    /// A server of this zone at these addresses, with the serial number of the SOA.
    #[must_use]
    pub fn new(zone: ZoneName, addresses: Vec<IpAddr>, serial: u32) -> Self {
        // ZoneName leaves room for either.
        let host = |label| zone.host(label).unwrap_or_else(|| zone.name().clone());
        let addresses = addresses.into_iter().filter(|address| !address.is_unspecified()).collect();
        Self { name_server: host(b"ns"), contact: host(b"admin"), zone, addresses, serial }
    }

    /// The result of a query, without a decision.
    #[must_use]
    pub fn outcome(&self, query: &DnsQuery<'_>) -> Outcome {
        let (Some(question), None) = (&query.question, query.fault) else {
            return Outcome::Ready(DnsResponse::error(query.fault.unwrap_or(OptRcode::FORMERR)));
        };
        let node = self.zone.locate(question.qname());
        let asked = question.qtype();
        Outcome::Ready(match node {
            ZoneNode::Outside => {
                DnsResponse::refused(ExtendedErrorCode::NOT_AUTHORITATIVE, "not a name of this zone")
            }
            _ if question.qclass() != Class::IN => {
                DnsResponse::refused(ExtendedErrorCode::NOT_SUPPORTED, "class IN alone is served")
            }
            // RFC 8482 4.3 asks for a made-up record, but a client that asks a list for ANY is no mail server.
            _ if asked == Rtype::ANY => {
                DnsResponse::refused(ExtendedErrorCode::NOT_SUPPORTED, "ANY: RFC 8482")
            }
            _ if asked == Rtype::AXFR || asked == Rtype::IXFR => {
                DnsResponse::refused(ExtendedErrorCode::NOT_SUPPORTED, "there is no zone transfer")
            }
            ZoneNode::Nothing => DnsResponse::refused(
                ExtendedErrorCode::NOT_SUPPORTED,
                "no name of a list, or no address in it",
            ),
            ZoneNode::Apex => {
                DnsResponse::of_type(vec![RecordContent::Start, RecordContent::NameServer], asked)
            }
            ZoneNode::NameServer => DnsResponse::of_type(
                self.addresses.iter().copied().map(RecordContent::Address).collect(),
                asked,
            ),
            ZoneNode::Branch => DnsResponse::no_data(),
            ZoneNode::Listed(address) => {
                let text = format!("{address} blocked: test point (RFC 5782)");
                DnsResponse::of_type(
                    vec![RecordContent::Address(LISTED.into()), RecordContent::Text(text)],
                    asked,
                )
            }
            ZoneNode::NeverListed => DnsResponse::no_name(),
            ZoneNode::Entry(list, address) => return Outcome::Pending(list, address),
        })
    }

    /// The response about an address with this decision.
    #[must_use]
    pub fn about(
        query: &DnsQuery<'_>,
        list: ListName,
        address: IpAddr,
        decision: &ClientDecision,
    ) -> DnsResponse {
        let asked = query.question.as_ref().map_or(Rtype::TXT, |question| question.qtype());
        let response = Self::said(asked, list, address, decision);
        if decision.provisional { DnsResponse { kept: SHORTLY_KEPT, ..response } } else { response }
    }

    fn said(asked: Rtype, list: ListName, address: IpAddr, decision: &ClientDecision) -> DnsResponse {
        let failure = || {
            let (kind, why) =
                decision.reason.as_ref().map_or(("unknown", ""), |(kind, why)| (*kind, why.as_str()));
            DnsResponse::failure(kind, why)
        };
        let texts = match list {
            ListName::Block => {
                return match decision.verdict {
                    Verdict::Blocked if asked == Rtype::A => {
                        DnsResponse::found(vec![RecordContent::Address(LISTED.into())])
                    }
                    Verdict::Blocked if asked == Rtype::TXT => {
                        DnsResponse::found(vec![RecordContent::Text(listed_text(decision, address))])
                    }
                    Verdict::Blocked => DnsResponse::no_data(),
                    Verdict::Clear | Verdict::Allowed => DnsResponse::no_name(),
                    Verdict::Unknown => failure(),
                };
            }
            ListName::Asn => origin_texts(decision, address),
            ListName::Owner => owner_text(decision).into_iter().collect(),
        };
        match texts.is_empty() {
            false => DnsResponse::of_type(texts.into_iter().map(RecordContent::Text).collect(), asked),
            true if decision.verdict == Verdict::Unknown => failure(),
            true => DnsResponse::no_name(),
        }
    }

    /// Writes the response to a query into `bytes`, and replaces their content. If it does not fit into `limit` octets,
    /// it is truncated (RFC 2181 9), so that the client asks again over TCP.
    pub fn write(&self, query: &DnsQuery<'_>, response: &DnsResponse, limit: usize, bytes: &mut Vec<u8>) {
        let written = self.compose(query, response, false, bytes);
        if (written.is_err() || bytes.len() > limit) && self.compose(query, response, true, bytes).is_err() {
            bytes.clear();
        }
    }

    fn compose(
        &self,
        query: &DnsQuery<'_>,
        response: &DnsResponse,
        truncated: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), PushError> {
        let target = StaticCompressor::new(bytes);
        let mut builder = MessageBuilder::from_target(target).map_err(|_| PushError::ShortBuf)?.question();
        let asked = query.message.header();
        let header = builder.header_mut();
        header.set_id(asked.id());
        header.set_qr(true);
        header.set_opcode(asked.opcode());
        header.set_rd(asked.rd());
        header.set_cd(asked.cd());
        header.set_aa(response.authoritative);
        header.set_tc(truncated);
        header.set_rcode(response.code.rcode());
        if let Some(question) = &query.question {
            builder.push(question)?;
        }
        let mut builder = builder.answer();
        if let Some(question) = query.question.as_ref().filter(|_| !truncated) {
            for record in &response.answer {
                self.push_record(&mut builder, question.qname(), record, response.kept)?;
            }
        }
        let mut builder = builder.authority();
        if response.start && !truncated {
            builder.push((self.zone.name(), Class::IN, response.kept, self.soa()))?;
        }
        let mut builder = builder.additional();
        if let Some(edns) = query.edns {
            push_opt(&mut builder, edns.dnssec_ok, response)?;
        }
        Ok(())
    }

    fn soa(&self) -> Soa<&Name<Vec<u8>>> {
        // Nobody transfers the zone; the times are those of a zone that changes every day.
        let (refresh, retry, expire) = (Ttl::from_secs(3600), Ttl::from_secs(600), Ttl::from_secs(86_400));
        let serial = Serial(self.serial);
        Soa::new(&self.name_server, &self.contact, serial, refresh, retry, expire, KEPT)
    }

    fn push_record<Target: Composer>(
        &self,
        section: &mut AnswerBuilder<Target>,
        owner: &impl ToName,
        record: &RecordContent,
        kept: Ttl,
    ) -> Result<(), PushError> {
        match record {
            RecordContent::Address(IpAddr::V4(v4)) => section.push((owner, Class::IN, kept, A::new(*v4))),
            RecordContent::Address(IpAddr::V6(v6)) => section.push((owner, Class::IN, kept, Aaaa::new(*v6))),
            RecordContent::Text(text) => {
                let text: Txt<Vec<u8>> =
                    Txt::build_from_slice(text.as_bytes()).map_err(|_| PushError::ShortBuf)?;
                section.push((owner, Class::IN, kept, text))
            }
            RecordContent::Start => section.push((owner, Class::IN, kept, self.soa())),
            RecordContent::NameServer => section.push((owner, Class::IN, kept, Ns::new(&self.name_server))),
        }
    }
}

fn push_opt<Target: Composer>(
    section: &mut AdditionalBuilder<Target>,
    dnssec_ok: bool,
    response: &DnsResponse,
) -> Result<(), PushError> {
    section.opt(|opt| {
        opt.set_udp_payload_size(EDNS_PAYLOAD);
        opt.set_dnssec_ok(dnssec_ok);
        opt.set_rcode(response.code);
        let Some((code, text)) = &response.extended else { return Ok(()) };
        // EXTRA-TEXT is bounded, so it always fits into an option.
        match ExtendedError::<Vec<u8>>::new_with_str(*code, text) {
            Ok(error) => opt.push(&error),
            Err(_) => Ok(()),
        }
    })
}
