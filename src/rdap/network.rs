//! The object that an answer is about: an IP network (RFC 9083 section 5.4).

use super::{
    contact::Contacts,
    country,
    values::{line, list, text},
};
use crate::address::{Network, Prefix};
use serde_json::Value;

/// The most lines of a description or a remark that are kept; real ones have a dozen.
const LINES: usize = 200;

/// An IP network as an answer describes it. Every text is one line.
#[derive(Debug)]
pub(super) struct NetworkObject {
    pub(super) network: Network,
    pub(super) name: Option<String>,
    pub(super) country: Option<String>,
    /// The status in the registry's own words: RFC 9083's `type`.
    pub(super) status: Option<String>,
    pub(super) descriptions: Vec<String>,
    pub(super) remarks: Vec<String>,
    /// The AS numbers that originate it, if the registry gives them.
    pub(super) asn: Vec<String>,
    pub(super) contacts: Contacts,
    /// The name of the registry's whois server.
    pub(super) port43: Option<String>,
}

impl NetworkObject {
    /// Reads an answer.
    ///
    /// # Errors
    /// A description of the answer if it is no network, as the end of a sentence.
    pub(super) fn read(answer: &[u8]) -> Result<Self, String> {
        let object: Value = serde_json::from_slice(answer).map_err(|_| "its answer is no JSON".to_owned())?;
        let class = text(&object, "objectClassName").unwrap_or_default();
        if !class.eq_ignore_ascii_case("ip network") {
            return Err("its answer describes no network".to_owned());
        }
        let network = span(&object).ok_or("its answer names no range of addresses")?;
        let contacts = Contacts::of(&object);
        let (mut descriptions, mut remarks) = (Vec::new(), Vec::new());
        for remark in list(&object, "remarks") {
            // RIPE's text for the whois attribute `descr` has no title here; APNIC's has the title description. Texts
            // with other titles are remarks.
            let title = text(remark, "title").unwrap_or_default();
            let kind = if title.is_empty() || title.eq_ignore_ascii_case("description") {
                &mut descriptions
            } else {
                &mut remarks
            };
            let lines = list(remark, "description").filter_map(Value::as_str).flat_map(str::lines);
            kind.extend(lines.filter_map(line).take(LINES));
        }
        descriptions.truncate(LINES);
        remarks.truncate(LINES);
        let code = text(&object, "country");
        Ok(Self {
            network,
            name: text(&object, "name"),
            country: code
                .as_deref()
                .and_then(country::code)
                .map(str::to_owned)
                .or_else(|| contacts.country.clone()),
            status: text(&object, "type").map(|status| worded(&status)),
            descriptions,
            remarks,
            asn: origins(&object),
            contacts,
            port43: text(&object, "port43").map(|host| host.to_ascii_lowercase()),
        })
    }
}

/// The range from the first to the last address, or from the prefixes of the cidr0 extension if these are missing. None
/// if the prefixes do not form one range.
fn span(object: &Value) -> Option<Network> {
    let end = |key: &str| text(object, key)?.parse::<Prefix>().ok();
    if let (Some(first), Some(last)) = (end("startAddress"), end("endAddress")) {
        return Network::new(first.first(), last.last());
    }
    let mut prefixes: Vec<Network> = list(object, "cidr0_cidrs")
        .filter_map(|prefix| {
            let base = text(prefix, "v4prefix").or_else(|| text(prefix, "v6prefix"))?;
            let length = u8::try_from(prefix.get("length")?.as_u64()?).ok()?;
            Prefix::new(base.parse().ok()?, length).map(Network::from)
        })
        .collect();
    prefixes.sort_by_key(Network::first);
    let whole = Network::new(prefixes.first()?.first(), prefixes.last()?.last())?;
    let sum = prefixes.iter().try_fold(0_u128, |sum, prefix| sum.checked_add(prefix.span())?.checked_add(1));
    (sum? == whole.span().checked_add(1)?).then_some(whole)
}

/// The origin AS numbers, in the extensions of ARIN, LACNIC and registro.br.
fn origins(object: &Value) -> Vec<String> {
    let listed =
        ["arin_originas0_originautnums", "lacnic_originAutnum"].into_iter().flat_map(|key| list(object, key));
    let numbers = listed.chain(object.get("nicbr_autnum")).filter_map(|value| {
        let number = match value {
            Value::String(text) => text.trim_start_matches(['A', 'S', 'a', 's']).trim().parse().ok()?,
            value => u32::try_from(value.as_u64()?).ok()?,
        };
        (number > 0).then(|| format!("AS{number}"))
    });
    numbers.take(64).collect()
}

/// A status in the words of the registry's whois, where RDAP differs: ARIN writes capitals there, and LACNIC a hyphen.
fn worded(status: &str) -> String {
    match status.to_ascii_uppercase().as_str() {
        "DIRECT ALLOCATION" => "Direct Allocation".to_owned(),
        "DIRECT ASSIGNMENT" => "Direct Assignment".to_owned(),
        "REASSIGNMENT" | "REASSIGNED" => "Reassigned".to_owned(),
        "REALLOCATION" | "REALLOCATED" | "RE-ALLOCATED" => "Reallocated".to_owned(),
        "RE-ASSIGNED" => "reassigned".to_owned(),
        _ => status.to_owned(),
    }
}
