//! Asking the registries: who is responsible for an address, how it is asked, and what its answer says.
//!
//! Nothing in here knows of a cache or of patterns.

pub mod record;
pub mod registry;
pub mod reply;

pub use record::Record;
pub use registry::Registry;
