//! Rules for the sources: imports that run one way, small rooms, and forbidden words.

mod source;

use source::Source;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The rooms, from the lowest layer up. A room is a folder of `src/` with its content, or a file beside the folders. It
/// may import from the layers below its own.
const LAYERS: &[&[&str]] = &[
    &["address", "deadline", "exit", "nearest", "sanitize"],
    &["error"],
    &["log", "origin", "registry"],
    &["pattern", "whois"],
    &["cache", "rdap", "verdict"],
    &["report", "resolver", "serve"],
    &["output"],
    &["networks"],
    &["cli"],
    &["config"],
    &["command"],
    &["internals", "main"],
];

/// Re-exports for benches, fuzz checks and tests, which use a room by itself.
const OPENED: &str = "internals";

/// Rooms that not all rooms above may import, with those that may.
const RESERVED: &[(&str, &[&str])] = &[
    ("log", &["report", "cli", "config", "command"]),
    ("whois", &["cache", "rdap", "resolver", "command"]),
    ("rdap", &["resolver"]),
    ("cache", &["resolver", "networks", "command"]),
    ("resolver", &["config", "command"]),
];

/// The most lines of a file, without its tests.
const ROOMY: usize = 500;

/// The module's room and its layer.
fn room(module: &str) -> Option<(usize, &str)> {
    let top = module.split("::").next()?;
    LAYERS.iter().position(|rooms| rooms.contains(&top)).map(|layer| (layer, top))
}

/// The fault in an import, if there is one.
fn fault(from: &str, to: &str) -> Option<String> {
    let Some(((above, importer), (below, imported))) = room(from).zip(room(to)) else {
        return Some(format!("{from} or {to} is in no room of the table"));
    };
    let reserved = RESERVED.iter().find(|(room, _)| *room == imported);
    let allowed = below < above
        && (importer == OPENED || reserved.is_none_or(|(_, importers)| importers.contains(&importer)));
    (importer != imported && !allowed).then(|| format!("{from} imports {to}"))
}

#[test]
fn rooms_import_only_from_rooms_below_them() {
    let faults: Vec<String> = edges(&Source::all()).iter().filter_map(|(from, to)| fault(from, to)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_map_in_lib_rs_is_right() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(top.join("lib.rs")).unwrap();
    for (number, rooms) in (1..).zip(LAYERS) {
        let line = format!("//! {number}. {}\n", rooms.join(", "));
        assert!(map.contains(&line), "lib.rs lacks {line}");
    }
    let files: Vec<&str> = map.split('`').filter(|word| word.ends_with(".rs")).collect();
    let path: Vec<_> = files.iter().filter(|file| !file.starts_with("tests/")).collect();
    assert!(matches!(path.len(), 1..=8), "the path of one address takes {path:?}");
    path.iter().for_each(|file| assert!(top.join(file).is_file(), "lib.rs names {file}"));
}

#[test]
fn an_import_against_the_table_would_be_found() {
    assert_eq!(fault("resolver::ask", "cache::layered"), None);
    assert_eq!(fault("cache::sqlite::store", "cache::body"), None);
    for (from, to) in
        [("cache", "resolver"), ("output::text", "cache"), ("whois", "cache"), ("attic", "whois")]
    {
        assert!(fault(from, to).is_some(), "{from} imports {to}");
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    // A room's root module declares its parts, and the parts use the root's items: that is one room, not a circle.
    let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with("::"));
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in
        edges(&Source::all()).into_iter().filter(|(from, to)| !inside(from, to) && !inside(to, from))
    {
        imports.entry(from).or_default().insert(to);
    }
    assert!(imports.len() > 10, "the imports were not read");
    assert_eq!(circle(imports), None);
}

/// A circle, if there is one. A module that imports none, or only such modules, is in no circle.
fn circle(mut imports: BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        for to in imports.values_mut() {
            to.retain(|to| left.contains(to));
        }
        imports.retain(|_, to| !to.is_empty());
        if imports.len() == left.len() {
            break;
        }
    }
    let mut way: Vec<&String> = vec![imports.keys().next()?];
    loop {
        let next = imports[*way.last()?].first()?;
        if let Some(start) = way.iter().position(|name| *name == next) {
            let names: Vec<&str> = way[start..].iter().chain([&next]).map(|name| name.as_str()).collect();
            return Some(names.join(" -> "));
        }
        way.push(next);
    }
}

