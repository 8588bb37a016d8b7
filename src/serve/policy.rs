//! Postfix's policy delegation protocol: requests read, decisions waited for no longer than a deadline, answers
//! written, over TCP, unix sockets, or the descriptors that spawn(8) hands over. Exim's `readsocket` speaks it too.
//!
//! The walk of one request: [`RequestReader`] reads it -> the [`Dispatcher`] decides: remembered here, else recalled from the
//! cache, else asked for in a bounded pool of workers, the answer due within the deadline whatever the registry
//! does -> one write -> one line of [`DecisionLog`].
//!
//! Who decides is the caller's: an [`Decider`]. Nothing here knows of registries' servers, caches or patterns.

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

pub use decision::{Decider, DecisiveRule, PolicyDecision};
pub use decision_cache::DecisionCache;
pub use decision_log::{DecisionLog, LogSink, SyslogSink};
pub use dispatcher::{DispatchLimits, Dispatcher};
pub use listen::ListenAddress;
pub use reply::{OnUnknown, RejectText, ReplyPolicy};
pub use request::{RequestClient, RequestReader, RequestTrouble};
pub use service::PolicyService;
pub use stdio::Stdio;
