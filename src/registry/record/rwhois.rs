//! Operators' own records (RFC 2167): `network:IP-Network:192.0.2.0/24`. Each operator names the attributes himself.

use super::{
    Record,
    block::{BlockField, RecordBlock, lines, push},
    country, extend_distinct, extend_distinct_many, mail,
    page::RecordPage,
    range::range,
    systems,
};
use std::net::IpAddr;

const ORG: [&str; 23] = [
    "cust-name",
    "customer-organization",
    "customer-org",
    "customer-name",
    "customer",
    "org-name",
    "organization-name",
    "organization",
    "organisation",
    "company-name",
    "company",
    "owner",
    "org",
    "assignee",
    "assigned-to",
    "registrant",
    "client",
    "entity",
    "end-user",
    "user",
    "org-desc",
    "organization-desc",
    "description",
];
const NAME: [&str; 6] = ["network-name", "net-name", "netname", "network", "id", "handle"];
const COUNTRY: [&str; 6] = [
    "country-code",
    "customer-country-code",
    "country",
    "customer-country",
    "org-country",
    "organization-country",
];

/// The key of the object's class in a block; no operator's attribute has a blank in it here.
const CLASS: &str = "object class";

/// Countries as operators spell them; most write the code.
const SPELLED: [(&str, &str, &str); 9] = [
    ("US", "usa", "united states"),
    ("US", "u.s.a.", "united states of america"),
    ("CA", "can", "canada"),
    ("MX", "mex", "mexico"),
    ("GB", "gbr", "united kingdom"),
    ("DE", "deu", "germany"),
    ("NL", "nld", "netherlands"),
    ("FR", "fra", "france"),
    ("AU", "aus", "australia"),
];

/// The code of a country, given as code, as ISO 3166's three letters, or in English.
fn spelled(value: &str) -> Option<String> {
    let lower = value.trim().to_ascii_lowercase();
    let of = SPELLED.iter().find(|(_, three, name)| lower == *three || lower == *name);
    country(value).or_else(|| of.map(|(code, ..)| (*code).to_owned()))
}

/// The ranges in attributes with unknown names that mention networks, except those about the larger network around this
/// one.
pub(super) fn ranges<'b>(block: &'b RecordBlock<'_>) -> impl Iterator<Item = &'b str> {
    let speaks = |key: &str| {
        let key = key.to_ascii_lowercase();
        ["net", "range", "block", "cidr", "prefix", "addr"].iter().any(|of| key.contains(of))
            && !["parent", "auth-area", "server", "contact"].iter().any(|of| key.contains(of))
    };
    let of_network = block.fields.iter().filter(move |field| speaks(field.key));
    // A single address is a host or a name server, and a range may be of house numbers.
    of_network.map(|field| field.value).filter(|value| {
        let first = value.split_once(['-', '/']).map(|(first, _)| first.trim());
        first.is_some_and(|first| first.parse::<IpAddr>().is_ok())
    })
}

/// Whether a line is `class:attribute:value`; the attribute may not be part of an address.
pub(super) fn is_attribute(line: &str) -> bool {
    let key = line.split_once(':').and_then(|(_, rest)| rest.split_once(':'));
    key.is_some_and(|(key, _)| key.trim_start().starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Objects, separated by a blank line, or by an attribute that an object has only once.
pub(super) fn blocks(text: &str) -> Vec<RecordBlock<'_>> {
    let mut blocks = Vec::new();
    let mut block = RecordBlock::default();
    for line in lines(text) {
        let Some((class, rest)) = line.split_once(':').filter(|_| !line.starts_with('%')) else {
            if line.trim().is_empty() {
                push(&mut blocks, &mut block);
            }
            continue;
        };
        let Some((key, value)) = rest.split_once(':') else { continue };
        let key = attribute(key);
        let network = class.eq_ignore_ascii_case("network");
        let single = ["class-name", "id", "auth-area", "ip-network"].iter().find(|single| **single == key);
        if network && single.is_some_and(|single| block.has(single)) {
            push(&mut blocks, &mut block);
        }
        if block.fields.is_empty() {
            block.fields.push(BlockField::new(CLASS, class));
        }
        block.fields.push(BlockField::new(key, value));
    }
    push(&mut blocks, &mut block);
    blocks
}

/// Maps `Org Name;I` to `org-name`, for known names.
fn attribute(key: &str) -> &str {
    let key = key.split(';').next().unwrap_or_default().trim();
    let known = ORG.iter().chain(&NAME).chain(&COUNTRY).chain(&[
        "class-name",
        "auth-area",
        "ip-network",
        "ip-network-block",
        "ip-range",
        "network-block",
        "netblock",
        "cidr",
        "origin-as",
        "as-number",
        "e-mail",
        "email",
    ]);
    // `Org-Name`, `Org Name`, `ORG_NAME` and `OrgName` are one.
    let same = |name: &&&str| letters(name).eq(letters(key));
    known.clone().find(same).copied().unwrap_or(key)
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase())
}

