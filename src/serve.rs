//! Services that answer mail servers.

pub mod dns;
pub mod metrics;
pub mod policy;
