//! The command line: clap's definitions and help texts only. [`crate::config`] gives them a meaning.

mod ends;
mod options;
mod read;
mod refusal;
mod values;

pub use options::{
    CacheOptions, ColorChoice, OutputOptions, PatternOptions, QueryOptions, RdapUse, ReadOptions,
};
pub use read::nearest_command;
pub use refusal::refusal;
pub use values::{
    Age, AtLeastOne, Flag, LeastCount, QueryRate, ShareLimits, TimeoutSeconds, TopCount, TrustedProxy,
};

use crate::{networks::ListForm, report::Grouping, serve::policy::OnBlocked, verdict::OnUnknown};
use clap::{
    Args, Parser, Subcommand, ValueHint,
    builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser},
};
use std::path::PathBuf;

/// Says who runs the network behind an IP address, and whether your pattern files say you want its mail.
#[derive(Debug, Parser)]
#[command(
    name = "whodunit",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    disable_help_subcommand = true,
    after_help = ends::SHORT,
    after_long_help = ends::AFTER
)]
pub struct Cli {
    /// A command other than classifying addresses.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Classifying addresses, the default.
    #[command(flatten)]
    pub check: CheckArgs,
}

/// The commands beside the default one.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Match patterns against whois text that you already have (no network, no cache)
    Match(MatchArgs),
    /// List the owners behind a log's traffic, ranked by hits, with activity over time
    Report(ReportArgs),
    /// Answer Postfix's policy protocol, and a DNS list for other mail servers and filters
    Serve(ServeArgs),
    /// Monitor the service, the cache, refusals and the data's age: one line and a code
    Check(ProbeArgs),
    /// List all networks that the patterns block, for a firewall or a mail server's tables
    Networks(NetworksArgs),
    /// Check pattern files for mistakes, each as FILE:LINE: message
    Patterns(LintArgs),
    /// Show, clear, import or export the cache
    Cache(CacheArgs),
    /// Fill the cache from logs, at the registries' own pace
    Warm(WarmArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page (roff): `whodunit man | man -l -` shows it
    Man,
}

/// `whodunit [OPTIONS] [IP]...`
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Addresses: 203.0.113.7, 2001:db8::1, [IPv6:2001:db8::1]:25; `-` reads them from stdin
    #[arg(value_name = "IP", value_hint = ValueHint::Other)]
    pub addresses: Vec<String>,
    /// A log to take addresses from, plain or compressed
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, long_help = "\
        A log to take addresses from: of a mail, web or SSH server, or of a proxy; plain, or in gzip, bzip2, xz or zstd. \
        `-` is stdin. Repeatable; more files may follow, as in `--log mail.log*`")]
    pub log: Vec<PathBuf>,
    /// Show every step of each look-up, from registry to verdict
    #[arg(long, conflicts_with_all = ["json", "csv", "count", "quiet"])]
    pub explain: bool,
    #[command(flatten)]
    pub reading: ReadOptions,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    pub querying: QueryOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// The source of settings.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigArgs {
    /// Read only this configuration file; `none` reads none
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Configuration",
        hide_short_help = true
    )]
    pub config: Option<PathBuf>,
}

