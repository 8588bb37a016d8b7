//! Recognises placeholders: blocks in a registry's database that only say that it knows nothing about them. They look
//! like records and belong to nobody, so neither a match nor a clearance means anything.
//!
//! Text that a customer may write himself is never enough for one. Otherwise a blocked operator could make his network
//! unknown. A name or a description counts only as a whole value, and only in one of two cases. Either only the
//! registry maintains the object, and nothing in it gives it to a holder, or IANA's tables give the block to another
//! registry.

use super::{
    Record, Registry, arin,
    block::RecordBlock,
    page::{RecordForm, RecordPage},
    rpsl,
};
use crate::registry::{referral::Referral, responsible};

/// A placeholder, and the servers that it names.
#[derive(Clone, Debug)]
pub(crate) struct Placeholder {
    /// The sign of a placeholder, as the end of a sentence.
    pub(crate) why: String,
    /// Best first.
    pub(crate) next: Vec<Referral>,
}

impl Placeholder {
    fn new(why: impl Into<String>, next: Vec<Referral>) -> Self {
        Self { why: why.into(), next }
    }
}

/// The names of the regional registries in each other's databases, in lower case, and the registry.
const REGIONS: [(&str, Registry); 13] = [
    ("ripe ncc", Registry::Ripe),
    ("ripe network coordination centre", Registry::Ripe),
    ("ripe", Registry::Ripe),
    ("apnic", Registry::Apnic),
    ("asia pacific network information centre", Registry::Apnic),
    ("lacnic", Registry::Lacnic),
    ("latin american and caribbean ip address regional registry", Registry::Lacnic),
    ("afrinic", Registry::Afrinic),
    ("african network information center", Registry::Afrinic),
    ("arin", Registry::Arin),
    ("american registry for internet numbers", Registry::Arin),
    ("internet assigned numbers authority", Registry::Iana),
    ("iana", Registry::Iana),
];

/// Whether the network is a placeholder.
pub(super) fn judge(page: &RecordPage<'_>, index: usize, record: &Record) -> Option<Placeholder> {
    if record.network.is_everything() {
        return Some(Placeholder::new("it is the root of the whole address space", Vec::new()));
    }
    if page.registry == Registry::Iana {
        return Some(Placeholder::new("IANA only says which registry is responsible", Vec::new()));
    }
    let own = match page.form {
        RecordForm::Arin | RecordForm::ArinList => arin(page, index, record),
        RecordForm::Rpsl => in_rpsl(page, page.blocks.get(index)?, record),
        RecordForm::Brackets | RecordForm::Krnic | RecordForm::Twnic | RecordForm::Rwhois => None,
    };
    own.or_else(|| pool(record))
}

/// The registry of this name. The whole text must be the name, with at most another name in brackets at its end.
fn region(name: &str) -> Option<Registry> {
    let name = name.trim();
    let bracket = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    let name = bracket.map_or(name, |(name, _)| name.trim_end_matches([' ', '-']));
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    REGIONS.iter().find(|(of, _)| *of == name).map(|(_, registry)| *registry)
}

fn ask(registries: &[Registry]) -> Vec<Referral> {
    registries.iter().filter_map(|registry| registry.server()).map(Referral::whois).collect()
}

/// A range of a /8 (IPv6: /16) or more that belongs to a registry is its stock, not a customer's network.
fn pool(record: &Record) -> Option<Placeholder> {
    let wide = if record.network.first().is_ipv4() { 1_u128 << 24 } else { 1 << 112 };
    let lines = record.org.iter().chain(record.descr.first());
    let registry = lines.filter_map(|name| region(name)).next()?;
    let special =
        record.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("IANA Special Use"));
    if record.network.span() < wide - 1 || special {
        return None;
    }
    Some(Placeholder::new(format!("it is the stock of {registry}"), elsewhere(record.registry, &[registry])))
}

