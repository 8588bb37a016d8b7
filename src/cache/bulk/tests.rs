mod files;
mod whole;

use super::{BulkInput, ImportSummary, import, line};
use crate::{
    cache::{
        CacheEnv, CacheLocation, HitSource, LayeredCache,
        contract::{at, freshness, kept},
        open,
    },
    error::Result,
    exit::Exit,
    registry::{Answer, AnswerSource, Registry},
};
use std::{fs, io::Cursor, net::IpAddr, path::Path};

const RPSL: &str = "# made up for this test\n
inetnum:        198.51.100.0 - 198.51.103.255
netname:        EXAMPLE-ALLOCATION
country:        DE
org:            ORG-EX1-RIPE
status:         ALLOCATED PA
mnt-by:         EXAMPLE-MNT
source:         RIPE # Filtered

inetnum:        198.51.101.16 - 198.51.101.47
netname:        SMALL-CUSTOMER
descr:          Caf\u{e9} am See
country:        AT
status:         ASSIGNED PA
mnt-by:         EXAMPLE-MNT
source:         RIPE

inetnum:        0.0.0.0 - 255.255.255.255
netname:        IANA-BLK
descr:          The whole IPv4 address space
country:        EU # Country is really world wide
status:         ALLOCATED UNSPECIFIED
source:         RIPE

inet6num:       2001:db8:4000::/36
netname:        EXAMPLE-V6
country:        NL
status:         ALLOCATED-BY-RIR
source:         RIPE
";

const ORGANISATION: &str = "organisation:   ORG-EX1-RIPE
org-name:       Example Provider GmbH
abuse-c:        AR1-RIPE
source:         RIPE

role:           Abuse desk
nic-hdl:        AR1-RIPE
abuse-mailbox:  abuse@provider.example
source:         RIPE

person:         Nobody Inparticular
nic-hdl:        NI1-RIPE
source:         RIPE
";

const DELEGATED: &str = "# a comment\n2.3|ripencc|20260101|4|19830705|20260101|+0100
ripencc|*|ipv4|*|2|summary
ripencc|DE|ipv4|198.51.100.0|768|20100712|allocated|opaque-1
ripencc||ipv4|198.51.103.0|256||available
ripencc|DE|asn|64500|1|20100712|allocated|opaque-1
ripencc|NL|ipv6|2001:db8::|32|20100712|assigned|opaque-2
";

struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn handle(&self) -> LayeredCache {
        open(&CacheLocation::Path(self.folder.path().join("cache.db")), &CacheEnv::default(), at(0))
    }

    fn import(&self, files: &[(&str, &str)]) -> Result<ImportSummary> {
        let handle = self.handle();
        let inputs = files.iter().map(|(name, text)| BulkInput {
            name: (*name).into(),
            reader: Box::new(Cursor::new(text.as_bytes().to_vec())),
        });
        import(handle.file().unwrap(), handle.maintenance(), inputs.collect(), at(0), &mut || ())
    }

    fn answer(&self, address: &str) -> Option<Answer> {
        let handle = self.handle();
        let found = handle.find(ip(address), &freshness(60))?;
        let answer = handle.answer(&found);
        assert_eq!(handle.warning(), None);
        answer
    }

    fn name(&self, address: &str) -> Option<String> {
        self.answer(address)?.record.name
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

#[test]
fn networks_answer_most_specific_first_with_their_organisation() {
    let room = Room::new();
    let brought = room.import(&[("inetnum", RPSL), ("organisation", ORGANISATION)]).unwrap();
    assert_eq!(
        brought,
        ImportSummary { networks: 3, contacts: 2, placeholders: 1, ..ImportSummary::default() }
    );
    let large = room.answer("198.51.101.15").unwrap();
    assert_eq!(large.record.name.unwrap(), "EXAMPLE-ALLOCATION");
    assert_eq!(large.record.org.unwrap(), "Example Provider GmbH");
    assert_eq!(large.record.abuse, ["abuse@provider.example"]);
    assert!(large.text.contains("org-name:") && large.text.contains("source:         RIPE # Filtered"));
    assert_eq!((large.source, large.fetched, large.stale), (AnswerSource::Import, at(0), false));
    let small = room.answer("198.51.101.47").unwrap();
    assert_eq!(
        (small.record.name.unwrap(), small.record.registry),
        ("SMALL-CUSTOMER".into(), Registry::Ripe)
    );
    assert_eq!(small.record.org.unwrap(), "Café am See");
    assert_eq!(room.name("198.51.101.48").unwrap(), "EXAMPLE-ALLOCATION");
    assert_eq!(room.name("2001:db8:4fff::1").unwrap(), "EXAMPLE-V6");
    assert_eq!(room.name("192.0.2.1"), None, "the root object is nobody's network");
    let stats = room.handle().stats(at(0)).unwrap();
    assert_eq!((stats.imported, stats.networks), (3, 0));
}

#[test]
fn an_import_replaces_the_one_before_of_the_same_source_alone() {
    let room = Room::new();
    room.import(&[("a", RPSL), ("b", ORGANISATION), ("c", DELEGATED)]).unwrap();
    let newer = "inetnum: 198.51.100.0 - 198.51.100.255\nnetname: NEWER\ncountry: DE\nsource: RIPE\n";
    room.import(&[("inetnum", newer)]).unwrap();
    assert_eq!(room.name("198.51.100.1").unwrap(), "NEWER");
    assert_eq!(room.name("198.51.101.20"), None, "what the new file has not is no more");
    assert_eq!(room.name("2001:db8:4fff::1").unwrap(), "EXAMPLE-V6", "the other family's file still holds");
    assert_eq!(room.handle().delegated(ip("198.51.100.1")), Some(Registry::Ripe));
    let apnic = newer.replace("RIPE", "APNIC").replace("198.51.100", "203.0.113");
    room.import(&[("apnic", &apnic)]).unwrap();
    assert_eq!(room.answer("203.0.113.9").unwrap().record.registry, Registry::Apnic);
    assert_eq!(room.name("198.51.100.1").unwrap(), "NEWER");
    assert_eq!(room.handle().stats(at(0)).unwrap().imported, 1 + 1 + 1 + 2);
    assert_eq!(room.files(), ["cache.db", "cache.db-imported"]);
    room.handle().forget(None).unwrap();
    assert_eq!(room.name("198.51.100.1"), None);
    assert_eq!(room.files(), ["cache.db"]);
}

#[test]
fn a_long_lived_reader_sees_the_new_data() {
    let room = Room::new();
    let handle = room.handle();
    let name = |address: &str| {
        let found = handle.find(ip(address), &freshness(60))?;
        handle.answer(&found)?.record.name
    };
    assert_eq!(name("198.51.101.20"), None);
    room.import(&[("a", RPSL)]).unwrap();
    assert_eq!(name("198.51.101.20").unwrap(), "SMALL-CUSTOMER");
    room.import(&[("a", &RPSL.replace("SMALL-CUSTOMER", "RENAMED"))]).unwrap();
    assert_eq!(name("198.51.101.20").unwrap(), "RENAMED");
}

#[test]
fn delegated_statistics_say_whose_a_block_is() {
    let room = Room::new();
    assert_eq!(room.import(&[("delegated", DELEGATED)]).unwrap().blocks, 2);
    let handle = room.handle();
    for (address, registry) in [
        ("198.51.100.0", Some(Registry::Ripe)),
        ("198.51.102.255", Some(Registry::Ripe)),
        ("198.51.103.0", None),
        ("198.51.99.255", None),
        ("2001:db8:ffff::", Some(Registry::Ripe)),
        ("2001:db9::", None),
    ] {
        assert_eq!(handle.delegated(ip(address)), registry, "{address}");
    }
    assert!(handle.find(ip("198.51.100.0"), &freshness(0)).is_none(), "it names no owner");
}

#[test]
fn what_is_kept_and_what_is_imported_answer_by_how_specific_they_are() {
    let room = Room::new();
    room.import(&[("a", RPSL)]).unwrap();
    let handle = room.handle();
    handle.keep(&kept("198.51.100.0", "198.51.103.255", "198.51.101.9", false));
    let source = |address: &str| handle.find(ip(address), &freshness(60)).unwrap().source;
    assert_eq!(source("198.51.101.1"), HitSource::Cache, "a /24 of an allocation, against all of it");
    assert_eq!(source("198.51.102.1"), HitSource::Import);
    assert_eq!(source("198.51.101.20"), HitSource::Import, "a customer within the /24");
    let found = handle.find(ip("198.51.101.20"), &freshness(60)).unwrap();
    assert_eq!(handle.recall(&found, &[1; 16], None), None);
    handle.remember(&found, &[1; 16], None, b"clear");
    assert_eq!(handle.recall(&found, &[1; 16], None).unwrap(), b"clear");
}

#[test]
fn a_broken_file_is_refused_by_name_and_changes_nothing() {
    let room = Room::new();
    room.import(&[("good", RPSL)]).unwrap();
    let before = fs::read(room.folder.path().join("cache.db-imported")).unwrap();
    let export = line(&kept("192.0.2.0", "192.0.2.255", "192.0.2.1", true)).unwrap();
    let cut_export = format!("{export}\n{}", &export[..80]);
    let newer_export = export.replace("\"whodunit\":1", "\"whodunit\":2");
    let foreign_export = export.replace("\"asked\":\"192.0.2.1\"", "\"asked\":\"10.0.0.1\"");
    let newer = RPSL.replace("SMALL-CUSTOMER", "NEWER");
    let cut = format!("{newer}\ninetnum: 198.51.100.0 - \nsource: RIPE\n");
    let garbage = format!("{newer}\nPK\u{3}\u{4} not an attribute\n");
    let routes = "route: 198.51.100.0/24\norigin: AS64500\nsource: RADB\n";
    let bad_count = DELEGATED.replace("|768|", "|-768|");
    for (text, why) in [
        ("", "broken-file: it is empty"),
        ("# only a comment\n", "neither a registry's RPSL file"),
        ("\u{7f}ELF\u{2}", "neither"),
        ("just words\n", "neither"),
        (cut.as_str(), "broken-file:32: this inetnum cannot be read"),
        (&garbage, "broken-file:32: this is not a line of an RPSL object"),
        (routes, "without networks"),
        (&bad_count, "broken-file:4: the value is no count"),
        ("ripencc|DE|ipv4|198.51.100.0|768|20100712|allocated\n", "broken-file:1: the head line"),
        (&cut_export, "broken-file:2: EOF"),
        (&newer_export, "version 2"),
        (&foreign_export, "does not lie in"),
    ] {
        let error = room.import(&[("good", &newer), ("broken-file", text)]).unwrap_err();
        assert_eq!(error.exit(), Exit::DataErr, "{error}");
        let said = error.to_string();
        assert!(said.starts_with("broken-file:") && said.ends_with("nothing was imported"), "{said}");
        assert!(said.contains(why), "{said}");
    }
    // The kind of each file is found before any of them is read to its end.
    let error = room.import(&[("cut", &cut), ("of-no-kind", "just words\n")]).unwrap_err();
    assert!(error.to_string().starts_with("of-no-kind: neither"), "{error}");
    assert!(fs::read(room.folder.path().join("cache.db-imported")).unwrap() == before);
    assert_eq!(room.files(), ["cache.db", "cache.db-imported"]);
    assert_eq!(room.handle().stats(at(0)).unwrap().networks, 0);
}

#[test]
fn an_export_is_read_back_on_another_machine() {
    let (here, there) = (Room::new(), Room::new());
    let handle = here.handle();
    let one = kept("198.51.100.0", "198.51.100.255", "198.51.100.7", true);
    let two = kept("2001:db8::", "2001:db8:ffff::", "2001:db8:1::5", false);
    handle.keep(&one);
    handle.keep(&two);
    let list = handle.maintenance().list(0, 10).unwrap().answers;
    let lines: Vec<String> = list.iter().map(|(_, kept)| line(kept).unwrap()).collect();
    let text = lines.join("\n");
    assert_eq!(there.import(&[("export", &text)]).unwrap().answers, 2);
    there.import(&[("export", &text)]).unwrap();
    assert_eq!(there.handle().stats(at(0)).unwrap().networks, 2, "twice is once");
    assert_eq!(there.answer("198.51.100.200").unwrap().text, one.answer.text);
    assert!(there.answer("2001:db8:1:ff::").is_some() && there.answer("2001:db8:2::").is_none());
    assert_eq!(there.files(), ["cache.db"]);
}

#[test]
fn only_one_import_at_a_time() {
    let room = Room::new();
    let handle = room.handle();
    let path = room.folder.path().join("cache.db-imported.new");
    fs::write(&path, "left by one that was killed").unwrap();
    room.import(&[("a", RPSL)]).unwrap();
    fs::write(&path, "").unwrap();
    let lock = fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let error = room.import(&[("a", RPSL)]).unwrap_err();
    assert!(error.to_string().contains("another import is under way"), "{error}");
    assert!(Path::new(&path).exists(), "and the other's draft is left alone");
    assert!(handle.find(ip("198.51.101.20"), &freshness(0)).is_some());
}
