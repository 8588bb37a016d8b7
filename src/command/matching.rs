//! `whodunit match`: the same matching on whois text that the user already has. No network, no cache.

use super::{ExitTally, columns, flush, origins, read_patterns, stdout, warn, without_table};
use crate::{
    address,
    cli::{CacheOptions, MatchArgs},
    config::{self, ConfigLayer, OutputForm},
    error::{Error, Result},
    exit::Exit,
    origin::AddressOrigin,
    output::{self, OutputFormat, Paint},
    pattern::{MatchSubject, Patterns},
    registry::{Answer, AnswerSource, Known, Registry, Unknown, UnknownKind},
    verdict::{Judged, find, settle},
    whois::{
        charset,
        reply::{Provenance, WhoisReply, classify, detect},
    },
};
use jiff::Timestamp;
use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    net::IpAddr,
    path::Path,
};

/// More whois text than anybody has about one address.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Matches patterns against whois text in files or on stdin, and says what to end with.
///
/// # Errors
/// Whatever stops the run, before anything is printed: patterns, an address or a file that is wrong.
pub fn run(typed: &MatchArgs) -> Result<Exit> {
    let beneath = config::beneath(&typed.config)?;
    let asks = typed.files.is_empty() || typed.files.iter().any(|file| file == Path::new("-"));
    let stdin = asks.then_some("the whois text");
    let patterns = read_patterns(&config::patterns(&typed.patterns, &beneath), stdin)?;
    patterns.check()?;

    let address = match &typed.ip {
        Some(text) => Some(address::parse(text).map_err(|why| Error::usage(format!("--ip `{text}` {why}")))?),
        None => None,
    };
    let texts = read(typed)?;
    // A text whose own lines end so is matched by them.
    if texts.iter().any(|text| !text.contains(&b'\r')) {
        patterns.line_ends().for_each(|warning| warn(&warning));
    }
    let form = config::form(&typed.output, &beneath);
    let paint = Paint { colored: config::colored(typed.output.color, &beneath) };
    let origin = address.and_then(|address| announced(typed, &beneath, address, form, &patterns));
    let mut tally =
        ExitTally::new(config::unknown_exit(config::on_unknown(typed.output.on_unknown, &beneath)));
    let format = match form {
        OutputForm::Text | OutputForm::Whois => {
            let width = || address.map_or(1, |address| address.to_string().len());
            OutputFormat::Text(columns(width, texts.len() == 1, &patterns, paint))
        }
        OutputForm::Json => OutputFormat::Json,
        OutputForm::Csv => OutputFormat::Csv,
        OutputForm::Count => OutputFormat::Count,
        OutputForm::Quiet => OutputFormat::Quiet,
    };
    let mut out = stdout();
    let write = |error| Error::output("stdout", &error);
    format.head(&mut out)?;
    for bytes in texts {
        // Whose text it is stands in letters that every character set shares.
        let registry = detect(&charset::decode(&bytes, Registry::Other));
        let text = charset::decode(&bytes, registry);
        let judged = judge(&text, registry, address, origin.clone(), &patterns);
        tally.add(&judged);
        if form == OutputForm::Count {
            // What egrep | wc -l would say, whatever the text is.
            let plain =
                patterns.judge(&MatchSubject { text: &text, record: None, address: None, origin: None });
            let count = if judged.matches.is_empty() { plain.count } else { judged.count };
            writeln!(out, "{count}").map_err(write)?;
            continue;
        }
        format.row(&judged, &mut out)?;
        if form == OutputForm::Whois {
            output::matched(&text, &patterns, paint, &mut out).map_err(write)?;
        }
    }
    flush(&mut out)?;
    Ok(tally.exit())
}

/// Who announces the address, by the table of origins beside the cache, which itself is left alone.
fn announced(
    typed: &MatchArgs,
    beneath: &ConfigLayer,
    address: IpAddr,
    form: OutputForm,
    patterns: &Patterns,
) -> Option<AddressOrigin> {
    let caching = CacheOptions { cache: typed.cache.clone(), ..CacheOptions::default() };
    let origins = origins(&config::cache(&caching, beneath));
    let found = origins.find(address);
    let quiet = matches!(form, OutputForm::Count | OutputForm::Quiet);
    if let Some(warning) = origins.warning() {
        warn(&warning);
    } else if let Some(warning) = without_table(patterns, &origins).filter(|_| !quiet) {
        warn(warning);
    }
    found
}

/// All inputs, read before anything is printed.
fn read(typed: &MatchArgs) -> Result<Vec<Vec<u8>>> {
    if typed.files.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Error::usage("no whois text: name a file, or pipe some into stdin"));
        }
        return Ok(vec![take(Path::new("stdin"), io::stdin().lock())?]);
    }
    let open = |path: &Path| File::open(path).map_err(|error| Error::input(path, &error));
    typed
        .files
        .iter()
        .map(|path| {
            if path == Path::new("-") {
                take(Path::new("stdin"), io::stdin().lock())
            } else {
                take(path, open(path)?)
            }
        })
        .collect()
}

fn take(path: &Path, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| Error::input(path, &error))?;
    if bytes.len() as u64 > LONGEST {
        let path = path.display();
        return Err(Error::data(format!(
            "{path}: more than {LONGEST} bytes is too much for whois text about one address"
        )));
    }
    Ok(bytes)
}

fn judge(
    text: &str,
    registry: Registry,
    address: Option<IpAddr>,
    origin: Option<AddressOrigin>,
    patterns: &Patterns,
) -> Judged {
    let unknown = |kind: UnknownKind, message: String| Known::Unknown(Unknown { kind, message });
    let known = match classify(text, registry, address, Provenance::Saved) {
        WhoisReply::Failure { kind, message } | WhoisReply::Empty { kind, message } => unknown(kind, message),
        WhoisReply::Placeholder { message, .. } => unknown(UnknownKind::Placeholder, message),
        WhoisReply::Record(record, _) => Known::Answer(Box::new(Answer {
            record: *record,
            text: text.to_owned(),
            servers: Vec::new(),
            fetched: Timestamp::now(),
            partial: false,
            rdap: false,
            full: false,
            source: AnswerSource::Text,
            stale: false,
        })),
    };
    let finding = match &known {
        Known::Answer(answer) => {
            find(patterns, answer, address, origin.as_ref().map(|origin| &origin.origin))
        }
        Known::Reserved(_) | Known::Origin | Known::Unknown(_) => crate::pattern::PatternFinding::default(),
    };
    Judged { text: true, origin, ..settle(address, 1, known, finding) }
}
