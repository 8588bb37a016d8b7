//! KRNIC's and TWNIC's records.

use super::{
    Record,
    block::{BlockField, RecordBlock, lines, push},
    extend_distinct, mail,
    range::range,
};
use crate::address::Network;

/// KRNIC's labels in English, old and new, and in Korean.
const KRNIC: [(&str, &str); 18] = [
    ("IPv4 Address", "network"),
    ("IPv6 Address", "network"),
    ("IP Address", "network"),
    ("IPv4주소", "network"),
    ("IPv6주소", "network"),
    ("IPv4", "network"),
    ("IPv6", "network"),
    ("Organization Name", "organization"),
    ("Org Name", "organization"),
    ("기관명", "organization"),
    ("Service Name", "name"),
    ("Network Name", "name"),
    ("서비스명", "name"),
    ("네트워크 이름", "name"),
    ("Network Type", "status"),
    ("네트워크 구분", "status"),
    ("E-Mail", "e-mail"),
    ("전자우편", "e-mail"),
];

fn krnic_field(line: &str) -> Option<(&'static str, &str)> {
    let (label, value) = line.split_once(':')?;
    let label = label.trim();
    let key = KRNIC.iter().find(|(of, _)| *of == label).map(|(_, key)| *key);
    // Old captures have the Korean letters mangled or lost; only the start of the label remains.
    let key = key.or_else(|| label.starts_with("IPv").then_some("network"))?;
    Some((key, value.trim()))
}

pub(super) fn is_krnic_network(line: &str) -> bool {
    // A single address is a line of the query.
    krnic_field(line)
        .is_some_and(|(key, value)| key == "network" && value.contains(['-', '/']) && range(value).is_some())
}

/// Blocks, one for each network: the provider's, then the customer's. The English text is preferred: the Korean half
/// says the same before or after it.
pub(super) fn krnic(text: &str) -> Vec<RecordBlock<'_>> {
    let english = krnic_half(text, true);
    if english.is_empty() { krnic_half(text, false) } else { english }
}

fn krnic_half(text: &str, english: bool) -> Vec<RecordBlock<'_>> {
    let mut blocks = Vec::new();
    let mut block = RecordBlock::default();
    let mut abuse = false;
    let mut wanted = !english;
    for line in lines(text) {
        if english && line.starts_with("# ") {
            wanted = line.starts_with("# ENGLISH") || (wanted && !line.starts_with("# KOREAN"));
        }
        let Some((key, value)) = krnic_field(line).filter(|_| wanted) else {
            if line.starts_with('[') {
                abuse = line.contains("Abuse") || line.contains("abuse");
            }
            continue;
        };
        if key == "network" && block.has("network") {
            push(&mut blocks, &mut block);
        }
        let key = if key == "e-mail" && abuse { "abuse" } else { key };
        if key == "network" || block.has("network") {
            block.fields.push(BlockField::new(key, value));
        }
    }
    push(&mut blocks, &mut block);
    blocks
}

/// Whether the line is a label with a value. KRNIC writes a blank before the colon.
pub(super) fn is_labelled(line: &str) -> bool {
    line.split_once(" :").is_some_and(|(label, _)| !label.trim().is_empty())
}

/// The networks of each half, in the order of the answer, each with the number of its lines. A half begins with a heading
/// that names its language.
fn halves(text: &str) -> Vec<Vec<(Network, usize)>> {
    let mut halves: Vec<Vec<(Network, usize)>> = Vec::new();
    for line in lines(text) {
        if line.starts_with("# ENGLISH") || line.starts_with("# KOREAN") {
            halves.push(Vec::new());
        }
        let Some(half) = halves.last_mut().filter(|_| is_labelled(line)) else { continue };
        match krnic_field(line).filter(|_| is_krnic_network(line)).and_then(|(_, value)| range(value)) {
            Some(network) => half.push((network, 1)),
            None => half.last_mut().into_iter().for_each(|(_, count)| *count += 1),
        }
    }
    halves
}

