//! Records in the form of the routing policy language (RFC 2622): RIPE, APNIC, AFRINIC, and LACNIC and registro.br with
//! attribute names of their own.

use super::{
    Record, Registry,
    block::{RecordBlock, is_comment, lines, without_comment},
    country, extend_distinct, extend_distinct_many, mail, owner,
    page::RecordPage,
    range::range,
    systems,
};
use std::{borrow::Cow, collections::HashSet};

/// Attributes that lead from a network to its contacts.
const LINKS: [&str; 6] = ["org", "abuse-c", "admin-c", "tech-c", "mnt-irt", "owner-c"];

pub(super) fn fill(page: &RecordPage<'_>, index: usize, block: &RecordBlock<'_>, record: &mut Record) {
    let organisation = organisation(page, block);
    record.name = block.value("netname").map(Cow::into_owned);
    record.descr = block.all("descr").map(str::to_owned).collect();
    hold(page, index, block, record);
    record.country = block
        .value("country")
        .and_then(|value| country(&value))
        .or_else(|| country(&organisation?.value("country")?));
    if record.country.is_none() && record.registry == Registry::RegistroBr {
        record.country = Some("BR".to_owned());
    }
    let maintainers = block.all("mnt-by").flat_map(|value| value.split(','));
    let maintainers = maintainers.map(str::trim).filter(|name| !name.is_empty());
    extend_distinct_many(&mut record.maintainer, maintainers.map(str::to_owned));
    let status = block.value("status");
    record.status = status.map(|status| without_comment(&status).to_owned());
    extend_distinct_many(&mut record.asn, block.all("aut-num").flat_map(systems));
    extend_distinct_many(
        &mut record.asn,
        routes(page).flat_map(|block| block.all("origin")).flat_map(systems),
    );
    record.abuse = abuse(page, index, block, organisation);
}

/// Sets the network's holder: an owner or organisation that is given as such, else a name in the description.
fn hold(page: &RecordPage<'_>, index: usize, block: &RecordBlock<'_>, record: &mut Record) {
    let organisation = organisation(page, block);
    let named = block
        .whole("owner")
        .or_else(|| block.whole("org-name"))
        .or_else(|| organisation.and_then(|block| block.whole("org-name")));
    if let Some(org) = named {
        // An answer over RDAP may name several holders.
        let others = block.all("org-name").map(str::to_owned).chain(owner::firms(&record.descr));
        extend_distinct(&mut record.other_orgs, others.filter(|other| *other != org));
        record.org = Some(org);
        return;
    }
    let routes = routes(page).flat_map(|route| route.all("descr"));
    let related = related(page, index, block);
    let roles = related.iter().flat_map(|b| b.all("role").chain(b.all("address")));
    let described = owner::described(&record.descr, record.name.as_deref(), routes.chain(roles));
    record.other_orgs = described.others;
    record.org = described.org.or_else(|| block.whole("organisation"));
}

/// The route objects of the answer.
fn routes<'p, 'a>(page: &'p RecordPage<'a>) -> impl Iterator<Item = &'p RecordBlock<'a>> {
    page.blocks.iter().filter(|block| block.has("route") || block.has("route6"))
}

/// The object of the organisation that the network names.
fn organisation<'p, 'a>(page: &'p RecordPage<'a>, block: &RecordBlock<'a>) -> Option<&'p RecordBlock<'a>> {
    let handle = block.value("org")?;
    page.blocks.iter().find(|other| {
        let id = other.value("organisation");
        id.is_some_and(|id| without_comment(&id).eq_ignore_ascii_case(without_comment(&handle)))
    })
}

