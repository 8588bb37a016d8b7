//! Country names and codes: ARIN's answers name a network's country only at the end of its holder's address.

/// The code of a country, given its code in any case, or its name.
pub(super) fn code(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_end_matches('.');
    let rows = include_str!("countries.txt").lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_once(' ').unwrap_or((line, "")))
        .find(|(code, name)| {
            // ASCII case folding is enough: no name in capitals has an accent that matters here.
            code.eq_ignore_ascii_case(text) || (!name.is_empty() && name.eq_ignore_ascii_case(text))
        })
        .map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_or_a_name() {
        for (text, expected) in [
            ("de", Some("DE")),
            ("United States", Some("US")),
            ("CZECH REPUBLIC", Some("CZ")),
            ("EU", Some("EU")),
            ("Hong Kong", Some("HK")),
            ("", None),
            ("XX", None),
            ("Contoso", None),
            ("#", None),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn every_row_is_a_code_and_a_name() {
        let rows = include_str!("countries.txt").lines().filter(|line| !line.starts_with('#'));
        let codes: std::collections::BTreeSet<&str> = rows
            .map(|line| {
                let (code, name) = line.split_once(' ').unwrap_or((line, "-"));
                assert!(
                    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) && !name.is_empty(),
                    "{line}"
                );
                code
            })
            .collect();
        assert_eq!(codes.len(), 249 + 2);
    }
}
