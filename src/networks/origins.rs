//! The origin table's ranges, and their marks by `@asn` and `@asname` lines.

use super::{format::SourceNetwork, layer::Span};
use crate::{
    address::{Network, to_bits},
    cache::LayeredCache,
    origin::{OriginError, OriginTable, beside},
    pattern::{BulkMatcher, RuleMark},
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// A part of the table in which one range answers.
#[derive(Clone, Debug)]
pub(super) struct JudgedPart {
    pub(super) part: Network,
    pub(super) range: Network,
    pub(super) mark: RuleMark,
    pub(super) network: Arc<SourceNetwork>,
}

/// The whole table.
pub(super) struct JudgedOrigins {
    /// Ascending, IPv4 before IPv6.
    pub(super) parts: Vec<JudgedPart>,
    pub(super) ranges: u64,
    pub(super) imported: Timestamp,
}

impl JudgedOrigins {
    /// Reads the table beside this cache, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub(super) fn read(cache: &LayeredCache, matcher: &BulkMatcher) -> Result<Option<Self>, OriginError> {
        let Some(path) = cache.base().map(beside) else { return Ok(None) };
        let Some(table) = OriginTable::open(&path)? else { return Ok(None) };
        let mut known: HashMap<u32, (RuleMark, Arc<SourceNetwork>)> = HashMap::new();
        let mut parts = Vec::new();
        for part in table.parts() {
            let part = part?;
            let id = part.range.id;
            let (mark, network) = match known.entry(id) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(slot) => {
                    let origin = table.origin(id)?;
                    let mark = matcher.of_origin(&origin);
                    let network =
                        SourceNetwork { owner: origin.name, asn: origin.asn, ..SourceNetwork::default() };
                    slot.insert((mark, Arc::new(network))).clone()
                }
            };
            parts.push(JudgedPart { part: part.part, range: part.range.network, mark, network });
        }
        Ok(Some(Self { parts, ranges: table.len(), imported: table.imported() }))
    }

    /// The parts of each family as spans.
    pub(super) fn spans(&self) -> [Vec<Span<RuleMark>>; 2] {
        let of = |v4: bool| {
            let parts = self.parts.iter().filter(|part| part.part.first().is_ipv4() == v4);
            parts
                .map(|part| Span {
                    first: to_bits(part.part.first()),
                    last: to_bits(part.part.last()),
                    value: part.mark,
                })
                .collect()
        };
        [of(true), of(false)]
    }
}
