//! Tables of route origins: files to import, in any form, and the table itself, as it may be planted.
use jiff::Timestamp;
use std::{
    io::{BufRead, Cursor},
    net::IpAddr,
};
use whodunit::internals::origin::{FORM_HEAD, OriginForm, OriginInput, OriginTable, TableBuilder};
use xxhash_rust::xxh3::xxh3_64;

/// The most parts that are read; a few bytes may claim millions.
const PARTS: usize = 2000;

pub(crate) fn check(data: &[u8]) {
    if data.starts_with(b"whodunit origin\n") {
        // Unchanged, and planted with correct checksums.
        table(data.to_vec());
        let mut planted = data.to_vec();
        if mend(&mut planted).is_some() {
            table(planted);
        }
        return;
    }
    let Some(form) = OriginForm::of(&data[..data.len().min(FORM_HEAD)]) else { return };
    let reader: Box<dyn BufRead + Send> = Box::new(Cursor::new(data.to_vec()));
    let mut builder = TableBuilder::new();
    match form.read(OriginInput { name: "table".into(), reader }, &mut builder, &mut || ()) {
        Ok(counts) => {
            assert!(counts.routed > 0 && counts.routed <= data.len() as u64 * 128);
            let (bytes, ranges) = builder.finish(Timestamp::UNIX_EPOCH).unwrap();
            let table = OriginTable::from_bytes(bytes, "table").unwrap();
            assert_eq!(table.len(), ranges);
            let mut last: Option<IpAddr> = None;
            for part in table.parts().take(PARTS) {
                let part = part.unwrap();
                assert!(last.is_none_or(|last| last < part.part.first()), "parts overlap");
                last = Some(part.part.last());
                for address in [part.part.first(), part.part.last()] {
                    assert_eq!(table.find(address).unwrap(), Some(part.range), "{address}");
                }
                let origin = table.origin(part.range.id).unwrap();
                assert!(!origin.asn.is_empty() && !origin.asn.contains(&0));
                assert!(origin.name.is_none_or(|name| !name.contains(['\n', '\r'])));
            }
        }
        Err(error) => assert!(error.to_string().starts_with("table:"), "{error}"),
    }
}

/// Any content is read without harm.
fn table(bytes: Vec<u8>) {
    let Ok(table) = OriginTable::from_bytes(bytes, "table") else { return };
    for address in ["0.0.0.0", "193.0.22.9", "255.255.255.255", "::", "2001:db8::1", "ffff::"] {
        let _ = table.look_up(address.parse().unwrap());
    }
    let _ = table.files();
    let _ = table.numbers();
    let _ = table.imported();
    let _ = table.parts().take(PARTS).filter_map(Result::ok).count();
    for range in table.ranges().take(PARTS).filter_map(Result::ok) {
        let _ = table.look_up(range.network.last());
    }
}

/// Corrects all checksums (src/origin/layout.rs). None if the parts do not fit into the file.
fn mend(data: &mut [u8]) -> Option<()> {
    let number =
        |data: &[u8], at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?) as usize);
    let (mut index, mut start) = (64, number(data, 20)?);
    for (at, key) in [(40, 4), (44, 8), (48, 16)] {
        let (rows, width) = (number(data, at)?, 2 * key + 8);
        for page in 0..rows.div_ceil(512) {
            let from = start + page * 512 * width;
            let sum = xxh3_64(data.get(from..from + (rows - page * 512).min(512) * width)?);
            data.get_mut(index + key..index + key + 8)?.copy_from_slice(&sum.to_be_bytes());
            index += key + 8;
        }
        start += rows * width;
    }
    let end = start + number(data, 52)?;
    while start < end {
        let length = usize::from(u16::from_be_bytes(data.get(start + 4..start + 6)?.try_into().ok()?));
        let sum = xxh3_64(data.get(start + 6..start + 6 + length)?) as u32;
        data.get_mut(start..start + 4)?.copy_from_slice(&sum.to_be_bytes());
        start += 6 + length;
    }
    let head = number(data, 20)?;
    let sum = xxh3_64(data.get(32..head)?);
    data.get_mut(24..32)?.copy_from_slice(&sum.to_be_bytes());
    Some(())
}
