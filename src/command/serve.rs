//! `whodunit serve`: the policy service and the DNS list.

mod gauges;

pub use crate::serve::policy::Stdio;

use self::gauges::gauges;
use super::{opened, without_effect, without_table};
use crate::{
    address::Prefix,
    cli::ServeArgs,
    config::{self, ConfigLayer, ResolverConfig},
    deadline::Deadline,
    error::{Error, Result, reason},
    exit::Exit,
    pattern::{PatternSpec, Patterns},
    registry::{AnswerSource, Known, Registry},
    resolver::{QueryPolicy, ReferralGate, Resolver, Trace},
    serve::{
        ClientDecision, Decider, DecisionLog, DecisiveRule, DispatchLimits, Dispatcher, DnsSettings,
        LanePermit, ListenAddress, LogSink, MailService, Reload, SyslogSink,
        dns::DnsClients,
        metrics::MetricsWriter,
        policy::{RejectText, ReplyPolicy},
    },
    verdict::{Judged, NumbersFrom},
};
use jiff::Timestamp;
use std::{
    borrow::Cow,
    ffi::OsString,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The default time limit for a request: a mail server's client is waiting.
const SERVED: Duration = Duration::from_secs(2);

/// The socket of syslog.
const SYSLOG: &str = "/dev/log";

/// Takes the three descriptors if spawn(8) may have started us, before anything can be written to them, such as an
/// error in the arguments. None if `--stdio` is not given, or a person typed it.
///
/// # Errors
/// They cannot be taken. Then nothing may be written to any of them.
pub fn descriptors(arguments: impl Iterator<Item = OsString>) -> Result<Option<Stdio>> {
    let (mut serve, mut stdio) = (false, false);
    for argument in arguments {
        serve |= argument == "serve";
        stdio |= argument == "--stdio" || argument.as_encoded_bytes().starts_with(b"--stdio=");
    }
    if serve && stdio && Stdio::is_spoken_to() { take().map(Some) } else { Ok(None) }
}

fn take() -> Result<Stdio> {
    Stdio::take().map_err(|error| {
        Error::software(format!("--stdio: standard input and output cannot be taken: {}", reason(&error)))
    })
}

/// Reports the error that stopped a service without a standard error.
pub fn complain(message: &str) {
    if let Ok(decision_log) = decision_log(true) {
        decision_log.warn(message);
        decision_log.flush(Duration::from_secs(1));
    }
}

/// The settings of the service.
struct ServeSettings {
    patterns: PatternSpec,
    resolver: ResolverConfig,
    reply_policy: ReplyPolicy,
    dns: DnsSettings,
    listen: Vec<ListenAddress>,
    metrics: Option<PathBuf>,
    syslog: bool,
}

impl ServeSettings {
    fn resolve(typed: &ServeArgs, layers: &ConfigLayer) -> Result<Self> {
        let patterns = config::patterns(&typed.patterns, layers);
        if patterns.files.iter().any(|(_, path)| path.as_path() == Path::new("-")) {
            return Err(Error::usage("stdin (-) cannot be read again at SIGHUP: name a pattern file"));
        }
        let reject_text = match &typed.reject_text {
            Some(text) => RejectText::parse(text)?,
            None => layers.reject_text.clone().unwrap_or_default(),
        };
        let allowed = match typed.dns_allow.as_slice() {
            [] => layers.dns_allow.clone().unwrap_or_default(),
            networks => DnsClients::parse(networks)?,
        };
        Ok(Self {
            patterns,
            resolver: ResolverConfig::resolve_within(SERVED, &typed.querying, &typed.caching, layers)?,
            reply_policy: ReplyPolicy {
                reject_text,
                on_unknown: typed.on_unknown.or(layers.on_unknown).unwrap_or_default(),
                on_blocked: typed.on_blocked.or(layers.on_blocked).unwrap_or_default(),
                header: config::on(typed.header, layers.header),
                dry_run: config::on(typed.dry_run, layers.dry_run),
            },
            dns: DnsSettings { zone: config::zone(typed.zone.as_ref(), layers)?, allowed },
            listen: config::listen_addresses(&typed.listen, layers)?,
            metrics: typed.metrics.clone().or_else(|| layers.metrics.clone()),
            syslog: typed.stdio || config::on(typed.syslog, layers.syslog),
        })
    }
}

/// Serves until SIGTERM, or until the client of `--stdio` is gone.
///
/// # Errors
/// Wrong settings or patterns, and an address that cannot be listened at.
pub fn run(typed: &ServeArgs, stdio: Option<Stdio>) -> Result<Exit> {
    let ServeSettings { patterns: spec, resolver: config, reply_policy, dns, listen, metrics, syslog } =
        ServeSettings::resolve(typed, &config::layers(&typed.config)?)?;
    let read = move || Patterns::read(&spec).and_then(|patterns| patterns.check().map(|()| patterns));
    let patterns = read()?;
    let decision_log = decision_log(syslog)?;
    if patterns.is_empty() {
        decision_log.warn("there is no pattern: nothing will be rejected");
    }
    stray_options(typed, &listen).iter().for_each(|warning| decision_log.warn(warning));
    patterns.marks().chain(patterns.line_ends()).for_each(|warning| decision_log.warn(&warning));
    let QueryPolicy { timeout, jobs, per_server, .. } = config.policy;
    // A query whose client has left may take as long as any other.
    let linger = timeout.max(QueryPolicy::default().timeout);
    let limits = DispatchLimits {
        timeout,
        jobs: jobs.into(),
        // Queries that wait for one registry's pace must leave workers for other registries.
        per_lane: usize::from(per_server).min(usize::from(jobs).div_ceil(2)),
    };
    let policy = QueryPolicy { timeout: linger, ..config.policy };
    let resolver = Resolver::for_service(policy, opened(&config.cache), patterns);
    let first = PolicyDecider { resolver: resolver.clone(), decision_log: decision_log.clone() };
    first.tell();
    if let Some(warning) = without_table(resolver.patterns(), resolver.origins()) {
        decision_log.warn(warning);
    }
    resolver.origins().load();
    let writer = metrics.map(|path| MetricsWriter::new(&path, gauges(resolver.clone())));
    let dispatcher = Dispatcher::new(first, limits);
    let service =
        MailService::new(dispatcher, reply_policy, dns, decision_log.clone(), timeout).writing(writer);
    let reload: Reload<PolicyDecider> = Arc::new(move || {
        let resolver = resolver.with_patterns(read()?);
        Ok(PolicyDecider { resolver, decision_log: decision_log.clone() })
    });
    match stdio {
        Some(stdio) => service.run_stdio(stdio, &reload, linger)?,
        // A person typed it, and the settings are right.
        None if typed.stdio => service.run_stdio(take()?, &reload, linger)?,
        None => service.run(&listen, &reload)?,
    }
    Ok(Exit::Clear)
}

/// Warnings about options of a service that nobody can reach.
fn stray_options(typed: &ServeArgs, listen: &[ListenAddress]) -> Vec<String> {
    let is_dns = |address: &ListenAddress| matches!(address, ListenAddress::Dns(_));
    let dns = [("--zone", typed.zone.is_some()), ("--dns-allow", !typed.dns_allow.is_empty())];
    let policy = [
        ("--reject-text", typed.reject_text.is_some()),
        ("--dry-run", typed.dry_run),
        ("--on-blocked", typed.on_blocked.is_some()),
        ("--header", typed.header),
        ("--on-unknown", typed.on_unknown.is_some()),
    ];
    if !listen.iter().any(is_dns) {
        without_effect(&dns, "--listen dns:").collect()
    } else if listen.iter().all(is_dns) {
        without_effect(&policy, "--listen inet: or unix:").collect()
    } else {
        Vec::new()
    }
}

fn decision_log(syslog: bool) -> Result<DecisionLog> {
    let sink: LogSink = if syslog { Box::new(SyslogSink::new(SYSLOG)) } else { Box::new(io::stderr()) };
    DecisionLog::start(sink).map_err(|e| Error::software(format!("no thread can be started: {}", reason(&e))))
}

/// Decides like a run of the program.
struct PolicyDecider {
    resolver: Resolver,
    decision_log: DecisionLog,
}

impl PolicyDecider {
    /// Logs a failure of the cache that was not reported yet.
    fn tell(&self) {
        if let Some(warning) = self.resolver.cache().warning() {
            self.decision_log.warn(&warning);
        }
        if let Some(warning) = self.resolver.origins().warning() {
            self.decision_log.warn(&warning);
        }
        while let Some(notice) = self.resolver.notice() {
            self.decision_log.warn(&notice);
        }
    }
}

impl Decider for PolicyDecider {
    fn recall(&self, address: IpAddr) -> Option<ClientDecision> {
        // A wrong pattern was refused when the patterns were read.
        self.resolver.recall(address, Timestamp::now()).ok().flatten().map(|judged| decision(&judged))
    }

    fn scope(&self, address: IpAddr) -> Prefix {
        self.resolver.scope(address, Timestamp::now())
    }

    fn version(&self) -> u64 {
        self.resolver.imports(Timestamp::now())
    }

    fn announced(&self, address: IpAddr) -> Option<ClientDecision> {
        self.resolver.announced(address).map(|judged| decision(&judged))
    }

    fn ask(&self, address: IpAddr, permit: &LanePermit) -> ClientDecision {
        let deadline = Deadline::within(self.resolver.policy().timeout);
        let judged = self.resolver.judge_through(address, deadline, &LaneGate(permit), &mut Trace::off());
        self.tell();
        decision(&judged)
    }

    fn lane(&self, address: IpAddr) -> Registry {
        self.resolver.first_registry(address)
    }

    fn area(&self, address: IpAddr) -> Prefix {
        self.resolver.area(address)
    }
}

/// A referral is followed outside of the registry's lane, or not at all.
struct LaneGate<'a>(&'a LanePermit);

