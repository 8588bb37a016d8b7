//! XARF v4: one abuse incident of one address as JSON, by the core schema and that of `messaging/spam` (xarf.org).

use serde::Serialize;
use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

/// One incident. The names are the schema's.
#[derive(Serialize)]
pub(super) struct Incident {
    xarf_version: &'static str,
    report_id: String,
    timestamp: String,
    reporter: Contact,
    sender: Contact,
    source_identifier: IpAddr,
    category: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// With `smtp` the schema also requires the envelope's sender and the source port, which logs seldom name.
    protocol: &'static str,
    evidence_source: &'static str,
    description: String,
    evidence: [Evidence; 1],
}

/// An organisation as a contact.
#[derive(Clone, Serialize)]
pub(super) struct Contact {
    pub(super) org: String,
    pub(super) contact: String,
    pub(super) domain: String,
}

/// Evidence of an incident.
#[derive(Serialize)]
pub(super) struct Evidence {
    content_type: &'static str,
    description: &'static str,
    payload: String,
    size: usize,
}

impl Incident {
    pub(super) fn new(
        source_identifier: IpAddr,
        timestamp: String,
        reporter: Contact,
        description: String,
        evidence: Evidence,
    ) -> Self {
        Self {
            xarf_version: "4.0.0",
            report_id: uuid(),
            timestamp,
            sender: reporter.clone(),
            reporter,
            source_identifier,
            category: "messaging",
            kind: "spam",
            protocol: "other",
            evidence_source: "traffic_analysis",
            description,
            evidence: [evidence],
        }
    }
}

impl Evidence {
    /// Text as evidence.
    pub(super) fn text(description: &'static str, text: &str) -> Self {
        Self { content_type: "text/plain", description, payload: base64(text.as_bytes()), size: text.len() }
    }
}

/// A random UUID (RFC 9562, version 4). The standard library's hash keys are random enough: it need not be unguessable.
pub(super) fn uuid() -> String {
    let [high, low] = [1_u8, 2].map(|salt| RandomState::new().hash_one(salt));
    let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
    let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Base64 (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().enumerate().fold(0_u32, |sum, (at, byte)| sum | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS.get((group >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let of = |text: &str| base64(text.as_bytes());
        assert_eq!(["", "f", "fo", "foo", "foobar"].map(of), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = uuid();
        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && "89ab".contains(&parts[3][..1]), "{uuid}");
    }
}
