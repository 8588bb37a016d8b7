//! Flattens nested prefixes: the start and end of each part of the address space, and its value.
//!
//! Prefixes never overlap in part, so a stack of the open ones is the whole state, however many there are.

use crate::address::{Prefix, to_bits};

/// A part of the address space of one family, and its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span<V> {
    /// The lowest address, in the low 32 bits for IPv4.
    pub first: u128,
    /// The highest address.
    pub last: u128,
    /// The value of the part.
    pub value: V,
}

/// Flattens nested prefixes of one family. Inside two prefixes the value is made by `nest`, from the outer value and
/// the inner one's own.
pub struct Flattener<V, F> {
    nest: F,
    /// The open prefixes: their last addresses, and the value inside.
    open: Vec<(u128, V)>,
    /// The first address that is not in any span yet; None after the last address.
    next: Option<u128>,
}

impl<V: Copy, F: Fn(V, V) -> V> Flattener<V, F> {
    /// Starts without open prefixes.
    pub fn new(nest: F) -> Self {
        Self { nest, open: Vec::new(), next: Some(0) }
    }

    /// Opens a prefix. Prefixes come ascending by first address, the outer before the inner. All spans before it go to
    /// `sink`, ascending.
    pub fn open(&mut self, prefix: Prefix, value: V, sink: &mut impl FnMut(Span<V>)) {
        let (first, last) = (to_bits(prefix.first()), to_bits(prefix.last()));
        self.close(Some(first), sink);
        if let (Some(&(_, outer)), Some(next)) = (self.open.last(), self.next)
            && let Some(before) = first.checked_sub(1).filter(|before| next <= *before)
        {
            sink(Span { first: next, last: before, value: outer });
        }
        self.next = Some(first);
        let value = self.open.last().map_or(value, |&(_, outer)| (self.nest)(outer, value));
        self.open.push((last, value));
    }

    /// Closes the prefixes that end before `first`, or all.
    fn close(&mut self, first: Option<u128>, sink: &mut impl FnMut(Span<V>)) {
        while let Some(&(last, value)) = self.open.last()
            && first.is_none_or(|first| last < first)
        {
            self.open.pop();
            if let Some(next) = self.next.filter(|next| *next <= last) {
                sink(Span { first: next, last, value });
                self.next = last.checked_add(1);
            }
        }
    }

    /// Closes all open prefixes.
    pub fn finish(mut self, sink: &mut impl FnMut(Span<V>)) {
        self.close(None, sink);
    }
}

/// Flattens prefixes of one family that come in any order.
pub fn flatten<V: Copy>(mut prefixes: Vec<(Prefix, V)>, nest: impl Fn(V, V) -> V) -> Vec<Span<V>> {
    prefixes.sort_by_key(|(prefix, _)| *prefix);
    let mut spans = Vec::new();
    let mut sink = |span| spans.push(span);
    let mut flattener = Flattener::new(nest);
    for (prefix, value) in prefixes {
        flattener.open(prefix, value, &mut sink);
    }
    flattener.finish(&mut sink);
    spans
}

/// Reads ascending spans in step with ascending addresses.
pub struct SpanCursor<I: Iterator> {
    spans: std::iter::Peekable<I>,
}

impl<V: Copy, I: Iterator<Item = Span<V>>> SpanCursor<I> {
    /// A cursor at the first of the spans, which must come ascending and without overlaps.
    pub fn new(spans: I) -> Self {
        Self { spans: spans.peekable() }
    }

    /// The value at an address, and the last address with that value. Addresses must come ascending.
    pub fn at(&mut self, address: u128) -> (Option<V>, u128) {
        while self.spans.next_if(|span| span.last < address).is_some() {}
        match self.spans.peek() {
            Some(span) if span.first <= address => (Some(span.value), span.last),
            Some(span) => (None, span.first - 1),
            None => (None, u128::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Draw;
    use std::net::Ipv4Addr;

    #[test]
    fn agrees_with_trying_them_all() {
        let mut draw = Draw::new(5);
        let mut next = || draw.number();
        let all: Vec<(Prefix, u32)> = (0..200)
            .map(|number| {
                let address = Ipv4Addr::from_bits(0xFFFF_F000 | next());
                (Prefix::new(address.into(), 20 + (next() % 13) as u8).unwrap(), number)
            })
            .collect();
        let spans = flatten(all.clone(), |_, inner| inner);
        assert!(spans.windows(2).all(|pair| pair[0].last < pair[1].first));
        let mut cursor = SpanCursor::new(spans.iter().copied());
        for bits in 0xFFFF_E000_u32..=u32::MAX {
            let address = Ipv4Addr::from_bits(bits).into();
            let holding = all.iter().filter(|(prefix, _)| prefix.contains(address));
            // If two prefixes are equal, the later one is opened last, and is the inner.
            let plain = holding.max_by_key(|(prefix, number)| (prefix.length(), *number));
            let (found, until) = cursor.at(u128::from(bits));
            assert_eq!(found, plain.map(|(_, number)| *number), "{address}");
            assert!(until >= u128::from(bits));
        }
    }

    #[test]
    fn the_ends_of_the_address_space_are_parts_too() {
        let read = |text: &str, value| (text.parse::<Prefix>().unwrap(), value);
        let spans = flatten(vec![read("::/0", 1), read("ffff::/16", 2), read("::/128", 3)], |_, inner| inner);
        let told: Vec<(u128, u128, i32)> = spans.iter().map(|s| (s.first, s.last, s.value)).collect();
        let high = 0xffff_u128 << 112;
        assert_eq!(told, [(0, 0, 3), (1, high - 1, 1), (high, u128::MAX, 2)]);
        let nested =
            flatten(vec![read("10.0.0.0/8", 4), read("10.0.0.0/9", 1)], |outer, inner| outer + inner);
        assert_eq!(nested.iter().map(|span| span.value).collect::<Vec<_>>(), [5, 4]);
    }
}
