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

/// The mailboxes that prose names for complaints. A line that mentions abuse or spam gives its addresses; if one of
/// several has such a name, only that one. The line may also end before the address, which then is alone on a line
/// below.
pub(super) fn complaints<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    addressed(lines, speaks_of_abuse)
}

/// The mailboxes that prose names for attacks and the like. They are the last choice, since such lines may be about any
/// trouble of a network.
pub(super) fn incidents<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let said = |text: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| {
            ["attack", "hack", "incident", "intrusion", "probe", "scan"].iter().any(|of| {
                word.strip_prefix(of).is_some_and(|end| matches!(end, "" | "s" | "ing" | "er" | "ers"))
            }) || word == "security"
        })
    };
    addressed(lines, said)
}

fn addressed<'a>(lines: impl Iterator<Item = &'a str>, speaks: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut announced = false;
    for line in lines {
        let lower = line.to_ascii_lowercase();
        let speaking = speaks(&lower);
        let mut all: Vec<String> = mailboxes(&lower).collect();
        if all.iter().any(|mailbox| is_for_abuse(mailbox)) {
            all.retain(|mailbox| is_for_abuse(mailbox));
        } else if !(speaking || announced && is_label(&lower)) {
            all.clear();
        }
        // A rule, or a line that ends in a colon, may be between the announcement and the address.
        let leads_on = lower.trim_end().ends_with(':') || !lower.contains(char::is_alphanumeric);
        announced = all.is_empty() && (speaking || announced && leads_on);
        found.extend(all);
    }
    found
}

/// Whether a line in lower case has only addresses and their introduction.
fn is_label(line: &str) -> bool {
    let words = line.split_whitespace().filter(|word| !word.contains('@'));
    let words =
        words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty());
    const LABELS: [&str; 14] = [
        "e", "mail", "email", "mailto", "address", "contact", "please", "write", "send", "to", "at", "or",
        "and", "via",
    ];
    words.into_iter().all(|word| LABELS.contains(&word))
}

/// Whether a mailbox is called abuse or spam, or a name mentions one of them.
pub(super) fn is_for_abuse(name: &str) -> bool {
    speaks_of_abuse(&name.split('@').next().unwrap_or_default().to_ascii_lowercase())
}

/// Whether a text in lower case mentions abuse.
fn speaks_of_abuse(text: &str) -> bool {
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
        assert_eq!(
            found(&["Spam and abuse: send mail to", "E-mail: csirt@example.net"]),
            ["csirt@example.net"]
        );
        assert_eq!(found(&["Abuse contact: E-mail:", "-----", "desk@example.net"]), ["desk@example.net"]);
        assert!(found(&["Abuse: see our pages", "-----", "Peering", "noc@example.net"]).is_empty());
        assert!(
            found(&["routing to noc@example.net", "Abuse: see our pages", "ask noc@example.net instead"])
                .is_empty()
        );
    }

    #[test]
    fn finds_where_to_report_attacks() {
        let found = |lines: &[&str]| incidents(lines.iter().copied());
        assert_eq!(found(&["Network security issues: cert@example.net"]), ["cert@example.net"]);
        assert_eq!(
            found(&["In case of hack attacks, scans, probes etc.", "please contact:  cert@example.net"]),
            ["cert@example.net"]
        );
        assert!(found(&["Scandinavian office: noc@example.net", "sales: sales@example.net"]).is_empty());
    }
}
