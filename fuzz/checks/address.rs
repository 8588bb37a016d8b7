//! An address as a user, a list or a log writes it.
use whodunit::internals::address::{parse, special, unwrap};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text) {
        Ok(address) => {
            // A parsed address is already unwrapped, and its printed form parses as itself.
            assert_eq!(unwrap(address), address);
            assert_eq!(parse(&address.to_string()).ok(), Some(address));
            let _ = special(address);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
