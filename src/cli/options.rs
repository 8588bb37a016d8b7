//! Options that several commands share, in the groups in which `--help` shows them.
//!
//! Everything here is an `Option`: a missing option may be set in the environment or in a file.

use super::values::{Age, AtLeastOne, QueryRate, ShareLimits, TimeoutSeconds, TrustedProxy};
use crate::{log::Extract, verdict::OnUnknown};
use clap::{Args, ValueEnum, ValueHint, builder::NonEmptyStringValueParser};
use serde::Deserialize;
use std::{ffi::OsString, path::PathBuf};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Even into a pipe
    Always,
    /// Never
    Never,
}

/// When a registry's RDAP server is asked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RdapUse {
    /// When its whois server cannot be reached or does not answer in time
    #[default]
    Fallback,
    /// Never
    Never,
}

/// How log lines are read.
#[derive(Args, Clone, Debug, Default)]
pub struct ReadOptions {
    /// Take from a log line: client (only the connecting host) or all (every address) [default: client]
    #[arg(long, value_name = "WHAT", value_enum, hide_possible_values = true, hide_short_help = true)]
    pub extract: Option<Extract>,
    /// A proxy, or a network of them, such as 10.0.0.0/8 (repeatable). If a line's client is one and the line has a
    /// forwarded-for list, the client is the last address in the list that is not trusted
    #[arg(long, value_name = "CIDR", hide_short_help = true)]
    pub trusted_proxy: Vec<TrustedProxy>,
}

/// The patterns.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Patterns")]
pub struct PatternOptions {
    /// Patterns of networks whose mail is not wanted, as for egrep -f
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::AnyPath, long_help = "\
        Patterns of networks whose mail is not wanted, as for egrep -f. A folder means the pattern files in it, `-` means \
        stdin (repeatable)")]
    pub block: Vec<PathBuf>,
    /// Patterns of networks to let in, whatever blocks them (repeatable)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub allow: Vec<PathBuf>,
    /// One block pattern: a POSIX extended expression, or an @field line (repeatable)
    #[arg(short = 'e', long, value_name = "ERE", allow_hyphen_values = true)]
    pub regexp: Vec<OsString>,
    /// Ignore case, as grep -i
    #[arg(short, long)]
    pub ignore_case: bool,
}

/// The output.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Print JSON Lines: one object for each verdict
    #[arg(long, conflicts_with_all = ["csv", "count", "quiet"])]
    pub json: bool,
    /// Print CSV: a header, then one row for each verdict
    #[arg(long, conflicts_with_all = ["count", "quiet"])]
    pub csv: bool,
    /// Print how many whois lines block patterns match, as `egrep -f FILE | wc -l` does
    #[arg(short, long, conflicts_with = "quiet")]
    pub count: bool,
    /// Print nothing: the exit code is the result
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the whois text below each verdict, with matching lines highlighted
    #[arg(long, conflicts_with_all = ["json", "csv", "count", "quiet"])]
    pub whois: bool,
    /// Colour: auto, always, never [default: auto]
    #[arg(long, value_name = "WHEN", value_enum, hide_possible_values = true, hide_short_help = true)]
    pub color: Option<ColorChoice>,
    /// What an unknown network means: pass (exit 0), defer (75) or block (1) [default: defer]
    #[arg(long, value_name = "WHAT", value_enum, hide_possible_values = true, hide_short_help = true)]
    pub on_unknown: Option<OnUnknown>,
}

/// How registries are asked.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Querying")]
pub struct QueryOptions {
    /// Seconds for one address, all queries together [default: 10; serve: 2]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<TimeoutSeconds>,
    /// How many look-ups run at once [default: 32]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, hide_short_help = true)]
    pub jobs: Option<AtLeastOne>,
    /// How many queries one server gets at once [default: 3]
    #[arg(long, value_name = "N", allow_negative_numbers = true, hide_short_help = true)]
    pub per_server: Option<AtLeastOne>,
    /// How many queries a second one server gets; 0 = no limit [default: each registry's own limit]
    #[arg(long, value_name = "Q", allow_negative_numbers = true, hide_short_help = true)]
    pub rate: Option<QueryRate>,
    /// A JSON file of servers that replace the built-in ones, in whois-rust's form: {"whois.ripe.net": {"host":
    /// "127.0.0.1:4301"}}. An entry may have a `query`, in which $addr is the address. The entry of an RDAP server, such as
    /// "rdap.db.ripe.net", may have a `ca`: a PEM file with the authorities' certificates to trust, not the server's own
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub servers: Option<PathBuf>,
    /// Ask over RDAP (HTTPS) if a registry's whois server cannot be reached or does not answer in time: fallback, never
    /// [default: fallback]. RDAP never follows a denial
    #[arg(long, value_name = "WHEN", value_enum, hide_possible_values = true, hide_short_help = true)]
    pub rdap: Option<RdapUse>,
    /// Ask RIPE for personal data too; its daily quota counts these
    #[arg(long, hide_short_help = true)]
    pub full: bool,
    /// Send no queries: use only the cache and imported data
    #[arg(long, conflicts_with = "refresh")]
    pub offline: bool,
    /// Ask again, whatever the cache has
    #[arg(long, hide_short_help = true)]
    pub refresh: bool,
}

/// The cache.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cache")]
pub struct CacheOptions {
    /// Where answers are kept: a path, redis://host:port/db, or none
    #[arg(long, value_name = "LOCATION", value_hint = ValueHint::AnyPath, value_parser = NonEmptyStringValueParser::new(),
        long_help = "\
        Where answers are kept: a path, redis://host:port/db (rediss:// with TLS), or none [default: /var/cache/whodunit, \
        else ~/.cache/whodunit]")]
    pub cache: Option<String>,
    /// Use no cached answers older than this: 14d, 12h, 30m [default: 14d]
    #[arg(long, value_name = "AGE", allow_negative_numbers = true, hide_short_help = true)]
    pub max_age: Option<Age>,
    /// Use an answer for the address's /V4 (IPv6: /V6) at most; 32,128 shares nothing
    #[arg(long, value_name = "V4,V6", hide_short_help = true)]
    pub share: Option<ShareLimits>,
}
