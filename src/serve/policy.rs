//! Postfix's policy delegation protocol: requests read, decisions waited for no longer than a deadline, answers
//! written, over TCP, unix sockets, or the descriptors that spawn(8) hands over. Exim's `readsocket` speaks it too.
//!
//! The walk of one request: [`Requests`] reads it -> the [`Desk`] decides: remembered here, else recalled from the
//! cache, else asked for in a bounded pool of workers, the answer due within the deadline whatever the registry
//! does -> one write -> one line of [`Journal`].
//!
//! Who decides is the caller's: an [`Oracle`]. Nothing here knows of registries' servers, caches or patterns.

mod connection;
mod decision;
mod decision_cache;
mod decision_log;
mod dispatcher;
mod listen;
mod pool;
mod reply;
mod request;
mod service;
mod stdio;

pub use decision::{Decision, Oracle, Rule};
pub use decision_cache::Warm;
pub use decision_log::{Journal, Sink, SyslogSink};
pub use dispatcher::{Desk, Limits};
pub use listen::Listen;
pub use reply::{Conduct, OnUnknown, RejectText};
pub use request::{Client, Requests, Trouble};
pub use service::Service;
pub use stdio::Stdio;
