//! Classifies a server's reply before any other code reads it: failure > placeholder > empty > record.
//!
//! A denial may follow valid objects, a reply may be cut, and a registry's database holds placeholders. None of these
//! may clear an address, and none may match a pattern.

mod capture;
mod closing;
mod complete;
mod elsewhere;
mod failure;
mod refusal;
mod segment;

use crate::registry::{
    Record, Registry, UnknownKind,
    record::RecordPage,
    referral::{self, Referral},
};
pub use closing::{is_same, unclosed};
use segment::ReplySegment;
use std::{borrow::Cow, net::IpAddr};

/// The source of a text, which decides how complete it must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Provenance {
    /// A server has just sent it: its end must be there.
    Network,
    /// Made by this program from an RDAP answer, which is complete or absent.
    Rdap,
    /// A saved file: perhaps an excerpt, perhaps with a client's own lines and several answers.
    Saved,
}

/// The class of a reply. Each message is one sentence, in lower case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WhoisReply {
    /// The server gives no answer, or only part of one.
    Failure {
        /// The contract's kind.
        kind: UnknownKind,
        /// The server's message, or what the answer lacks.
        message: String,
    },
    /// The record is a placeholder, and says nothing about the network.
    Placeholder {
        /// The sign of a placeholder.
        message: String,
        /// The servers to ask instead, best first; may be empty.
        next: Vec<Referral>,
    },
    /// It names no network.
    Empty {
        /// [`UnknownKind::NotFound`] if it says that there is none, [`UnknownKind::Incomplete`] if it says nothing at
        /// all.
        kind: UnknownKind,
        /// The server's message.
        message: String,
    },
    /// The record of the network, and servers that may know more.
    Record(Box<Record>, Vec<Referral>),
}

impl WhoisReply {
    /// The class of the reply and the reason, as one sentence for `--explain`.
    #[must_use]
    pub fn explain(&self) -> String {
        match self {
            Self::Failure { kind, message } => format!("a failure ({}): {message}", kind.as_str()),
            Self::Placeholder { message, .. } => format!("a placeholder: {message}"),
            Self::Empty { kind, message } => format!("no record ({}): {message}", kind.as_str()),
            Self::Record(record, _) => {
                format!("a record: {} is the smallest network that it names for the address", record.network)
            }
        }
    }
}

/// The registry that wrote a text, if nobody says who was asked. If the text holds several answers, it is the last
/// one's.
#[must_use]
pub fn detect(text: &str) -> Registry {
    let text = capture::restored(text);
    let segments = segment::segments(&text, Registry::Other, Provenance::Saved);
    let last = segments.iter().rev().find(|part| segment::has_content(part.text)).or(segments.last());
    match last {
        Some(part) if part.registry != Registry::Other => part.registry,
        Some(part) => segment::guess(part.text),
        None => Registry::Other,
    }
}

/// Classifies a reply. `registry` is the one that was asked, or for saved text the result of [`detect`].
///
/// The record is that of the smallest network that holds the address. If two are equal, the later one counts, which is
/// the customer's or the national registry's. Without an address it is the smallest network of all. An answer without a
/// network around the address describes something else, and does not count. In a saved text with several answers, the
/// last one that counts is taken. The reply of an operator's own server is taken at its word only if it was saved.
#[must_use]
pub fn classify(
    text: &str,
    registry: Registry,
    address: Option<IpAddr>,
    provenance: Provenance,
) -> WhoisReply {
    let text = match provenance {
        Provenance::Network | Provenance::Rdap => Cow::Borrowed(text),
        Provenance::Saved => capture::restored(text),
    };
    let mut segments = segment::segments(&text, registry, provenance);
    // LACNIC's head above an answer that it passes on does not count by itself, unless it is a denial, or says that
    // there is no such network.
    let head = |part: &ReplySegment<'_>| {
        !segment::has_content(part.text)
            && failure::refusal(part.text).is_none()
            && failure::absence(part.text).is_none()
    };
    let last = segments.iter().rposition(|part| !head(part)).unwrap_or(segments.len().saturating_sub(1));
    segments.truncate(last + 1);
    let mut judged = segments.iter().rev().map(|part| judge(part, registry, address, provenance));
    let reply = judged.next().unwrap_or_else(|| nothing(""));
    let dead_end = segments.last().is_some_and(|part| is_dead_end(part.registry, &reply, provenance));
    let holds = |reply: &WhoisReply| match reply {
        WhoisReply::Record(record, _) => address.is_none_or(|address| record.network.contains(address)),
        _ => false,
    };
    let another_has_it = match &reply {
        // If an operator's own server gives no answer, the registry's answer that led there stands.
        WhoisReply::Failure { .. } | WhoisReply::Empty { .. } if dead_end => true,
        // Answers about several addresses may have been saved in one file.
        WhoisReply::Empty { kind: UnknownKind::NotFound, .. } => {
            provenance == Provenance::Saved
                && segments.last().is_some_and(|part| segment::page(part).is_some())
        }
        WhoisReply::Record(..) => !holds(&reply),
        _ => false,
    };
    if another_has_it { judged.find(holds).unwrap_or(reply) } else { reply }
}

