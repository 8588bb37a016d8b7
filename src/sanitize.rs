//! Makes untrusted text safe for a terminal and for one line of output.

use std::borrow::Cow;

/// Whether a character acts on the terminal instead of being shown: C0, DEL and C1 controls, line and paragraph
/// separators, and the marks that turn the reading direction. With those, one name can be made to look like another.
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

/// Untrusted text as a cell of CSV: safe, and no formula to a spreadsheet. A spreadsheet reads a cell as a formula if
/// it begins with `=`, `+`, `-` or `@`, or their full-width forms. An apostrophe in front makes it text (OWASP, CSV
/// injection).
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let text = safe(text);
    let acts = text.len() > 1 && text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if acts { format!("'{text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(1)", "＝1"] {
            assert_eq!(csv_cell(formula), format!("'{formula}"));
        }
        for plain in ["Contoso GmbH", "a=b", "", "'quoted'", "abuse@contoso.example", "-"] {
            assert_eq!(csv_cell(plain), plain);
        }
        assert_eq!(csv_cell("\t=1"), "\\t=1");
    }

    #[test]
    fn nothing_acts_any_more() {
        assert_eq!(safe("Contoso GmbH"), "Contoso GmbH");
        assert_eq!(safe("a\tb\x1b[31mc\r\n"), "a\\tb\\x1b[31mc\\r\\n");
        assert_eq!(safe("\u{9b}0m\u{7f}\u{202e}txet\0"), "\\x9b0m\\x7f\\u{202e}txet\\x00");
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        assert!(!safe(&all).contains(acts));
    }
}
