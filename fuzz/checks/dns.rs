//! Any message from a client to the DNS list: the response is complete, and small enough.
use domain::base::{Message, iana::Rcode};
use std::sync::LazyLock;
use whodunit::internals::{
    registry::Registry,
    serve::{
        ClientDecision, DecisiveRule,
        dns::{DnsQuery, ListName, Outcome, ZoneServer},
    },
    verdict::Verdict,
};

static ZONE: LazyLock<ZoneServer> = LazyLock::new(|| {
    ZoneServer::new(
        "whodunit".parse().unwrap(),
        vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        1,
    )
});

/// Possible decisions about an address; the message itself is the owner's name, which is untrusted too.
fn facts(data: &[u8], verdict: Verdict) -> ClientDecision {
    let text = String::from_utf8_lossy(data).into_owned();
    ClientDecision {
        verdict,
        rule: Some(DecisiveRule { file: text.clone(), line: 1 }),
        org: Some(text.clone()),
        country: Some(text.clone()),
        registry: Some(Registry::Ripe),
        asn: data.iter().map(|byte| u32::from(*byte)).collect(),
        abuse: vec![text.clone(); 3],
        provisional: data.len().is_multiple_of(2),
        ..ClientDecision::unknown("denied", text)
    }
}

pub(crate) fn check(data: &[u8]) {
    let Some(query) = DnsQuery::read(data) else {
        assert!(data.len() < 12 || data[2] & 0x80 != 0, "neither short nor a response");
        return;
    };
    let mut bytes = Vec::new();
    let responses = match ZONE.outcome(&query) {
        Outcome::Ready(response) => vec![response],
        Outcome::Pending(list, address) => {
            assert!(matches!(list, ListName::Block | ListName::Asn | ListName::Owner));
            let verdicts = [Verdict::Allowed, Verdict::Blocked, Verdict::Clear, Verdict::Unknown];
            let about =
                verdicts.map(|verdict| ZoneServer::about(&query, list, address, &facts(data, verdict)));
            ZONE.write(&query, &about[3], 1232, &mut bytes);
            let unknown = Message::from_octets(&bytes).unwrap().header().rcode();
            assert!(list == ListName::Asn || unknown == Rcode::SERVFAIL, "an unknown is {unknown}");
            about.to_vec()
        }
    };
    for (response, limit) in responses.iter().flat_map(|response| [(response, 512), (response, 65_535)]) {
        ZONE.write(&query, response, limit, &mut bytes);
        assert!(bytes.len() <= limit, "{} octets", bytes.len());
        let written = Message::from_octets(&bytes).unwrap();
        assert!(written.header().qr() && written.header().id().to_be_bytes() == data[..2]);
        assert!(!written.header().tc() || limit == 512);
        for record in written.iter() {
            record.unwrap();
        }
    }
}
