//! The published files: the package, the example configuration, and documents that keep their promises.

use crate::jig::Room;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(top().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_package_has_all_that_it_names_and_names_all_that_it_needs() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let mut sources = BTreeSet::new();
    for asset in deb["assets"].as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        let there = source == "target/release/whodunit" || top().join(source).is_file();
        assert!(there, "the package wants {source}, which is not there");
        sources.insert(source.to_owned());
    }
    let ships = |folder: &str, also: fn(&Path) -> bool| {
        for entry in fs::read_dir(top().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(top()).unwrap().to_str().unwrap();
            assert!(path.is_dir() || !also(&path) || sources.contains(name), "the package lacks {name}");
        }
    };
    ships("completions", |_| true);
    ships("patterns", |_| true);
    ships("patterns/allow", |_| true);
    for folder in ["dns", "exim", "fail2ban", "metrics", "networks", "postfix", "qpsmtpd"] {
        ships(&format!("integrations/{folder}"), |_| true);
    }
    ships("integrations/systemd", |path| path.extension().is_some_and(|end| end != "md"));
}

/// Lintian's checks of a built package, without building one.
#[test]
fn the_package_is_described_as_debian_has_it() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let package = &manifest["package"];
    let (deb, text) = (&package["metadata"]["deb"], |it: &toml::Value| it.as_str().unwrap().to_owned());
    assert!(text(&package["description"]).len() < 80, "synopsis-too-long");
    for line in text(&deb["extended-description"]).lines() {
        assert!(line.len() <= 79, "extended-description-line-too-long: {line}");
    }
    // cargo-deb's revision is 1, so lintian expects a changelog of the packaging beside ours.
    let changes = read(&text(&deb["changelog"]));
    let newest = format!("whodunit ({}-1) ", text(&package["version"]));
    assert!(changes.starts_with(&newest), "debian-changelog-file-missing-or-wrong-name: {newest}");
    assert!(changes.contains(&format!("\n -- {}  ", text(&deb["maintainer"]))), "{changes}");
    let license = read(deb["license-file"][0].as_str().unwrap());
    assert!(license.contains(&format!("Copyright (c) {}\n", text(&deb["copyright"]))), "copyright notice");
    for script in ["postinst", "postrm"] {
        let script = read(&format!("integrations/debian/{script}"));
        assert!(!script.contains("#DEBHELPER#"), "maintainer-script-has-unexpanded-debhelper-token");
    }
}

/// The path of each file in the package.
fn installed_paths() -> BTreeSet<String> {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap().clone();
    let path = |asset: &toml::Value| {
        let (source, target) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        let name = if target.ends_with('/') { source.rsplit('/').next().unwrap() } else { "" };
        format!("/{target}{name}")
    };
    assets.iter().map(path).collect()
}

#[test]
fn integrations_name_the_paths_that_the_package_installs() {
    let installed = installed_paths();
    for folder in ["exim", "fail2ban", "metrics", "networks", "postfix", "qpsmtpd"] {
        let text = read(&format!("integrations/{folder}/README.md"));
        let words = text.split(|c: char| c.is_whitespace() || "`\"'(),;:".contains(c));
        let named: Vec<&str> = words
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| {
                ["/usr/share/", "/usr/lib/systemd/"].iter().any(|top| word.starts_with(top))
                    && word.contains("whodunit")
            })
            .collect();
        assert!(!named.is_empty(), "integrations/{folder}/README.md names nothing that the package installs");
        for path in named {
            let there = installed
                .iter()
                .any(|it| it == path || it.starts_with(&format!("{}/", path.trim_end_matches('/'))));
            assert!(
                there,
                "integrations/{folder}/README.md names {path}, which the package does not install"
            );
        }
    }
}

#[test]
fn the_example_configuration_is_taken_with_and_without_its_comments() {
    let room = Room::with(&[("never-block", "@org Contoso\n"), ("blocked", "Contoso\n")]);
    let text = read("integrations/config.toml");
    let work = room.path("");
    let work = work.to_str().unwrap().trim_end_matches('/');
    let bare: String = text.lines().map(|line| format!("{}\n", uncommented(line))).collect();
    let bare = bare
        .replace("/etc/qpsmtpd/blocked_registrars\", \"/etc/whodunit/block.d", &format!("{work}/blocked"))
        .replace("/etc/whodunit/never-block", &format!("{work}/never-block"))
        .replace("/var/cache/whodunit/cache.db", &format!("{work}/cache.db"));
    assert!(!bare.contains("\"/etc") && !bare.contains("\"/var"), "{bare}");
    assert!(bare.parse::<toml::Table>().unwrap().len() >= 10);
    for (name, text) in [("as-shipped.toml", text), ("all.toml", bare)] {
        room.write(name, text);
        let said = "192.0.2.1\tclear\tDocumentation (TEST-NET-1)\t-\t192.0.2.0/24\tiana\t-\n";
        room.run(["--config", name, "192.0.2.1"]).stdout(said).code(0).check();
    }
}

/// `#timeout = 4` as a setting; prose stays a comment.
fn uncommented(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
        _ => line,
    }
}

/// Names of tests, of scenarios, and of fuzzing's seeds.
fn proofs() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<PathBuf> = vec![top().join("src"), top().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            match path.extension().and_then(|end| end.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("toml") => drop(names.insert(stem)),
                Some("rs") => {
                    let text = fs::read_to_string(&path).unwrap();
                    for test in text.split("#[test]").skip(1) {
                        let name = test.split_once("fn ").and_then(|(_, rest)| rest.split('(').next());
                        names.extend(name.map(str::to_owned));
                    }
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn security_names_proofs_that_exist() {
    let proofs = proofs();
    let text = read("SECURITY.md");
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    let mut named = 0;
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        if last == "proved by" {
            continue;
        }
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing proves: {row}");
        for name in names {
            assert!(proofs.contains(name), "SECURITY.md: no test or scenario {name}");
            named += 1;
        }
    }
    assert!(named > 40, "SECURITY.md was not read");
}

#[test]
fn contributing_names_files_that_exist() {
    let text = read("CONTRIBUTING.md");
    let words = text.split('`').skip(1).step_by(2);
    for path in words.filter(|word| word.contains('/') && !word.contains([' ', '<'])) {
        let path = path.split("NAME").next().unwrap();
        assert!(top().join(path).exists(), "CONTRIBUTING.md names {path}");
    }
}