/// ARIN: `NetType` names the registry that has it, or the holder is another registry. An excerpt may have neither line;
/// then the name is one that ARIN gives such blocks (`RIPE-ERX-192-0-2-0`, `APNIC-8`).
fn arin(page: &RecordPage<'_>, index: usize, record: &Record) -> Option<Placeholder> {
    let kind = record.status.clone().unwrap_or_default();
    let lower = kind.to_ascii_lowercase();
    let lower = lower.strip_prefix("early registrations, ").unwrap_or(&lower);
    let verbs = ["transferred to ", "maintained by ", "allocated to ", "assigned to "];
    let to = verbs.iter().find_map(|verb| lower.strip_prefix(verb));
    if let Some(registry) = to.and_then(region) {
        return Some(Placeholder::new(
            format!("its type is \"{kind}\""),
            elsewhere(Registry::Arin, &[registry]),
        ));
    }
    // A customer's name is written by his provider.
    if lower.starts_with("reassigned") || lower.starts_with("reallocated") {
        return None;
    }
    let id = arin::holder(page, index).and_then(|holder| holder.get("OrgId"));
    let holder = id.or(record.org.as_deref()).and_then(region);
    let name = record.name.as_deref().unwrap_or_default();
    let numbered = name.split_once('-').filter(|(_, rest)| {
        let rest = rest.strip_prefix("ERX-").unwrap_or(rest);
        record.org.is_none() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    });
    let holder = holder.or_else(|| region(numbered?.0));
    let foreign = [Registry::Ripe, Registry::Apnic, Registry::Lacnic, Registry::Afrinic];
    let holder = holder.filter(|holder| foreign.contains(holder))?;
    Some(Placeholder::new(format!("its holder is {holder}, a registry"), ask(&[holder])))
}

/// Names of networks that are placeholders, as whole values in capitals.
const NAMES: [(&str, &[Registry]); 8] = [
    (
        "NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK",
        &[Registry::Arin, Registry::Apnic, Registry::Lacnic, Registry::Afrinic],
    ),
    ("IANA-BLK", &[]),
    ("IANA-BLOCK", &[]),
    ("ERX-NETBLOCK", &[Registry::Arin, Registry::Ripe]),
    ("APNIC-AP-ERX", &[Registry::Arin, Registry::Ripe]),
    ("ARIN-CIDR-BLOCK", &[Registry::Arin]),
    ("ARIN-CIDR-BLK", &[Registry::Arin]),
    ("IETF-RESERVED-ADDRESS-BLOCK", &[]),
];

/// Starts of such names; a number, a date or an address follows.
const NUMBERED: [(&str, &[Registry]); 4] = [
    ("IANA-NETBLOCK-", &[Registry::Arin, Registry::Ripe]),
    ("AFRINIC-NET-TRANSFERRED-", &[]),
    ("STUB-", &[]),
    ("EU-ZZ-", &[]),
];

/// Starts of descriptions that only registries write.
const DESCRIPTIONS: [&str; 12] = [
    "ipv4 address block not managed by the ripe ncc",
    "ipv6 address block not managed by the ripe ncc",
    "this network range is not allocated to apnic",
    "this network range is not fully allocated to apnic",
    "this network in not allocated",
    "this network is not allocated",
    "not allocated by apnic",
    "general placeholder reference for all ipv4 addresses",
    "the whole ipv4 address space",
    "the whole ipv6 address space",
    "root inet6num object",
    "early registration addresses",
];

fn in_rpsl(page: &RecordPage<'_>, block: &RecordBlock<'_>, record: &Record) -> Option<Placeholder> {
    let registry = page.registry;
    // A registry maintains what it allocates, too, and leaves the name and the description to the holder.
    let given = has_holder(page, block);
    let kept = is_kept_by_registry(record) && !given;
    let named = kept || (is_of_another(record) && !given);
    let name = record.name.as_deref().unwrap_or_default().to_ascii_uppercase();
    let descr = record.descr.iter().map(|line| line.to_ascii_lowercase());
    let moved = record.descr.iter().find_map(|line| transferred(line));
    let stub = record.maintainer.iter().any(|by| by.eq_ignore_ascii_case("APNIC-STUB"));
    if kept && (stub || moved.is_some()) {
        return Some(Placeholder::new("its block was transferred to another region", ask(moved.as_slice())));
    }
    if let Some((_, next)) = NAMES.iter().find(|(of, _)| named && *of == name) {
        return Some(Placeholder::new(
            format!("{name} is the name of a placeholder"),
            elsewhere(registry, next),
        ));
    }
    let numbered = NUMBERED.iter().find(|(of, _)| {
        let Some(rest) = name.strip_prefix(of) else { return false };
        // APNIC writes SLASH in names for a prefix.
        let number = rest.bytes().all(|b| b.is_ascii_hexdigit() || b"-.:SLAH".contains(&b));
        named && (of.starts_with("AFRINIC-") || number)
    });
    if let Some((_, next)) = numbered {
        let told = block.all("remarks").find_map(transferred);
        let next =
            told.or(moved).map_or_else(|| elsewhere(registry, next), |told| elsewhere(registry, &[told]));
        return Some(Placeholder::new(format!("{name} is the name of a placeholder"), next));
    }
    let said = descr.clone().next().is_some_and(|line| DESCRIPTIONS.iter().any(|of| line.starts_with(of)));
    if said && kept {
        let next = elsewhere(registry, &[Registry::Arin, Registry::Ripe]);
        return Some(Placeholder::new("its description says that the registry does not manage it", next));
    }
    let country = block.get("country").and_then(|value| value.split_once('#')).unwrap_or_default().1;
    let country = country.to_ascii_lowercase().replace(' ', "");
    if country.contains("worldwide") && kept && !is_held(record) {
        let next = elsewhere(registry, &[Registry::Arin]);
        return Some(Placeholder::new("its country is the whole world", next));
    }
    None
}

