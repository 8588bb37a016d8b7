//! Postfix's policy delegation protocol: reads requests and writes answers, over TCP, unix sockets, or the descriptors
//! from spawn(8). Exim's `readsocket` uses it too.

mod connection;
mod header;
mod reply;
mod request;
mod stdio;
mod verdict_reply;

pub(super) use connection::{OpenConnections, Peer, PolicyService};
pub use reply::{OnBlocked, RejectText, ReplyPolicy};
pub use request::{PolicyRequest, RequestClient, RequestReader};
pub use stdio::Stdio;
