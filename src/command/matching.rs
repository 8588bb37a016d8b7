//! `whodunit match`: matches patterns against whois text that the user already has. No network, no cache.

use super::{
    ExitTally, flush, input_warnings, origins, output_format, paint, read_patterns, stdout, warn,
    without_table,
};
use crate::{
    address,
    cli::MatchArgs,
    config::{self, CacheConfig, ConfigLayer, OutputConfig, OutputForm},
    error::{Error, Result},
    exit::Exit,
    log::ClientSource,
    origin::AddressOrigin,
    output,
    pattern::{MatchSubject, PatternSpec, Patterns},
    registry::{Answer, AnswerSource, Known, Registry, Unknown, UnknownKind},
    verdict::{self, Judged},
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
    sync::Arc,
};

/// The longest whois text that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The texts to match, and the settings.
struct MatchSettings<'a> {
    sources: Vec<ClientSource<'a>>,
    /// The address that the texts are about.
    address: Option<IpAddr>,
    patterns: PatternSpec,
    output: OutputConfig,
    cache: CacheConfig,
}

impl<'a> MatchSettings<'a> {
    fn resolve(typed: &'a MatchArgs, layers: &ConfigLayer) -> Result<Self> {
        let parse =
            |text: &String| address::parse(text).map_err(|why| Error::usage(format!("--ip `{text}` {why}")));
        if typed.files.is_empty() && io::stdin().is_terminal() {
            return Err(Error::usage("no whois text: name a file, or pipe some into stdin"));
        }
        let sources = match typed.files.as_slice() {
            [] => vec![ClientSource::Stdin],
            files => files.iter().map(|file| ClientSource::named(file)).collect(),
        };
        Ok(Self {
            sources,
            address: typed.ip.as_ref().map(parse).transpose()?,
            patterns: config::patterns(&typed.patterns, layers),
            output: OutputConfig::resolve(&typed.output, layers),
            cache: CacheConfig::at(typed.cache.as_ref(), layers),
        })
    }
}

/// Matches patterns against whois text in files or on stdin, and returns the exit code.
///
/// # Errors
/// Any error before the first output: a wrong pattern, address or file.
pub fn run(typed: &MatchArgs) -> Result<Exit> {
    let MatchSettings { sources, address, patterns, output, cache } =
        MatchSettings::resolve(typed, &config::layers(&typed.config)?)?;
    let asks = sources.iter().any(|source| matches!(source, ClientSource::Stdin));
    let patterns = read_patterns(&patterns, asks.then_some("the whois text"))?;
    patterns.check()?;
    let texts = sources.iter().map(read).collect::<Result<Vec<_>>>()?;
    // If the text has such line ends itself, patterns match them.
    if texts.iter().any(|text| !text.contains(&b'\r')) {
        patterns.line_ends().for_each(|warning| warn(&warning));
    }
    let origin = address.and_then(|address| announced(&cache, address, output.form, &patterns));
    let mut tally = ExitTally::new(output.on_unknown);
    let width = || address.map_or(1, |address| address.to_string().len());
    let format = output_format(&output, texts.len(), true, width, &patterns);
    let mut out = stdout();
    format.head(&mut out)?;
    for (bytes, source) in texts.into_iter().zip(&sources) {
        // The signs of the registry are in ASCII, which every character set shares.
        let registry = detect(&charset::decode(&bytes, Registry::Other));
        let text = charset::decode(&bytes, registry);
        let judged = judge(&text, registry, address, origin.clone(), &patterns);
        tally.add(judged.verdict);
        if judged.unknown().is_some()
            && let Some(warning) = input_warnings::log_as_whois(&bytes, source)
        {
            warn(&warning);
        }
        if output.form == OutputForm::Count {
            // The count that `egrep | wc -l` gives for any text.
            let plain =
                patterns.judge(&MatchSubject { text: &text, record: None, address: None, origin: None });
            let count = if judged.matches.is_empty() { plain.count } else { judged.count };
            writeln!(out, "{count}").map_err(Error::stdout)?;
            continue;
        }
        format.row(&judged, &mut out)?;
        if output.form == OutputForm::Whois {
            output::matched(&text, &patterns, paint(&output), &mut out).map_err(Error::stdout)?;
        }
    }
    flush(&mut out)?;
    Ok(tally.exit())
}

/// The origin of the address, by the table beside the cache. The cache itself is not opened.
fn announced(
    cache: &CacheConfig,
    address: IpAddr,
    form: OutputForm,
    patterns: &Patterns,
) -> Option<AddressOrigin> {
    let origins = origins(cache);
    let found = origins.find(address);
    let quiet = matches!(form, OutputForm::Count | OutputForm::Quiet);
    if let Some(warning) = origins.warning() {
        warn(&warning);
    } else if let Some(warning) = without_table(patterns, &origins).filter(|_| !quiet) {
        warn(warning);
    }
    found
}

/// Reads one text whole.
fn read(source: &ClientSource<'_>) -> Result<Vec<u8>> {
    match source {
        ClientSource::Stdin => take(Path::new("stdin"), io::stdin().lock()),
        ClientSource::File(path) | ClientSource::Copy { path, .. } => {
            take(path, File::open(path).map_err(|error| Error::input(path, &error))?)
        }
    }
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
        WhoisReply::Record(record, _) => Known::Answer(Arc::new(Answer {
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
    Judged { text: true, ..verdict::judge(address, 1, known, origin, patterns) }
}
