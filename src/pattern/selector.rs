//! One expression that selects lines of any bytes, as `grep -E` does.

use super::{
    column,
    ere::{Alphabet, Ere, NESTS},
};
use crate::error::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};

/// The most memory in bytes that the compiled expression may take.
const LARGEST: usize = 64 << 20;

/// An extended regular expression, to be matched against lines without their newline. An empty one selects every line.
///
/// # Errors
/// The text is no expression, or one that is refused (64); `option` is the option that it was given with.
pub fn selector(option: &str, text: &str) -> Result<Regex> {
    let wrong =
        |at: usize, what: &str| Error::usage(format!("{option}: column {}: {what}", column(text, at)));
    let translated = if text.is_empty() {
        String::new()
    } else {
        Ere::read(text, false).map_err(|flaw| wrong(flaw.at, &flaw.what))?.translate(Alphabet::Unicode)
    };
    RegexBuilder::new(&translated)
        .size_limit(LARGEST)
        .nest_limit(NESTS)
        .build()
        .map_err(|_| wrong(0, "the expression is too large; write a smaller one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_selects_as_grep_does() {
        let selects = |text, line: &[u8]| selector("--grep", text).unwrap().is_match(line);
        assert!(selects("reject: RCPT", b"x: reject: RCPT from"));
        assert!(selects("^a.*z$|b", b"a \xff \xe9 b"), "a line need not be UTF-8");
        assert!(selects("a{,2}b", b"aab"), "POSIX has no lower bound of nothing, and GNU has");
        assert!(!selects(r"\d", b"7"), "what Perl has is not meant");
        assert!(selects("", b""));
        assert!(selects("[[:digit:]]+", b"7"));
        let error = selector("--grep", "a(b").unwrap_err();
        assert_eq!(error.exit(), crate::exit::Exit::Usage);
        assert!(error.to_string().starts_with("--grep: column 2: "), "{error}");
    }
}
