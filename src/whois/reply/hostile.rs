//! Replies that were cut, and replies that no honest server would send.

use super::*;
use Provenance::{Network, Saved};

macro_rules! reply {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/replies/", $name, ".txt"))
    };
}

/// Every reply is cut at every byte. There is no panic, and never a record before the closing line has begun. Saved
/// text is read as text from the network except for excerpts, so every seventh cut is enough there.
#[test]
fn a_cut_reply_is_no_record() {
    for (text, registry, end) in [
        (reply!("arin-customer"), Registry::Arin, "# ARIN WHOIS data"),
        (reply!("ripe"), Registry::Ripe, "% This query was served by the "),
        (reply!("apnic-mirrored"), Registry::Apnic, "% This query was served by the "),
        (reply!("lacnic"), Registry::Lacnic, "% whois.lacnic.net accepts only direct match queries"),
        (reply!("lacnic-joint"), Registry::Lacnic, "% This query was served by the "),
        (reply!("registrobr"), Registry::RegistroBr, "% Security and mail abuse issues"),
        (reply!("jpnic"), Registry::Jpnic, "More Specific Info."),
        (reply!("krnic"), Registry::Krnic, "- KISA/KRNIC WHOIS Service -"),
        (reply!("rwhois"), Registry::Rwhois, "%ok"),
    ] {
        let end = text.rfind(end).unwrap() + end.len();
        for cut in (0..end).filter(|&cut| text.is_char_boundary(cut)) {
            let part = text.get(..cut).unwrap();
            let saved = (cut % 7 == 0).then(|| classify(part, registry, None, Saved));
            for reply in saved.into_iter().chain([classify(part, registry, None, Network)]) {
                let refused = matches!(reply, WhoisReply::Failure { kind: UnknownKind::Denied, .. });
                assert!(
                    !refused && !matches!(reply, WhoisReply::Record(..)),
                    "{registry} cut at {cut}: {}",
                    reply.explain()
                );
            }
        }
        assert!(matches!(classify(text, registry, None, Network), WhoisReply::Record(..)), "{registry}");
    }
}

/// Registries without a closing line: there is a record only if its object is complete.
#[test]
fn a_reply_without_an_end_of_its_own_needs_whole_objects() {
    let text = reply!("afrinic");
    let last = text.rfind("source:").unwrap();
    for cut in 0..text.len() {
        let reply = classify(text.get(..cut).unwrap(), Registry::Afrinic, None, Network);
        assert!(!matches!(reply, WhoisReply::Record(..)) || cut > last, "{cut}");
    }
    let text = reply!("twnic");
    let last = text.rfind("network-tech@").unwrap();
    for cut in 0..text.len() {
        let part = text.get(..cut).unwrap();
        let reply = classify(part, Registry::Twnic, None, Network);
        assert!(!matches!(reply, WhoisReply::Record(..)) || cut > last, "{cut}");
    }
}

/// JPNIC and KRNIC may open their answers with other words, or with none. The end is demanded all the same.
#[test]
fn an_answer_has_an_end_whatever_it_opens_with() {
    let jpnic = reply!("jpnic").replace("[ JPNIC database provides", "[ The database of JPNIC gives");
    let (_, bare) = reply!("jpnic").split_once("\n\n").unwrap();
    let (_, english) = reply!("krnic").split_once("# ENGLISH\n\n").unwrap();
    for (text, registry) in [
        (jpnic.as_str(), Registry::Jpnic),
        (bare, Registry::Jpnic),
        (english, Registry::Krnic),
        (reply!("krnic"), Registry::Krnic),
    ] {
        let judge = |part: &str| classify(part, registry, None, Network);
        assert!(matches!(judge(text), WhoisReply::Record(..)), "{text}");
        let end =
            if registry == Registry::Jpnic { text.len() } else { text.rfind("WHOIS Service -").unwrap() };
        for cut in (0..end).filter(|&cut| text.is_char_boundary(cut)) {
            let part = text.get(..cut).unwrap();
            assert!(!matches!(judge(part), WhoisReply::Record(..)), "{part}");
        }
    }
}

/// TWNIC's contacts may have other names, and one answer may hold several networks.
#[test]
fn twnics_last_network_has_two_contacts() {
    let network = |range: &str| format!("\n   Netname: EXAMPLE\n   Netblock: {range}\n\n");
    let contact = |name: &str| {
        format!("   {name}:\n      adm@example.net\n      FAX:\n      TEL:  +886-2-555-0100\n\n")
    };
    let (outer, inner) = (network("198.51.0.0/16"), network("198.51.100.0/24"));
    let both = [contact("Administrator contact"), contact("Technical contact")].concat();
    for (text, whole) in [
        (format!("{outer}{both}"), true),
        (format!("{outer}{}{}", contact("In charge"), contact("Operations")), true),
        (format!("{outer}{both}{inner}{both}"), true),
        (outer.clone(), false),
        (format!("{outer}   Administrator contact:\n"), false),
        (format!("{outer}{}", contact("Administrator contact")), false),
        (format!("{outer}{}   Technical contact:\n", contact("Administrator contact")), false),
        (format!("{outer}{both}{inner}"), false),
        (format!("{outer}{both}{inner}{}", contact("Administrator contact")), false),
    ] {
        let address = "198.51.100.1".parse().ok();
        let reply = classify(&text, Registry::Twnic, address, Network);
        assert_eq!(matches!(reply, WhoisReply::Record(..)), whole, "{text}: {}", reply.explain());
        // People save excerpts.
        assert!(matches!(classify(&text, Registry::Twnic, address, Saved), WhoisReply::Record(..)), "{text}");
    }
}

