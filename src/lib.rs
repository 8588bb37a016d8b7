//! whodunit says who runs the network behind an IP address, and whether your pattern files say you want its mail.
//!
//! The path of one address: parsed and unwrapped ([`address`]) -> special-purpose? a verdict at once -> [`cache`] ->
//! query to the registry responsible ([`whois`]) -> its reply is classified before it is parsed -> referral or next
//! registry -> record -> kept -> patterns ([`pattern`]) -> [`verdict`] -> output, exit code.
//!
//! Imports run one way: main -> command -> {config, output, report, serve} -> {log, resolver} -> {cache, origin, rdap,
//! whois} -> registry -> address. Patterns and verdicts are pure: they read only records. Output never sees cache or
//! whois; whois never sees cache. `tests/suite/house.rs` has the whole table, and fails on an import against it.

pub mod address;
pub mod cache;
pub mod cli;
pub mod command;
pub mod config;
pub mod deadline;
pub mod error;
pub mod exit;
pub mod log;
pub mod nearest;
pub mod networks;
pub mod origin;
pub mod output;
pub mod pattern;
pub mod rdap;
pub mod registry;
pub mod report;
pub mod resolver;
pub mod sanitize;
pub mod serve;
pub mod verdict;
pub mod whois;
