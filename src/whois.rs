//! Asking the registries: who is responsible for an address, how it is asked, and what its answer says.
//!
//! Nothing in here knows of a cache or of patterns.

pub mod charset;
mod client;
pub mod record;
pub mod referral;
pub mod registry;
pub mod reply;
mod resolve;
mod responsible;
mod server;
mod socket;

pub use client::ask;
pub use record::{Record, is_leaf};
pub use registry::Registry;
pub use responsible::{Responsible, responsible};
pub use server::{Failed, Server, Servers};