impl ReferralGate for LaneGate<'_> {
    fn pass(&self, mark: &str) -> bool {
        self.0.leave(mark)
    }
}

/// Converts the verdict for the policy service.
fn decision(judged: &Judged) -> ClientDecision {
    let answer = judged.answer();
    let record = answer.map(|answer| &answer.record);
    let rule = judged.decisive();
    let (numbers, numbers_from) = judged.numbers();
    let from_table = judged.origin.as_ref().filter(|_| numbers_from == Some(NumbersFrom::Origin));
    let announced = from_table.map(|origin| origin.range.network);
    let decided_by_table = matches!(judged.known, Known::Origin).then_some(AnswerSource::Origin);
    ClientDecision {
        verdict: judged.verdict,
        rule: rule.map(|rule| DecisiveRule { file: rule.file.clone(), line: rule.line as usize }),
        org: judged.owner().filter(|_| judged.reserved().is_none()).map(Cow::into_owned),
        network: record.map(|record| record.network).or_else(|| judged.announced().copied()),
        country: record.and_then(|record| record.country.clone()),
        registry: record.map(|record| record.registry),
        asn: numbers.to_vec(),
        announced,
        abuse: record.map(|record| record.abuse.clone()).unwrap_or_default(),
        source: answer.map(|answer| answer.source).or(decided_by_table),
        server: answer.and_then(|answer| answer.servers.last().cloned()),
        // A partial answer in the cache is final: its referral failed.
        provisional: answer.is_some_and(|answer| answer.partial && answer.source == AnswerSource::Whois),
        reason: judged.unknown().map(|unknown| (unknown.kind.as_str(), unknown.message.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::{
            CacheEnv, CacheLocation, LayeredCache,
            bulk::{BulkInput, import},
            open,
        },
        pattern::PatternFinding,
        registry::{Answer, Servers},
        verdict,
        whois::reply::{Provenance, WhoisReply, classify},
    };
    use std::{net::TcpListener, time::Instant};

    fn decider(policy: QueryPolicy, cache: LayeredCache) -> PolicyDecider {
        let resolver = Resolver::for_service(policy, cache, Patterns::default());
        PolicyDecider { resolver, decision_log: DecisionLog::start(Box::new(io::sink())).unwrap() }
    }

    #[test]
    fn questions_wait_in_the_lane_of_the_registry_that_will_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let cache = open(&CacheLocation::Path(folder.path().join("cache.db")), &CacheEnv::default(), now);
        let statistics = "2|ripencc|20260101|1|19830705|20260101|+0100\n\
                          ripencc|DE|ipv4|8.30.4.0|256|20100712|allocated|opaque\n";
        let input = BulkInput { name: "statistics".into(), reader: Box::new(statistics.as_bytes()) };
        import(cache.file().unwrap(), cache.maintenance(), vec![input], now, &mut || ()).unwrap();
        let decider = decider(QueryPolicy { offline: true, ..QueryPolicy::default() }, cache);
        let lane = |address: &str| decider.lane(address.parse().unwrap());
        assert_eq!(lane("8.30.4.20"), Registry::Ripe, "transferred, by the statistics");
        assert_eq!(lane("8.30.5.20"), Registry::Arin, "as IANA has it");
    }

    #[test]
    fn decisions_from_before_an_import_are_in_doubt() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let cache = open(&CacheLocation::Path(folder.path().join("cache.db")), &CacheEnv::default(), now);
        let decider = decider(QueryPolicy::default(), cache);
        let cache = decider.resolver.cache();
        let import_again = || {
            let text =
                "inetnum: 80.0.0.0 - 80.0.0.255\nnetname: EXAMPLE\nstatus: ASSIGNED PA\nsource: RIPE\n";
            let input = BulkInput { name: "ripe.db".into(), reader: Box::new(text.as_bytes()) };
            import(cache.file().unwrap(), cache.maintenance(), vec![input], now, &mut || ()).unwrap();
        };
        let before = decider.version();
        import_again();
        let after = decider.version();
        assert_ne!(before, after);
        assert_eq!(after, decider.version(), "nothing was imported since");
        import_again();
        assert_ne!(after, decider.version());
    }

    #[test]
    fn an_answer_whose_referral_was_not_followed_is_provisional_until_the_cache_has_it() {
        let text = "inetnum: 80.0.0.0 - 80.0.0.255\nnetname: EXAMPLE\nsource: RIPE\n";
        let address = "80.0.0.1".parse().unwrap();
        let reply = classify(text, Registry::Ripe, Some(address), Provenance::Saved);
        let WhoisReply::Record(record, _) = reply else { panic!("{}", reply.explain()) };
        let provisional = |partial, source| {
            let (record, text, servers) = (*record.clone(), String::new(), Vec::new());
            let (fetched, full, rdap, stale) = (Timestamp::now(), false, false, false);
            let answer = Answer { record, text, servers, fetched, partial, full, rdap, source, stale };
            let known = Known::Answer(Arc::new(answer));
            decision(&verdict::settle(Some(address), 1, known, PatternFinding::default())).provisional
        };
        assert!(provisional(true, AnswerSource::Whois));
        assert!(!provisional(false, AnswerSource::Whois));
        assert!(!provisional(true, AnswerSource::Cache), "most such servers are dead for good");
    }

    #[test]
    fn a_server_that_does_not_answer_is_left_alone_by_a_service() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("servers.json");
        let host = silent.local_addr().unwrap();
        std::fs::write(&list, format!("{{\"whois.arin.net\": \"{host}\"}}")).unwrap();
        let policy = QueryPolicy {
            timeout: Duration::from_millis(50),
            servers: Servers::read(&list).unwrap(),
            rate: Some(0.0),
            ..QueryPolicy::default()
        };
        let decider = decider(policy, LayeredCache::new(None));
        let ask = |n: u8| {
            let deadline = Deadline::within(Duration::from_millis(50));
            let address = format!("8.8.{n}.8").parse().unwrap();
            let judged = decider.resolver.judge(address, deadline, &mut Trace::off());
            decision(&judged).reason.unwrap().1
        };
        let answers: Vec<String> = (0..16).map(ask).collect();
        assert!(answers.iter().all(|said| !said.contains("left alone")), "{answers:?}");
        let started = Instant::now();
        let said = ask(16);
        assert!(said.contains("did not answer 16 queries in a row, and is not asked"), "{said}");
        assert!(started.elapsed() < Duration::from_millis(40), "nobody was asked");
    }
}