/// The name of the organisation that the network names, which is in the network itself in an answer over RDAP.
pub(super) fn named_organisation(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> Option<String> {
    block.whole("org-name").or_else(|| organisation(page, block)?.whole("org-name"))
}

/// Whether the network names an organisation that is not in the answer.
pub(super) fn lacks_organisation(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> bool {
    block.has("org") && organisation(page, block).is_none()
}

/// Whether the answer has all objects that a network names by these attributes. None if it names none.
fn has_all(page: &RecordPage<'_>, block: &RecordBlock<'_>, links: &[&str]) -> Option<bool> {
    let there: HashSet<String> = page.blocks.iter().filter_map(id).collect();
    let named = links.iter().flat_map(|link| block.all(link)).map(without_comment);
    named.map(|handle| there.contains(&handle.to_ascii_lowercase())).reduce(|all, is_there| all && is_there)
}

/// Whether the answer has all objects that the network names, persons too, and it names one at least.
pub(super) fn has_everybody(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> bool {
    has_all(page, block, &LINKS) == Some(true)
}

/// Whether no object can be missing that the network names, and no other registry's object of the network can follow.
/// APNIC repeats the networks of national registries from their databases.
pub(super) fn lacks_nobody(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> bool {
    const NATIONAL: [&str; 7] = ["CN", "ID", "IN", "JP", "KR", "TW", "VN"];
    let country = block.value("country").and_then(|value| country(&value));
    let national = country.is_some_and(|country| NATIONAL.contains(&country.as_str()));
    has_all(page, block, &LINKS) != Some(false) && !(page.registry == Registry::Apnic && national)
}

/// Whether the answer has all objects that the network names and that its registry always sends: the organisation and the
/// incident response team, or every contact in LACNIC's and registro.br's. RIPE and APNIC may leave persons out.
pub(super) fn has_all_but_persons(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> bool {
    let persons = matches!(page.registry, Registry::Lacnic | Registry::RegistroBr);
    let links: &[&str] = if persons { &LINKS } else { &["org", "mnt-irt"] };
    has_all(page, block, links) != Some(false)
}

/// Whether any contact that the network names is in the answer.
pub(super) fn has_contacts(page: &RecordPage<'_>, index: usize, block: &RecordBlock<'_>) -> bool {
    !related(page, index, block).is_empty()
}

/// The addresses for complaints. First comes the server's own line, then the network's abuse contact, then any abuse
/// mailbox of its other contacts, and last prose.
fn abuse(
    page: &RecordPage<'_>,
    index: usize,
    block: &RecordBlock<'_>,
    organisation: Option<&RecordBlock<'_>>,
) -> Vec<String> {
    let mut found = Vec::new();
    extend_distinct(&mut found, announced(page, block));
    let contacts =
        block.all("abuse-c").chain(organisation.into_iter().flat_map(|block| block.all("abuse-c")));
    let contacts: HashSet<String> = contacts.map(str::to_ascii_lowercase).collect();
    let related = related(page, index, block);
    let named = related.iter().filter(|block| id(block).is_some_and(|id| contacts.contains(&id)));
    for contact in named {
        let mailboxes: Vec<_> = contact.all("abuse-mailbox").flat_map(mail::mailboxes).collect();
        let none = mailboxes.is_empty();
        extend_distinct(&mut found, mailboxes);
        if none {
            // LACNIC's contacts have only an address.
            extend_distinct(&mut found, contact.all("e-mail").flat_map(mail::mailboxes));
        }
    }
    extend_distinct(&mut found, block.all("abuse-mailbox").flat_map(mail::mailboxes));
    extend_distinct(
        &mut found,
        related.iter().flat_map(|b| b.all("abuse-mailbox")).flat_map(mail::mailboxes),
    );
    extend_distinct(&mut found, mail::complaints(prose(block)));
    if found.is_empty() {
        // An address named in prose is better than one that only looks right.
        let others = related.iter().copied().chain(routes(page));
        extend_distinct(&mut found, others.flat_map(|block| mail::complaints(prose(block))));
    }
    let mailboxes = related.iter().flat_map(|b| b.all("e-mail")).flat_map(mail::mailboxes);
    extend_distinct(&mut found, mailboxes.filter(|mailbox| mail::is_for_abuse(mailbox)));
    if found.is_empty() {
        let called =
            |block: &&&RecordBlock<'_>| block.first(&["role", "person"]).is_some_and(mail::is_for_abuse);
        let desks = related.iter().filter(called);
        extend_distinct(&mut found, desks.flat_map(|block| block.all("e-mail")).flat_map(mail::mailboxes));
    }
    if found.is_empty() {
        // An incident response team without an abuse mailbox is still the right contact.
        let teams = related.iter().filter(|block| block.has("irt"));
        extend_distinct(&mut found, teams.flat_map(|block| block.all("e-mail")).flat_map(mail::mailboxes));
    }
    if found.is_empty() {
        extend_distinct(&mut found, mail::incidents(prose(block)));
    }
    found
}

fn prose<'b>(block: &'b RecordBlock<'_>) -> impl Iterator<Item = &'b str> {
    let fields = block.fields.iter().filter(|field| matches!(field.key, "remarks" | "descr" | "trouble"));
    fields.map(|field| field.value)
}

/// The name under which other objects refer to this one.
fn id(block: &RecordBlock<'_>) -> Option<String> {
    block.first(&["nic-hdl", "nic-hdl-br", "irt", "organisation"]).map(str::to_ascii_lowercase)
}

/// The objects after the network, up to the next network, and the objects that it names, in any position: a server that
/// answers with two networks sends a shared contact only once.
fn related<'p, 'a>(
    page: &'p RecordPage<'a>,
    index: usize,
    block: &RecordBlock<'a>,
) -> Vec<&'p RecordBlock<'a>> {
    let wanted: HashSet<String> =
        LINKS.iter().flat_map(|link| block.all(link)).map(str::to_ascii_lowercase).collect();
    let mut near = false;
    let mut related = Vec::new();
    for (at, other) in page.blocks.iter().enumerate() {
        if other.has("inetnum") || other.has("inet6num") {
            near = at == index;
        } else if !other.has("route")
            && !other.has("route6")
            && (near || id(other).is_some_and(|id| wanted.contains(&id)))
        {
            related.push(other);
        }
    }
    related
}

/// `% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net'`, for this very network.
fn announced(page: &RecordPage<'_>, block: &RecordBlock<'_>) -> Vec<String> {
    let named = block.value("inetnum").or_else(|| block.value("inet6num"));
    let Some(network) = named.and_then(|value| range(&value)) else { return Vec::new() };
    let mut found = Vec::new();
    for line in lines(page.text).filter(|line| is_comment(line)) {
        let Some((_, rest)) = line.split_once("Abuse contact for '") else { continue };
        let Some((of, rest)) = rest.split_once('\'') else { continue };
        if range(of) == Some(network) && rest.trim_start().starts_with("is") {
            extend_distinct(&mut found, mail::mailboxes(rest));
        }
    }
    found
}
