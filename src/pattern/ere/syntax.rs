//! The grammar: alternatives, sequences, repetitions, groups, anchors and escapes.
//!
//! GNU grep has two matchers with different grammars. The first, an automaton, reads `^*a` as "perhaps at the start".
//! The second, the C library's, ignores the star. In a UTF-8 locale it takes over when a line has a `\<`, a `\w`, a
//! negated bracket, a class or a range of letters. Both check every line's syntax. To count as grep counts, we read
//! like the matcher that decides: all lines of a file like the second, if one of them needs it.

use super::{
    EreError, bracket, fold, folded,
    reader::CharReader,
    tree::{CharClass, CharSet, Edge, Node},
};

/// The greatest nesting of groups. No hand-written line comes near; a deeper one could exhaust the stack.
const DEEPEST: usize = 100;

/// The most intervals in a row: `a{2}{3}`.
const ROW: usize = 8;

/// The highest count in an interval (RE_DUP_MAX).
const MOST: u32 = 32767;

/// The message for cases in which the C library would miss a group's end.
const NOTHING_REPEATED: &str = "an operator before ) repeats nothing, and grep refuses it; leave it out";

/// A parsed expression.
#[derive(Clone, Debug)]
pub(super) struct EreReading {
    pub(super) root: Node,
    /// The positions of GNU's own constructs, in bytes.
    pub(super) extensions: Vec<usize>,
    /// It makes grep use its second matcher, for all lines of its file.
    pub(super) second: bool,
    /// The two matchers read it differently.
    pub(super) torn: bool,
}

/// Parses an expression into a tree. With `second`, another line of its file makes grep use its second matcher.
pub(super) fn read(text: &str, folds: bool, second: bool) -> Result<EreReading, EreError> {
    let mut first = EreParser::new(text, folds, false);
    let root = first.expression()?;
    let EreParser { second: turns, torn, extensions, .. } = first;
    if !(torn && (turns || second)) {
        return Ok(EreReading { root, extensions, second: turns, torn });
    }
    let mut last = EreParser::new(text, folds, true);
    let root = last.expression()?;
    Ok(EreReading { root, extensions: last.extensions, second: turns, torn })
}

struct EreParser<'a> {
    reader: CharReader<'a>,
    folds: bool,
    /// Parse like the second matcher.
    as_second: bool,
    /// Some construct in the line makes grep use its second matcher.
    second: bool,
    /// Some construct in the line is read differently by the two.
    torn: bool,
    /// The number of open groups.
    open: usize,
    extensions: Vec<usize>,
}

impl<'a> EreParser<'a> {
    fn new(text: &'a str, folds: bool, as_second: bool) -> Self {
        let reader = CharReader::new(text);
        Self { reader, folds, as_second, second: false, torn: false, open: 0, extensions: Vec::new() }
    }

