//! Postfix's policy delegation protocol: requests read, answers written, over TCP, unix sockets, or the descriptors that
//! spawn(8) hands over. Exim's `readsocket` speaks it too.

mod connection;
mod header;
mod reply;
mod request;
mod stdio;
mod verdict_reply;

pub(super) use connection::{OpenConnections, Peer, PolicyDoor};
pub use reply::{OnBlocked, RejectText, ReplyPolicy};
pub use request::{PolicyRequest, RequestClient, RequestReader, RequestTrouble};
pub use stdio::Stdio;
