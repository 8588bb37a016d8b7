//! `whodunit [IP]...`: the verdict on every address.

use super::{
    ExitTally, explain, flush, hint, log_clients, output_format, paint, read_patterns, reading_options,
    resolver, sink::ProgressSink, stale::StaleCount, stdout, tell_of, warn, without_effect, without_table,
};
use crate::{
    address,
    cli::CheckArgs,
    config::{self, ConfigLayer, LogConfig, OutputConfig, OutputForm, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    log::{ClientSource, SeenClient},
    output::{self, OutputFormat},
    pattern::PatternSpec,
    resolver::{Arrival, Client, Resolver},
    verdict::{Judged, Verdict},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    io::{IsTerminal, Write},
    net::IpAddr,
    path::Path,
};

/// The addresses to classify, and the settings.
struct CheckSettings<'a> {
    sources: Vec<AddressSource<'a>>,
    /// Only one address was given.
    alone: bool,
    explains: bool,
    reading: LogConfig,
    patterns: PatternSpec,
    output: OutputConfig,
    resolver: ResolverConfig,
}

impl<'a> CheckSettings<'a> {
    fn resolve(typed: &'a CheckArgs, layers: &ConfigLayer) -> Result<Self> {
        Ok(Self {
            sources: sources(typed)?,
            alone: typed.log.is_empty() && matches!(typed.addresses.as_slice(), [one] if one != "-"),
            explains: typed.explain,
            reading: LogConfig::resolve(&typed.reading, layers),
            patterns: config::patterns(&typed.patterns, layers),
            output: OutputConfig::resolve(&typed.output, layers),
            resolver: ResolverConfig::resolve(&typed.querying, &typed.caching, layers)?,
        })
    }
}

/// Classifies addresses, and returns the exit code.
///
/// # Errors
/// Any error before the first query, and an output that cannot be written.
pub fn run(typed: &CheckArgs) -> Result<Exit> {
    let layers = config::layers(&typed.config)?;
    let CheckSettings { sources, alone, explains, reading, patterns, output, resolver: config } =
        CheckSettings::resolve(typed, &layers)?;
    let asks = sources.iter().any(AddressSource::is_stdin);
    let patterns = read_patterns(&patterns, asks.then_some("the addresses"))?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    let mut tally = ExitTally::new(output.on_unknown);
    let clients = read_clients(&sources, &reading, &mut tally)?;
    let resolver = resolver(config, patterns).keeping_text(output.form == OutputForm::Whois);
    // A script that reads a number or an exit code does not show warnings to a user.
    if !matches!(output.form, OutputForm::Count | OutputForm::Quiet) {
        if let Some(warning) = without_table(resolver.patterns(), resolver.origins()) {
            warn(warning);
        }
        if sources.iter().all(AddressSource::is_address) {
            without_effect(&reading_options(&typed.reading), "a log").for_each(|warning| warn(&warning));
        }
    }
    if explains {
        resolver.patterns().check()?;
        let exit = explain::run(&resolver, &clients, &output, tally)?;
        tell_of(&resolver);
        return Ok(exit);
    }
    let width = || clients.iter().map(|client| client.address.to_string().len()).max().unwrap_or_default();
    let format = output_format(&output, clients.len(), alone, width, resolver.patterns());
    judge_all(&resolver, &clients, &output, &format, tally)
}

/// The sources of addresses as given; stdin if there are none.
fn sources(typed: &CheckArgs) -> Result<Vec<AddressSource<'_>>> {
    let mut sources = Vec::new();
    let mut more = Vec::new();
    for text in &typed.addresses {
        match named(text) {
            Ok(source) => sources.push(source),
            // A shell puts all files that match `mail.log*` after one --log.
            Err(_) if !typed.log.is_empty() && Path::new(text).is_file() => more.push(Path::new(text)),
            Err(_) if !typed.log.is_empty() && is_name(text) && !Path::new(text).exists() => {
                return Err(Error::usage(format!("`{text}` is neither an address nor a log that exists")));
            }
            Err(error) => return Err(error),
        }
    }
    let logs = typed.log.iter().map(|path| path.as_path()).chain(more);
    sources.extend(logs.map(|path| AddressSource::Log(ClientSource::named(path))));
    if sources.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Error::usage(
                "no address: name one, or --log FILE, or pipe a log into stdin (`whodunit --help` says more)",
            ));
        }
        sources.push(AddressSource::Log(ClientSource::Stdin));
    }
    Ok(sources)
}

