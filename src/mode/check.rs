//! `whodunit [IP]...`: the verdict on every address.

use super::{Client, Tally, explain, flush, manners, open, stdout, tell};
use crate::{
    address::{self, special},
    answer::{Answer, Known},
    cache::{Found, Handle},
    cli::Check,
    deadline::Deadline,
    error::{Error, Result},
    exit::Exit,
    input, lanes,
    lookup::{Lookup, Trace},
    output::{
        self, Columns, Format, Paint,
        progress::{self, Progress},
    },
    pattern::{Finding, Patterns},
    settings::{self, Form, Layer, PATIENCE, Query},
    verdict::{self, Judged, judge, settle},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, io::IsTerminal, net::IpAddr};

/// Everything that a run over addresses needs, settled before the first question.
struct Run<'a> {
    lookup: Lookup<'a>,
    cache: &'a Handle,
    patterns: Patterns,
    query: Query,
    /// Keep the whois text for the output.
    whois: bool,
}

/// Classifies addresses, and says what to end with.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &Check) -> Result<Exit> {
    let beneath = settings::beneath(&typed.config)?;
    let patterns = Patterns::read(&settings::patterns(&typed.patterns, &beneath))?;
    let query = settings::query(&typed.querying, &beneath, PATIENCE)?;
    let clients = clients(typed, &beneath)?;
    let remember = settings::remember(&typed.caching, &beneath);
    let cache = open(&remember);
    let manners = manners(&query, &remember);
    let form = settings::form(&typed.output, &beneath);
    let run = Run {
        lookup: Lookup::new(&manners, &cache),
        cache: &cache,
        patterns,
        query,
        whois: form == Form::Whois,
    };
    let paint = Paint { colored: settings::colored(typed.output.color, &beneath) };
    let tally = Tally::new(settings::unknown_exit(settings::on_unknown(typed.output.on_unknown, &beneath)));
    if typed.explain {
        run.patterns.check()?;
        return explain::run(&run.lookup, &run.patterns, &clients, run.query.timeout, paint, tally);
    }
    let alone = typed.log.is_empty() && matches!(typed.addresses.as_slice(), [one] if one != "-");
    let format = format(form, alone, &clients, paint);
    run.all(&clients, &format, paint, tally)
}

/// The addresses to classify, all of them read before anything is asked.
fn clients(typed: &Check, beneath: &Layer) -> Result<Vec<Client>> {
    let mut clients = Clients::default();
    let mut stdin = typed.addresses.is_empty() && typed.log.is_empty();
    if stdin && std::io::stdin().is_terminal() {
        return Err(Error::usage(
            "no address: name one, or --log FILE, or pipe a log into stdin (`whodunit --help` says more)",
        ));
    }
    for text in &typed.addresses {
        if text == "-" {
            stdin = true;
            continue;
        }
        let address = address::parse(text).map_err(|why| Error::usage(format!("`{text}` {why}")))?;
        clients.add(address, 1);
    }
    let mut sources: Vec<input::From> = typed.log.iter().map(|path| input::From::File(path)).collect();
    if stdin {
        sources.push(input::From::Stdin);
    }
    if !sources.is_empty() {
        let spec = input::Spec {
            extract: settings::extract(&typed.reading, beneath),
            ..input::Spec::new(Timestamp::now())
        };
        for seen in input::read(&sources, &spec, &progress::bytes())?.seen {
            clients.add(seen.address, seen.hits);
        }
    }
    Ok(clients.list)
}

/// Addresses in the order of their first appearance, each once.
#[derive(Default)]
struct Clients {
    list: Vec<Client>,
    places: HashMap<IpAddr, usize>,
}

impl Clients {
    fn add(&mut self, address: IpAddr, hits: u64) {
        let place = *self.places.entry(address).or_insert(self.list.len());
        match self.list.get_mut(place) {
            Some(client) => client.hits = client.hits.saturating_add(hits),
            None => self.list.push(Client { address, hits }),
        }
    }
}

fn format(form: Form, alone: bool, clients: &[Client], paint: Paint) -> Format {
    let columns = || {
        let width =
            || clients.iter().map(|client| client.address.to_string().len()).max().unwrap_or_default();
        let aligned = std::io::stdout().is_terminal().then(width);
        Columns { aligned, paint }
    };
    match form {
        Form::Text | Form::Whois => Format::Text(columns()),
        Form::Json => Format::Json,
        Form::Csv => Format::Csv,
        Form::Count if alone => Format::Count,
        Form::Count => Format::Counts,
        Form::Quiet => Format::Quiet,
    }
}

