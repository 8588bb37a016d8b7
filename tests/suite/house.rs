//! The source itself: imports run one way, rooms are small, and no room is a cupboard.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// No file is longer.
const MOST_LINES: usize = 350;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all() -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    files(&source(), &mut found);
    found.sort();
    assert!(found.len() > 10, "no source found");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The top-level room that a file belongs to: `whois` for src/whois.rs and all of src/whois/.
fn room(path: &Path) -> String {
    let relative = path.strip_prefix(source()).unwrap().with_extension("");
    relative.components().next().unwrap().as_os_str().to_str().unwrap().to_owned()
}

/// The rooms that a text imports: the word behind each `crate::`, and each in `crate::{...}`.
fn imports(text: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = BTreeSet::new();
    for start in ["crate::", "whodunit::"] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.len()..];
            let Some(group) = rest.strip_prefix('{') else {
                rooms.insert(name(rest));
                continue;
            };
            let mut depth = 1;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    rooms.insert(name(word.trim()));
                    word.clear();
                } else {
                    word.push(c);
                }
                if depth == 0 {
                    break;
                }
            }
        }
    }
    rooms.remove("");
    rooms
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in all() {
        let here = room(&path);
        if here == "lib" {
            continue;
        }
        // Comments may speak of any room.
        let code: String =
            text.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect();
        graph
            .entry(here.clone())
            .or_default()
            .extend(imports(&code).into_iter().filter(|room| *room != here));
    }
    let rooms: BTreeSet<String> = graph.keys().cloned().collect();
    for imported in graph.values_mut() {
        imported.retain(|room| rooms.contains(room));
    }
    graph
}

#[test]
fn imports_run_one_way() {
    let mut graph = graph();
    // Whoever imports nothing that is left is taken out; what cannot be taken out goes round in a circle.
    while let Some(leaf) =
        graph.iter().find(|(_, imported)| imported.is_empty()).map(|(room, _)| room.clone())
    {
        graph.remove(&leaf);
        for imported in graph.values_mut() {
            imported.remove(&leaf);
        }
    }
    assert!(graph.is_empty(), "a circle among {graph:#?}");
}

#[test]
fn rooms_do_not_see_what_is_not_their_affair() {
    let graph = graph();
    for (here, not) in [
        ("output", &["cache", "lanes", "lookup", "mode"][..]),
        ("whois", &["cache", "lookup", "lanes", "mode", "output", "pattern", "settings"]),
        ("cache", &["lookup", "lanes", "mode", "output", "settings"]),
        ("pattern", &["cache", "lookup", "lanes", "mode", "output", "settings"]),
        ("address", &["answer", "cache", "whois", "pattern", "output"]),
        ("verdict", &["cache", "lookup", "lanes", "mode", "output"]),
    ] {
        let Some(imported) = graph.get(here) else { continue };
        let wrong: Vec<_> = not.iter().filter(|room| imported.contains(**room)).collect();
        assert!(wrong.is_empty(), "{here} imports {wrong:?}");
    }
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = all()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_room_is_a_cupboard() {
    for (path, _) in all() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            !["utils", "util", "common", "types", "helpers", "misc", "mod"].contains(&name),
            "{}",
            path.display()
        );
    }
}

#[test]
fn nothing_is_left_to_do() {
    for (path, text) in all() {
        for word in ["TODO", "FIXME", "XXX:", "todo!(", "unimplemented!("] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn imports_are_read_as_they_are_written() {
    let text = "use crate::{address::{self, Prefix}, whois::Record, exit};\nuse crate::error::Error;\n";
    let wanted = ["address", "error", "exit", "whois"].map(String::from);
    assert_eq!(imports(text).into_iter().collect::<Vec<_>>(), wanted);
}
