//! whodunit says who runs the network behind an IP address, and whether your pattern files say you want its mail.
//!
//! The path of one address: parsed and unwrapped (`address`) -> special-purpose? a verdict at once -> `cache` -> query to the
//! registry responsible (`whois`) -> its reply is classified before it is parsed -> referral or next registry -> record ->
//! kept -> patterns (`pattern`) -> `verdict` -> output, exit code. It can be read in eight files, one after the other:
//! `command/check.rs`, `resolver/batch.rs`, `resolver.rs`, `resolver/ask.rs`, `resolver/chase.rs`, `resolver/chase/hop.rs`,
//! `whois/client.rs`, `verdict.rs`.
//!
//! The rooms, from the ground up. Each imports only from the layers below its own:
//!
//! 1. address, deadline, exit, nearest, sanitize
//! 2. error
//! 3. log, origin, registry
//! 4. pattern, whois
//! 5. cache, rdap, verdict
//! 6. report, resolver, serve
//! 7. output
//! 8. networks
//! 9. cli
//! 10. config
//! 11. command
//! 12. internals, main
//!
//! Some rooms are reserved. Only the resolver sends queries over RDAP. Only resolver, networks and command see the cache. Only
//! the resolver and the readers of whois text (cache, rdap, command) see whois. Only report, cli, config and command see log. So
//! patterns and verdicts are pure, and neither output nor serve sees where an answer comes from. `tests/suite/house.rs` has the
//! same table, and fails on an import against it.
//!
//! The rooms are private to the crate. `main` uses cli, command, error and exit. [`internals`] re-exports some names for
//! benches, fuzz checks and tests.

mod address;
mod cache;
pub mod cli;
pub mod command;
mod config;
mod deadline;
pub mod error;
pub mod exit;
pub mod internals;
mod log;
mod nearest;
mod networks;
mod origin;
mod output;
mod pattern;
mod rdap;
mod registry;
mod report;
mod resolver;
mod sanitize;
mod serve;
mod verdict;
mod whois;
