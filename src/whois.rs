//! Asking the registries: who is responsible for an address, how it is asked, and what its answer says.
//!
//! Nothing in here knows of a cache or of patterns.

pub mod charset;
pub mod record;
pub mod referral;
pub mod registry;
pub mod reply;

pub use record::{Record, is_leaf};
pub use registry::Registry;