    /// Parses alternatives up to the end, or to the `)` of the innermost group.
    fn expression(&mut self) -> Result<Node, EreError> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch()?);
            if !self.reader.eat('|') {
                break;
            }
        }
        Ok(if branches.len() == 1 { branches.pop().unwrap_or(Node::Empty) } else { Node::Alt(branches) })
    }

    /// Parses a sequence up to `|`, the group's end or the line's.
    fn branch(&mut self) -> Result<Node, EreError> {
        let mut items = Vec::new();
        self.leading_operators()?;
        self.leading_braces(&mut items)?;
        while let Some(char) = self.reader.peek() {
            if char == '|' || char == ')' && self.open > 0 {
                break;
            }
            let run = self.reader.plain();
            if !run.is_empty() {
                let run = if self.folds { folded(run) } else { run.to_owned() };
                join(&mut items, Node::Text(run));
                continue;
            }
            let second = self.second;
            let atom = self.atom()?;
            // A group is repeated as a whole, even if it holds only an edge.
            let edge = char != '(' && matches!(atom, Node::Edge(_));
            let item = if edge { self.behind_edge(atom)? } else { self.repetitions(atom, false)? };
            match item {
                Node::Empty => {}
                // The automaton forgets a part that is repeated zero times, and whether that part needed the second
                // matcher.
                Node::Repeat { max: Some(0), .. } => self.second = second,
                item => join(&mut items, item),
            }
            if edge {
                self.leading_braces(&mut items)?;
            }
        }
        Ok(match items.len() {
            0 => Node::Empty,
            1 => items.pop().unwrap_or(Node::Empty),
            _ => Node::Cat(items),
        })
    }

    /// Parses repetition operators with nothing before them to repeat: `*a`, `a|*b`, `(*a)`.
    fn leading_operators(&mut self) -> Result<(), EreError> {
        let mut skipped = false;
        // The C library reads on after a brace, so an interval's content precedes the text after it.
        let mut leading = true;
        loop {
            match self.reader.peek() {
                Some('*' | '+' | '?') => {
                    self.reader.next();
                    skipped = true;
                }
                Some('{') => {
                    // The automaton reads {1} as a repetition of nothing; the C library skips only the brace.
                    self.torn = true;
                    if self.as_second {
                        // The C library skips only the brace, but sees no line that the automaton has not accepted.
                        let what = "a brace has nothing to repeat; write \\{ for a brace";
                        return Err(EreError::new(self.reader.at(), what));
                    }
                    if self.interval(leading)?.is_none() {
                        break;
                    }
                    (leading, skipped) = (false, false);
                }
                _ => break,
            }
        }
        self.no_group_end(skipped)
    }

    /// Parses braces that are no interval and have nothing to repeat. To the automaton they are characters. The C
    /// library skips each of them with the operators after it, and so accepts any content.
    fn leading_braces(&mut self, items: &mut Vec<Node>) -> Result<(), EreError> {
        if self.as_second || self.reader.peek() != Some('{') {
            return Ok(());
        }
        self.torn = true;
        let mut behind = self.reader.clone();
        while matches!(behind.peek(), Some('*' | '+' | '?' | '{')) {
            behind.next();
        }
        if self.open > 0 && behind.peek() == Some(')') {
            return Err(EreError::new(behind.at(), NOTHING_REPEATED));
        }
        while self.reader.eat('{') {
            let brace = self.repetitions(Node::Text("{".to_owned()), true)?;
            join(items, brace);
        }
        Ok(())
    }

    /// An anchor or word edge may be followed by operators too: `^*a`.
    fn behind_edge(&mut self, edge: Node) -> Result<Node, EreError> {
        if !matches!(self.reader.peek(), Some('*' | '+' | '?' | '{')) {
            return Ok(edge);
        }
        self.torn = true;
        if self.as_second {
            self.leading_operators()?;
            return Ok(edge);
        }
        let starred = matches!(self.reader.peek(), Some('*' | '+' | '?'));
        let item = self.repetitions(edge, true)?;
        self.no_group_end(starred)?;
        Ok(item)
    }

    /// After an operator that repeats nothing, the C library reads `)` as a character, and then misses the group's end.
    fn no_group_end(&self, skipped: bool) -> Result<(), EreError> {
        if skipped && self.open > 0 && self.reader.peek() == Some(')') {
            return Err(EreError::new(self.reader.at(), NOTHING_REPEATED));
        }
        Ok(())
    }

    /// Parses all `*`, `+`, `?` and intervals after `node`. If `leading`, the C library sees nothing to repeat.
    fn repetitions(&mut self, mut node: Node, mut leading: bool) -> Result<Node, EreError> {
        let mut intervals = 0;
        loop {
            let at = self.reader.at();
            let (min, max) = match self.reader.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => {
                    let Some(range) = self.interval(leading)? else { return Ok(node) };
                    leading = false;
                    intervals += 1;
                    if intervals > ROW {
                        return Err(EreError::new(at, "too many intervals in a row; multiply them out"));
                    }
                    node = Node::repeated(node, range.0, range.1);
                    continue;
                }
                _ => return Ok(node),
            };
            self.reader.next();
            node = Node::repeated(node, min, max);
        }
    }

    /// Parses `{m}`, `{m,}`, `{,n}` or `{m,n}`. Braces that are no interval stay, as characters. GNU refuses some of
    /// them, unless they are `leading`, with nothing before them to repeat.
    fn interval(&mut self, leading: bool) -> Result<Option<(u16, Option<u16>)>, EreError> {
        let at = self.reader.at();
        let mut reader = self.reader.clone();
        reader.next();
        let low = reader.number(MOST + 1);
        let comma = reader.eat(',');
        let high = if comma { reader.number(MOST + 1) } else { low };
        let bad = |what: &str| if leading { Ok(None) } else { Err(EreError::new(at, what)) };
        if !reader.eat('}') {
            return if comma && reader.peek() == Some(',') {
                bad("an interval has at most two numbers; write \\{ for a brace")
            } else {
                Ok(None)
            };
        }
        if low.is_none() && !comma {
            return bad("an interval needs a number; write \\{ for a brace");
        }
        let low = low.unwrap_or(0);
        if high.is_some_and(|high| high < low) {
            return bad("the interval's second number is below its first");
        }
        let count = |n: u32| u16::try_from(n).ok().filter(|_| n <= MOST);
        let too_high = || EreError::new(at, format!("an interval counts to {MOST} at most"));
        let min = count(low).ok_or_else(too_high)?;
        let max = high.map(|high| count(high).ok_or_else(too_high)).transpose()?;
        self.reader = reader;
        Ok(Some((min, max)))
    }

    /// Parses one character, set, group or edge.
    fn atom(&mut self) -> Result<Node, EreError> {
        let at = self.reader.at();
        let Some(char) = self.reader.next() else { return Ok(Node::Empty) };
        match char {
            '\\' => self.escape(at),
            '^' => Ok(Node::Edge(Edge::LineStart)),
            '$' => Ok(Node::Edge(Edge::LineEnd)),
            '.' => Ok(Node::Any),
            '[' => {
                let bracket = bracket::read(&mut self.reader, at, self.folds)?;
                self.second |= bracket.second;
                Ok(Node::Set(Box::new(bracket.set)))
            }
            '(' => {
                self.open += 1;
                if self.open > DEEPEST {
                    return Err(too_deep(at));
                }
                let inner = self.expression()?;
                self.open -= 1;
                if !self.reader.eat(')') {
                    return Err(EreError::new(
                        at,
                        "the group is not closed; add ) or write \\( for a parenthesis",
                    ));
                }
                Ok(inner)
            }
            char => Ok(self.char(char)),
        }
    }

    fn char(&self, char: char) -> Node {
        Node::Text(String::from(if self.folds { fold(char) } else { char }))
    }

    /// Parses the character after a backslash: mostly that character itself.
    fn escape(&mut self, at: usize) -> Result<Node, EreError> {
        let Some(char) = self.reader.next() else {
            return Err(EreError::new(at, "a backslash ends the line; write \\\\ for a backslash"));
        };
        let node = match char {
            '1'..='9' => {
                let what = format!("the back-reference \\{char} is not supported; write out what it repeats");
                return Err(EreError::new(at, what));
            }
            '`' => Node::Edge(Edge::LineStart),
            '\'' => Node::Edge(Edge::LineEnd),
            '<' => Node::Edge(Edge::WordStart),
            '>' => Node::Edge(Edge::WordEnd),
            'b' => Node::Edge(Edge::Word),
            'B' => Node::Edge(Edge::NotWord),
            'w' | 'W' => set(char == 'W', CharClass::Alnum, &[('_', '_')]),
            's' | 'S' => set(char == 'S', CharClass::Space, &[]),
            // If case is ignored, the C library compares an escaped lower-case letter with upper case, and never finds
            // it.
            char if self.folds && char.is_ascii_lowercase() => {
                self.torn = true;
                return Ok(if self.as_second { Node::Text(char.into()) } else { self.char(char) });
            }
            char => return Ok(self.char(char)),
        };
        self.extensions.push(at);
        self.second |= !matches!(char, '`' | '\'');
        Ok(node)
    }
}

/// Adds an item to a sequence; adjacent texts are joined.
fn join(items: &mut Vec<Node>, item: Node) {
    match (items.last_mut(), item) {
        (Some(Node::Text(text)), Node::Text(more)) => text.push_str(&more),
        (_, item) => items.push(item),
    }
}

fn set(negated: bool, class: CharClass, ranges: &[(char, char)]) -> Node {
    Node::Set(Box::new(CharSet { negated, ranges: ranges.to_vec(), classes: vec![class] }))
}

fn too_deep(at: usize) -> EreError {
    EreError::new(at, format!("groups nest more than {DEEPEST} deep; write the pattern in several lines"))
}
