//! `whodunit [IP]...`: the verdict on every address.

use super::{
    Client, Tally,
    batch::{Batch, Came},
    columns, explain, flush, manners, no_client, open, read_patterns, stdout, tell, warn,
};
use crate::{
    address,
    cli::{Check, nearest_command},
    error::{Error, Result},
    exit::Exit,
    input,
    lookup::Lookup,
    output::{self, Format, Paint, progress},
    pattern::Patterns,
    settings::{self, Form, Layer, PATIENCE},
};
use jiff::Timestamp;
use std::{collections::HashMap, io::IsTerminal, net::IpAddr};

/// Classifies addresses, and says what to end with.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &Check) -> Result<Exit> {
    let beneath = settings::beneath(&typed.config)?;
    let asks = typed.addresses.is_empty() && typed.log.is_empty() || typed.addresses.iter().any(|a| a == "-");
    let stdin = asks.then_some("the addresses");
    let patterns = read_patterns(&settings::patterns(&typed.patterns, &beneath), stdin)?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    let query = settings::query(&typed.querying, &beneath, PATIENCE)?;
    let clients = clients(typed, &beneath)?;
    let remember = settings::remember(&typed.caching, &beneath);
    let cache = open(&remember);
    let manners = manners(&query, &remember);
    let form = settings::form(&typed.output, &beneath);
    let batch = Batch {
        lookup: Lookup::new(&manners, &cache),
        cache: &cache,
        patterns: &patterns,
        query: &query,
        whois: form == Form::Whois,
        prints: true,
    };
    let paint = Paint { colored: settings::colored(typed.output.color, &beneath) };
    let tally = Tally::new(settings::unknown_exit(settings::on_unknown(typed.output.on_unknown, &beneath)));
    if typed.explain {
        patterns.check()?;
        return explain::run(&batch.lookup, &patterns, &clients, query.timeout, paint, tally);
    }
    let alone = typed.log.is_empty() && matches!(typed.addresses.as_slice(), [one] if one != "-");
    let format = format(form, alone, &clients, &patterns, paint);
    all(&batch, &clients, &format, paint, tally)
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
        let address = address::parse(text).map_err(|why| {
            let command = match nearest_command(text) {
                Some(command) if command == text => "; a command stands before all options".to_owned(),
                Some(command) => format!("; did you mean `whodunit {command}`?"),
                None => String::new(),
            };
            Error::usage(format!("`{text}` {why}{command}"))
        })?;
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
        let read = input::read(&sources, &spec, &progress::bytes())?;
        if read.seen.is_empty() && read.lines > 0 {
            warn(&no_client(read.lines));
        }
        for seen in read.seen {
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

fn format(form: Form, alone: bool, clients: &[Client], patterns: &Patterns, paint: Paint) -> Format {
    let text = || {
        let width =
            || clients.iter().map(|client| client.address.to_string().len()).max().unwrap_or_default();
        columns(width, patterns, paint)
    };
    match form {
        Form::Text | Form::Whois => Format::Text(text()),
        Form::Json => Format::Json,
        Form::Csv => Format::Csv,
        Form::Count if alone => Format::Count,
        Form::Count => Format::Counts,
        Form::Quiet => Format::Quiet,
    }
}

/// Verdicts in the order of first appearance.
fn all(batch: &Batch, clients: &[Client], format: &Format, paint: Paint, mut tally: Tally) -> Result<Exit> {
    let mut out = stdout();
    format.head(&mut out)?;
    batch.each(clients, &mut |judged, came| {
        tally.add(&judged);
        format.row(&judged, &mut out)?;
        if let (true, Some(answer)) = (batch.whois, judged.answer()) {
            output::matched(&answer.text, batch.patterns, paint, true, &mut out)
                .map_err(|error| Error::output("stdout", &error))?;
        }
        if came == Came::Late { flush(&mut out) } else { Ok(()) }
    })?;
    flush(&mut out)?;
    tell(batch.cache);
    Ok(tally.exit())
}
