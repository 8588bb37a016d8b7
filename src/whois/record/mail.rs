//! Mail addresses in a registry's text.

/// Every mail address in `text`, in lower case, in order.
pub(super) fn mailboxes(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| c.is_whitespace() || ",;:<>()[]{}'\"|/\\".contains(c));
    parts.filter_map(mailbox)
}

fn mailbox(word: &str) -> Option<String> {
    let word = word.trim_matches(['.', '!', '?', '*', '-']);
    let (local, domain) = word.split_once('@')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let whole = !local.is_empty()
        && local.bytes().all(|b| b.is_ascii_graphic())
        && domain.bytes().all(plain)
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty());
    whole.then(|| word.to_ascii_lowercase())
}

/// The mailboxes that lines of prose name for complaints. A line that speaks of abuse or spam gives its addresses: of
/// several those that are called so. It may also end before the address, which then stands alone on the next line.
pub(super) fn complaints<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut announced = false;
    for line in lines {
        let lower = line.to_ascii_lowercase();
        let speaks = is_about_abuse(&lower);
        let mut all: Vec<String> = mailboxes(&lower).collect();
        let called = |mailbox: &String| mailbox.split('@').next().is_some_and(is_about_abuse);
        if all.iter().any(called) {
            all.retain(called);
        } else if !(speaks || announced && lower.split_whitespace().count() == 1) {
            all.clear();
        }
        announced = speaks && all.is_empty();
        found.extend(all);
    }
    found
}

/// Whether a text in lower case speaks of abuse.
fn is_about_abuse(text: &str) -> bool {
    text.contains("abuse") || text.contains("spam")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_among_words() {
        let found = |text| mailboxes(text).collect::<Vec<_>>();
        assert_eq!(
            found("write to <Abuse@Example.NET>, or mailto:noc@example.org."),
            ["abuse@example.net", "noc@example.org"]
        );
        assert!(found("@example.net a@ a@b x@.y ABUSE-EX").is_empty());
    }

    #[test]
    fn finds_where_to_complain() {
        let found = |lines: &[&str]| complaints(lines.iter().copied());
        assert_eq!(found(&["For spam reports : noc@example.net"]), ["noc@example.net"]);
        assert_eq!(
            found(&["abuse to abuse@example.net, peering to peering@example.net"]),
            ["abuse@example.net"]
        );
        assert_eq!(found(&["Abuse complaints go to:", "desk@example.net"]), ["desk@example.net"]);
        assert!(
            found(&["routing to noc@example.net", "Abuse: see our pages", "ask noc@example.net instead"])
                .is_empty()
        );
    }
}
