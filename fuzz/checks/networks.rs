//! Lists of networks: for any names of owners and pattern files, each format keeps its syntax. The set of any prefixes
//! is listed disjoint, ascending and with the fewest prefixes. The input is separated by `~~`: a note, then prefix,
//! owner, prefix, ...
use whodunit::internals::{
    address::{Network, Prefix},
    networks::{Families, ListEntry, ListForm, ListHead, ListedSource, NetworkSet, SourceNetwork},
};

pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("~~");
    let note = parts.next().unwrap_or_default();
    let mut listed: Vec<(Prefix, &str)> = Vec::new();
    while let Some(prefix) = parts.next() {
        if let Ok(prefix) = prefix.trim().parse() {
            listed.push((prefix, parts.next().unwrap_or_default()));
        }
    }
    aggregated(&listed);
    listed.sort();
    listed.dedup_by_key(|(prefix, _)| *prefix);
    for (_, form) in ListForm::NAMES {
        form_of(form, note, &listed);
    }
}

fn aggregated(listed: &[(Prefix, &str)]) {
    let set = NetworkSet::of_prefixes(listed.iter().map(|(prefix, _)| *prefix));
    let list: Vec<Prefix> = set.prefixes().collect();
    for pair in list.windows(2) {
        let same = pair[0].first().is_ipv4() == pair[1].first().is_ipv4();
        assert!(if same { pair[0].last() < pair[1].first() } else { pair[0].first().is_ipv4() });
        let both = Network::new(pair[0].first(), pair[1].last()).filter(|_| same);
        let half = |half: &Prefix, whole: &Prefix| half.length() == whole.length() + 1;
        let one = both.map(|both| both.prefixes()).filter(|both| both.len() == 1);
        let is_split =
            one.is_some_and(|one| one.iter().all(|one| half(&pair[0], one) && half(&pair[1], one)));
        assert!(!is_split, "{} and {} are one", pair[0], pair[1]);
    }
    assert_eq!(NetworkSet::of_prefixes(list.iter().copied()), set);
    for (prefix, _) in listed {
        assert!(set.contains(prefix.first()) && set.contains(prefix.last()));
    }
    for prefix in &list {
        assert!(listed.iter().any(|(given, _)| given.contains(prefix.first())));
    }
}

/// The list in a format, with or without owners and file names.
fn written(form: ListForm, note: &str, listed: &[(Prefix, &str)], named: bool) -> String {
    let (mut writer, mut out) = (form.writer(), Vec::new());
    let head = ListHead { notes: vec![note.to_owned()], families: Families { v4: true, v6: true } };
    writer.head(&head, &mut out).unwrap();
    for &(prefix, owner) in listed {
        let network = SourceNetwork {
            owner: Some(owner.to_owned()),
            country: Some(owner.chars().take(2).collect()),
            ..SourceNetwork::default()
        };
        let source = Some(ListedSource { network: &network, file: owner, line: 7 });
        let entry = ListEntry { prefix, owner: named.then_some(owner), source };
        writer.entry(&entry, &mut out).unwrap();
    }
    writer.tail(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn form_of(form: ListForm, note: &str, listed: &[(Prefix, &str)]) {
    let hostile = written(form, note, listed, true);
    if form == ListForm::Json {
        assert_eq!(hostile.lines().count(), listed.len());
        for (line, (prefix, owner)) in hostile.lines().zip(listed) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["cidr"].as_str(), Some(prefix.to_string().as_str()));
            assert_eq!((value["owner"].as_str(), value["file"].as_str()), (Some(*owner), Some(*owner)));
        }
        return;
    }
    assert!(!hostile.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{hostile:?}");
    if form == ListForm::Csv {
        let mut reader = csv::Reader::from_reader(hostile.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), listed.len());
        for (row, (prefix, _)) in rows.iter().zip(listed) {
            assert!(row.len() == 7 && row[0] == prefix.to_string() && &row[6] == "7");
        }
        return;
    }
    let harmless = written(form, "x", listed, false);
    assert_eq!(hostile.lines().count(), harmless.lines().count(), "{hostile:?}");
    for (line, plain) in hostile.lines().zip(harmless.lines()) {
        assert!(line.is_ascii() && !line.ends_with('\\'), "{line:?}");
        match line.strip_prefix("# ") {
            Some(comment) => assert_eq!((plain, comment.chars().count()), ("# x", note.chars().count())),
            None => names_an_owner(line, plain),
        }
    }
}

/// The line is as without an owner, followed at most by a name of harmless characters.
fn names_an_owner(line: &str, plain: &str) {
    let Some(name) = line.strip_prefix(plain).filter(|name| !name.is_empty()) else {
        return assert_eq!(line, plain);
    };
    let name = name.strip_prefix(" :127.0.0.2:$ blocked").unwrap_or(name);
    let name = name.strip_prefix(": ").unwrap_or_else(|| panic!("{line:?}"));
    let harmless = |c: char| c.is_ascii_alphanumeric() || " .,-_/+()&@?".contains(c);
    assert!(!name.is_empty() && name.len() <= 64 && name.trim() == name, "{line:?}");
    assert!(name.chars().all(harmless), "{line:?}");
}