impl Run<'_> {
    /// Verdicts in the order of first appearance, each as soon as those before it are out.
    fn all(&self, clients: &[Client], format: &Format, paint: Paint, mut tally: Tally) -> Result<Exit> {
        let mut out = stdout();
        let mut checked = false;
        format.head(&mut out)?;
        let mut print = |judged: &Judged| -> Result<()> {
            tally.add(judged);
            format.row(judged, &mut out)?;
            if let (true, Some(answer)) = (self.whois, judged.answer()) {
                output::matched(&answer.text, &self.patterns, paint, true, &mut out)
                    .map_err(|error| Error::output("stdout", &error))?;
            }
            Ok(())
        };
        // What is known already is answered here and now, with no thread: the hook that asks again about a client.
        let mut rest = clients.iter().enumerate().peekable();
        while let Some((_, seen)) = rest.peek() {
            let Some(judged) = self.at_once(seen.address, seen.hits, &mut checked)? else { break };
            print(&judged)?;
            rest.next();
        }
        if rest.peek().is_some() {
            self.patterns.check()?;
            let rest: Vec<(usize, IpAddr, u64)> =
                rest.map(|(n, seen)| (n, seen.address, seen.hits)).collect();
            self.ask(&rest, &mut print)?;
        }
        flush(&mut out)?;
        tell(self.cache);
        Ok(tally.exit())
    }

    /// The verdict on an address that nobody need be asked about. With a decision remembered beside the network, no
    /// pattern is even compiled.
    fn at_once(&self, address: IpAddr, hits: u64, checked: &mut bool) -> Result<Option<Judged>> {
        if let Some(special) = special(address) {
            self.check(checked)?;
            return Ok(Some(judge(address, hits, Known::Reserved(special), &self.patterns)));
        }
        match self.lookup.remembered(address, Timestamp::now()) {
            Some(found) => self.decide(address, hits, &found, checked),
            None => Ok(None),
        }
    }

    /// Every pattern is looked at once before any is used.
    fn check(&self, checked: &mut bool) -> Result<()> {
        if !*checked {
            self.patterns.check()?;
            *checked = true;
        }
        Ok(())
    }

    /// Holds the patterns against a kept answer, or recalls what that came to the last time. None when the answer
    /// went away meanwhile.
    fn decide(
        &self,
        address: IpAddr,
        hits: u64,
        found: &Found,
        checked: &mut bool,
    ) -> Result<Option<Judged>> {
        let digest = self.patterns.digest();
        let about = self.patterns.depends_on_address().then_some(address);
        // What is remembered has no whois text in it: it is what every form but --whois prints.
        let recalled = if self.whois { None } else { self.cache.recall(found, &digest, about) };
        if let Some(decision) = recalled.and_then(|bytes| serde_json::from_slice::<Decision>(&bytes).ok()) {
            return Ok(Some(decision.settle(address, hits, found)));
        }
        let Some(mut answer) = self.cache.answer(found) else { return Ok(None) };
        self.check(checked)?;
        let finding = verdict::find(&self.patterns, &answer, Some(address));
        if !self.whois {
            answer.text.clear();
            let decision = Decision { finding, answer };
            if let Ok(bytes) = serde_json::to_vec(&decision) {
                self.cache.remember(found, &digest, about, &bytes);
            }
            return Ok(Some(decision.settle(address, hits, found)));
        }
        Ok(Some(settle(Some(address), hits, Known::Answer(Box::new(answer)), finding)))
    }

    /// Asks about what is not known. For one address no pool is built: hooks run under limits that a pool would hit.
    fn ask(&self, rest: &[(usize, IpAddr, u64)], print: &mut dyn FnMut(&Judged) -> Result<()>) -> Result<()> {
        if let [(_, address, hits)] = rest {
            let known = self.lookup.look_up(*address, self.deadline(), false, &mut Trace::off());
            return print(&judge(*address, *hits, known, &self.patterns));
        }
        let first = rest.first().map_or(0, |(n, ..)| *n);
        let mut waiting: Vec<Option<Judged>> = rest.iter().map(|_| None).collect();
        let mut next = 0;
        let mut stopped = Ok(());
        let mut progress = Progress::addresses(rest.len() as u64);
        let mut done = 0;
        let width = lanes::Width { jobs: self.query.jobs.into(), per_lane: self.query.per_server.into() };
        lanes::run(
            rest.iter().map(|(n, address, _)| (n - first, *address)),
            width,
            |address| self.lookup.first_server(address).name,
            |address| self.one(address),
            |place, judged| {
                done += 1;
                progress.reach(done);
                if let Some(slot) = waiting.get_mut(place) {
                    *slot = judged;
                }
                while let Some(judged) = waiting.get_mut(next).and_then(Option::take) {
                    let hits = rest.get(next).map_or(1, |(.., hits)| *hits);
                    if stopped.is_ok() {
                        stopped = progress.aside(|| print(&Judged { hits, ..judged }));
                    }
                    next += 1;
                }
            },
        );
        stopped
    }

    /// One address of many, on a lane's thread; None when the run has been stopped.
    fn one(&self, address: IpAddr) -> Option<Judged> {
        let asks = !self.query.offline
            && special(address).is_none()
            && self.lookup.remembered(address, Timestamp::now()).is_none();
        if asks {
            self.lookup.await_turn(address);
        }
        let known = self.lookup.look_up(address, self.deadline(), asks, &mut Trace::off());
        Some(judge(address, 1, known, &self.patterns))
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.query.timeout)
    }
}

/// What is remembered beside a network for one set of patterns: all that is printed.
#[derive(Deserialize, Serialize)]
struct Decision {
    finding: Finding,
    answer: Answer,
}

impl Decision {
    fn settle(self, address: IpAddr, hits: u64, found: &Found) -> Judged {
        let answer = Answer { stale: found.stale, ..self.answer };
        settle(Some(address), hits, Known::Answer(Box::new(answer)), self.finding)
    }
}
