//! A server that a reply names; any customer of a registry may have written it.
use whodunit::internals::registry::referral::Referral;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(Referral { host, port, .. }) = Referral::parse(text) {
        assert!(!host.is_empty() && host.len() <= 253);
        assert!(host.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()));
        assert_ne!(port, Some(0));
    }
}