/// Whether the status gives the network to a holder. An assignment does. So does an allocation to a provider, or a
/// legacy network that names a holder, even if only the registry may maintain it.
fn is_held(record: &Record) -> bool {
    let status = record.status.as_deref().unwrap_or_default().to_ascii_uppercase();
    let named = record.org.as_deref().is_some_and(|org| region(org).is_none());
    status.starts_with("ASSIGNED") || (named && matches!(status.as_str(), "ALLOCATED PA" | "LEGACY"))
}

/// The registries to ask next, without the one that has just answered.
fn elsewhere(registry: Registry, next: &[Registry]) -> Vec<Referral> {
    ask(&next.iter().copied().filter(|next| *next != registry).collect::<Vec<_>>())
}

/// The maintainers of the registries' own objects, in capitals. Holders name theirs freely, so the start of a name
/// proves nothing.
const OWN: [&str; 21] = [
    "RIPE-NCC-HM-MNT",
    "RIPE-NCC-MNT",
    "RIPE-NCC-LEGACY-MNT",
    "RIPE-NCC-LOCKED-MNT",
    "RIPE-NCC-NONE-MNT",
    "RIPE-NCC-RPSL-MNT",
    "RIPE-DBM-MNT",
    "APNIC-HM",
    "APNIC-STUB",
    "MAINT-APNIC-AP",
    "MAINT-AP-PLACEHOLDER",
    "APNIC-MNT",
    "AFRINIC-HM-MNT",
    "AFRINIC-DB-MNT",
    "AFRINIC-IT-MNT",
    "AFRINIC-MNT",
    "ARIN-HM-MNT",
    "LACNIC-MNT",
    "LACNIC-HM-MNT",
    "IANA-MNT",
    "IANA-HM-MNT",
];

/// Whether only a registry maintains the object, and its status gives it to nobody. An abridged object without a
/// maintainer counts too.
fn is_kept_by_registry(record: &Record) -> bool {
    let own = |by: &String| OWN.iter().any(|of| by.eq_ignore_ascii_case(of));
    record.maintainer.iter().all(own) && !is_assigned(record)
}

/// Whether the object names a holder in parts that he cannot write alone: an organisation that is no registry, or
/// maintainers of smaller networks and of routes.
fn has_holder(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> bool {
    let below = ["mnt-lower", "mnt-routes", "mnt-domains"];
    let strange = |by: &str| !OWN.iter().any(|of| by.trim().eq_ignore_ascii_case(of));
    below.iter().flat_map(|key| block.all(key)).flat_map(|value| value.split(',')).any(strange)
        || rpsl::named_organisation(page, block).is_some_and(|org| region(&org).is_none())
}

/// Whether IANA's tables give the block to another registry, and the status gives it to no holder.
fn is_of_another(record: &Record) -> bool {
    let row = responsible(record.network.first());
    let regional = [Registry::Ripe, Registry::Apnic, Registry::Afrinic, Registry::Lacnic, Registry::Arin];
    let status = record.status.as_deref().unwrap_or_default().to_ascii_uppercase();
    regional.contains(&record.registry)
        && row.is_some_and(|row| regional.contains(&row.registry) && row.registry != record.registry)
        && matches!(status.as_str(), "" | "ALLOCATED UNSPECIFIED" | "EARLY-REGISTRATION" | "NOT-SET")
}

fn is_assigned(record: &Record) -> bool {
    let status = record.status.as_deref().unwrap_or_default().to_ascii_uppercase();
    ["ASSIGNED", "SUB-ALLOCATED", "LIR-PARTITIONED"].iter().any(|of| status.starts_with(of))
}

/// `Transferred to the RIPE region on 2018-06-21`, and AFRINIC's ways to say it.
fn transferred(line: &str) -> Option<Registry> {
    let lower = line.to_ascii_lowercase();
    let (_, rest) = lower.split_once("transferred to ")?;
    let word = rest.split_whitespace().find(|word| *word != "the")?;
    region(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
}
