//! Reads an expression character by character.

/// A position in an expression.
#[derive(Clone)]
pub(super) struct CharReader<'a> {
    text: &'a str,
    at: usize,
}

/// Whether a character may have a special meaning.
pub(super) fn is_special(byte: u8) -> bool {
    br"\^$.[()|*+?{".contains(&byte)
}

impl<'a> CharReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            _ => self.rest().chars().next(),
        }
    }

    /// Takes the characters up to the next that may be special. If a repetition follows, the last one is left, since
    /// only that one is repeated. Most patterns consist of little else.
    pub(super) fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(is_special).unwrap_or(rest.len());
        let mut run = rest.get(..end).unwrap_or_default();
        if rest.get(end..).is_some_and(|behind| behind.starts_with(['*', '+', '?', '{'])) {
            let last = run.chars().next_back().map_or(0, char::len_utf8);
            run = run.get(..run.len() - last).unwrap_or_default();
        }
        self.at += run.len();
        run
    }

    /// The character after the next one.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// Takes the next character.
    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    /// Takes the next character if it is this one.
    pub(super) fn eat(&mut self, char: char) -> bool {
        let found = self.peek() == Some(char);
        if found {
            self.at += char.len_utf8();
        }
        found
    }

    /// Takes a decimal number, limited to `cap`; None if no digit comes next.
    pub(super) fn number(&mut self, cap: u32) -> Option<u32> {
        let mut number: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit).min(cap));
        }
        number
    }

    /// The text between two positions.
    pub(super) fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}