/// `whodunit match [OPTIONS] [FILE]...`
#[derive(Args, Debug)]
#[command(after_help = ends::MATCH)]
pub struct MatchArgs {
    /// Files of whois text; none, or `-`, is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The address that the text is about: selects the record that holds it
    #[arg(long, value_name = "IP")]
    pub ip: Option<String>,
    /// Taken, so that a script can give all commands the same options; with --ip the table of origins beside it is read
    #[arg(long, value_name = "LOCATION", hide = true)]
    pub cache: Option<String>,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit report [OPTIONS] [LOG]...`
#[derive(Args, Debug)]
#[command(after_help = ends::REPORT)]
pub struct ReportArgs {
    /// Logs of mail, web or SSH servers, or of proxies; none, or `-`, is stdin
    #[arg(value_name = "LOG", value_hint = ValueHint::FilePath)]
    pub logs: Vec<PathBuf>,
    /// Group by owner, asn, abuse (the contact's mail domain), maintainer, netname, network, registry or country
    /// [default: owner]
    #[arg(long, value_name = "FIELD", value_enum, hide_possible_values = true)]
    pub by: Option<Grouping>,
    /// Show only owners whose name this pattern matches, whatever its case, and their addresses (repeatable)
    #[arg(long, value_name = "ERE")]
    pub owner: Vec<String>,
    /// Show this many log lines of each address, with --owner or --abuse-mail [default: 3]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub lines: Option<LeastCount>,
    /// Write a message to each owner's abuse contact into this folder: look at it, then send it yourself
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub abuse_mail: Option<PathBuf>,
    /// Show the N rows with the most hits [default: all; on a terminal 20]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub top: Option<TopCount>,
    /// Read only the log lines that this pattern matches
    #[arg(long, value_name = "ERE")]
    pub grep: Option<String>,
    /// Read only lines from this time on: yesterday, today, 10:00, 2026-11-23, "2026-11-23 10:00", or an age such as 12h or 2d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Read only lines up to this time, written as for --since
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Print a pattern file for the owners that are not blocked yet
    #[arg(long, conflicts_with_all = ["json", "csv", "html"])]
    pub suggest: bool,
    /// A log of mail that you want: no owner seen in it is suggested (repeatable)
    #[arg(
        long,
        value_name = "LOG",
        value_hint = ValueHint::FilePath,
        long_help = "\
        A log of mail that you want: no owner seen in it is suggested (repeatable). The manual has a command that makes one \
        from a Postfix log, and one from an Exim log"
    )]
    pub ham: Vec<PathBuf>,
    /// Suggest no owner of a server to which these logs show deliveries (such as `status=sent`)
    #[arg(long)]
    pub correspondents: bool,
    /// Suggest only lines that stop at least this many hits [default: 3]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub min_hits: Option<LeastCount>,
    /// Suggest only lines that stop at least this many addresses [default: 2]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub min_addresses: Option<LeastCount>,
    /// Print JSON Lines: one object for each row
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV: a header, then one line for each row
    #[arg(long)]
    pub csv: bool,
    /// Write the report as one self-contained web page, which replaces an earlier one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    /// Colour and drawing: auto, always, never [default: auto]
    #[arg(long, value_name = "WHEN", value_enum, hide_possible_values = true, hide_short_help = true)]
    pub color: Option<ColorChoice>,
    #[command(flatten)]
    pub reading: ReadOptions,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub querying: QueryOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit serve [OPTIONS]`
#[derive(Args, Debug)]
#[command(after_help = ends::SERVE)]
pub struct ServeArgs {
    /// Where to listen: inet:127.0.0.1:10045, unix:/path or dns:127.0.0.1:5354 (repeatable)
    #[arg(
        long,
        value_name = "WHERE",
        conflicts_with = "stdio",
        long_help = "\
        Where to listen: inet:127.0.0.1:10045 or unix:/path for Postfix's policy protocol, dns:127.0.0.1:5354 for a DNS \
        list over UDP and TCP (repeatable)"
    )]
    pub listen: Vec<String>,
    /// Use stdin and stdout, for Postfix's spawn(8); then log to syslog, never to a descriptor
    #[arg(long)]
    pub stdio: bool,
    /// The text for a blocked client; {org} {network} {contact} {ip} {file} {line} are filled in
    /// [default: No access to hosts using this registrar: {org} ({network})]
    #[arg(long, value_name = "TEXT")]
    pub reject_text: Option<String>,
    /// Answer WARN instead of REJECT: nothing is rejected, and the mail log shows what would have been
    #[arg(long)]
    pub dry_run: bool,
    /// The action for a blocked client: reject, defer (DEFER_IF_PERMIT) or tag (PREPEND X-Whodunit) [default: reject]
    #[arg(long, value_name = "WHAT", value_enum, hide_possible_values = true)]
    pub on_blocked: Option<OnBlocked>,
    /// Add an X-Whodunit header (PREPEND) to all accepted mail, once for each message
    #[arg(long)]
    pub header: bool,
    /// The DNS list's zone [default: whodunit]
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,
    /// Answer only DNS clients in this network (repeatable) [default: 127.0.0.0/8 and ::1]
    #[arg(long, value_name = "CIDR")]
    pub dns_allow: Vec<String>,
    /// Write metrics for Prometheus to this file every 15 s (node_exporter's textfile collector)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub metrics: Option<PathBuf>,
    /// Log each decision to syslog (facility mail) instead of stderr
    #[arg(long)]
    pub syslog: bool,
    /// What an unknown network means: pass (DUNNO), defer (DEFER_IF_PERMIT) or block (REJECT) [default: pass]
    #[arg(long, value_name = "WHAT", value_enum, hide_possible_values = true)]
    pub on_unknown: Option<OnUnknown>,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub querying: QueryOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit networks [OPTIONS]`
#[derive(Args, Debug)]
#[command(after_help = ends::NETWORKS)]
pub struct NetworksArgs {
    /// The format of the list: cidr, json, csv, postfix, nft, ipset, rbldnsd, rspamd, nginx, apache, exim [default: cidr]
    #[arg(long, value_name = "FORM", default_value = "cidr", hide_default_value = true, value_parser = list_form(),
        hide_possible_values = true, long_help = "\
        The format of the list: cidr (a prefix on each line), json and csv (a source network on each line, not aggregated), postfix \
        (cidr_table), nft (for nft -f), ipset (for ipset restore), rbldnsd (ip4trie, with -6 ip6trie), rspamd (a map), \
        nginx (geo lines), apache (Require not ip), exim (an iplsearch file) [default: cidr]")]
    pub format: ListForm,
    /// Write the list into this file; it replaces an earlier one when it is complete
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// List IPv4 networks only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// List IPv6 networks only
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// Refuse a list of more IPv4 addresses than this; 0 = no limit [default: 16777216]
    #[arg(long, value_name = "N")]
    pub max_addresses: Option<LeastCount>,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

fn days(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number of days: write 45"))
}

/// Parses the name of a list's format.
fn list_form() -> impl TypedValueParser<Value = ListForm> {
    let names = PossibleValuesParser::new(ListForm::NAMES.map(|(name, _)| name));
    names.map(|name| ListForm::named(&name).unwrap_or_default())
}

/// `whodunit check [OPTIONS]`, a monitoring plugin
#[derive(Args, Debug)]
#[command(after_help = ends::PROBE)]
pub struct ProbeArgs {
    /// The listen address of the service: inet:HOST:PORT, unix:PATH or dns:HOST:PORT (repeatable) [default: the configuration's
    /// `listen`]
    #[arg(long, value_name = "WHERE")]
    pub listen: Vec<String>,
    /// The DNS list's zone [default: whodunit]
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,
    /// Warn of imported data older than this [default: 45]
    #[arg(long, value_name = "DAYS", default_value_t = 45, hide_default_value = true, value_parser = days)]
    pub stale: u32,
    /// The cache: a path, redis://host:port/db (rediss:// with TLS), or none [default: as for look-ups]
    #[arg(long, value_name = "LOCATION", value_hint = ValueHint::AnyPath, value_parser = NonEmptyStringValueParser::new())]
    pub cache: Option<String>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit patterns [OPTIONS]`