/// Whether an answer has two halves, and the second has every network of the first, and of the last one as many lines.
pub(super) fn has_last_half(text: &str) -> bool {
    let halves = halves(text);
    let [first, last] = halves.as_slice() else { return false };
    let networks = |half: &[(Network, usize)]| half.iter().map(|(network, _)| *network).collect::<Vec<_>>();
    let lines = |half: &[(Network, usize)]| half.last().map_or(0, |(_, count)| *count);
    !first.is_empty() && networks(first) == networks(last) && lines(last) >= lines(first)
}

/// Whether the last line with a label is a contact's address.
pub(super) fn ends_with_mailbox(text: &str) -> bool {
    let last = lines(text).filter(|line| is_labelled(line)).last();
    last.and_then(krnic_field).is_some_and(|(key, _)| key == "e-mail")
}

/// Whether an answer is in English only. Korean comes first, so that alone may have been cut.
pub(super) fn is_english(text: &str) -> bool {
    !lines(text).any(|line| {
        line.starts_with("# KOREAN") || line.starts_with("IPv4주소") || line.starts_with("IPv6주소")
    })
}

pub(super) fn fill_krnic(block: &RecordBlock<'_>, record: &mut Record) {
    record.name = block.get("name").map(str::to_owned);
    record.org = block.get("organization").map(str::to_owned);
    record.status = block.get("status").map(str::to_owned);
    record.country = Some("KR".to_owned());
    // KRNIC names one contact for everything, unless there is a separate part for abuse.
    for key in ["abuse", "e-mail"] {
        if record.abuse.is_empty() {
            extend_distinct(&mut record.abuse, block.all(key).flat_map(mail::mailboxes));
        }
    }
}

pub(super) fn is_twnic_network(line: &str) -> bool {
    line.trim_start().strip_prefix("Netblock:").is_some_and(|value| range(value).is_some())
}

/// TWNIC: the address of the holder (not always), then the network's name and range, then contacts below headings. A
/// line after a blank line, indented no more than these headings, is the address of the next holder.
pub(super) fn twnic(text: &str) -> Vec<RecordBlock<'_>> {
    let mut blocks = Vec::new();
    let mut block = RecordBlock::default();
    let (mut heading, mut depth, mut between) = ("holder", 0, false);
    for whole in lines(text) {
        let line = whole.trim();
        let indent = whole.len() - whole.trim_start().len();
        let (key, value) = line.split_once(':').unwrap_or(("", line));
        if line.starts_with(['%', '#', '[', '-']) {
            continue;
        }
        let in_contact = heading == "contact" && indent > depth;
        match key {
            "" if value.is_empty() => {}
            // A contact may be written like anything.
            "Netname" | "Netblock" | "Organization" | "Registrant" | "Company" if in_contact => {}
            "Netname" => block.fields.push(BlockField::new("name", value)),
            "Netblock" => block.fields.push(BlockField::new("network", value)),
            "" => {
                if between && heading == "contact" && indent <= depth && block.has("network") {
                    push(&mut blocks, &mut block);
                    heading = "holder";
                }
                block.fields.push(BlockField::new(heading, value));
            }
            _ if value.trim().is_empty() => {
                heading = if key.contains("contact") { "contact" } else { "holder" };
                depth = indent;
            }
            "Organization" | "Registrant" | "Company" => block.fields.push(BlockField::new("holder", value)),
            _ => {}
        }
        between = line.is_empty();
    }
    push(&mut blocks, &mut block);
    blocks
}

pub(super) fn fill_twnic(block: &RecordBlock<'_>, record: &mut Record) {
    record.name = block.get("name").map(str::to_owned);
    record.org = block.all("holder").find(|line| !line.contains('@')).map(str::to_owned);
    record.country = Some("TW".to_owned());
    extend_distinct(&mut record.abuse, block.all("contact").flat_map(mail::mailboxes));
}
