//! RDAP (RFC 9082, RFC 9083): the query of port 43 over HTTPS, for when that port does not answer. The answer is
//! written as text in the form of RPSL, so that the parser of records reads it.
//!
//! One query is one exchange with one server. A redirect is returned as the next query, because the caller keeps the
//! hops, the deadline, and the pace and hold-offs of every server.
//!
//! Personal data is neither asked for nor kept. An entity of the kind `individual` is dropped, except for its mailbox
//! if its role is `abuse`. No telephone number, address or contact's name is ever written.

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