pub(super) fn fill(page: &RecordPage<'_>, block: &RecordBlock<'_>, record: &mut Record) {
    let names = NAME.iter().flat_map(|key| block.all(key));
    record.name = names.filter(|name| range(name).is_none()).map(str::to_owned).next();
    let named = block.first(&ORG);
    let object =
        named.and_then(|handle| organisation(page, handle)).or_else(|| own_organisation(page, block));
    record.org = object.and_then(|object| object.first(&ORG)).or(named).map(str::to_owned);
    // If a customer is named, the operator is often named too.
    let names = ORG.iter().filter(|key| !key.ends_with("desc") && **key != "description");
    extend_distinct(&mut record.other_orgs, names.flat_map(|key| block.all(key)).map(str::to_owned));
    record.other_orgs.retain(|other| Some(other) != record.org.as_ref());
    let blocks = [Some(block), object].into_iter().flatten();
    record.country = blocks.flat_map(|block| COUNTRY.iter().flat_map(|key| block.all(key))).find_map(spelled);
    for key in ["origin-as", "as-number"] {
        extend_distinct_many(&mut record.asn, block.all(key).flat_map(systems));
    }
    let contacts: Vec<&str> = abuse_fields(block).collect();
    extend_distinct(&mut record.abuse, contacts.iter().flat_map(|value| mail::mailboxes(value)));
    if record.abuse.is_empty() {
        // The contact is a handle, and an object of that name may have an address.
        let of = |other: &&RecordBlock<'_>| other.get("id").is_some_and(|id| contacts.contains(&id));
        let objects = page.blocks.iter().filter(of);
        let mailboxes = objects.flat_map(|other| other.all("e-mail").chain(other.all("email")));
        extend_distinct(&mut record.abuse, mailboxes.flat_map(mail::mailboxes));
    }
    if record.abuse.is_empty() {
        let elsewhere =
            page.blocks.iter().filter(|other| other.first(&["ip-network", "ip-network-block"]).is_none());
        extend_distinct(&mut record.abuse, elsewhere.flat_map(abuse_fields).flat_map(mail::mailboxes));
    }
}

/// Whether this is an object's ID, in any case of letters.
fn has_id(block: &RecordBlock<'_>, id: &str) -> bool {
    block.get("id").is_some_and(|own| own.eq_ignore_ascii_case(id))
}

/// The object of the organisation that the network refers to by its handle.
fn organisation<'p, 'a>(page: &'p RecordPage<'a>, handle: &str) -> Option<&'p RecordBlock<'a>> {
    let of = |block: &&RecordBlock<'_>| has_id(block, handle) && block.get("ip-network").is_none();
    page.blocks.iter().find(of)
}

/// The object of an organisation that the network does not refer to, as some operators leave it. It has the network's
/// own ID, or it is the only one beside the only network. A network that names its organisation needs none; a handle is
/// not a name.
fn own_organisation<'p, 'a>(
    page: &'p RecordPage<'a>,
    block: &RecordBlock<'a>,
) -> Option<&'p RecordBlock<'a>> {
    let is_name = |org: &str| org.contains(' ') || !org.contains(|c: char| c.is_ascii_digit());
    if block.first(&ORG).is_some_and(is_name) {
        return None;
    }
    let mut objects = page.blocks.iter().filter(|other| {
        other.get(CLASS).is_some_and(|class| letters(class).eq(letters("organization")))
            && other.first(&ORG).is_some()
    });
    let id = block.get("id");
    let same = objects.clone().find(|other| id.is_some_and(|id| has_id(other, id)));
    let only = || objects.next().filter(|_| page.networks.len() == 1 && objects.next().is_none());
    same.or_else(only)
}

/// The values of attributes that mention abuse, whatever their full names.
fn abuse_fields<'b>(block: &'b RecordBlock<'_>) -> impl Iterator<Item = &'b str> {
    let speaks = |key: &str| key.to_ascii_lowercase().contains("abuse");
    block.fields.iter().filter(move |field| speaks(field.key)).map(|field| field.value)
}
