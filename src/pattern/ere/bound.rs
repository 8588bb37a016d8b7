//! How large an expression becomes once its intervals are written out.

use super::{Flaw, tree::Node};

/// The most states that one expression may need. A state costs some tens of bytes, so that an expression stays well
/// below the memory limit that mail servers run hooks under.
const LARGEST: u64 = 100_000;

/// How deep a tree may be: whoever walks one, the regex crate included, uses its stack for that.
const DEEPEST: usize = 200;

/// Refuses what would not fit.
pub(super) fn check(root: &Node) -> Result<(), Flaw> {
    let Some(states) = states(root, 0) else {
        return Err(Flaw::new(0, "groups and intervals nest too deep; write the pattern in several lines"));
    };
    if states > LARGEST {
        let what =
            format!("the pattern needs some {states} states, more than {LARGEST}; use smaller intervals");
        return Err(Flaw::new(0, what));
    }
    Ok(())
}

/// A generous guess at the states that the regex crate needs for it; None when the tree is too deep.
fn states(node: &Node, depth: usize) -> Option<u64> {
    if depth > DEEPEST {
        return None;
    }
    Some(match node {
        Node::Empty | Node::Edge(_) => 1,
        Node::Text(text) => text.len() as u64,
        // The sequences that UTF-8 has for whatever is not ASCII.
        Node::Any => 8,
        // The classes of Unicode are wide: its letters alone lie in some 700 ranges.
        Node::Set(set) if !set.classes.is_empty() => 400,
        Node::Set(set) if set.negated || set.ranges.iter().any(|(_, high)| !high.is_ascii()) => {
            set.ranges.iter().fold(8, |sum: u64, _| sum.saturating_add(4))
        }
        Node::Set(_) => 1,
        Node::Cat(items) | Node::Alt(items) => {
            items.iter().try_fold(1, |sum: u64, item| Some(sum.saturating_add(states(item, depth + 1)?)))?
        }
        Node::Repeat { inner, min, max } => {
            let times = u64::from(max.unwrap_or(*min)).max(1);
            states(inner, depth + 1)?.saturating_add(1).saturating_mul(times)
        }
    })
}
