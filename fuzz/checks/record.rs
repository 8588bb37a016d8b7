//! Saved whois text: its record parsed, and converted to JSON and back, as for the cache.
use whodunit::internals::{
    registry::is_leaf,
    whois::reply::{Provenance, WhoisReply, classify, detect},
};

pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let WhoisReply::Record(record, _) = classify(&text, detect(&text), None, Provenance::Saved) else {
        return;
    };
    let _ = is_leaf(&record);
    // The lists are for people and scripts: a hostile text must not make them long.
    assert!(record.abuse.len() <= 64 && record.asn.len() <= 64);
    // A possible owner is named once, and by readable text.
    let owners: Vec<&String> = record.org.iter().chain(&record.other_orgs).collect();
    assert!(owners.len() <= 65 && owners.iter().all(|owner| !owner.trim().is_empty()));
    assert!(record.other_orgs.iter().all(|other| Some(other) != record.org.as_ref()));
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<whodunit::internals::registry::Record>(&json).unwrap(), *record);
}
