//! whodunit says who runs the network behind an IP address, and whether your pattern files say you want its mail.
//!
//! The walk of one address: read and unwrapped ([`address`]) -> special-purpose? a verdict at once -> [`cache`] ->
//! the registry responsible is asked ([`whois`]) -> its reply is classified before anything reads it -> referral or
//! next registry -> record -> kept -> patterns ([`pattern`]) -> [`verdict`] -> output, exit code.
//!
//! Imports run one way: main -> command -> {config, output, report, serve} -> {log, resolver} -> {cache, origin, rdap,
//! whois} -> registry -> address. Patterns and verdicts are pure: they read records and no more. Output never sees cache
//! or whois; whois never sees cache. `tests/suite/house.rs` holds the whole table, and fails on an import against it.

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