/// Classifies objects of a registry's bulk data. No server's words are around them: nothing in them is a refusal, and
/// they have no closing line.
#[must_use]
pub fn classify_objects(text: &str, registry: Registry) -> WhoisReply {
    let part = ReplySegment { registry, text };
    match segment::page(&part) {
        Some(page) => record(&part, &page, None, Provenance::Saved),
        None => nothing(text),
    }
}

/// Whether the registry's answer stands if the server that it led to gives none. For an operator's own server it does.
/// For a national registry in saved text it also does, because APNIC's record names the holder too; but not if that
/// registry denies, or if its answer was cut.
fn is_dead_end(registry: Registry, reply: &WhoisReply, provenance: Provenance) -> bool {
    match registry {
        Registry::Rwhois | Registry::Other => true,
        Registry::Jpnic | Registry::Krnic | Registry::Twnic => {
            let kind = match reply {
                WhoisReply::Failure { kind, .. } | WhoisReply::Empty { kind, .. } => *kind,
                WhoisReply::Placeholder { .. } | WhoisReply::Record(..) => return false,
            };
            provenance == Provenance::Saved && !matches!(kind, UnknownKind::Denied | UnknownKind::Incomplete)
        }
        _ => false,
    }
}

/// Classifies one server's part of the text.
fn judge(
    part: &ReplySegment<'_>,
    asked: Registry,
    address: Option<IpAddr>,
    provenance: Provenance,
) -> WhoisReply {
    let refusal = failure::refusal(part.text);
    let denied = matches!(refusal, Some((UnknownKind::Denied, _)));
    // An operator's own server cannot have a registry asked.
    let may_name = provenance == Provenance::Saved || part.registry.server().is_some();
    if !denied
        && may_name
        && let Some((named, message)) = elsewhere::named(part.text, part.registry)
        && segment::page(part).is_none()
    {
        let next = named.server().map(Referral::whois).into_iter().collect();
        return WhoisReply::Placeholder { message: format!("the server said: {message}"), next };
    }
    // An error with an unknown number may be a refusal. Without a record, its words decide.
    let unknown = matches!(refusal, Some((UnknownKind::Incomplete, _)));
    if let Some((kind, message)) = refusal.filter(|_| !unknown || segment::page(part).is_some()) {
        // A client's failure after a complete answer belongs to another server that it asked, and did not name.
        if provenance == Provenance::Saved
            && kind != UnknownKind::Denied
            && let Some(text) = failure::broken_off(part.text).filter(|text| complete::is_closed(text))
            && let reply @ WhoisReply::Record(..) =
                judge(&ReplySegment { text, ..*part }, asked, address, provenance)
        {
            return reply;
        }
        return refused(kind, &message);
    }
    let Some(page) = segment::page(part) else { return without_network(part, asked, provenance) };
    // A server that passes on another's answer may drop its end. If it passes on the head, the end must be there.
    let whole = if part.registry == asked { provenance } else { Provenance::Saved };
    let missing = complete::missing_end(part.text, part.registry, whole);
    let network = provenance == Provenance::Network;
    if network
        && part.registry.server().is_some()
        && !complete::is_closed(part.text)
        && let Some(message) = refusal::below(part.text)
    {
        return refused(UnknownKind::Denied, &message);
    }
    let cut = part.registry == Registry::Afrinic
        && (network || complete::is_opened(part.text))
        && page.breaks_off(network);
    if let Some(missing) = missing.or(cut.then_some("the end of its last object")) {
        return WhoisReply::Failure {
            kind: UnknownKind::Incomplete,
            message: format!("the reply was cut: it lacks {missing}"),
        };
    }
    record(part, &page, address, provenance)
}

