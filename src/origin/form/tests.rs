//! Each form is recognised by its content; other files are refused.

use super::*;
use crate::origin::{AddressOrigin, OriginTable};
use jiff::Timestamp;
use std::{fs, io::Cursor};

/// Imports one file; returns its counts and table.
fn import(content: &[u8]) -> Result<(RowCounts, OriginTable)> {
    let name = PathBuf::from("table");
    let form = OriginForm::of(&content[..content.len().min(FORM_HEAD)]);
    let form = form.ok_or_else(|| refused(&name, "not recognised"))?;
    let reader: Box<dyn BufRead + Send> = Box::new(Cursor::new(content.to_vec()));
    let mut builder = TableBuilder::new();
    let counts = form.read(OriginInput { name, reader }, &mut builder, &mut || ())?;
    let (bytes, _) = builder.finish(Timestamp::UNIX_EPOCH).unwrap();
    Ok((counts, OriginTable::from_bytes(bytes, "table").unwrap()))
}

/// The table's entry for an address: its range, numbers and name.
fn said(content: &[u8], address: &str) -> String {
    let (_, table) = import(content).unwrap_or_else(|error| panic!("{error}"));
    match table.look_up(address.parse().unwrap()).unwrap() {
        None => "-".to_owned(),
        Some(AddressOrigin { range, origin }) => {
            let numbers: Vec<String> = origin.asn.iter().map(ToString::to_string).collect();
            format!("{} {} {}", range.network, numbers.join(","), origin.name.as_deref().unwrap_or("-"))
        }
    }
}

fn refusal(content: &[u8]) -> String {
    match import(content) {
        Ok((counts, _)) => panic!("{counts:?} of {}", String::from_utf8_lossy(content)),
        Err(error) => {
            assert_eq!(error.exit().code(), 65, "{error}");
            error.to_string()
        }
    }
}

/// A file, an address, and the table's entry for it.
const FORMS: &[(&str, &str, &str)] = &[
    (
        "203.0.112.0\t203.0.115.255\t64500\tDE\tCONTOSO-AS Contoso GmbH\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 CONTOSO-AS Contoso GmbH",
    ),
    ("3405803520\t3405803775\t64500\tDE\tCONTOSO\r\n", "203.0.112.7", "203.0.112.0/24 64500 CONTOSO"),
    (
        "2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64501\tNone\t-\n",
        "2001:db8::1",
        "2001:db8::/32 64501 -",
    ),
    (
        "203.0.112.0,203.0.115.255,64500,\"Contoso, \"\"Bulk\"\" Mail\"\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 Contoso, \"Bulk\" Mail",
    ),
    (
        "203.0.112.0,203.0.115.255,64500,Contoso, Inc., DE\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 Contoso, Inc., DE",
    ),
    ("203.0.112.0,203.0.115.255,AS64500\n", "203.0.113.7", "203.0.112.0/22 64500 -"),
    ("3405803520,3405804543,64500,Contoso\n", "203.0.113.7", "203.0.112.0/22 64500 Contoso"),
    (
        "42540766411282592856903984951653826560,42540766490510755371168322545197776895,64501,Six\n",
        "2001:db8::1",
        "2001:db8::/32 64501 Six",
    ),
    (
        "network,autonomous_system_number,autonomous_system_organization\n203.0.112.0/22,64500,\"Contoso, GmbH\"\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 Contoso, GmbH",
    ),
    (
        "network,country,country_code,continent,continent_code,asn,as_name,as_domain\n\
             2001:db8::/32,Germany,DE,Europe,EU,AS64501,Contoso GmbH,contoso.example\n\
             2001:db9::/32,Germany,DE,Europe,EU,,,\n",
        "2001:db8::1",
        "2001:db8::/32 64501 Contoso GmbH",
    ),
    (
        "\"start_ip\",\"end_ip\",\"asn\",\"name\"\n203.0.112.0,203.0.115.255,64500,X\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 X",
    ),
    ("203.0.112.0\t22\t64500\n", "203.0.113.7", "203.0.112.0/22 64500 -"),
    ("203.0.112.0\t22\t64501_64500\n", "203.0.113.7", "203.0.112.0/22 64501,64500 -"),
    ("203.0.112.0\t22\t64500,64501_64502\n", "203.0.113.7", "203.0.112.0/22 64500,64501,64502 -"),
    ("2001:db8::\t32\t{64500,4200000000}\n", "2001:db8::1", "2001:db8::/32 64500,4200000000 -"),
    (
        "; IP-ASN32-DAT file\n; Original file : none\n\n203.0.112.0/22\t64500\n",
        "203.0.113.7",
        "203.0.112.0/22 64500 -",
    ),
    ("203.0.112.7/22 1.10\n", "203.0.113.7", "203.0.112.0/22 65546 -"),
    ("\u{feff}203.0.112.0/22\t64500\n", "203.0.113.7", "203.0.112.0/22 64500 -"),
    ("\u{feff}203.0.112.0,203.0.115.255,64500,X\n", "203.0.113.7", "203.0.112.0/22 64500 X"),
    ("# comment\n203.0.112.0,203.0.115.255,64500,X\n# another\n", "203.0.113.7", "203.0.112.0/22 64500 X"),
    ("::ffff:203.0.112.0/118\t64500\n", "203.0.113.7", "203.0.112.0/22 64500 -"),
];

#[test]
fn every_form_is_known_by_its_content() {
    for (content, address, answer) in FORMS {
        assert_eq!(said(content.as_bytes(), address), *answer, "{content}");
    }
}

