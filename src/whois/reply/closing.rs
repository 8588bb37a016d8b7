//! Recognises answers that end in order, but with other words than their registry's usual closing line. Registries edit
//! such lines, and a whole region would be unknown from that day on.
//!
//! Only lines of the server itself count as an end: lines after the last object that no customer can write. An answer may
//! also end with no words, if it lacks no object that its network names. Both ends are believed only if they come twice
//! ([`is_same`]), and an end without words only if several networks' answers have it, or if no object can be missing. The
//! caller must see to that.

use super::{Provenance, WhoisReply, classify, complete};
use crate::registry::{
    Registry, UnknownKind,
    record::{
        RecordForm, RecordPage,
        block::{is_comment, lines},
    },
};
use std::net::IpAddr;

/// An answer that ends with unknown words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnclosedReply {
    /// The class of the reply, if this was its end.
    pub reply: WhoisReply,
    /// The words at its end, without the parts that change from one answer to the next. Empty if there are none, which
    /// proves nothing about the next answer.
    pub ending: String,
    /// Whether no object can be missing: every one that the network names is there, and it names one at least.
    pub has_everybody: bool,
}

/// Classifies a text from the network that lacks its registry's closing line, if it ends with other words of the server
/// after complete objects. None if it may have been cut, or lacks nothing.
#[must_use]
pub fn unclosed(text: &str, registry: Registry, address: IpAddr) -> Option<UnclosedReply> {
    let closing = match registry {
        Registry::Ripe | Registry::Apnic => "% This query was served by the ",
        Registry::Arin => "# ARIN WHOIS database, last updated",
        Registry::Lacnic | Registry::RegistroBr => "% match queries",
        Registry::Krnic => "- KISA/KRNIC WHOIS SERVICE -",
        Registry::Jpnic => "More Specific Info.",
        _ => return None,
    };
    let judge = |text: &str| classify(text, registry, Some(address), Provenance::Network);
    if !matches!(judge(text), WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }) {
        return None;
    }
    let ending = ending(text, registry)?;
    let reply = judge(&format!("{text}{closing}\n"));
    let whole = matches!(reply, WhoisReply::Record(..) | WhoisReply::Placeholder { .. });
    let has_everybody = RecordPage::read(text, registry).is_some_and(|page| has_everybody(text, &page));
    whole.then_some(UnclosedReply { reply, ending, has_everybody })
}

/// Whether two answers to one query say the same. The server's own lines may differ in the time and the machine.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    let bare = |line: &str| if is_own(line) { constant(line) } else { line.to_owned() };
    lines(one).map(bare).eq(lines(other).map(bare))
}

/// The server's words after the last object, if that object is complete and the words can be an end.
fn ending(text: &str, registry: Registry) -> Option<String> {
    if !text.ends_with('\n') {
        return None;
    }
    let page = RecordPage::read(text, registry)?;
    let sourced = matches!(registry, Registry::Ripe | Registry::Apnic);
    if sourced && page.form() == RecordForm::Rpsl && page.breaks_off(true) {
        return None;
    }
    let all: Vec<&str> = lines(text).filter(|line| !line.trim().is_empty()).collect();
    let last = all.iter().rposition(|line| !is_own(line))?;
    let ending: Vec<String> = if registry == Registry::Jpnic {
        // Two lists follow the network itself, each under a heading with a rule below it.
        let rules: Vec<usize> =
            (0..all.len()).filter(|at| all.get(*at).is_some_and(|line| is_rule(line))).collect();
        let second = *rules.get(1)?;
        all.get(second - 1..=second)?.iter().map(|line| constant(line)).collect()
    } else {
        let own = all.get(last + 1..)?;
        if own.is_empty() {
            return ends_bare(text, &page).then(String::new);
        }
        // A line that introduces an object is no end, and half of a separator has no words.
        if own.iter().any(|line| complete::introduces(line)) {
            return None;
        }
        own.iter().map(|line| constant(line)).collect()
    };
    let speaks = |line: &String| line.split_whitespace().filter(|word| word.len() > 1).count() >= 3;
    let enough = registry == Registry::Jpnic || ending.iter().any(speaks);
    enough.then(|| ending.join("\n"))
}

/// Whether an answer without closing words may be complete. Its last object is followed by the blank line that follows
/// every object, and no object is missing that such an answer always has.
fn ends_bare(text: &str, page: &RecordPage<'_>) -> bool {
    let apart = lines(text).collect::<Vec<_>>().ends_with(&["", ""]);
    match page.form() {
        RecordForm::Rpsl => apart && page.has_all_but_persons(),
        RecordForm::Arin => (apart || is_wordless(text)) && has_last_contact(text),
        _ => false,
    }
}

/// Whether no object can be missing from an answer that ends so. ARIN's names none by its handle. If the server wrote no
/// line of its own at all, its holder and his last contact are enough.
fn has_everybody(text: &str, page: &RecordPage<'_>) -> bool {
    match page.form() {
        RecordForm::Rpsl => page.has_everybody(),
        RecordForm::Arin => is_wordless(text) && has_last_contact(text),
        _ => false,
    }
}

/// Whether the server wrote no line of its own.
fn is_wordless(text: &str) -> bool {
    !lines(text).any(is_own)
}

/// Whether one of ARIN's answers ends with a contact of the network's holder.
fn has_last_contact(text: &str) -> bool {
    let has = |part: &str| lines(text).any(|line| line.starts_with(part));
    let last = lines(text).filter(|line| !line.trim().is_empty()).last().unwrap_or_default();
    let key = last.split(':').next().unwrap_or_default();
    let (email, link) = (key.ends_with("Email"), key.ends_with("Ref"));
    (has("OrgName:") || has("CustName:"))
        && (is_wordless(text) && email || link && has("OrgAbuseHandle:") && has("OrgTechHandle:"))
}

