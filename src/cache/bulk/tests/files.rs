//! Files that are long, nested or several.

use super::{DELEGATED, RPSL, Room, freshness, ip};
use std::{fs, net::Ipv4Addr};

/// A network in as few lines as possible.
fn network(range: &str, name: &str) -> String {
    format!("inetnum: {range}\nnetname: {name}\nstatus: ASSIGNED PA\nsource: RIPE\n\n")
}

#[test]
fn the_narrower_of_two_networks_answers_where_they_are_cut_alike() {
    let inner = network("198.18.4.0 - 198.18.5.255", "INNER");
    let outer = network("198.18.0.0 - 198.18.5.255", "OUTER");
    for text in [format!("{inner}{outer}"), format!("{outer}{inner}")] {
        let room = Room::new();
        room.import(&[("nested", &text)]).unwrap();
        assert_eq!(room.name("198.18.4.9").as_deref(), Some("INNER"));
        assert_eq!(room.name("198.18.3.9").as_deref(), Some("OUTER"));
        let handle = room.handle();
        handle.take_snapshot(usize::MAX, &freshness(60));
        let found = handle.find(ip("198.18.4.9"), &freshness(60)).unwrap();
        assert_eq!(handle.answer(&found).unwrap().record.name.as_deref(), Some("INNER"));
    }
}

#[test]
fn two_files_of_one_source_are_each_read_with_their_own_dictionary() {
    let room = Room::new();
    let part = |third: u8, word: &str| -> String {
        let object = |n: u32| {
            let remarks = format!("remarks: {} {word} {}\n", word.repeat(3), n * 7919);
            let range = format!("198.18.{third}.{n} - 198.18.{third}.{n}");
            network(&range, &format!("{word}-{n}")).replace("source", &format!("{}source", remarks.repeat(3)))
        };
        (0..250).map(object).collect()
    };
    room.import(&[("one", &part(1, "ALPHA")), ("two", &part(2, "OMEGA"))]).unwrap();
    assert_eq!(room.name("198.18.1.200").as_deref(), Some("ALPHA-200"));
    assert_eq!(room.name("198.18.2.200").as_deref(), Some("OMEGA-200"));
    // The next import of that source replaces both.
    room.import(&[("three", &part(3, "DELTA"))]).unwrap();
    assert_eq!((room.name("198.18.1.200"), room.name("198.18.2.200")), (None, None));
}

#[test]
fn what_cannot_be_read_any_more_is_replaced() {
    let room = Room::new();
    room.import(&[("delegated", DELEGATED)]).unwrap();
    assert!(!room.import(&[("good", RPSL)]).unwrap().lost);
    fs::write(room.folder.path().join("cache.db-imported"), "no database at all").unwrap();
    assert!(room.import(&[("good", RPSL)]).unwrap().lost, "and it is said");
    assert_eq!(room.name("198.51.101.20").as_deref(), Some("SMALL-CUSTOMER"));
}

#[test]
fn a_file_of_many_pieces_is_taken_whole_or_not_at_all() {
    let room = Room::new();
    let object = |n: u32| {
        let (first, last) =
            (Ipv4Addr::from_bits(0xC610_0000 + n * 4), Ipv4Addr::from_bits(0xC610_0003 + n * 4));
        let long = "x".repeat(1600);
        format!("inetnum: {first} - {last}\nnetname: N{n}\nremarks: {long}\nsource: RIPE\n\n")
    };
    let mut text: String = (0..1000).map(object).collect();
    assert!(text.len() > 3 * (512 << 10), "several pieces, on several threads");
    assert_eq!(room.import(&[("many", &text)]).unwrap().networks, 1000);
    assert_eq!(room.name("198.16.15.159").as_deref(), Some("N999"));
    text.push_str("inetnum: nowhere\nsource: RIPE\n");
    let error = room.import(&[("many", &text)]).unwrap_err().to_string();
    assert!(error.starts_with("many:5001: this inetnum cannot be read"), "{error}");
    assert_eq!(room.name("198.16.0.0").as_deref(), Some("N0"), "what was there before still is");
}
