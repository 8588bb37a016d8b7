//! JPNIC's records: `a. [Network Number]  192.0.2.0/24`, with or without the letters, in English or Japanese.

use super::{
    Record,
    block::{BlockField, RecordBlock, lines, push},
    extend_distinct, mail,
};

/// JPNIC's labels, and our one name for each. The Japanese ones are those of a query without `/e`.
const LABELS: [(&str, &str); 13] = [
    ("Network Number", "network"),
    ("IPネットワークアドレス", "network"),
    ("IPv6 Prefix", "network"),
    ("IPv6プレフィックス", "network"),
    ("IP Network", "network"),
    ("Network Name", "name"),
    ("ネットワーク名", "name"),
    ("Organization", "organization"),
    ("組織名", "organization-local"),
    ("Abuse", "abuse"),
    ("Network Type", "status"),
    ("ネットワーク種別", "status"),
    ("Allocation Type", "status"),
];

/// The label and the value of a line.
fn label(line: &str) -> Option<(&str, &str)> {
    let open = line.find('[')?;
    // Only one letter with a full stop may precede the bracket.
    let letter = line.get(..open)?.trim();
    if !(letter.is_empty() || (letter.len() == 2 && letter.ends_with('.'))) {
        return None;
    }
    let (label, value) = line.get(open + 1..)?.split_once(']')?;
    Some((label.trim(), value.trim()))
}

fn name(label: &str) -> Option<&'static str> {
    LABELS.iter().find(|(of, _)| *of == label).map(|(_, name)| *name)
}

/// Whether the line names a network in this form.
pub(super) fn is_network(line: &str) -> bool {
    label(line).is_some_and(|(label, _)| name(label) == Some("network"))
}

/// Whether the line begins the part about larger or smaller networks, whose lists have another form.
pub(crate) fn is_neighbours(line: &str) -> bool {
    ["Less Specific Info.", "More Specific Info.", "上位情報", "下位情報"]
        .iter()
        .any(|head| line.starts_with(head))
}

pub(super) fn blocks(text: &str) -> Vec<RecordBlock<'_>> {
    let mut blocks = Vec::new();
    let mut block = RecordBlock::default();
    let mut main = true;
    for line in lines(text) {
        if is_neighbours(line) {
            main = false;
        } else if line.starts_with("Network Information:") {
            main = true;
            push(&mut blocks, &mut block);
        } else if let Some((key, value)) = label(line).and_then(|(label, value)| Some((name(label)?, value)))
            && main
        {
            if key == "network" && block.has("network") {
                push(&mut blocks, &mut block);
            }
            block.fields.push(BlockField::new(key, value));
        }
    }
    push(&mut blocks, &mut block);
    blocks
}

pub(super) fn fill(block: &RecordBlock<'_>, record: &mut Record) {
    record.name = block.get("name").map(str::to_owned);
    record.org = block.first(&["organization", "organization-local"]).map(str::to_owned);
    record.status = block.get("status").map(str::to_owned);
    record.country = Some("JP".to_owned());
    extend_distinct(&mut record.abuse, block.all("abuse").flat_map(mail::mailboxes));
}
