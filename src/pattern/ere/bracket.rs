//! Bracket expressions: `[]a]`, `[^[:alpha:]_]`, `[[.-.]]`. A backslash in them is a plain character.

use super::{
    EreError, fold,
    reader::CharReader,
    tree::{CharClass, CharSet},
};

/// The longest name of a class or a collating symbol, as in GNU's parser.
const LONGEST_NAME: usize = 32;

/// One element of the brackets.
enum BracketElement {
    /// A character: it may begin or end a range.
    Char(char),
    /// `[.x.]`: also a character.
    Symbol(char),
    /// `[=x=]`: a character that may not begin a range.
    Alike(char),
    /// `[:name:]`.
    Class(CharClass),
}

/// A bracket expression during parsing.
pub(super) struct BracketReader {
    /// Its content so far.
    pub(super) set: CharSet,
    /// GNU grep would use its second matcher for the whole line (see [`super::syntax`]).
    pub(super) second: bool,
    /// The position of its `[`.
    opened: usize,
    /// It holds only single characters so far.
    plain: bool,
    folds: bool,
}

/// Parses the text after the `[` at `opened`, including its `]`. With `folds`, letters are stored in upper case.
pub(super) fn read(
    reader: &mut CharReader<'_>,
    opened: usize,
    folds: bool,
) -> Result<BracketReader, EreError> {
    let negated = reader.eat('^');
    let set = CharSet { negated, ..CharSet::default() };
    let mut bracket = BracketReader { set, second: negated, opened, plain: true, folds };
    let body = reader.at();
    while bracket.element(reader, body)? {}
    Ok(bracket)
}

impl BracketReader {
    /// Parses one element or range; false if it was the closing bracket.
    fn element(&mut self, reader: &mut CharReader<'_>, body: usize) -> Result<bool, EreError> {
        let at = reader.at();
        let first = at == body;
        let char = reader.next().ok_or_else(|| self.unclosed())?;
        if char == ']' && !first {
            let inside = reader.between(body, at);
            if self.plain && is_misplaced_class(inside) {
                let what = format!("a character class is written [[{inside}]], not [{inside}]");
                return Err(EreError::new(self.opened, what));
            }
            return Ok(false);
        }
        // Only the first and the last hyphen are plain characters; elsewhere GNU reads the start of an invalid range.
        if char == '-' && !first && reader.peek() != Some(']') {
            return Err(EreError::new(
                at,
                "a hyphen that is not part of a range must stand first or last in the brackets",
            ));
        }
        let start = match self.one(reader, char, at)? {
            BracketElement::Char(start) => start,
            BracketElement::Symbol(start) => {
                self.second = true;
                start
            }
            BracketElement::Alike(char) => {
                self.second = true;
                self.push(char, char);
                return Ok(true);
            }
            BracketElement::Class(class) => {
                self.second |= !matches!(class, CharClass::Digit | CharClass::Xdigit);
                self.set.classes.push(if self.folds { uncased(class) } else { class });
                return Ok(true);
            }
        };
        if reader.peek() == Some('-') && reader.peek_second() != Some(']') {
            reader.next();
            return self.range(reader, start, at);
        }
        self.push(start, start);
        Ok(true)
    }

    /// Parses the end of a range after its hyphen.
    fn range(&mut self, reader: &mut CharReader<'_>, start: char, started: usize) -> Result<bool, EreError> {
        let at = reader.at();
        let char = reader.next().ok_or_else(|| self.unclosed())?;
        let end = match self.one(reader, char, at)? {
            BracketElement::Char(end) => end,
            BracketElement::Symbol(end) => {
                self.second = true;
                end
            }
            BracketElement::Alike(_) | BracketElement::Class(_) => {
                return Err(EreError::new(at, "a class cannot end a range"));
            }
        };
        if !start.is_ascii() || !end.is_ascii() {
            let what = format!(
                "the range {start}-{end} has an end outside of ASCII, and grep refuses it; write out its characters"
            );
            return Err(EreError::new(started, what));
        }
        let (low, high) = if self.folds { (fold(start), fold(end)) } else { (start, end) };
        if low > high {
            let what = format!("the range {start}-{end} is empty, because {end} comes before {start}");
            return Err(EreError::new(started, what));
        }
        self.plain = false;
        self.second |= start != end && !(start.is_ascii_digit() && end.is_ascii_digit());
        self.set.ranges.push((low, high));
        Ok(true)
    }

    /// The element that begins with `char`, already read: the character, or `[:name:]`, `[.x.]`, `[=x=]`.
    fn one(
        &mut self,
        reader: &mut CharReader<'_>,
        char: char,
        at: usize,
    ) -> Result<BracketElement, EreError> {
        let Some(kind @ (':' | '.' | '=')) = reader.peek().filter(|_| char == '[') else {
            return Ok(BracketElement::Char(char));
        };
        self.plain = false;
        reader.next();
        let start = reader.at();
        let name = loop {
            let end = reader.at();
            let char = reader.next().ok_or_else(|| self.unclosed())?;
            if char == kind && reader.peek() == Some(']') {
                reader.next();
                break reader.between(start, end);
            }
            if reader.at() - start > LONGEST_NAME {
                return Err(self.unclosed());
            }
        };
        if kind == ':' {
            let unknown = || EreError::new(at, format!("there is no character class [:{name}:]"));
            return CharClass::named(name).map(BracketElement::Class).ok_or_else(unknown);
        }
        // In the C locale's order an element is one byte long, so names such as [.space.] do not exist.
        let mut chars = name.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) if char.is_ascii() && kind == '.' => Ok(BracketElement::Symbol(char)),
            (Some(char), None) if char.is_ascii() => Ok(BracketElement::Alike(char)),
            _ => Err(EreError::new(
                at,
                format!("[{kind}{name}{kind}] names no single character; write the character"),
            )),
        }
    }

    fn push(&mut self, low: char, high: char) {
        self.set.ranges.push(if self.folds { (fold(low), fold(high)) } else { (low, high) });
    }

    fn unclosed(&self) -> EreError {
        EreError::new(self.opened, "the bracket expression is not closed; add ] or write \\[ for a bracket")
    }
}

/// Whether it is `[:alpha:]` where `[[:alpha:]]` is meant; GNU grep refuses it too.
fn is_misplaced_class(inside: &str) -> bool {
    inside.len() > 2 && inside.starts_with(':') && inside.ends_with(':') && inside.chars().any(|c| c != ':')
}

/// The class that is meant when case is ignored.
fn uncased(class: CharClass) -> CharClass {
    if matches!(class, CharClass::Upper | CharClass::Lower) { CharClass::Alpha } else { class }
}