#[test]
fn a_circle_would_be_found() {
    let imports = |edges: &[(&str, &str)]| {
        let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            imports.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        imports
    };
    assert_eq!(circle(imports(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(imports(&[("z", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]));
    assert_eq!(found.as_deref(), Some("a -> b -> c -> a"));
}

#[test]
fn rooms_are_small_and_say_what_they_are() {
    let sources = Source::all();
    let mut faults = vec![];
    for source in &sources {
        if source.lines() > ROOMY {
            faults.push(format!("{}: {} lines, {ROOMY} are enough", source.path, source.lines()));
        }
        if !source.text.starts_with("//! ") {
            faults.push(format!("{}: its first line does not say what it is", source.path));
        }
        let nouns = ["utils", "util", "common", "types", "helpers", "helper", "misc"];
        if source.module.last().is_some_and(|name| nouns.contains(&name.as_str())) {
            faults.push(format!("{}: a function without a room means that a noun is missing", source.path));
        }
    }
    assert!(sources.len() > 20, "the sources were not read");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn forbidden_words() {
    // Lints forbid some of these too. A lint can be allowed locally; this test cannot.
    let words = [
        "unsafe ",
        "#[allow(",
        "#![allow(",
        "todo!",
        "unimplemented!",
        "dbg!(",
        "process::exit",
        "static mut",
    ];
    let mut faults = vec![];
    for source in Source::all() {
        faults.extend(
            words
                .iter()
                .filter(|word| source.code.contains(**word))
                .map(|word| format!("{}: {word}", source.path)),
        );
        let notes = ["TODO", "FIXME", "XXX", "HACK"];
        faults.extend(
            notes
                .iter()
                .filter(|word| source.text.contains(**word))
                .map(|word| format!("{}: {word}", source.path)),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_type_name_stands_in_one_room() {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in Source::all() {
        for line in source.code.lines() {
            let bare = line
                .split_once(") ")
                .filter(|(head, _)| head.starts_with("pub("))
                .map_or(line, |(_, rest)| rest);
            let bare = bare.strip_prefix("pub ").unwrap_or(bare);
            let kinds = ["struct ", "enum ", "trait ", "type ", "union "];
            let Some(rest) = kinds.iter().find_map(|kind| bare.strip_prefix(kind)) else { continue };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            rooms.entry(name.to_owned()).or_default().insert(source.module[0].clone());
        }
    }
    assert!(rooms.len() > 100, "the types were not read");
    let shared = rooms.iter().filter(|(_, rooms)| rooms.len() > 1);
    let faults: Vec<String> = shared.map(|(name, rooms)| format!("{name} stands in {rooms:?}")).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Its public types have members that are groups of options, and named so.
const NAMED: &str = "src/cli.rs";

/// rustc asks only for documentation of what leaves the crate, and the rooms are private to it.
#[test]
fn every_public_item_says_what_it_is() {
    let mut faults = vec![];
    let mut items = 0;
    for source in Source::all().iter().filter(|source| source.path != "src/internals.rs") {
        let (mut documented, mut attribute) = (false, false);
        for (number, line) in (1..).zip(source.code.lines().zip(source.text.lines())) {
            let (code, text) = (line.0.trim_start(), line.1.trim_start());
            if attribute || code.starts_with("#[") {
                attribute = !code.trim_end().ends_with(']');
            } else if text.starts_with("///") {
                documented = true;
            } else {
                let item = code.strip_prefix("pub ").filter(|item| !item.starts_with("use "));
                let named = source.path == NAMED;
                let exempt = |item: &str| match item.split(' ').next() {
                    Some("mod") => item.ends_with(';'),
                    Some(word) => named && word.ends_with(':'),
                    None => false,
                };
                if !documented && !item.is_none_or(exempt) {
                    faults.push(format!("{}:{number}: {text}", source.path));
                }
                items += usize::from(item.is_some());
                documented = false;
            }
        }
    }
    assert!(items > 1000, "the items were not read: {items}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The oldest supported compiler is stated once, in Cargo.toml. Lints and the length of functions are settings too.
#[test]
fn the_rules_that_lints_keep_are_switched_on() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(top.join(name)).unwrap();
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for lint in
        ["unwrap_used", "expect_used", "indexing_slicing", "panic", "print_stdout", "print_stderr", "exit"]
    {
        assert!(manifest.contains(&format!("\n{lint} = \"warn\"")), "{lint} is not switched on");
    }
    assert!(manifest.contains("\ntoo_many_lines = \"warn\""));
    assert!(read("clippy.toml").contains("too-many-lines-threshold = 60"));
    assert_eq!(manifest.matches("\nrust-version = ").count(), 1);
}

/// The modules that each module imports. A re-export counts as an import from its origin.
fn edges(sources: &[Source]) -> BTreeSet<(String, String)> {
    let modules: BTreeSet<&[String]> = sources.iter().map(|source| source.module.as_slice()).collect();
    let mut handed: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for source in sources {
        for path in source.handed_on() {
            let name = path.last().cloned().unwrap_or_default();
            handed.insert([source.module.as_slice(), &[name]].concat(), path);
        }
    }
    let mut edges = BTreeSet::new();
    for source in sources {
        for mut path in source.imports() {
            // A re-exported name may be re-exported again; eight times is more than enough.
            for _ in 0..8 {
                let Some(cut) = (1..=path.len()).find(|cut| handed.contains_key(&path[..*cut])) else {
                    break;
                };
                path = [handed[&path[..cut]].as_slice(), &path[cut..]].concat();
            }
            while !modules.contains(path.as_slice()) {
                path.pop();
            }
            let (from, to) = (source.module.join("::"), path.join("::"));
            if from != to && !to.is_empty() {
                edges.insert((from, to));
            }
        }
    }
    edges
}
