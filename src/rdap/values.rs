//! Reads values from hostile JSON: a value of the wrong type counts as missing.

use serde_json::Value;

/// The longest value in bytes; a longer one is cut. No registry's is.
const LONGEST: usize = 1000;

/// The text of a member, on one line.
pub(super) fn text(object: &Value, key: &str) -> Option<String> {
    line(object.get(key)?.as_str()?)
}

/// The elements of an array member, up to a limit that no answer needs.
pub(super) fn list<'a>(object: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().take(256)
}

/// Untrusted text as one line: every character that could end a line or act on a terminal becomes a blank, and runs of
/// blanks become one. None if nothing is left.
pub(super) fn line(value: &str) -> Option<String> {
    let mut line = String::new();
    for word in value.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| line.is_char_boundary(*end)).unwrap_or_default();
            line.truncate(end);
            break;
        }
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_one_line() {
        assert_eq!(
            line(" Contoso\r\n GmbH\t\u{85}& \u{2028}Co\u{b}\u{0}\u{1b}[2J "),
            Some("Contoso GmbH & Co [2J".into())
        );
        assert_eq!(line(" \n\u{7f} "), None);
        assert_eq!(line(&"ä".repeat(900)).unwrap().len(), 1000);
        assert_eq!(line(&"Contoso ".repeat(900)).unwrap().len(), 1000);
    }

    #[test]
    fn what_is_something_else_is_not_there() {
        let object = json!({ "name": 7, "list": { "a": 1 }, "empty": "" });
        assert_eq!(text(&object, "name"), None);
        assert_eq!(text(&object, "empty"), None);
        assert_eq!(text(&json!([]), "name"), None);
        assert_eq!(list(&object, "list").count(), 0);
        assert_eq!(list(&json!("x"), "list").count(), 0);
    }
}
