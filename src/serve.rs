//! Services that answer mail servers: Postfix's policy protocol, and a DNS list.
//!
//! For every request, the [`Dispatcher`] decides: from its own memory, else from the cache, else by a query in a
//! bounded pool of workers. The reply is due within the deadline, whatever the registry does. The caller supplies the
//! [`Decider`]. Nothing here knows of registries' servers, caches or patterns.

mod decision;
mod decision_cache;
mod decision_log;
mod dispatcher;
pub mod dns;
mod dns_decisions;
mod listen;
pub mod metrics;
pub mod policy;
mod pool;
mod probe;
mod service;

pub use decision::{ClientDecision, Decider, DecisiveRule};
pub use decision_log::{DecisionLog, LogSink, SyslogSink};
pub use dispatcher::{DispatchLimits, Dispatcher};
pub use listen::ListenAddress;
pub use pool::LanePermit;
pub use probe::probe;
pub use service::{DnsSettings, MailService, Reload};
