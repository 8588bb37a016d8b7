//! Recognises answers that end in order, but with other words than their registry's usual closing line. Registries edit
//! such lines, and a whole region would be unknown from that day on.
//!
//! Only lines of the server itself count as an end: lines after the last object that no customer can write. An answer may
//! also end with no words, after a complete object. Both ends are believed only if they come twice ([`is_same`]). A cut
//! between two objects looks like an end without words, so that is believed only if several networks' answers have it, or
//! if no object can be missing. The caller must see to that.

use super::{Provenance, WhoisReply, classify, complete, segment};
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
    /// Whether no object can be missing, by what this registry's answers always have.
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
        Registry::Jpnic => "More Specific Info.\n----------\nNo match!!\n",
        _ => return None,
    };
    let judge = |text: &str| classify(text, registry, Some(address), Provenance::Network);
    if !matches!(judge(text), WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }) {
        return None;
    }
    let ending = ending(text, registry)?;
    let reply = judge(&format!("{text}{closing}\n"));
    let whole = matches!(reply, WhoisReply::Record(..) | WhoisReply::Placeholder { .. });
    let has_everybody =
        RecordPage::read(text, registry).is_some_and(|page| has_everybody(text, registry, &page));
    whole.then_some(UnclosedReply { reply, ending, has_everybody })
}

/// Whether two answers to one query say the same. The server's own lines may differ in the time and the machine.
#[must_use]
pub fn is_same(one: &str, other: &str, registry: Registry) -> bool {
    let page = RecordPage::read(one, registry);
    let own = |line: &str| page.as_ref().map_or_else(|| is_own(line), |page| page.is_servers(line));
    let bare = |line: &str| if own(line) { constant(line) } else { line.to_owned() };
    lines(one).map(bare).eq(lines(other).map(bare))
}

/// The server's words after the last object, if that object is complete and the words can be an end. Empty if there are
/// no such words.
fn ending(text: &str, registry: Registry) -> Option<String> {
    if !text.ends_with('\n') {
        return None;
    }
    let page = RecordPage::read(text, registry)?;
    let sourced = matches!(registry, Registry::Ripe | Registry::Apnic);
    if sourced && page.form() == RecordForm::Rpsl && page.breaks_off(true) {
        return None;
    }
    if page.form() == RecordForm::Brackets {
        return list_ending(text);
    }
    let all: Vec<&str> = lines(text).collect();
    let last = all.iter().rposition(|line| !line.trim().is_empty() && !page.is_servers(line))?;
    let (object, below) = all.split_at_checked(last + 1)?;
    let words: Vec<&str> = below.iter().copied().filter(|line| !line.trim().is_empty()).collect();
    // A line that introduces an object is no end, and half of a separator has no words.
    if words.iter().any(|line| complete::introduces(line)) {
        return None;
    }
    let speaks = |line: &&str| {
        let words = line.split_whitespace().filter(|word| word.len() > 1).count();
        // Some languages write no blanks.
        words >= 3 || line.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count() >= 6
    };
    // Words between KRNIC's halves are no end either.
    let halves = (page.form() == RecordForm::Krnic).then(|| page.has_last_half()).flatten();
    if halves == Some(false) {
        return None;
    }
    let marked = |line: &&str| is_own(line) || halves == Some(true);
    if words.iter().any(|line| marked(line) && speaks(line)) {
        return Some(words.into_iter().map(constant).collect::<Vec<_>>().join("\n"));
    }
    // A word or two are as good as none: a cut may leave them of the line above the next object.
    let apart = below.first().is_some_and(|line| line.trim().is_empty()) && below.len() > 1;
    ends_bare(&object.join("\n"), apart, &page).then(String::new)
}

