//! `whodunit [IP]...`: the verdict on every address.

use super::{
    ExitTally, columns, explain, flush, hint, input_warnings, read_patterns, resolver, settle,
    sink::ProgressSink, stale::StaleCount, stdout, tell_of, warn, without_table,
};
use crate::{
    address,
    cli::CheckArgs,
    config::{self, ConfigLayer, OutputForm},
    error::{Error, Result},
    exit::Exit,
    log,
    output::{self, OutputFormat, Paint, progress},
    pattern::Patterns,
    resolver::{Arrival, Client, Resolver},
    verdict::Judged,
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    io::IsTerminal,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// Classifies addresses, and says what to end with.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &CheckArgs) -> Result<Exit> {
    let beneath = config::beneath(&typed.config)?;
    let asks = typed.addresses.is_empty() && typed.log.is_empty()
        || typed.addresses.iter().any(|text| text == "-")
        || typed.log.iter().any(|path| path == Path::new("-"));
    let stdin = asks.then_some("the addresses");
    let patterns = read_patterns(&config::patterns(&typed.patterns, &beneath), stdin)?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    let config = settle(&typed.querying, &typed.caching, &beneath)?;
    let (clients, missing) = clients(typed, &beneath)?;
    let form = config::form(&typed.output, &beneath);
    let resolver = resolver(config, patterns).keeping_text(form == OutputForm::Whois);
    let paint = Paint { colored: config::colored(typed.output.color, &beneath) };
    let mut tally =
        ExitTally::new(config::unknown_exit(config::on_unknown(typed.output.on_unknown, &beneath)));
    tally.lacks_input(missing);
    // A script that takes a number or an exit code has nobody to read it.
    if !matches!(form, OutputForm::Count | OutputForm::Quiet)
        && let Some(warning) = without_table(resolver.patterns(), resolver.origins())
    {
        warn(warning);
    }
    if typed.explain {
        resolver.patterns().check()?;
        let exit = explain::run(&resolver, &clients, paint, tally)?;
        tell_of(&resolver);
        return Ok(exit);
    }
    let alone = typed.log.is_empty() && matches!(typed.addresses.as_slice(), [one] if one != "-");
    let format = format(form, alone, &clients, resolver.patterns(), paint);
    all(&resolver, form == OutputForm::Whois, &clients, &format, paint, tally)
}

/// The addresses to classify, all of them read before anything is asked, and whether an input is missing.
fn clients(typed: &CheckArgs, beneath: &ConfigLayer) -> Result<(Vec<Client>, bool)> {
    let mut sources = Vec::new();
    let mut more = Vec::new();
    for text in &typed.addresses {
        match named(text) {
            Ok(source) => sources.push(source),
            // A shell puts all files that `mail.log*` stands for behind one --log.
            Err(_) if !typed.log.is_empty() && Path::new(text).is_file() => more.push(Path::new(text)),
            Err(error) => return Err(error),
        }
    }
    sources.extend(typed.log.iter().map(PathBuf::as_path).chain(more).map(|path| {
        AddressSource::Read(if path == Path::new("-") {
            log::ClientSource::Stdin
        } else {
            log::ClientSource::File(path)
        })
    }));
    if sources.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Error::usage(
                "no address: name one, or --log FILE, or pipe a log into stdin (`whodunit --help` says more)",
            ));
        }
        sources.push(AddressSource::Read(log::ClientSource::Stdin));
    }
    let mut clients = ClientList::default();
    let mut rest = sources.as_slice();
    let mut missing = false;
    while let Some((first, behind)) = rest.split_first() {
        let AddressSource::Read(_) = first else {
            first.address().into_iter().for_each(|address| clients.add(address, 1));
            rest = behind;
            continue;
        };
        // Only now: a log's zone costs a look at the machine's, which a hook with one address has no use for.
        let extract = config::extract(&typed.reading, beneath);
        let trusted = config::trusted_proxies(&typed.reading, beneath);
        let spec = log::ReadSpec { extract, trusted, ..log::ReadSpec::new(Timestamp::now()) };
        // Those that follow each other are read as one.
        let inputs: Vec<log::ClientSource<'_>> = rest.iter().map_while(AddressSource::input).collect();
        let read = log::read(&inputs, &spec, &progress::bytes())?;
        input_warnings::tell(&read, &inputs, &spec);
        missing |= !read.unreadable.is_empty();
        clients.add_all(&read.seen);
        rest = rest.get(inputs.len()..).unwrap_or_default();
    }
    Ok((clients.list, missing))
}

/// Where addresses come from, in the order in which they were named.
enum AddressSource<'a> {
    Address(IpAddr),
    Read(log::ClientSource<'a>),
}

impl<'a> AddressSource<'a> {
    fn address(&self) -> Option<IpAddr> {
        if let Self::Address(address) = self { Some(*address) } else { None }
    }

    fn input(&self) -> Option<log::ClientSource<'a>> {
        if let Self::Read(from) = self { Some(*from) } else { None }
    }
}

/// An argument: an address, or stdin.
fn named(text: &str) -> Result<AddressSource<'_>> {
    if text == "-" {
        return Ok(AddressSource::Read(log::ClientSource::Stdin));
    }
    let address = address::parse(text).map_err(|why| Error::usage(hint::sentence(text, why)))?;
    Ok(AddressSource::Address(address))
}

/// Addresses in the order of their first appearance, each once.
#[derive(Default)]
struct ClientList {
    list: Vec<Client>,
    /// Empty as long as one log is all: each of its clients is there once, and there may be millions.
    indexes: HashMap<IpAddr, usize>,
}

impl ClientList {
    fn add_all(&mut self, seen: &[log::SeenClient]) {
        let clients = seen.iter().map(|seen| Client { address: seen.address(), hits: seen.hits });
        if self.list.is_empty() {
            self.list = clients.collect();
        } else {
            clients.for_each(|client| self.add(client.address, client.hits));
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

fn format(
    form: OutputForm,
    alone: bool,
    clients: &[Client],
    patterns: &Patterns,
    paint: Paint,
) -> OutputFormat {
    let text = || {
        let width =
            || clients.iter().map(|client| client.address.to_string().len()).max().unwrap_or_default();
        columns(width, clients.len() == 1, patterns, paint)
    };
    match form {
        OutputForm::Text | OutputForm::Whois => OutputFormat::Text(text()),
        OutputForm::Json => OutputFormat::Json,
        OutputForm::Csv => OutputFormat::Csv,
        OutputForm::Count if alone => OutputFormat::Count,
        OutputForm::Count => OutputFormat::Counts,
        OutputForm::Quiet => OutputFormat::Quiet,
    }
}

/// Verdicts in the order of first appearance, with `whois` the text below each.
fn all(
    resolver: &Resolver,
    whois: bool,
    clients: &[Client],
    format: &OutputFormat,
    paint: Paint,
    mut tally: ExitTally,
) -> Result<Exit> {
    let mut out = stdout();
    let mut stale = StaleCount::default();
    format.head(&mut out)?;
    let print = |judged: Judged, arrival| {
        tally.add(&judged);
        stale.add(&judged);
        format.row(&judged, &mut out)?;
        if let (true, Some(answer)) = (whois, judged.answer()) {
            output::matched(&answer.text, resolver.patterns(), paint, &mut out)
                .map_err(|error| Error::output("stdout", &error))?;
        }
        if arrival == Arrival::Late { flush(&mut out) } else { Ok(()) }
    };
    resolver.judge_all(clients, &mut ProgressSink::new(resolver, true, print))?;
    flush(&mut out)?;
    stale.tell();
    tell_of(resolver);
    Ok(tally.exit())
}