/// Long replies of each kind that a careless parser reads in quadratic time. Eight times the text may take some thirty
/// times as long on a busy machine, but not the sixty-four times of a quadratic parser.
#[test]
fn very_long_replies_take_linear_time() {
    for piece in [
        "inetnum: 192.0.2.0/24\nadmin-c: A\nnic-hdl: A\nabuse-mailbox: a@b.example\nsource: APNIC\n\n",
        "network:ID:1\nnetwork:IP-Network:192.0.2.0/24\n",
        "network:Org-Name:1\n",
        "NetRange: 192.0.2.0 - 192.0.2.255\nOrgName: A\n\n",
        "% [whois.apnic.net]\n% This is the RIPE Database query service.\n",
        "[Querying whois.ripe.net]\nx\n",
        "IPv4 Address : 192.0.2.0/24\n",
        "[Network Number] 192.0.2.0/24\n",
        "inetnum: 192.0.2.0/24\nremarks: abuse a@b.example\n",
        "% it may be\n",
        " (NET-1) 192.0.2.0/24\n",
        "x\n\n",
        "> inetnum: 192.0.2.0/24\n",
        "fgets: Connection reset by peer\n",
        "   Netblock: 192.0.2.0/24\n",
        "ReferralServer: whois://whois.example.net\n",
    ] {
        is_linear(piece, |bytes| piece.repeat(bytes / piece.len()));
    }
    // Answers of national registries, with very much where their end is due.
    for (head, piece) in [
        ("[Network Number] 192.0.2.0/24\n[Organization] A\n\n", "-----\n"),
        ("[Network Number] 192.0.2.0/24\n[Organization] A\n\n", "A\n-----\nB\n"),
        (
            "# KOREAN\nIPv4 Address : 192.0.2.0/24\nE-Mail : a\n\n# ENGLISH\nIPv4 Address : 192.0.2.0/24\nE-Mail : a\n\n",
            "a b c\n",
        ),
    ] {
        is_linear(piece, |bytes| format!("{head}{}", piece.repeat(bytes / piece.len())));
    }
    // Very many different values, then the last of them again and again.
    is_linear("maintainers", |bytes| {
        let last = bytes / 40;
        let all = (0..last).chain(std::iter::repeat_n(last, bytes / 8));
        let maintainers: String = all.map(|n| format!("M{n},")).collect();
        format!("inetnum: 192.0.2.0/24\nmnt-by: {maintainers}\nsource: APNIC\n")
    });
}

/// A TWNIC customer's contact may look like the line of any network; it is a contact all the same.
#[test]
fn a_contact_like_a_network_is_a_contact() {
    for line in [
        "Netblock: 203.0.113.0/24",
        "Netblock: 192.0.2.8/29",
        "Company: Other Ltd.",
        "[Network Number] 203.0.113.0/24",
        "(NET-1-2-3-0-1) 203.0.113.0/24",
    ] {
        let text = format!(
            "\n   Netname: FABRIKAM-NET\n   Netblock: 192.0.2.0/24\n\n   Administrator contact:\n      {line}\n\n   \
             Technical contact:\n      {line}\n\n"
        );
        let reply = classify(&text, Registry::Twnic, "192.0.2.9".parse().ok(), Network);
        assert!(
            matches!(&reply, WhoisReply::Record(record, _) if record.name.as_deref() == Some("FABRIKAM-NET")
                && record.network.to_string() == "192.0.2.0/24" && record.org.is_none()),
            "{line}: {}",
            reply.explain()
        );
    }
}

/// Fails if the time to read a text grows with more than its length.
fn is_linear(what: &str, text: impl Fn(usize) -> String) {
    let time = |text: &str| {
        let started = std::time::Instant::now();
        for registry in [Registry::Jpnic, Registry::Krnic] {
            let _ = unclosed(text, registry, "192.0.2.1".parse().unwrap());
        }
        for registry in [Registry::Apnic, Registry::Rwhois] {
            assert!(!classify(text, registry, "192.0.2.1".parse().ok(), Network).explain().is_empty());
            assert!(!classify(text, registry, "192.0.2.1".parse().ok(), Saved).explain().is_empty());
        }
        started.elapsed()
    };
    // The better of two runs, for both lengths: another program may slow down either.
    let best = |bytes: usize| {
        let text = text(bytes);
        time(&text).min(time(&text))
    };
    let (small, large) = (best(20_000), best(160_000));
    assert!(large < small * 32, "{what}: {small:?}, then {large:?}");
}

#[test]
fn no_text_makes_it_panic() {
    for text in [
        "inetnum:\0 - \u{1b}[2J\n",
        "NetRange: -\n",
        ":\n::\n:::\n",
        "network:\nnetwork::\nnetwork:IP-Network:\n",
        "[\n]\n[]\n. []\né. [Network Number] é\n",
        "IPv\nIPv4 Address\nIPv6 Address : /\n",
        "(NET-\n (NET-1\n x (NET-1)\n",
        "% X resource: \n%referral\n%referral rwhois://\n%error\n%20\n",
        "é\u{a0}%ERROR:\n%ERROR:é:\n%é\n",
    ] {
        for registry in [Registry::Ripe, Registry::Arin, Registry::Jpnic, Registry::Rwhois, Registry::Iana] {
            assert!(!classify(text, registry, None, Network).explain().is_empty());
            assert!(!classify(text, detect(text), None, Saved).explain().is_empty());
        }
    }
}
