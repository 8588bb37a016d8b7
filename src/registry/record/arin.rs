//! ARIN's records: a network, then its holder, then its contacts; and its lists of one line for each network.

use super::{
    Record,
    block::{BlockField, RecordBlock, is_comment, lines},
    country, extend_distinct, extend_distinct_many, mail,
    page::RecordPage,
    range::range,
    systems,
};

pub(super) fn fill(page: &RecordPage<'_>, index: usize, block: &RecordBlock<'_>, record: &mut Record) {
    let group = group(page, index);
    let holder = holder(page, index);
    record.name = block.get("NetName").map(str::to_owned);
    record.status = block.get("NetType").map(str::to_owned);
    let own = || block.first(&["Customer", "Organization"]).map(without_id);
    record.org =
        holder.and_then(|holder| holder.first(&["CustName", "OrgName"])).map(str::to_owned).or_else(own);
    record.country = holder.and_then(|holder| holder.get("Country")).and_then(country);
    record.descr = block.all("Comment").map(str::to_owned).collect();
    extend_distinct_many(&mut record.asn, block.all("OriginAS").flat_map(systems));
    for key in ["RAbuseEmail", "OrgAbuseEmail", "AbuseEmail"] {
        extend_distinct(&mut record.abuse, group.iter().flat_map(|b| b.all(key)).flat_map(mail::mailboxes));
    }
    let comments = |block: &RecordBlock<'_>| mail::complaints(block.all("Comment"));
    extend_distinct(&mut record.abuse, comments(block));
    if record.abuse.is_empty() {
        // Some have one mailbox that is called abuse, and list it under another contact.
        let contacts = group.iter().flat_map(|block| &block.fields);
        let contacts = contacts.filter(|field| field.key.to_ascii_lowercase().ends_with("email"));
        let mailboxes = contacts.flat_map(|field| mail::mailboxes(field.value));
        extend_distinct(&mut record.abuse, mailboxes.filter(|mailbox| mail::is_for_abuse(mailbox)));
    }
    if record.abuse.is_empty() {
        record.abuse.extend(holder.map(comments).unwrap_or_default());
    }
    if record.abuse.is_empty() {
        record.abuse.extend(mail::incidents(block.all("Comment")));
    }
}

/// The blocks from this network up to the next.
fn group<'p, 'a>(page: &'p RecordPage<'a>, index: usize) -> &'p [RecordBlock<'a>] {
    let rest = page.blocks.get(index..).unwrap_or_default();
    let next = rest.iter().skip(1).position(is_network).map_or(rest.len(), |at| at + 1);
    rest.get(..next).unwrap_or_default()
}

fn is_network(block: &RecordBlock<'_>) -> bool {
    block.has("NetRange") || block.has("CIDR")
}

fn is_holder(block: &RecordBlock<'_>) -> bool {
    block.has("OrgName") || block.has("CustName")
}

/// The block of the network's holder. It follows the network, but precedes it in ARIN's form before 2011. That form has
/// a holder before the first network.
pub(super) fn holder<'p, 'a>(page: &'p RecordPage<'a>, index: usize) -> Option<&'p RecordBlock<'a>> {
    let first = page.blocks.iter().find(|block| is_network(block) || is_holder(block));
    if first.is_some_and(|first| !is_network(first)) {
        return page.blocks.get(..index)?.iter().rev().find(|block| is_holder(block));
    }
    let group = group(page, index);
    let customer = group.iter().find(|block| block.has("CustName"));
    customer.or_else(|| group.iter().find(|block| block.has("OrgName")))
}

/// `Example Networks (EXN-1)` without its handle.
fn without_id(name: &str) -> String {
    match name.rsplit_once(" (") {
        Some((name, id)) if id.ends_with(')') && !id.contains(' ') => name.trim().to_owned(),
        _ => name.to_owned(),
    }
}

/// `Example Inc. EXAMPLE-1 (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255`, the range perhaps on the next line. Before 2002
/// the name followed the handle, and a single network was a paragraph below its holder's name and handle.
pub(super) fn is_list_line(line: &str) -> bool {
    !is_comment(line) && handle(line).is_some()
}

/// The text before and after the handle of a list line.
fn handle(line: &str) -> Option<(&str, &str)> {
    let at = [" (NET-", " (NET6-", " (NETBLK-"].iter().find_map(|of| line.find(of))?;
    let (before, rest) = line.split_at_checked(at)?;
    Some((before.trim(), rest.split_once(')')?.1.trim()))
}

/// The lines of a list as blocks.
pub(super) fn list(text: &str) -> Vec<RecordBlock<'_>> {
    let mut blocks: Vec<RecordBlock<'_>> = Vec::new();
    let mut holder = "";
    for line in lines(text) {
        if let Some((before, behind)) = handle(line).filter(|_| !is_comment(line)) {
            holder = before;
            blocks.push(RecordBlock { fields: item(before, behind) });
        } else if let Some(block) = blocks.last_mut().filter(|block| !is_ranged(block)) {
            detail(line.trim(), holder, block);
        }
    }
    blocks
}

fn is_ranged(block: &RecordBlock<'_>) -> bool {
    block.has("NetRange") || block.has("NetNumber")
}

/// The fields of a list's line.
fn item<'a>(before: &'a str, behind: &'a str) -> Vec<BlockField<'a>> {
    if let Some((name, behind)) = behind.split_once(char::is_whitespace).filter(|_| range(behind).is_none())
        && range(behind).is_some()
    {
        return vec![
            BlockField::new("OrgName", before),
            BlockField::new("NetName", name),
            BlockField::new("NetRange", behind),
        ];
    }
    let (org, name) = before.rsplit_once(' ').unwrap_or(("", before));
    let mut fields = vec![BlockField::new("OrgName", org), BlockField::new("NetName", name)];
    fields.extend((!behind.is_empty()).then(|| BlockField::new("NetRange", behind)));
    fields
}

/// Reads a further line about a network whose range has not come yet.
fn detail<'a>(line: &'a str, holder: &'a str, block: &mut RecordBlock<'a>) {
    match line.split_once(':') {
        Some(("Netname", name)) => {
            block.fields = vec![BlockField::new("OrgName", holder), BlockField::new("NetName", name)]
                .into_iter()
                .chain(block.fields.drain(..).filter(|field| field.key == "Country"))
                .collect();
        }
        Some(("Netblock", value)) => block.fields.push(BlockField::new("NetRange", value)),
        Some(("Netnumber", value)) => block.fields.push(BlockField::new("NetNumber", value)),
        _ if line.contains('-') && range(line).is_some() => {
            block.fields.push(BlockField::new("NetRange", line));
        }
        // An address ends with its country.
        _ if line.len() == 2 && line.bytes().all(|b| b.is_ascii_uppercase()) => {
            block.fields.push(BlockField::new("Country", line));
        }
        _ => {}
    }
}

pub(super) fn fill_from_list(block: &RecordBlock<'_>, record: &mut Record) {
    record.org = block.get("OrgName").map(str::to_owned);
    record.name = block.get("NetName").map(str::to_owned);
    record.country = block.get("Country").and_then(country);
}
