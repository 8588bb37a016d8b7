//! Services that answer mail servers.

pub mod policy;
