//! Excludes quickly the patterns that cannot match a text.
//!
//! An automaton over all patterns' literals would take longer to build than a mail server's hook runs. So the text, a
//! few kilobytes, is indexed, and each pattern is checked for whether some of its bytes occur in it.

use super::{ere::RequiredLiterals, lines::IndexedText};
use memchr::memmem::Finder;
use std::cell::RefCell;

/// The number of bytes that are looked up at once.
const GRAM: usize = 4;
/// Up to this many literals are searched for one by one, which is quicker than an index of the text.
const FEW: usize = 8;

/// The patterns for one kind of text, by the literals that they need.
#[derive(Debug, Default)]
pub(super) struct Prefilter {
    entries: Vec<PrefilterEntry>,
    /// The literals of the first entries.
    few: Vec<Finder<'static>>,
    /// The lengths of the entries' grams: bit n stands for n bytes.
    lengths: u8,
    /// Rules without a required literal.
    always: Vec<u32>,
}

/// A literal that a rule needs.
#[derive(Debug)]
struct PrefilterEntry {
    /// Its middle, end and beginning: the middle is the least likely to occur in every reply.
    grams: [u32; 3],
    rule: u32,
}

impl Prefilter {
    /// Adds a rule.
    pub(super) fn add(&mut self, rule: u32, literals: &RequiredLiterals) {
        match literals {
            RequiredLiterals::Literal(text) => self.enter(rule, text),
            RequiredLiterals::OneOf(texts) => texts.iter().for_each(|text| self.enter(rule, text)),
            RequiredLiterals::Nothing => self.always.push(rule),
        }
    }

    /// Whether there are no rules.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.always.is_empty()
    }

    fn enter(&mut self, rule: u32, text: &str) {
        let bytes = text.as_bytes();
        self.lengths |= 1 << bytes.len().min(GRAM);
        let last = bytes.len().saturating_sub(GRAM);
        let at = |start: usize| gram(bytes.get(start..bytes.len().min(start + GRAM)).unwrap_or_default());
        if self.few.len() < FEW {
            self.few.push(Finder::new(bytes).into_owned());
        }
        self.entries.push(PrefilterEntry { grams: [at(last / 2), at(last), at(0)], rule });
    }

    /// The rules that may match, in order.
    pub(super) fn candidates(&self, lines: &IndexedText<'_>) -> Vec<u32> {
        let (mut rules, text) = (self.always.clone(), lines.text().as_bytes());
        if self.entries.is_empty() {
            return rules;
        }
        if self.entries.len() <= FEW {
            let found =
                self.entries.iter().zip(&self.few).filter(|(_, literal)| literal.find(text).is_some());
            rules.extend(found.map(|(entry, _)| entry.rule));
        } else {
            let index = GramIndex::of(text, self.lengths);
            let occurs = |entry: &&PrefilterEntry| entry.grams.iter().all(|gram| index.holds(*gram));
            rules.extend(self.entries.iter().filter(occurs).map(|entry| entry.rule));
        }
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// A few bytes as one well-mixed number. A text shorter than a gram gets another number than the start of any gram.
fn gram(bytes: &[u8]) -> u32 {
    mixed(bytes.iter().fold(0, |packed, byte| with_byte(packed, *byte)), bytes.len())
}

/// A gram's bytes as one number, and another one behind them.
fn with_byte(packed: u32, byte: u8) -> u32 {
    packed << 8 | u32::from(byte)
}

fn mixed(packed: u32, length: usize) -> u32 {
    let length = u32::try_from(length).unwrap_or(0);
    // Knuth's multiplicative hash; its high bits are the good ones.
    (packed ^ (length << 27)).wrapping_mul(0x9E37_79B1)
}

/// Bits that a thread keeps for its next text: 64 KiB, in words.
const SPARED: usize = 8192;
thread_local! {
    /// The bits of the last text. Without them a run over many texts would allocate some for each.
    static SPARE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Drop for GramIndex {
    fn drop(&mut self) {
        if self.bits.len() <= SPARED {
            self.bits.clear();
            SPARE.set(std::mem::take(&mut self.bits));
        }
    }
}

/// The grams that occur in a text, one bit for each. A gram that does not occur may pass now and then, but none is
/// missed.
struct GramIndex {
    bits: Vec<u64>,
    shift: u32,
}

impl GramIndex {
    /// Indexes `text` for grams of these lengths: bit n stands for n bytes.
    fn of(text: &[u8], lengths: u8) -> Self {
        // Some sixteen bits for each byte, between 1 KiB (which stays in the processor's nearest cache) and 8 MiB.
        let log2 = (text.len().max(1).ilog2() + 5).clamp(13, 26);
        let mut bits = SPARE.take();
        bits.resize(1 << (log2 - 6), 0);
        let mut index = Self { bits, shift: 32 - log2 };
        for length in (1..=GRAM).filter(|length| lengths >> length & 1 == 1) {
            let own = u32::MAX >> (8 * (GRAM - length));
            let (head, rest) = text.split_at(text.len().min(length - 1));
            let mut packed = head.iter().fold(0, |packed, byte| with_byte(packed, *byte));
            for byte in rest {
                packed = with_byte(packed, *byte) & own;
                index.set(mixed(packed, length));
            }
        }
        index
    }

    fn set(&mut self, gram: u32) {
        let bit = gram >> self.shift;
        if let Some(word) = self.bits.get_mut((bit >> 6) as usize) {
            *word |= 1 << (bit & 63);
        }
    }

    fn holds(&self, gram: u32) -> bool {
        let bit = gram >> self.shift;
        self.bits.get((bit >> 6) as usize).is_some_and(|word| word >> (bit & 63) & 1 == 1)
    }
}
