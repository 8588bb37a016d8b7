//! Text that strangers wrote, made safe for a terminal and for one line of output.

use std::borrow::Cow;

/// Whether a character does something other than being seen: C0, DEL and C1 controls, line and paragraph
/// separators, and the marks that turn the reading direction (with which one name can be made to look like another).
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
}

/// The text with every acting character spelled out: `\t`, `\n`, `\r`, `\x1b`, `\u{202e}`.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => safe.push_str("\\t"),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            c if acts(c) && u32::from(c) < 0x100 => safe.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if acts(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_any_more() {
        assert_eq!(safe("Contoso GmbH"), "Contoso GmbH");
        assert_eq!(safe("a\tb\x1b[31mc\r\n"), "a\\tb\\x1b[31mc\\r\\n");
        assert_eq!(safe("\u{9b}0m\u{7f}\u{202e}txet\0"), "\\x9b0m\\x7f\\u{202e}txet\\x00");
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        assert!(!safe(&all).contains(acts));
    }
}
