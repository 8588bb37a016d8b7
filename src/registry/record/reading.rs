//! Splits an answer into blocks, and reads the record of one of its networks. Each form has its parser, and is selected
//! here.

use super::{
    Record, Registry, arin,
    block::{self, RecordBlock},
    brackets, national,
    page::{NamedBlock, RecordForm, RecordPage},
    placeholder::{self, Placeholder},
    range, rpsl, rwhois,
};
use crate::address::Network;

impl RecordForm {
    /// The form of the first line that has one.
    pub(crate) fn of(text: &str) -> Option<Self> {
        block::lines(text).find_map(Self::of_line)
    }

    /// The form of a line, if only one form has such lines.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let starts = |prefix: &str| {
            line.split_at_checked(prefix.len()).is_some_and(|(head, _)| head.eq_ignore_ascii_case(prefix))
        };
        // Every line of every reply is checked here, and its first letter excludes most forms.
        let own = match line.bytes().next()? {
            b'i' if starts("inetnum:") || starts("inet6num:") => Some(Self::Rpsl),
            b'I' if national::is_krnic_network(line) => Some(Self::Krnic),
            b'n' | b'N' if starts("NetRange:") => Some(Self::Arin),
            b'c' | b'C' if starts("CIDR:") => Some(Self::Arin),
            b'n' | b'N' if starts("network:") && rwhois::is_attribute(line) => Some(Self::Rwhois),
            b' ' | b'\t' | b'N' if national::is_twnic_network(line) => Some(Self::Twnic),
            _ => None,
        };
        own.or_else(|| {
            if line.contains('[') && brackets::is_network(line) {
                return Some(Self::Brackets);
            }
            (line.contains('(') && arin::is_list_line(line)).then_some(Self::ArinList)
        })
    }
}

impl<'a> RecordPage<'a> {
    /// Splits the text into blocks; None if it names no network at all. A line of one form may precede an answer in
    /// another, such as a note `IP Address: 192.0.2.0/24` about the query. The first form that says more than a network
    /// is the answer's. ARIN's list precedes the network that was then asked for.
    pub(crate) fn read(text: &'a str, registry: Registry) -> Option<Self> {
        let mut tried: Vec<RecordForm> = Vec::new();
        let mut best: Option<Self> = None;
        for form in block::lines(text).filter_map(RecordForm::of_line) {
            if tried.contains(&form) {
                continue;
            }
            tried.push(form);
            let listed =
                best.as_ref().is_some_and(|best| best.form == RecordForm::ArinList && best.says_more());
            if listed && form != RecordForm::Arin {
                continue;
            }
            let Some(page) = Self::in_form(text, registry, form) else { continue };
            let lists = form == RecordForm::ArinList;
            // `network:IP-Network:` is never a note, and an operator's server may say no more. But it may not continue
            // in a registry's form.
            if form == RecordForm::Rwhois || (page.says_more() && !lists) {
                return Some(page);
            }
            best = best.filter(|best| best.says_more() || !lists).or(Some(page));
        }
        best
    }

