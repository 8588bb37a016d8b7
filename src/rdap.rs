//! The registries' other door: RDAP (RFC 9082, RFC 9083), the question of port 43 over HTTPS, for when that port does not
//! answer. What comes back is written as text in the form of RPSL, so that the reader of records reads it.
//!
//! One question is one exchange with one server. A redirect is handed back as the next question, because whoever asks
//! keeps the hops, the deadline, the pace and the hold-offs of every server.
//!
//! Personal data is neither asked for nor kept: an entity of the kind `individual` is dropped but for its mailbox where
//! its role is `abuse`, and no telephone number, address or contact's name is ever written.

mod bootstrap;
mod client;
mod contact;
mod country;
mod network;
mod query;
mod text;
mod values;

pub use client::{RdapFailure, RdapReply, ask};
pub use query::RdapQuery;
pub use text::written;
