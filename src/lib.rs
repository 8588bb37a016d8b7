//! whodunit says who runs the network behind an IP address, and whether your pattern files say you want its mail.
//!
//! The walk of one address: read and unwrapped ([`address`]) -> special-purpose? a verdict at once -> [`cache`] ->
//! the registry responsible is asked ([`whois`]) -> its reply is classified before anything reads it -> referral or
//! next registry -> record -> kept -> patterns ([`pattern`]) -> [`verdict`] -> output, exit code.
//!
//! Imports run one way: main -> mode -> {input, lanes, output} -> lookup -> {cache, whois} -> address. Patterns and
//! verdicts are pure; output never sees cache or whois' ways; whois never sees cache.

pub mod address;
pub mod answer;
pub mod cache;
pub mod cli;
pub mod deadline;
pub mod error;
pub mod exit;
pub mod input;
pub mod lanes;
pub mod lookup;
pub mod mode;
pub mod nearest;
pub mod output;
pub mod pattern;
pub mod policy;
pub mod report;
pub mod settings;
pub mod verdict;
pub mod whois;