    fn in_form(text: &'a str, registry: Registry, form: RecordForm) -> Option<Self> {
        let blocks = match form {
            RecordForm::Rpsl => block::objects(text),
            RecordForm::Arin => block::blocks(text, &["NetRange"]),
            RecordForm::ArinList => arin::list(text),
            RecordForm::Brackets => brackets::blocks(text),
            RecordForm::Krnic => national::krnic(text),
            RecordForm::Twnic => national::twnic(text),
            RecordForm::Rwhois => rwhois::blocks(text),
        };
        let mut networks = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            networks
                .extend(ranges(form, block).into_iter().map(|network| NamedBlock { network, block: index }));
        }
        (!networks.is_empty()).then_some(Self { registry, form, text, blocks, networks })
    }

    /// Whether it says anything about a network except its range.
    fn says_more(&self) -> bool {
        let mut at: Vec<usize> = self.networks.iter().map(|named| named.block).collect();
        // One block may name very many networks, one after the other.
        at.dedup();
        let blocks = at.into_iter().filter_map(|at| self.blocks.get(at));
        let says =
            |field: &block::BlockField<'_>| range::range(field.value).is_none() && !field.value.is_empty();
        blocks.flat_map(|block| &block.fields).any(says)
    }

    /// The fields of one of its networks.
    pub(crate) fn record(&self, named: NamedBlock) -> Record {
        let mut record = Record::bare(named.network, self.registry);
        let Some(block) = self.blocks.get(named.block) else { return record };
        match self.form {
            RecordForm::Rpsl => rpsl::fill(self, named.block, block, &mut record),
            RecordForm::Arin => arin::fill(self, named.block, block, &mut record),
            RecordForm::ArinList => arin::fill_from_list(block, &mut record),
            RecordForm::Brackets => brackets::fill(block, &mut record),
            RecordForm::Krnic => national::fill_krnic(block, &mut record),
            RecordForm::Twnic => national::fill_twnic(block, &mut record),
            RecordForm::Rwhois => rwhois::fill(self, block, &mut record),
        }
        record
    }

    /// The fields of `network` in a text that is known to be an answer about it; None if the text does not name it.
    pub(crate) fn record_of(text: &'a str, registry: Registry, network: Network) -> Option<Record> {
        let page = Self::read(text, registry)?;
        let named = page.smallest(Some(network.first())).filter(|named| named.network == network)?;
        Some(page.record(named))
    }

    /// The reason why the network is a placeholder; None if it has a holder. `record` is the network's own.
    pub(crate) fn placeholder(&self, named: NamedBlock, record: &Record) -> Option<Placeholder> {
        placeholder::judge(self, named.block, record)
    }

    /// Whether an RPSL answer has every object that its first network names, and that names one at least.
    pub(crate) fn has_everybody(&self) -> bool {
        self.first_block().is_some_and(|block| rpsl::has_everybody(self, block))
    }

    /// Whether an RPSL answer lacks no object that its first network names, and none that APNIC may repeat.
    pub(crate) fn lacks_nobody(&self) -> bool {
        self.first_block().is_some_and(|block| rpsl::lacks_nobody(self, block))
    }

    /// Whether the last object of an RPSL answer ends with its source, as all but LACNIC's do.
    pub(crate) fn ends_with_source(&self) -> bool {
        let last = self.blocks.last().and_then(|last| last.fields.last());
        last.is_some_and(|field| field.key.eq_ignore_ascii_case("source") && !field.value.is_empty())
    }

    /// Whether it has all that the first network names, without the persons that some registries leave out.
    pub(crate) fn has_all_but_persons(&self) -> bool {
        self.first_block().is_some_and(|block| rpsl::has_all_but_persons(self, block))
    }

    /// Whether both halves of one of KRNIC's answers, Korean and English, say the same to the end. None if all of it is in
    /// English.
    pub(crate) fn has_last_half(&self) -> Option<bool> {
        let english = national::is_english(self.text);
        (!english).then(|| national::has_last_half(self.text) && self.ends_with_mailbox())
    }

    /// Whether one of KRNIC's answers ends with the address of a contact, which is the last line of every network in it.
    pub(crate) fn ends_with_mailbox(&self) -> bool {
        national::ends_with_mailbox(self.text)
    }

    /// Whether no customer can write such a line in an answer of this form. In KRNIC's, all of their text follows labels.
    pub(crate) fn is_servers(&self, line: &str) -> bool {
        let rule = line.starts_with("- ") && line.trim_end().ends_with(" -");
        block::is_comment(line) || rule || (self.form == RecordForm::Krnic && !national::is_labelled(line))
    }

    fn first_block(&self) -> Option<&RecordBlock<'a>> {
        self.blocks.get(self.networks.first()?.block)
    }

    /// Whether an RPSL answer breaks off. Its last object lacks the `source:` that every object has, or the
    /// organisation that a network names is missing. A query with `-r` gets none of the objects that the network names.
    /// But a text that ends with the network may also have been `cut` there.
    pub(crate) fn breaks_off(&self, cut: bool) -> bool {
        let unsourced = self.blocks.last().is_some_and(|last| !last.has("source"));
        let named = self.networks.first().and_then(|named| Some((named, self.blocks.get(named.block)?)));
        let lacks = named.is_some_and(|(named, block)| {
            let ends = named.block + 1 == self.blocks.len();
            rpsl::lacks_organisation(self, block)
                && ((ends && cut) || rpsl::has_contacts(self, named.block, block))
        });
        self.form == RecordForm::Rpsl && (unsourced || lacks)
    }
}

/// The networks that a block names.
fn ranges(form: RecordForm, block: &RecordBlock<'_>) -> Vec<Network> {
    if form == RecordForm::Rpsl {
        let named =
            |key: &str| block.values(key).filter_map(|value| range::range(&value)).collect::<Vec<_>>();
        return ["inetnum", "inet6num"]
            .map(named)
            .into_iter()
            .find(|found| !found.is_empty())
            .unwrap_or_default();
    }
    let keys: &[&str] = match form {
        RecordForm::Rpsl => &[],
        RecordForm::Arin => &["NetRange", "CIDR"],
        RecordForm::ArinList => &["NetRange", "NetNumber"],
        RecordForm::Brackets | RecordForm::Krnic | RecordForm::Twnic => &["network"],
        RecordForm::Rwhois => {
            &["ip-network", "ip-network-block", "ip-range", "network-block", "netblock", "cidr"]
        }
    };
    // The first key with a range decides; the others only repeat it.
    let key = keys.iter().find(|key| block.all(key).any(|value| range::range(value).is_some()));
    let numbered = key.is_some_and(|key| *key == "NetNumber");
    let unknown = (form == RecordForm::Rwhois && key.is_none()).then(|| rwhois::ranges(block));
    let values = key.into_iter().flat_map(|key| block.all(key)).chain(unknown.into_iter().flatten());
    let read = |value| match form {
        RecordForm::Brackets => range::classful(value),
        RecordForm::ArinList if numbered => range::classful(value),
        _ => range::range(value),
    };
    values.filter_map(read).collect()
}
