//! A file is read whole or not at all: cut files, continued values, lines of blanks.

use super::Room;

const NESTED: &str = "# made up for this test

inetnum:        203.0.112.0 - 203.0.115.255
netname:        OUTER-NET
descr:          Outer Provider
country:        IN
status:         ALLOCATED PORTABLE
mnt-by:         EXAMPLE-MNT
source:         APNIC

inetnum:        203.0.113.160 -
                203.0.113.175
netname:        EXAMPLE-SHOP
descr:          Example Shop
country:        IN
status:         ASSIGNED NON-PORTABLE
mnt-by:         EXAMPLE-MNT
last-modified:  2010-07-01T06:17:58Z
source:         APNIC
";

#[test]
fn a_plain_file_that_was_cut_is_refused_wherever_it_was_cut() {
    let room = Room::new();
    let first = NESTED.find("\n\ninetnum:        203.0.113").unwrap() + 1;
    let (mut refused, mut taken) = (0, 0);
    for cut in 0..NESTED.len() {
        let Some(text) = NESTED.get(..cut) else { continue };
        match room.import(&[("apnic.db.inetnum", text)]) {
            Err(error) => {
                assert_eq!(error.exit().code(), 65, "{cut}: {error}");
                refused += 1;
            }
            // A cut between two objects cannot be seen: the file is whole as far as it goes. At the very end, only the
            // line end is missing.
            Ok(brought) => {
                let whole = if cut < NESTED.len() - 1 { 1 } else { 2 };
                assert_eq!(brought.networks, whole, "{cut}");
                assert!((first - 1..=first + 1).contains(&cut) || whole == 2, "{cut}");
                taken += 1;
            }
        }
    }
    assert!(taken == 4 && refused == NESTED.len() - 4, "{taken} {refused}");
    assert_eq!(room.import(&[("whole", NESTED)]).unwrap().networks, 2);
}

#[test]
fn a_comment_that_reads_like_a_refusal_is_only_a_comment() {
    let commented = "% access denied\n%ERROR:201: access denied\ndescr:          Example Shop";
    let text = NESTED.replace("descr:          Example Shop", commented);
    assert_eq!(Room::new().import(&[("apnic.db.inetnum", &text)]).unwrap().networks, 2);
}

#[test]
fn an_object_without_source_is_refused_by_its_line() {
    let room = Room::new();
    for (text, said) in [
        (
            NESTED.replace("mnt-by:         EXAMPLE-MNT\nsource:         APNIC\n", ""),
            "file:3: this inetnum has no source:",
        ),
        (
            NESTED.replace("Z\nsource:         APNIC\n", "Z\nsource:\n"),
            "file:11: this inetnum has no source:",
        ),
        (format!("{NESTED}\nperson: Some Body\nnic-hdl: SB1-AP\n"), "file:21: this person has no source:"),
        (
            NESTED.replace("Z\nsource:         APNIC\n", "Z\nsource:         APNI"),
            "file:11: the file ends within",
        ),
    ] {
        let error = room.import(&[("file", &text)]).unwrap_err().to_string();
        assert!(error.starts_with(said) && error.ends_with("; nothing was imported"), "{error}");
    }
}

#[test]
fn a_value_that_goes_on_in_the_next_line_is_one_value() {
    for range in [
        "203.0.113.160 -\n                203.0.113.175",
        "203.0.113.160 -\n+203.0.113.175",
        "203.0.113.160\n+\n+ - 203.0.113.175",
        "203.0.113.160 - # here\n# and here\n 203.0.113.175",
        "\n\t203.0.113.160 - 203.0.113.175",
        "203.0.113.160 -\r\n  203.0.113.175\r",
    ] {
        let room = Room::new();
        let text = NESTED.replace("203.0.113.160 -\n                203.0.113.175", range);
        assert_eq!(room.import(&[("file", &text)]).unwrap().networks, 2, "{range:?}");
        for address in ["203.0.113.160", "203.0.113.161", "203.0.113.175"] {
            assert_eq!(room.name(address).as_deref(), Some("EXAMPLE-SHOP"), "{range:?} {address}");
        }
        assert_eq!(room.name("203.0.113.176").as_deref(), Some("OUTER-NET"), "{range:?}");
    }
    let doubled = NESTED.replace("203.0.113.160 -\n ", "203.0.113.160/28\n 203.0.113.176/28\n ");
    let error = Room::new().import(&[("file", &doubled)]).unwrap_err().to_string();
    assert!(error.starts_with("file:11: this inetnum cannot be read"), "{error}");
}

#[test]
fn names_that_go_on_in_the_next_line_lead_to_their_objects() {
    let room = Room::new();
    let text = "inetnum: 203.0.113.0/24\nnetname: N\norg:\n  ORG-EX1-AP\nstatus: ASSIGNED PORTABLE\nsource:\n  APNIC\n\n\
        organisation:\n+ ORG-EX1-AP # the firm\norg-name: Example\n  Shop\nabuse-c:\n  AR1-AP\nsource: APNIC\n\n\
        role: Abuse\nnic-hdl:\n AR1-AP\nabuse-mailbox:\n abuse@shop.example\nsource: APNIC\n";
    room.import(&[("file", text)]).unwrap();
    let record = room.answer("203.0.113.9").unwrap().record;
    assert_eq!(record.org.as_deref(), Some("Example Shop"));
    assert_eq!(record.abuse, ["abuse@shop.example"]);
}

#[test]
fn a_line_of_blanks_or_a_comment_inside_an_object_does_not_end_it() {
    for between in ["   \n", "\t\r\n", "# a comment\n", "%\n  \n"] {
        let room = Room::new();
        let text = NESTED.replace("descr:          Example", &format!("{between}descr:          Example"));
        assert_eq!(room.import(&[("file", &text)]).unwrap().networks, 2, "{between:?}");
        let answer = room.answer("203.0.113.165").unwrap();
        assert_eq!(answer.record.org.as_deref(), Some("Example Shop"), "{between:?}");
        assert_eq!(answer.record.status.as_deref(), Some("ASSIGNED NON-PORTABLE"), "{between:?}");
    }
    // Between two objects such a line separates them, as an empty line does.
    for between in ["   \n", "# a comment\n", "   \n\n", ""] {
        let room = Room::new();
        let text = NESTED.replace("APNIC\n\n", &format!("APNIC\n{between}"));
        assert_eq!(room.import(&[("file", &text)]).unwrap().networks, 2, "{between:?}");
        assert_eq!(room.name("203.0.113.175").as_deref(), Some("EXAMPLE-SHOP"), "{between:?}");
        assert_eq!(room.name("203.0.112.1").as_deref(), Some("OUTER-NET"), "{between:?}");
    }
    // The same line after the last line of another object does not begin a new object in the middle of one.
    let error = Room::new()
        .import(&[("file", &NESTED.replace("descr:          Example", "\ndescr:          Example"))])
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("file:11: this inetnum has no source:"), "{error}");
}

#[test]
fn delegated_statistics_that_end_within_a_line_are_refused() {
    let room = Room::new();
    let text = super::DELEGATED;
    let last = text.trim_end().rfind('\n').unwrap();
    for cut in last + 2..text.rfind("|opaque-2").unwrap() {
        let error = room.import(&[("file", &text[..cut])]).unwrap_err();
        assert!(error.to_string().starts_with("file:7: "), "{cut}: {error}");
    }
}
