//! Asking a registry over whois (RFC 3912): one question to one server, and what its reply is taken for.
//!
//! Nothing in here knows of a cache or of patterns.

pub mod charset;
mod client;
pub mod reply;
mod resolve;
mod socket;

pub use client::ask;
pub(crate) use resolve::{look_up_all, resolve};
