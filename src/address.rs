//! Addresses: parsed, unwrapped, and checked against the ranges without an owner.

mod network;
mod parse;
mod prefix;
mod special;

pub use network::Network;
pub use parse::{BadAddress, parse, unwrap};
pub use prefix::Prefix;
pub(crate) use prefix::{from_bits, to_bits};
pub use special::{Special, is_routable, special, special_ranges, special_scope};