/// A made-up MaxMind DB, with both families and both publishers' fields.
fn mmdb() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/origin/mmdb")).unwrap()
}

#[test]
fn a_maxmind_db_is_read_whoever_publishes_it() {
    let bytes = mmdb();
    for (address, answer) in [
        ("193.0.22.9", "193.0.20.0/22 64500 Contoso GmbH"),
        ("8.30.4.20", "8.30.4.0/24 64501 Proseware, Inc."),
        ("2001:db8::1", "2001:db8::/32 4200000000 Sechs"),
        ("41.0.0.1", "-"),
        ("2001:db9::", "-"),
        ("::1", "-"),
    ] {
        assert_eq!(said(&bytes, address), answer, "{address}");
    }
    for length in 1..bytes.len() {
        refusal(&bytes[..length]);
    }
    // Without the numbers it is a table of other data.
    let mut other = bytes;
    for name in [&b"autonomous_system_number"[..], b"asn"] {
        while let Some(at) = memchr::memmem::find(&other, name) {
            other[at] = b'x';
        }
    }
    let said = refusal(&other);
    assert!(said.contains("an MMDB file without AS numbers (its type is Example-ASN)"), "{said}");
}

#[test]
fn names_are_read_whatever_they_are_made_of() {
    let name = |field: &[u8]| {
        said(&[b"203.0.112.0\t203.0.115.255\t64500\tDE\t", field, b"\n"].concat(), "203.0.112.0")
    };
    assert_eq!(
        name(b"Bj\xf6rk \"AB\", S\xe9lection"),
        "203.0.112.0/22 64500 Bj\u{f6}rk \"AB\", S\u{e9}lection"
    );
    assert_eq!(name("日本 ネット".as_bytes()), "203.0.112.0/22 64500 日本 ネット");
    assert_eq!(name(b"\x1b[31mred\x07\x7f"), "203.0.112.0/22 64500 \x1b[31mred\x07\x7f");
    let quoted = b"203.0.112.0,203.0.115.255,64500,\"two\nlines\"\n";
    assert_eq!(said(quoted, "203.0.112.0"), "203.0.112.0/22 64500 two lines");
    let long = "n".repeat(20_000);
    assert_eq!(name(long.as_bytes()).len(), "203.0.112.0/22 64500 ".len() + 8192);
}

#[test]
fn what_is_not_routed_or_inverted_has_no_row() {
    let table = "0.0.0.0\t0.255.255.255\t0\tNone\tNot routed\n\
                 203.0.112.0\t203.0.115.255\t64500\tDE\tX\n\
                 203.0.113.9\t203.0.113.0\t64501\tDE\tInverted\n";
    let (counts, found) = import(table.as_bytes()).unwrap();
    assert_eq!((counts, found.len()), (RowCounts { routed: 1, inverted: 1 }, 1));
    assert_eq!(said(table.as_bytes(), "0.0.0.1"), "-");
    assert_eq!(said(b"203.0.112.0\t22\t0_64500\n", "203.0.112.0"), "203.0.112.0/22 64500 -");
}

#[test]
fn what_is_no_table_or_a_cut_one_is_refused_by_name() {
    for (content, why) in [
        ("", "not recognised"),
        ("# nothing\n\n", "not recognised"),
        ("hello\n", "not recognised"),
        ("inetnum: 203.0.112.0 - 203.0.115.255\n", "not recognised"),
        ("arin|US|ipv4|8.0.0.0|65536|19921201|allocated|x\n", "not recognised"),
        ("ip,country\n203.0.112.0,DE\n", "not recognised"),
        ("network,country\n203.0.112.0/22,DE\n", "not recognised"),
        ("203.0.112.0,203.0.115.255,4294967296,X\n", "not recognised"),
        ("203.0.112.0/22\t64500\n203.0.113.0/24\t645", "table:2: the last line has no end"),
        ("203.0.112.0\t22\t64500\n203.0.113.0\t24\n", "table:2: this row is not like"),
        ("203.0.112.0\t22\t64500\n203.0.113.0\t33\t64500\n", "table:2: this row is not like"),
        ("203.0.112.0,203.0.115.255,64500,X\n203.0.116.0,203.0.1", "table:2: this row is not like"),
        (
            "203.0.112.0,203.0.115.255,64500,X\n203.0.116.0,203.0.117.255,64501,Y",
            "table:2: the last line has no end",
        ),
        (
            "203.0.112.0,203.0.115.255,64500,X\n203.0.116.0,203.0.117.255,64501,\"Y\n",
            "table:2: the last line has no end",
        ),
        (
            "203.0.112.0,203.0.115.255,64500,X\n203.0.116.0,2001:db8::,64501,Y\n",
            "table:2: this row is not like",
        ),
        ("203.0.112.0\t203.0.115.255\t0\tNone\tNot routed\n", "table: no row names an AS"),
        ("network,asn\n", "table: no row names an AS"),
        ("\0\0\0\0 anything", "table: it is neither text nor a whole MMDB file"),
    ] {
        let said = refusal(content.as_bytes());
        assert!(said.contains(why), "{content:?}: {said}");
    }
    let long = format!("203.0.112.0/22\t64500\n203.0.113.0/24\t{}\n", "1 ".repeat(50_000));
    assert!(refusal(long.as_bytes()).contains("table:2: the line is too long"));
    let open = format!("203.0.112.0,203.0.115.255,64500,\"{}", "x\n".repeat(50_000));
    assert!(refusal(open.as_bytes()).contains("a quote is not closed"));
}
