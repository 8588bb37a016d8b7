//! Services that answer mail servers.

pub mod dns;
pub mod policy;