/// The same for JPNIC's answers. Two lists follow the network, each under a heading with a rule below it; a blank line
/// follows the network and each list.
fn list_ending(text: &str) -> Option<String> {
    match complete::lists(text).as_slice() {
        [_, .., (heading, true)] => Some(constant(heading)),
        // The lists, or the second one, may be gone.
        [] | [(_, true)] => {
            let apart = lines(text).map(str::trim_end).collect::<Vec<_>>().ends_with(&["", ""]);
            apart.then(String::new)
        }
        _ => None,
    }
}

/// Whether an answer without closing words may be complete. Its last object ends with its source, or is followed by the
/// blank line that follows every object, and no object is missing that such an answer always has.
fn ends_bare(text: &str, apart: bool, page: &RecordPage<'_>) -> bool {
    match page.form() {
        RecordForm::Rpsl => (apart || page.ends_with_source()) && page.has_all_but_persons(),
        RecordForm::Arin => (apart || is_wordless(text)) && has_last_contact(text),
        RecordForm::Krnic => apart && page.has_last_half().unwrap_or_else(|| page.ends_with_mailbox()),
        _ => false,
    }
}

/// Whether no object can be missing from an answer that ends so. LACNIC and registro.br send nothing but the network and
/// the contacts that it names. RIPE and APNIC send those, and then routes. Without these a network is still whole, and a
/// region is not left unknown for them. KRNIC says everything twice, in two languages. ARIN marks each of several networks
/// below its opening lines. JPNIC's lists may be of any length.
fn has_everybody(text: &str, registry: Registry, page: &RecordPage<'_>) -> bool {
    let parts = segment::segments(text, registry, Provenance::Network);
    match parts.last().map(|part| part.registry) {
        Some(Registry::Lacnic | Registry::RegistroBr) => page.has_everybody(),
        Some(Registry::Arin) => {
            let several = || lines(text).any(|line| line.trim_end() == "# start");
            !is_wordless(text) && !several() && has_last_contact(text)
        }
        Some(Registry::Ripe | Registry::Apnic) => page.form() == RecordForm::Rpsl && page.lacks_nobody(),
        Some(Registry::Krnic) => page.has_last_half() == Some(true),
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
            let found = unclosed(&bare, registry, address).unwrap_or_else(|| panic!("{registry}: {bare}"));
            assert!(matches!(found.reply, WhoisReply::Record(..)), "{registry}");
            let certain = matches!(registry, Registry::Lacnic | Registry::Krnic);
            assert_eq!((found.ending.as_str(), found.has_everybody), ("", certain));
            for cut in (0..bare.len() - 1).filter(|at| bare.is_char_boundary(*at)) {
                let cut = &bare[..cut];
                // A whole object less, of those that the network does not name, is as good as all of them.
                let source =
                    cut.ends_with('\n') && cut.lines().last().is_some_and(|line| line.starts_with("source:"));
                let whole = (cut.ends_with("\n\n") || source) && !certain;
                let found = unclosed(cut, registry, address);
                assert!(found.is_none_or(|found| whole && !found.has_everybody), "{registry}: {cut}");
            }
        }
    }

    /// JPNIC's lists under other headings, one of them, or none.
    #[test]
    fn jpnics_lists_may_change_or_go() {
        let text = include_str!("../../../tests/data/replies/jpnic.txt");
        let judge = |text: &str| unclosed(text, Registry::Jpnic, "192.0.2.7".parse().unwrap());
        assert_eq!(judge(text), None);
        let row = "Example Shop [SUBA] 192.0.2.0/26\nExample Kiosk [SUBA] 192.0.2.64/26\n\n";
        let other = text.replace("Less Specific Info.", "Around").replace("More Specific Info.", "Inside");
        let other = other.replace("No match!!\n\n", row);
        let less = text.find("Less Specific").unwrap();
        let more = text.find("More Specific").unwrap();
        for (whole, ending) in [(other.as_str(), "Inside"), (&text[..more], ""), (&text[..less], "")] {
            let found = judge(whole).unwrap_or_else(|| panic!("{whole}"));
            assert!(matches!(found.reply, WhoisReply::Record(..)), "{whole}");
            assert_eq!((found.ending.as_str(), found.has_everybody), (ending, false));
        }
        for whole in [text, &other] {
            for cut in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
                let part = &whole[..cut];
                let judged = classify(part, Registry::Jpnic, None, Provenance::Network);
                assert!(!matches!(judged, WhoisReply::Record(..)), "{part}");
                let bare = part.ends_with("\n\n") || part.ends_with(" \n");
                assert!(judge(part).is_none_or(|found| bare && found.ending.is_empty()), "{part}");
            }
        }
    }

    /// KRNIC's answers in one language, or in the other order, or with closing words that have no mark of the server.
    #[test]
    fn krnics_halves_prove_each_other() {
        let text = include_str!("../../../tests/data/replies/krnic.txt");
        let judge = |text: &str| unclosed(text, Registry::Krnic, "203.0.113.50".parse().unwrap());
        let bare = text.split("- KISA").next().unwrap();
        let (korean, english) = bare.split_once("# ENGLISH").unwrap();
        let english = format!("# ENGLISH{english}");
        let short = |found: Option<UnclosedReply>| found.map(|found| (found.ending, found.has_everybody));
        assert_eq!(short(judge(korean)), None, "the second half may have been cut");
        assert_eq!(short(judge(&english)), Some((String::new(), false)));
        // The Korean text of this answer leaves some lines out.
        assert_eq!(short(judge(&format!("{english}{korean}"))), None);
        let japanese = "% 応答は以上です。";
        assert_eq!(short(judge(&format!("{bare}{japanese}\n"))), Some((japanese.to_owned(), true)));
        let words = "This service is run by KISA.";
        assert_eq!(short(judge(&format!("{bare}{words}\n"))), Some((words.to_owned(), true)));
        assert_eq!(short(judge(&format!("{english}{words}\n"))), Some((String::new(), false)));
        let customer = english.find("More specific").unwrap();
        assert_eq!(short(judge(&format!("{korean}{}", &english[..customer]))), None, "a customer is missing");
        let intro = english.find("[ Network Information ]\nIPv4 Address       : 203.0.113.48").unwrap();
        assert_eq!(short(judge(&english[..intro])), None, "a line that introduces a network");
    }

    /// APNIC repeats a national registry's object after its own, with objects of the same names.
    #[test]
    fn a_second_object_of_the_network_may_be_missing() {
        let text = include_str!("../../../tests/farm/forms/idnic.txt")
            .replace("{range}", "203.0.113.0 - 203.0.113.255");
        let text = text.replace("{kind}", "inetnum");
        let address = "203.0.113.7".parse().unwrap();
        let cuts: Vec<_> = text
            .match_indices("\n\n")
            .filter_map(|(at, _)| unclosed(&text[..at + 2], Registry::Apnic, address))
            .collect();
        assert!(cuts.len() > 3);
        assert!(cuts.iter().all(|found| !found.has_everybody));
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
        let is_same = |one: &str, other: &str| is_same(one, other, Registry::Ripe);
        let text = "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Answered at 10:00 by (ONE)\n";
        assert!(is_same(text, "inetnum: 192.0.2.0/24\r\nremarks: 7\n\n% Answered at 11:30 by (TWO)\n"));
        assert!(is_same(
            text,
            "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Answered at 10:00 by (the NEW one, of 2)\n"
        ));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 8\n\n% Answered at 10:00 by (ONE)\n"));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 7\n\n% Cut at 10:00 by (ONE)\n"));
        assert!(!is_same(text, "inetnum: 192.0.2.0/24\nremarks: 7\n"));
        // All of a customer's text follows labels there.
        let korean =
            "IPv4 Address       : 192.0.2.0/24\nE-Mail             : a1@example.net\n\nServed at 10:00\n";
        assert!(super::is_same(korean, &korean.replace("10:00", "11:30"), Registry::Krnic));
        assert!(!super::is_same(korean, &korean.replace("a1@", "a2@"), Registry::Krnic));
    }
}