#[derive(Args, Debug)]
#[command(after_help = ends::PATTERNS)]
pub struct LintArgs {
    /// Pattern files to check, as block patterns
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Show for each pattern how many networks in the cache it matches, and which; imported ones do not count
    #[arg(long)]
    pub against_cache: bool,
    /// Show which patterns match no network in the cache and in imported data
    #[arg(long)]
    pub unused: bool,
    /// Look up the clients of this log, and show for each pattern how many it blocks (repeatable)
    #[arg(long, value_name = "LOG", value_hint = ValueHint::FilePath, conflicts_with_all = ["against_cache", "unused"])]
    pub cost: Vec<PathBuf>,
    /// A log of mail that you want, with --cost: the exit code is 1 if a pattern hits it (repeatable)
    #[arg(long, value_name = "LOG", value_hint = ValueHint::FilePath, requires = "cost")]
    pub ham: Vec<PathBuf>,
    /// Print JSON Lines: one object for each problem or pattern
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub reading: ReadOptions,
    #[command(flatten)]
    pub querying: QueryOptions,
    #[command(flatten)]
    pub patterns: PatternOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit warm [LOG]...`
#[derive(Args, Debug)]
#[command(after_help = ends::WARM)]
pub struct WarmArgs {
    /// Logs of mail, web or SSH servers, or of proxies; none, or `-`, is stdin
    #[arg(value_name = "LOG", value_hint = ValueHint::FilePath)]
    pub logs: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadOptions,
    #[command(flatten)]
    pub querying: QueryOptions,
    #[command(flatten)]
    pub caching: CacheOptions,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `whodunit cache COMMAND`
#[derive(Args, Debug)]
#[command(after_help = ends::CACHE)]
pub struct CacheArgs {
    #[command(subcommand)]
    pub command: CacheCommand,
    /// The cache: a path, redis://host:port/db (rediss:// with TLS) [default: /var/cache/whodunit, else
    /// ~/.cache/whodunit]
    #[arg(long, value_name = "LOCATION", value_hint = ValueHint::AnyPath, global = true,
        value_parser = NonEmptyStringValueParser::new())]
    pub cache: Option<String>,
    /// Read only this configuration file; `none` reads none
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, global = true)]
    pub config: Option<PathBuf>,
}

/// The subcommands of `whodunit cache`.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Show the size and age of the cache, and the servers that are held off
    Stats {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the cached networks, the oldest answer first; imported ones are not listed
    List {
        /// Print JSON Lines: one object for each network
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// Print CSV: a header, then one row for each network
        #[arg(long)]
        csv: bool,
    },
    /// Remove an address or a network from the cache
    Forget {
        /// An address or a network, such as 203.0.113.7 or 203.0.112.0/22
        #[arg(value_name = "IP|CIDR", required_unless_present = "all", conflicts_with = "all")]
        what: Vec<String>,
        /// Remove everything, including hold-offs and imported data
        #[arg(long)]
        all: bool,
    },
    /// Read bulk data: a registry's RPSL files or statistics, a table of origins, or an export
    Import {
        /// The files, plain or in gzip, bzip2, xz or zstd; `-` is stdin
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Write the cached answers as JSON Lines, which `cache import` reads back
    Export,
}

/// `whodunit completions SHELL`
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
