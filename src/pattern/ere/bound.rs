//! Computes the size of an expression with its intervals expanded.

use super::{EreError, tree::Node};

/// The most states that one expression may need. A state takes some tens of bytes, so an expression stays well below
/// the memory limit of mail servers' hooks. A line with five thousand owners fits.
const LARGEST: u64 = 300_000;

/// The most states that one interval may expand to. A search may have to track each of them at each character of a
/// line, which takes far longer than text.
const REPEATED: u64 = 20_000;

/// The greatest depth of a tree: code that walks it, in the regex crate too, uses the stack for it.
const DEEPEST: usize = 200;

/// Refuses expressions that are too large, and returns the number of states of others.
pub(super) fn check(root: &Node) -> Result<u64, EreError> {
    let states = states(root, 0)?;
    if states > LARGEST {
        let what = format!(
            "the pattern needs some {states} states, more than {LARGEST}; write it in several lines, or with smaller intervals"
        );
        return Err(EreError::new(0, what));
    }
    Ok(states)
}

/// A generous estimate of the states that the regex crate needs for it.
fn states(node: &Node, depth: usize) -> Result<u64, EreError> {
    if depth > DEEPEST {
        let what = "groups and intervals nest too deep; write the pattern in several lines";
        return Err(EreError::new(0, what));
    }
    Ok(match node {
        Node::Empty | Node::Edge(_) => 1,
        Node::Text(text) => text.len() as u64,
        // UTF-8 sequences for non-ASCII characters.
        Node::Any => 8,
        // One for each named character, and the kinds of the others.
        Node::Set(set) if set.negated || !set.classes.is_empty() => 12 + set.ranges.len() as u64,
        Node::Set(set) => 1 + set.ranges.iter().filter(|(_, high)| !high.is_ascii()).count() as u64,
        Node::Cat(items) | Node::Alt(items) => {
            items.iter().try_fold(1, |sum: u64, item| Ok(sum.saturating_add(states(item, depth + 1)?)))?
        }
        Node::Repeat { inner, min, max } => {
            let times = u64::from(max.unwrap_or(*min)).max(1);
            let states = states(inner, depth + 1)?.saturating_add(1).saturating_mul(times);
            if times > 1 && states > REPEATED {
                let what = format!(
                    "an interval makes some {states} states, more than {REPEATED}; use a smaller one"
                );
                return Err(EreError::new(0, what));
            }
            states
        }
    })
}
