//! The literals that a line must contain for a match, so that most expressions never need to run.

use super::tree::{CharSet, Node};

/// The most alternatives of which one must occur.
const MOST: usize = 16;

/// The most texts to which a sequence such as `[Ee]xample[ -]net` is expanded, and the longest of them in bytes.
const WRITTEN: usize = 4;
const LONGEST: usize = 256;

/// The literals that must occur in a line for a match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum RequiredLiterals {
    /// The expression is just this text: a line that contains it matches.
    Literal(String),
    /// One of these must occur; then the expression itself decides.
    OneOf(Vec<String>),
    /// No literal is known.
    Nothing,
}

/// Derives it from the tree.
pub(super) fn of(root: &Node) -> RequiredLiterals {
    if let Node::Text(text) = root {
        return RequiredLiterals::Literal(text.clone());
    }
    match survey(root).best() {
        Some(texts) => RequiredLiterals::OneOf(texts),
        None => RequiredLiterals::Nothing,
    }
}

/// The length in bytes of its shortest match: a shorter line needs no automaton.
pub(super) fn shortest(root: &Node) -> usize {
    match root {
        Node::Empty | Node::Edge(_) => 0,
        Node::Text(text) => text.len(),
        Node::Any | Node::Set(_) => 1,
        Node::Cat(items) => items.iter().fold(0, |sum: usize, item| sum.saturating_add(shortest(item))),
        Node::Alt(branches) => branches.iter().map(shortest).min().unwrap_or(0),
        Node::Repeat { inner, min, .. } => shortest(inner).saturating_mul(usize::from(*min)),
    }
}

/// The facts known of a part of an expression.
struct LiteralSurvey {
    /// All texts that it can match, if they are few and short.
    exact: Option<Vec<String>>,
    /// Texts of which one occurs in every match.
    inner: Option<Vec<String>>,
}

impl LiteralSurvey {
    fn nothing() -> Self {
        Self { exact: None, inner: None }
    }

    fn exact(texts: Vec<String>) -> Self {
        Self { exact: Some(texts), inner: None }
    }

    /// The better one of the texts inside and the exact texts.
    fn best(self) -> Option<Vec<String>> {
        better(self.inner, self.exact)
    }
}

/// The set whose shortest text is longer, else the smaller set. A set with an empty text is useless.
fn better(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    let worth = |texts: &Option<Vec<String>>| {
        let texts = texts.as_ref()?;
        let shortest = texts.iter().map(String::len).min().filter(|len| *len > 0)?;
        Some((shortest, MOST.saturating_sub(texts.len())))
    };
    match (worth(&one), worth(&other)) {
        (None, None) => None,
        (mine, yours) if mine >= yours => one,
        _ => other,
    }
}

fn survey(node: &Node) -> LiteralSurvey {
    match node {
        Node::Empty | Node::Edge(_) => LiteralSurvey::exact(vec![String::new()]),
        Node::Text(text) => LiteralSurvey::exact(vec![text.clone()]),
        Node::Any => LiteralSurvey::nothing(),
        Node::Set(set) => chars(set).map_or_else(LiteralSurvey::nothing, LiteralSurvey::exact),
        Node::Cat(items) => sequence(items),
        Node::Alt(branches) => alternatives(branches),
        Node::Repeat { inner, min, max } => {
            let inner = survey(inner);
            match (min, max) {
                (1, Some(1)) => inner,
                (0, _) => LiteralSurvey::nothing(),
                _ => LiteralSurvey { exact: None, inner: inner.best() },
            }
        }
    }
}

/// The characters of a small set.
fn chars(set: &CharSet) -> Option<Vec<String>> {
    if set.negated || !set.classes.is_empty() {
        return None;
    }
    let size: u32 = set.ranges.iter().map(|(low, high)| u32::from(*high) - u32::from(*low) + 1).sum();
    (size <= 4).then(|| set.ranges.iter().flat_map(|(low, high)| *low..=*high).map(String::from).collect())
}

fn sequence(items: &[Node]) -> LiteralSurvey {
    let mut inner = None;
    let mut run = vec![String::new()];
    let mut whole = true;
    for item in items {
        if let (Node::Text(more), [text]) = (item, run.as_mut_slice()) {
            text.push_str(more);
            continue;
        }
        let survey = survey(item);
        let longer = survey.exact.as_ref().and_then(|texts| product(&run, texts));
        if let Some(longer) = longer {
            run = longer;
            continue;
        }
        whole = false;
        inner = better(inner, Some(run));
        inner = better(inner, survey.inner);
        // A survey that is too long to continue starts a run of its own.
        run = survey.exact.unwrap_or_else(|| vec![String::new()]);
    }
    if whole {
        return LiteralSurvey { exact: Some(run), inner };
    }
    LiteralSurvey { exact: None, inner: better(inner, Some(run)) }
}

/// Every text of the first set followed by every text of the second, while they stay few and short.
fn product(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    if heads.len() * tails.len() > WRITTEN.max(heads.len()).max(tails.len())
        || longest(heads) + longest(tails) > LONGEST
    {
        return None;
    }
    Some(heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect())
}

fn alternatives(branches: &[Node]) -> LiteralSurvey {
    let mut exact = Some(Vec::new());
    let mut inner = Some(Vec::new());
    for branch in branches {
        let survey = survey(branch);
        exact = exact.zip(survey.exact.clone()).map(|(all, some)| [all, some].concat());
        inner = inner.zip(survey.best()).map(|(all, some)| [all, some].concat());
        exact = exact.filter(|texts| texts.len() <= MOST);
        inner = inner.filter(|texts| texts.len() <= MOST);
        if exact.is_none() && inner.is_none() {
            break;
        }
    }
    LiteralSurvey { exact, inner }
}
