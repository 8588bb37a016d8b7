use super::*;

/// Names that have a meaning to one program or another, and such file names.
const HOSTILE: [&str; 12] = [
    "a\n0.0.0.0/0 OK\n",
    "a\r\nadd whodunit4-new 0.0.0.0/1",
    "a\"; }\ndelete table inet filter",
    "a'b`id`$(id)${IFS}",
    "100% %s %{x} $= $0 $$ $client",
    "ends in a backslash\\",
    "\u{1b}[2J\u{7}\0\u{9b}31m",
    "\u{202e}txet \u{2028}next\u{85}line",
    "caf\u{e9} \u{65e5}\u{672c}",
    "{ a; b } # c : d | e < f > g",
    "   ",
    "\tx",
];

fn head(note: &str) -> ListHead {
    ListHead { notes: vec![note.to_owned()], families: Families { v4: true, v6: true } }
}

fn written(form: ListForm, owners: &[&str]) -> String {
    let mut out = Vec::new();
    let mut writer = form.writer();
    writer.head(&head("made for a test"), &mut out).unwrap();
    for (number, owner) in (0..).zip(owners) {
        let network = SourceNetwork {
            owner: Some((*owner).to_owned()),
            country: Some("DE".to_owned()),
            registry: Some("ripe"),
            asn: vec![64500, 64501],
        };
        for prefix in [format!("203.0.{number}.0/24"), format!("2001:db8:{number}::/48")] {
            let prefix = prefix.parse().unwrap();
            let source = ListedSource { network: &network, file: owner, line: 3 };
            let entry = ListEntry { prefix, owner: Some(owner), source: Some(source) };
            writer.entry(&entry, &mut out).unwrap();
        }
    }
    writer.tail(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_form_writes_what_its_program_reads() {
    let told =
        |form| written(form, &["Contoso GmbH"]).lines().map(|line| format!("{line}|")).collect::<String>();
    assert_eq!(told(ListForm::Cidr), "# made for a test|203.0.0.0/24|2001:db8::/48|");
    assert_eq!(told(ListForm::Rspamd), "# made for a test|203.0.0.0/24|2001:db8::/48|");
    assert_eq!(told(ListForm::Nginx), "# made for a test|203.0.0.0/24 1;|2001:db8::/48 1;|");
    assert_eq!(
        told(ListForm::Apache),
        "# made for a test|Require not ip 203.0.0.0/24|Require not ip 2001:db8::/48|"
    );
    assert_eq!(
        told(ListForm::Postfix),
        "# made for a test|203.0.0.0/24 REJECT No access to hosts using this registrar: Contoso GmbH|\
         2001:db8::/48 REJECT No access to hosts using this registrar: Contoso GmbH|"
    );
    assert_eq!(
        told(ListForm::Exim),
        "# made for a test|203.0.0.0/24: blocked: Contoso GmbH|\"2001:db8::/48\": blocked: Contoso GmbH|"
    );
    assert_eq!(
        told(ListForm::Rbldnsd),
        "# made for a test|:127.0.0.2:$ blocked|203.0.0.0/24 :127.0.0.2:$ blocked: Contoso GmbH|\
         2001:db8::/48 :127.0.0.2:$ blocked: Contoso GmbH|"
    );
    assert_eq!(
        told(ListForm::Json).lines().next().unwrap(),
        "{\"cidr\":\"203.0.0.0/24\",\"owner\":\"Contoso GmbH\",\"country\":\"DE\",\"registry\":\"ripe\",\
         \"asn\":[64500,64501],\"file\":\"Contoso GmbH\",\"line\":3}|{\"cidr\":\"2001:db8::/48\",\
         \"owner\":\"Contoso GmbH\",\"country\":\"DE\",\"registry\":\"ripe\",\"asn\":[64500,64501],\
         \"file\":\"Contoso GmbH\",\"line\":3}|"
    );
    assert_eq!(
        told(ListForm::Csv),
        "cidr,owner,country,registry,asn,file,line|203.0.0.0/24,Contoso GmbH,DE,ripe,64500 64501,Contoso GmbH,3|\
         2001:db8::/48,Contoso GmbH,DE,ripe,64500 64501,Contoso GmbH,3|"
    );
}

#[test]
fn sets_are_replaced_whole_and_of_the_family_that_is_asked_for() {
    let nft = written(ListForm::Nft, &["a", "b"]);
    assert_eq!(
        nft,
        "# made for a test\ntable inet whodunit {\n\tset blocked4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t}\n\
         \tset blocked6 {\n\t\ttype ipv6_addr\n\t\tflags interval\n\t}\n}\nflush set inet whodunit blocked4\n\
         flush set inet whodunit blocked6\nadd element inet whodunit blocked4 {\n\t203.0.0.0/24\n}\n\
         add element inet whodunit blocked6 {\n\t2001:db8::/48\n}\nadd element inet whodunit blocked4 {\n\
         \t203.0.1.0/24\n}\nadd element inet whodunit blocked6 {\n\t2001:db8:1::/48\n}\n"
    );
    let ipset = written(ListForm::Ipset, &["a"]);
    assert_eq!(
        ipset.lines().skip(1).collect::<Vec<_>>(),
        [
            "create whodunit4 hash:net family inet hashsize 4096 maxelem 16777216 -exist",
            "create whodunit4-new hash:net family inet hashsize 4096 maxelem 16777216 -exist",
            "flush whodunit4-new",
            "create whodunit6 hash:net family inet6 hashsize 4096 maxelem 16777216 -exist",
            "create whodunit6-new hash:net family inet6 hashsize 4096 maxelem 16777216 -exist",
            "flush whodunit6-new",
            "add whodunit4-new 203.0.0.0/24",
            "add whodunit6-new 2001:db8::/48",
            "swap whodunit4 whodunit4-new",
            "destroy whodunit4-new",
            "swap whodunit6 whodunit6-new",
            "destroy whodunit6-new",
        ]
    );
    for form in [ListForm::Nft, ListForm::Ipset] {
        let (mut writer, mut out) = (form.writer(), Vec::new());
        let only = ListHead { families: Families { v4: false, v6: true }, ..head("x") };
        writer.head(&only, &mut out).unwrap();
        writer.tail(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("blocked4") && !text.contains("whodunit4"), "{text}");
    }
}

#[test]
fn many_elements_are_several_commands_of_one_file() {
    let (mut writer, mut out) = (ListForm::Nft.writer(), Vec::new());
    for number in 0..10_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 | number << 1).into();
        let prefix = Prefix::new(address, 32).unwrap();
        let entry = ListEntry { prefix, owner: None, source: None };
        writer.entry(&entry, &mut out).unwrap();
    }
    writer.tail(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!((text.matches("add element").count(), text.matches("\n}\n").count()), (3, 3));
    assert_eq!(text.matches("/32").count(), 10_000);
}

/// For any owner's name and any name of a pattern file, each format has as many lines as with a harmless name. Each
/// line begins as before, and no character remains that its program treats specially.
#[test]
fn no_name_breaks_out_of_any_form() {
    for (name, form) in ListForm::NAMES {
        let harmless = written(form, &["x"; HOSTILE.len()]);
        let hostile = written(form, &HOSTILE);
        assert_eq!(harmless.lines().count(), hostile.lines().count(), "{name}:\n{hostile}");
        for (plain, line) in harmless.lines().zip(hostile.lines()) {
            let begins =
                |line: &str| line.split_inclusive([',', ' ']).next().unwrap_or_default().trim().to_owned();
            assert_eq!(begins(plain), begins(line), "{name}");
            assert!(!line.chars().any(char::is_control) || form == ListForm::Nft, "{name}: {line:?}");
            if form.is_by_network() {
                continue;
            }
            assert!(line.is_ascii(), "{name}: {line:?}");
            for sign in ['$', '"', '\'', '`', '%', '\\', '{', ';', '#', '|'] {
                assert!(line.matches(sign).count() <= plain.matches(sign).count(), "{name}: {line:?}");
            }
            assert!(!line.ends_with('\\'), "{name}: {line:?}");
        }
        for note in HOSTILE {
            let mut out = Vec::new();
            form.writer().head(&head(note), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            let mut plain = Vec::new();
            form.writer().head(&head("x"), &mut plain).unwrap();
            assert_eq!(
                text.lines().count(),
                String::from_utf8(plain).unwrap().lines().count(),
                "{name}: {text}"
            );
            assert!(text.lines().all(|line| !line.ends_with('\\')) && text.is_ascii(), "{name}: {text}");
        }
    }
    let rows: Vec<::csv::StringRecord> =
        ::csv::Reader::from_reader(written(ListForm::Csv, &HOSTILE).as_bytes())
            .records()
            .map(Result::unwrap)
            .collect();
    assert_eq!(rows.len(), 2 * HOSTILE.len());
    assert!(rows.iter().all(|row| row.len() == 7 && &row[6] == "3"));
    for (line, owner) in written(ListForm::Json, &HOSTILE).lines().step_by(2).zip(HOSTILE) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((value["owner"].as_str(), value["file"].as_str()), (Some(owner), Some(owner)));
    }
}
