//! One pass over the address space: finds the network that answers for each address, and the pattern that blocks it.

use super::{
    layer::{Flattener, Span, SpanCursor, flatten},
    origins::JudgedOrigins,
    records::{Item, JudgedRecords, RankedItem},
};
use crate::{
    address::{Prefix, special_ranges},
    error::Result,
    pattern::{BulkMatcher, RuleMark},
};

/// Addresses that only carry an IPv4 address: a look-up unwraps it, and asks about that one (RFC 4291, 6052, 3056,
/// 4380).
const WRAPPED: [&str; 4] = ["::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32"];

/// Addresses that a pattern blocks, all of one network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BlockedSpan {
    /// Whether it is IPv6.
    pub(super) v6: bool,
    /// The lowest address, in the low 32 bits for IPv4.
    pub(super) first: u128,
    /// The highest address.
    pub(super) last: u128,
    pub(super) item: Item,
    /// The index of the pattern.
    pub(super) pattern: usize,
}

/// Values that do not depend on the owner: special-purpose space, and `@cidr` lines. One list for each family.
#[derive(Debug)]
pub(super) struct FixedLayers {
    nobodys: [Vec<Span<RuleMark>>; 2],
    named: [Vec<Span<RuleMark>>; 2],
    /// The marks that the origin table adds to the records.
    announced: [Vec<Span<RuleMark>>; 2],
}

impl FixedLayers {
    /// `announced` is the origin table if the patterns need records as well.
    pub(super) fn new(matcher: &BulkMatcher, announced: Option<&JudgedOrigins>) -> Self {
        let mark = |nobodys: bool| if nobodys { RuleMark::ALLOWED } else { RuleMark::NONE };
        let special: Vec<_> = special_ranges().map(|(prefix, nobodys)| (prefix, mark(nobodys))).collect();
        let wrapped = WRAPPED.iter().filter_map(|text| text.parse::<Prefix>().ok());
        let named = matcher.prefixes().chain(wrapped.map(|prefix| (prefix, RuleMark::ALLOWED))).collect();
        Self {
            // A range inside another decides for itself.
            nobodys: by_family(special, |_, inner| inner),
            named: by_family(named, Ord::min),
            announced: announced.map(JudgedOrigins::spans).unwrap_or_default(),
        }
    }
}

fn by_family(
    prefixes: Vec<(Prefix, RuleMark)>,
    nest: impl Fn(RuleMark, RuleMark) -> RuleMark,
) -> [Vec<Span<RuleMark>>; 2] {
    let (v4, v6) = prefixes.into_iter().partition(|(prefix, _)| prefix.first().is_ipv4());
    [v4, v6].map(|prefixes| flatten(prefixes, &nest))
}

/// Sweeps over all networks that answer. Blocked spans go to `sink`: IPv4 before IPv6, ascending.
///
/// # Errors
/// Imported data cannot be read (66).
pub(super) fn sweep(
    records: &JudgedRecords<'_>,
    layers: &FixedLayers,
    mut sink: impl FnMut(BlockedSpan),
) -> Result<()> {
    let mut family = 0;
    let mut flattener = Some(Flattener::new(answering));
    let mut judge = SpanJudge::new(records, layers, family);
    records.extents(|prefix, item| {
        let its = usize::from(prefix.first().is_ipv6());
        if its != family {
            // IPv4 is finished.
            if let Some(done) = flattener.replace(Flattener::new(answering)) {
                done.finish(&mut |span| judge.take(span, &mut sink));
            }
            family = its;
            judge = SpanJudge::new(records, layers, family);
        }
        if let Some(flattener) = &mut flattener {
            flattener.open(prefix, item, &mut |span| judge.take(span, &mut sink));
        }
    })?;
    if let Some(done) = flattener.take() {
        done.finish(&mut |span| judge.take(span, &mut sink));
    }
    Ok(())
}

/// The one of two networks that answers, if both could.
fn answering(outer: RankedItem, inner: RankedItem) -> RankedItem {
    if inner.rank >= outer.rank { inner } else { outer }
}

/// Cuts the addresses that a network answers for into parts, each blocked or not.
struct SpanJudge<'a, 'r> {
    records: &'a JudgedRecords<'r>,
    layers: [SpanCursor<std::iter::Copied<std::slice::Iter<'a, Span<RuleMark>>>>; 3],
    /// Whether a line names networks of this family or origins, so that an address may be blocked by no other pattern.
    names: bool,
    v6: bool,
}

impl<'a, 'r> SpanJudge<'a, 'r> {
    fn new(records: &'a JudgedRecords<'r>, layers: &'a FixedLayers, family: usize) -> Self {
        let of =
            |layer: &'a [Vec<Span<RuleMark>>; 2]| layer.get(family).map(Vec::as_slice).unwrap_or_default();
        let (nobodys, named, announced) = (of(&layers.nobodys), of(&layers.named), of(&layers.announced));
        let blocks = |spans: &[Span<RuleMark>]| spans.iter().any(|span| span.value.blocking().is_some());
        Self {
            records,
            layers: [nobodys, named, announced].map(|spans| SpanCursor::new(spans.iter().copied())),
            names: blocks(named) || blocks(announced),
            v6: family == 1,
        }
    }

    fn take(&mut self, span: Span<RankedItem>, sink: &mut impl FnMut(BlockedSpan)) {
        let item = span.value.item;
        let own = self.records.mark(item);
        if own == RuleMark::ALLOWED || (own == RuleMark::NONE && !self.names) {
            return;
        }
        let mut first = span.first;
        loop {
            let (mut mark, mut last) = (own, span.last);
            for layer in &mut self.layers {
                let (value, until) = layer.at(first);
                mark = mark.min(value.unwrap_or(RuleMark::NONE));
                last = last.min(until);
            }
            if let Some(pattern) = mark.blocking() {
                sink(BlockedSpan { v6: self.v6, first, last, item, pattern });
            }
            match last.checked_add(1).filter(|next| *next <= span.last) {
                Some(next) => first = next,
                None => return,
            }
        }
    }
}
