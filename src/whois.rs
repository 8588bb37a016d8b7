//! Queries over whois (RFC 3912): one query to one server, and the class of its reply.
//!
//! This module knows nothing of a cache or of patterns.

pub mod charset;
mod client;
pub mod reply;
mod resolve;
mod socket;

pub use client::ask;
pub(crate) use resolve::{look_up_all, resolve};