/// Classifies one server's part that names no network.
fn without_network(part: &ReplySegment<'_>, asked: Registry, provenance: Provenance) -> WhoisReply {
    // LACNIC may name another registry without an answer of it. Then that registry is asked.
    let headed = part.registry != asked
        && provenance == Provenance::Network
        && !segment::has_content(part.text)
        && failure::absence(part.text).is_none();
    let speaker = if headed { asked } else { part.registry };
    let next = referral::named(part.text, part.registry);
    let next: Vec<_> = next.into_iter().filter(|next| !is_of(next, speaker)).collect();
    if next.is_empty() {
        return nothing(part.text);
    }
    WhoisReply::Placeholder { message: "it names no network, only another server".to_owned(), next }
}

/// The failure that a server's message reports.
fn refused(kind: UnknownKind, message: &str) -> WhoisReply {
    WhoisReply::Failure { kind, message: format!("the server said: {message}") }
}

/// The record among the networks that an answer names, or the class that replaces it.
fn record(
    part: &ReplySegment<'_>,
    page: &RecordPage<'_>,
    address: Option<IpAddr>,
    provenance: Provenance,
) -> WhoisReply {
    let Some(smallest) = page.smallest(address).or_else(|| page.smallest(None)) else {
        return nothing(part.text);
    };
    let named =
        referral::named(part.text, part.registry).into_iter().filter(|next| !is_of(next, part.registry));
    let record = page.record(smallest);
    if let Some(placeholder) = page.placeholder(smallest, &record) {
        let next = referral::distinct(named.chain(placeholder.next).collect());
        let message = format!("{} is a placeholder: {}", smallest.network, placeholder.why);
        return WhoisReply::Placeholder { message, next };
    }
    // Some operators' servers answer with a neighbouring customer; a registry never does.
    let at_its_word =
        provenance == Provenance::Saved && matches!(part.registry, Registry::Rwhois | Registry::Other);
    match address {
        Some(address) if !at_its_word && !smallest.network.contains(address) => {
            let who = match provenance {
                Provenance::Network | Provenance::Rdap => "the server described",
                Provenance::Saved => "the text describes",
            };
            WhoisReply::Empty {
                kind: UnknownKind::NotFound,
                message: format!("{who} {}, which does not hold {address}", smallest.network),
            }
        }
        _ => WhoisReply::Record(Box::new(record), named.collect()),
    }
}

fn is_of(referral: &Referral, registry: Registry) -> bool {
    registry != Registry::Other && Registry::of_server(&referral.host) == registry
}

/// Classifies a text that names no network.
fn nothing(text: &str) -> WhoisReply {
    if let Some(message) = failure::absence(text) {
        return WhoisReply::Empty {
            kind: UnknownKind::NotFound,
            message: format!("the server said: {message}"),
        };
    }
    if text.lines().any(|line| line.trim_end() == "%ok") {
        return WhoisReply::Empty {
            kind: UnknownKind::NotFound,
            message: "the server has no network for it".to_owned(),
        };
    }
    if let Some(message) = refusal::alone(text) {
        return refused(UnknownKind::Denied, &message);
    }
    let message = if text.trim().is_empty() {
        "the reply is empty"
    } else if segment::has_content(text) {
        "the reply has no known form"
    } else {
        "the reply holds only the server's own remarks"
    };
    WhoisReply::Empty { kind: UnknownKind::Incomplete, message: message.to_owned() }
}

#[cfg(test)]
mod captures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod words;
