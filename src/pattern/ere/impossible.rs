//! Whether an expression can match any line at all: nothing comes before a line's start or after its end.

use super::tree::{Edge, Node};

/// The number of positions in a line: at its start or further on, and each of them with the line's end reached or not.
const POSITIONS: usize = 4;
const START: usize = 0;
const WITHIN: usize = 1;
const ENDED: usize = 2;

/// For each position before a node, the positions after it, one bit for each.
type LineStates = [u8; POSITIONS];

/// Whether no line can match, as with `a$b`.
pub(super) fn is_impossible(root: &Node) -> bool {
    let ways = of(root);
    // A match may begin anywhere. At the start of an empty line its end is there too, but `$` finds that itself.
    ways.iter().take(ENDED).all(|positions| *positions == 0)
}

fn of(node: &Node) -> LineStates {
    match node {
        Node::Empty => stay(),
        Node::Text(_) | Node::Any | Node::Set(_) => [bit(WITHIN), bit(WITHIN), 0, 0],
        Node::Edge(Edge::LineStart) => [bit(START), 0, bit(START + ENDED), 0],
        Node::Edge(Edge::LineEnd) => {
            [bit(START + ENDED), bit(WITHIN + ENDED), bit(START + ENDED), bit(WITHIN + ENDED)]
        }
        // A word edge depends on the neighbouring characters; it is treated as if it excluded nothing.
        Node::Edge(_) => stay(),
        Node::Cat(items) => items.iter().fold(stay(), |ways, item| then(&ways, &of(item))),
        Node::Alt(branches) => branches.iter().map(of).fold([0; POSITIONS], |all, ways| either(&all, &ways)),
        Node::Repeat { inner, min, max } => repeated(&of(inner), *min, *max),
    }
}

fn bit(position: usize) -> u8 {
    1 << position
}

/// The position does not change.
fn stay() -> LineStates {
    [bit(0), bit(1), bit(2), bit(3)]
}

/// The first node, then the second.
fn then(one: &LineStates, other: &LineStates) -> LineStates {
    one.map(|positions| {
        let reached = other.iter().enumerate().filter(|(position, _)| positions & bit(*position) != 0);
        reached.fold(0, |all, (_, positions)| all | positions)
    })
}

fn either(one: &LineStates, other: &LineStates) -> LineStates {
    let mut ways = *one;
    ways.iter_mut().zip(other).for_each(|(mine, yours)| *mine |= yours);
    ways
}

/// More repetitions than positions reach no new one.
fn repeated(inner: &LineStates, min: u16, max: Option<u16>) -> LineStates {
    let rounds = |count: u16| usize::from(count).min(POSITIONS);
    let mut last = (0..rounds(min)).fold(stay(), |ways, _| then(&ways, inner));
    let mut all = last;
    for _ in 0..max.map_or(POSITIONS, |max| rounds(max.saturating_sub(min))) {
        last = then(&last, inner);
        all = either(&all, &last);
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::pattern::ere::Ere;

    #[test]
    fn what_no_line_can_match_is_told_from_what_one_may() {
        for text in ["a$b", "a^b", "(x|y)$.", "a$(b|c)", "a(^b)+", ".^", "a${3}b", "(a$b|c^d)", "a$ ?^b"] {
            assert!(Ere::read(text, false).unwrap().is_never(), "{text}");
        }
        for text in [
            "ab",
            "^a$",
            "^$",
            "a$b*",
            "(a$)*b",
            "a$|b",
            "a^*b",
            "^^a$$",
            "(^|x)a",
            "a(x|$)",
            "a(^b)?",
            "^*a",
            "a{0}^b",
            r"\<a\>",
            r".\b(^)?",
            "a(^)*",
            "$^",
            "(^a){2}?b",
        ] {
            assert!(!Ere::read(text, false).unwrap().is_never(), "{text}");
        }
    }

    #[test]
    fn nested_repetitions_cost_no_more_than_their_length() {
        let text = format!("{}a{}", "(".repeat(90), "b?)?".repeat(90));
        assert!(!Ere::read(&text, false).unwrap().is_never());
    }
}