/// Whether only the server itself writes such a line.
fn is_own(line: &str) -> bool {
    is_comment(line) || (line.starts_with("- ") && line.trim_end().ends_with(" -"))
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 5 && line.bytes().all(|b| b == b'-')
}

/// A server's line without its numbers and without text in brackets: time, version, machine.
fn constant(line: &str) -> String {
    let mut inside = false;
    let words = line.split_whitespace().map(|word| {
        let varies = inside || word.starts_with('(') || word.bytes().any(|b| b.is_ascii_digit());
        inside = (inside || word.starts_with('(')) && !word.contains(')');
        if varies { "#" } else { word }
    });
    let mut words: Vec<&str> = words.collect();
    words.dedup_by(|next, word| *next == "#" && *word == "#");
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Complete answers, and the closing line of each.
    const FORMS: [(&str, Registry, &str, &str); 4] = [
        (
            include_str!("../../../tests/data/replies/ripe.txt"),
            Registry::Ripe,
            "203.0.113.7",
            "% This query was served by",
        ),
        (
            include_str!("../../../tests/data/replies/lacnic.txt"),
            Registry::Lacnic,
            "198.19.255.1",
            "accepts only direct match",
        ),
        (
            include_str!("../../../tests/data/replies/krnic.txt"),
            Registry::Krnic,
            "203.0.113.50",
            "WHOIS Service -",
        ),
        (
            include_str!("../../../tests/data/replies/arin.txt"),
            Registry::Arin,
            "192.0.2.1",
            "# ARIN WHOIS data",
        ),
    ];

    fn reworded(text: &str, line: &str) -> String {
        let new = match line {
            "% This query was served by" => "% Answered by the RIPE Database, machine 7 (NEW)",
            "accepts only direct match" => "% Ask whois.lacnic.net for one network at a time.",
            "WHOIS Service -" => "- KISA/KRNIC address service, anew -",
            _ => "# The new terms of use of ARIN apply.",
        };
        let lines = text.lines().map(|old| if old.contains(line) { new } else { old });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn other_words_may_close_an_answer() {
        for (text, registry, address, line) in FORMS {
            let address = address.parse().unwrap();
            assert_eq!(unclosed(text, registry, address), None, "{registry} is closed");
            let text = reworded(text, line);
            let found = unclosed(&text, registry, address).unwrap_or_else(|| panic!("{registry}: {text}"));
            assert!(matches!(found.reply, WhoisReply::Record(..)), "{registry}");
        }
    }

    /// The same answers without a closing line: whole only where the last line of all is there, and never learned.
    #[test]
    fn nothing_may_close_an_answer() {
        for (text, registry, address, line) in FORMS {
            let address = address.parse().unwrap();
            let text = text.replace("owner-c:     JUE", "owner-c:     TEC");
            let all: Vec<&str> = text.lines().collect();
            let closing = all.iter().rposition(|of| of.contains(line)).unwrap();
            let last = all[..closing].iter().rposition(|of| !of.is_empty() && !is_own(of)).unwrap();
            let bare = all[..=last].join("\n") + "\n\n";
            let found = unclosed(&bare, registry, address);
            if registry == Registry::Krnic {
                // The order of its halves is not known.
                assert_eq!(found, None);
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("{registry}: {bare}"));
            assert!(matches!(found.reply, WhoisReply::Record(..)), "{registry}");
            assert_eq!((found.ending.as_str(), found.has_everybody), ("", registry == Registry::Lacnic));
            for cut in (0..bare.len() - 1).filter(|at| bare.is_char_boundary(*at)) {
                let cut = &bare[..cut];
                // A whole object less, of those that the network does not name, is as good as all of them.
                let whole = cut.ends_with("\n\n") && registry != Registry::Lacnic;
                assert!(whole || unclosed(cut, registry, address).is_none(), "{registry}: {cut}");
            }
        }
    }

    #[test]
    fn a_cut_answer_ends_with_nobodys_words() {
        for (text, registry, address, line) in FORMS {
            let address = address.parse().unwrap();
            let text = reworded(text, line);
            let end = RecordPage::read(&text, registry).map_or(0, |_| {
                text.rfind("source:")
                    .or(text.rfind("E-Mail"))
                    .or(text.rfind("Email"))
                    .or(text.rfind("changed:"))
                    .unwrap()
            });
            for cut in (0..end).filter(|at| text.is_char_boundary(*at)) {
                let part = &text[..cut];
                let bare = unclosed(part, registry, address).is_none_or(|found| found.ending.is_empty());
                assert!(bare, "{registry}: {part}");
                let judged = classify(part, registry, Some(address), Provenance::Network);
                assert!(!matches!(judged, WhoisReply::Record(..)), "{registry}: {part}");
            }
        }
    }

    #[test]
    fn the_time_and_the_machine_may_differ_and_nothing_else() {
        let text = "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Answered at 10:00 by (ONE)\n";
        assert!(is_same(text, "inetnum: 192.0.2.0/24\r\nremarks: 7\n\n% Answered at 11:30 by (TWO)\n"));
        assert!(is_same(
            text,
            "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Answered at 10:00 by (the NEW one, of 2)\n"
        ));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 8\n\n% Answered at 10:00 by (ONE)\n"));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Cut at 10:00 by (ONE)\n"));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 7\n"));
    }
}
