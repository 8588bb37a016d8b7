//! Addresses: parsed, unwrapped, and checked against the ranges without an owner.

#[cfg(test)]
mod draw;
mod network;
mod parse;
mod prefix;
mod special;

#[cfg(test)]
pub(crate) use draw::Draw;
pub use network::Network;
pub use parse::{BadAddress, parse, unwrap};
pub use prefix::Prefix;
pub(crate) use prefix::{from_bits, to_bits};
pub use special::{Special, is_routable, special, special_ranges, special_scope};