/// The addresses to classify, all read before any query. An input that cannot be read is noted in the tally.
fn read_clients(
    sources: &[AddressSource<'_>],
    reading: &LogConfig,
    tally: &mut ExitTally,
) -> Result<Vec<Client>> {
    let mut clients = ClientList::default();
    let mut rest = sources;
    while let Some((first, behind)) = rest.split_first() {
        if let AddressSource::Address(address) = first {
            clients.add(*address, 1);
            rest = behind;
            continue;
        }
        // Consecutive logs are read as one.
        let logs: Vec<ClientSource<'_>> = rest.iter().map_while(AddressSource::log).collect();
        let read = log_clients::read(&logs, &reading.spec(Timestamp::now()))?;
        tally.lacks_input(!read.unreadable.is_empty());
        clients.add_all(&read.seen);
        rest = rest.get(logs.len()..).unwrap_or_default();
    }
    Ok(clients.list)
}

/// The sources of addresses, in the order in which they were given.
enum AddressSource<'a> {
    Address(IpAddr),
    Log(ClientSource<'a>),
}

impl<'a> AddressSource<'a> {
    fn log(&self) -> Option<ClientSource<'a>> {
        if let Self::Log(log) = self { Some(*log) } else { None }
    }

    fn is_address(&self) -> bool {
        matches!(self, Self::Address(_))
    }

    fn is_stdin(&self) -> bool {
        matches!(self, Self::Log(ClientSource::Stdin))
    }
}

/// Whether it has a letter that no address has.
fn is_name(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphabetic() && !b.is_ascii_hexdigit())
}

/// An argument: an address, or stdin.
fn named(text: &str) -> Result<AddressSource<'_>> {
    if text == "-" {
        return Ok(AddressSource::Log(ClientSource::Stdin));
    }
    let address = address::parse(text).map_err(|why| Error::usage(hint::sentence(text, why)))?;
    Ok(AddressSource::Address(address))
}

/// Addresses in order of appearance, without duplicates.
#[derive(Default)]
struct ClientList {
    list: Vec<Client>,
    /// Empty while there is only one log: its clients have no duplicates, and there may be millions.
    indexes: HashMap<IpAddr, usize>,
}

impl ClientList {
    fn add_all(&mut self, seen: &[SeenClient]) {
        let clients = log_clients::clients(seen);
        if self.list.is_empty() {
            self.list = clients;
        } else {
            clients.iter().for_each(|client| self.add(client.address, client.hits));
        }
    }

    fn add(&mut self, address: IpAddr, hits: u64) {
        if self.indexes.is_empty() {
            self.indexes =
                self.list.iter().enumerate().map(|(index, client)| (client.address, index)).collect();
        }
        let index = *self.indexes.entry(address).or_insert(self.list.len());
        match self.list.get_mut(index) {
            Some(client) => client.hits = client.hits.saturating_add(hits),
            None => self.list.push(Client { address, hits }),
        }
    }
}

/// Prints verdicts in order of appearance, with the text below each for --whois.
fn judge_all(
    resolver: &Resolver,
    clients: &[Client],
    output: &OutputConfig,
    format: &OutputFormat,
    mut tally: ExitTally,
) -> Result<Exit> {
    let mut out = stdout();
    let stale = StaleCount::default();
    format.head(&mut out)?;
    let view = |judged: Judged| {
        stale.add(&judged);
        (judged.verdict, shown(&judged, resolver, output, format))
    };
    let print = |(verdict, lines): (Verdict, Result<Vec<u8>>), arrival| {
        tally.add(verdict);
        out.write_all(&lines?).map_err(Error::stdout)?;
        if arrival == Arrival::Late { flush(&mut out) } else { Ok(()) }
    };
    resolver.judge_all(clients, &view, &mut ProgressSink::new(resolver, true, print))?;
    flush(&mut out)?;
    stale.tell();
    tell_of(resolver);
    Ok(tally.exit())
}

/// The lines of one verdict.
fn shown(
    judged: &Judged,
    resolver: &Resolver,
    output: &OutputConfig,
    format: &OutputFormat,
) -> Result<Vec<u8>> {
    // Most lines of JSON fit.
    let mut lines = Vec::with_capacity(if output.form == OutputForm::Json { 768 } else { 0 });
    format.row(judged, &mut lines)?;
    if let (OutputForm::Whois, Some(answer)) = (output.form, judged.answer()) {
        output::matched(&answer.text, resolver.patterns(), paint(output), &mut lines)
            .map_err(Error::stdout)?;
    }
    Ok(lines)
}
