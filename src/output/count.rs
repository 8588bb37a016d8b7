//! Numbers with their nouns.

use std::fmt::Display;

/// The noun for so many: `network` for 1, else `networks`.
pub fn noun<'a>(number: impl PartialEq + From<u8>, one: &'a str, more: &'a str) -> &'a str {
    if number == 1.into() { one } else { more }
}

/// A number and its noun: `1 network`, `0 networks`.
pub fn counted(number: impl Copy + Display + PartialEq + From<u8>, one: &str, more: &str) -> String {
    format!("{number} {}", noun(number, one, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_one_thing() {
        let said = [0_u64, 1, 2].map(|number| counted(number, "address", "addresses"));
        assert_eq!(said, ["0 addresses", "1 address", "2 addresses"]);
    }
}
