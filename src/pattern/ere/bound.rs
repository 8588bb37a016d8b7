//! How large an expression becomes once its intervals are written out.

use super::{EreError, tree::Node};

/// The most states that one expression may need. A state costs some tens of bytes, so that an expression stays well
/// below the memory limit that mail servers run hooks under. A line of five thousand owners fits.
const LARGEST: u64 = 300_000;

/// The most states that one interval may be written out to: each of them may have to be kept in mind at each character
/// of a line, which takes time where text takes none.
const REPEATED: u64 = 20_000;

/// How deep a tree may be: whoever walks one, the regex crate included, uses its stack for that.
const DEEPEST: usize = 200;

/// Refuses what would not fit, and says how many states the rest needs.
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

/// A generous guess at the states that the regex crate needs for it.
fn states(node: &Node, depth: usize) -> Result<u64, EreError> {
    if depth > DEEPEST {
        let what = "groups and intervals nest too deep; write the pattern in several lines";
        return Err(EreError::new(0, what));
    }
    Ok(match node {
        Node::Empty | Node::Edge(_) => 1,
        Node::Text(text) => text.len() as u64,
        // The sequences that UTF-8 has for whatever is not ASCII.
        Node::Any => 8,
        // One for each character that is named, and the kinds of those that are not.
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
