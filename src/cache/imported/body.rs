//! An imported network as bytes: its record, then its text. Most values of the record stand in the text, so the record
//! only says where. That makes it short, and quick to read.

use super::number;
use crate::{
    address::Network,
    cache::body,
    registry::{Record, Registry},
};
use std::net::IpAddr;

/// The first byte. Bodies of earlier versions begin with `{`, and are read by [`body`].
const POINTED: u8 = 1;
/// A value shorter than this is written out: a pointer would take as many bytes.
const SHORT: usize = 4;

/// The bytes of a network, before they are packed.
pub(in crate::cache) fn plain(record: &Record, text: &str) -> Vec<u8> {
    // Only a record of an operator's own server has values of the networks around it, and such records are not imported.
    if !record.outer.is_empty() {
        return body::plain(record, text).unwrap_or_default();
    }
    let mut writer = RecordWriter { bytes: Vec::with_capacity(128), text: text.as_bytes() };
    writer.record(record);
    let head = writer.bytes;
    let mut plain = Vec::with_capacity(head.len() + text.len() + 4);
    plain.push(POINTED);
    number::push(&mut plain, head.len() as u64);
    plain.extend_from_slice(&head);
    plain.extend_from_slice(text.as_bytes());
    plain
}

/// The text in [`plain`]'s bytes; None if they are damaged.
pub(super) fn text(plain: &[u8]) -> Option<&str> {
    match plain.split_first()? {
        (&POINTED, rest) => Some(halves(rest)?.1),
        _ => Some(body::halves(plain)?.1),
    }
}

/// The record and the text in [`plain`]'s bytes; None if they are damaged.
pub(super) fn read(mut plain: Vec<u8>) -> Option<(Record, String)> {
    let record = record(&plain)?;
    let start = plain.len() - text(&plain)?.len();
    Some((record, String::from_utf8(plain.split_off(start)).ok()?))
}

/// The record in [`plain`]'s bytes; None if they are damaged.
pub(super) fn record(plain: &[u8]) -> Option<Record> {
    match plain.split_first()? {
        (&POINTED, rest) => {
            let (rest, text) = halves(rest)?;
            RecordReader { rest, text }.record()
        }
        _ => body::record(body::halves(plain)?.0),
    }
}

/// The record and the text of what follows [`POINTED`].
fn halves(bytes: &[u8]) -> Option<(&[u8], &str)> {
    let mut reader = RecordReader { rest: bytes, text: "" };
    let length = reader.number()?;
    let head = reader.take(length)?;
    Some((head, std::str::from_utf8(reader.rest).ok()?))
}

/// Writes a record, with pointers into its text.
struct RecordWriter<'a> {
    bytes: Vec<u8>,
    text: &'a [u8],
}

impl RecordWriter<'_> {
    fn record(&mut self, record: &Record) {
        self.address(record.network.first());
        self.address(record.network.last());
        self.value(record.registry.as_str());
        for value in [&record.name, &record.org, &record.country, &record.status] {
            match value {
                Some(value) => self.value(value),
                None => self.bytes.push(0),
            }
        }
        for list in [&record.other_orgs, &record.abuse, &record.maintainer, &record.descr].map(Vec::as_slice)
        {
            self.number(list.len());
            list.iter().for_each(|value| self.value(value));
        }
        self.number(record.asn.len());
        record.asn.iter().for_each(|asn| self.bytes.extend(asn.to_le_bytes()));
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => {
                self.bytes.push(4);
                self.bytes.extend(v4.octets());
            }
            IpAddr::V6(v6) => {
                self.bytes.push(6);
                self.bytes.extend(v6.octets());
            }
        }
    }

    fn number(&mut self, number: usize) {
        number::push(&mut self.bytes, number as u64);
    }

    /// A value: twice its length and 2, then its position in the text; or 3, then its bytes. 0 means none.
    fn value(&mut self, value: &str) {
        let found = || memchr::memmem::find(self.text, value.as_bytes());
        match (value.len() >= SHORT).then(found).flatten() {
            Some(at) => {
                self.number(value.len() * 2 + 2);
                self.number(at);
            }
            None => {
                self.number(value.len() * 2 + 3);
                self.bytes.extend_from_slice(value.as_bytes());
            }
        }
    }
}

/// Reads what [`RecordWriter`] wrote. Each method returns None if the bytes are damaged.
struct RecordReader<'a> {
    rest: &'a [u8],
    text: &'a str,
}

impl<'a> RecordReader<'a> {
    fn record(&mut self) -> Option<Record> {
        let network = Network::new(self.address()?, self.address()?)?;
        let registry = self.value()??;
        let registry = Registry::ALL.into_iter().find(|known| known.as_str() == registry)?;
        let mut record = Record::bare(network, registry);
        for value in [&mut record.name, &mut record.org, &mut record.country, &mut record.status] {
            *value = self.value()?.map(str::to_owned);
        }
        for list in [&mut record.other_orgs, &mut record.abuse, &mut record.maintainer, &mut record.descr] {
            *list = (0..self.count()?).map(|_| Some(self.value()??.to_owned())).collect::<Option<_>>()?;
        }
        record.asn = (0..self.count()?)
            .map(|_| Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?)))
            .collect::<Option<_>>()?;
        Some(record)
    }

    fn address(&mut self) -> Option<IpAddr> {
        match self.take(1)? {
            [4] => Some(<[u8; 4]>::try_from(self.take(4)?).ok()?.into()),
            [6] => Some(<[u8; 16]>::try_from(self.take(16)?).ok()?.into()),
            _ => None,
        }
    }

    /// The length of a list. Each of its values takes a byte or more.
    fn count(&mut self) -> Option<usize> {
        self.number().filter(|count| *count <= self.rest.len())
    }

    /// A value, or the mark that there is none.
    fn value(&mut self) -> Option<Option<&'a str>> {
        let code = self.number()?;
        if code == 0 {
            return Some(None);
        }
        let length = code.checked_sub(2)? / 2;
        if code % 2 == 1 {
            return std::str::from_utf8(self.take(length)?).ok().map(Some);
        }
        let at = self.number()?;
        self.text.get(at..at.checked_add(length)?).map(Some)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(number::take(&mut self.rest)?).ok()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::Draw,
        cache::contract::answer,
        whois::reply::{WhoisReply, classify_objects},
    };

    const TEXT: &str = "inet6num: 2001:db8::/32\nnetname: EXAMPLE-NET\ndescr: Contoso GmbH\ndescr: a note\n\
        country: DE\norg: ORG-C1-RIPE\nstatus: ASSIGNED PA\nmnt-by: A-MNT, B-MNT\nremarks: Abuse: ABUSE@contoso.example\n\
        source: RIPE\n";

    fn example() -> Record {
        match classify_objects(TEXT, Registry::Ripe) {
            WhoisReply::Record(record, _) => *record,
            other => panic!("{}", other.explain()),
        }
    }

    #[test]
    fn a_record_comes_back_with_its_text() {
        let mut v4 = answer("203.0.112.0", "203.0.115.255").record;
        v4.asn = vec![64500, u32::MAX];
        v4.descr = vec![String::new(), "Zürich".to_owned(), "x".repeat(70_000)];
        for record in [example(), v4] {
            let plain = plain(&record, TEXT);
            assert_eq!(read(plain.clone()), Some((record.clone(), TEXT.to_owned())));
            assert_eq!((super::record(&plain), text(&plain)), (Some(record), Some(TEXT)));
        }
    }

    #[test]
    fn values_of_the_text_are_not_stored_twice() {
        let (pointed, spelled) = (plain(&example(), TEXT), body::plain(&example(), TEXT).unwrap());
        let head = |plain: &[u8]| plain.len() - TEXT.len();
        assert!(head(&pointed) * 3 < head(&spelled), "{} and {}", head(&pointed), head(&spelled));
    }

    #[test]
    fn bodies_of_earlier_versions_are_read() {
        let plain = body::plain(&example(), TEXT).unwrap();
        assert_eq!(read(plain.clone()), Some((example(), TEXT.to_owned())));
        assert_eq!((record(&plain), text(&plain)), (Some(example()), Some(TEXT)));
    }

    #[test]
    fn damage_is_no_panic() {
        let whole = plain(&example(), TEXT);
        for cut in 0..whole.len() - TEXT.len() {
            assert_eq!(read(whole.get(..cut).unwrap().to_vec()), None, "{cut}");
        }
        let mut draw = Draw::new(19);
        for _ in 0..20_000 {
            let mut torn = whole.clone();
            for _ in 0..=draw.number() % 3 {
                let at = draw.number() as usize % torn.len();
                torn[at] = (draw.number() & 0xff) as u8;
            }
            let both = read(torn.clone());
            assert_eq!(both.map(|(record, _)| record), record(&torn).filter(|_| text(&torn).is_some()));
        }
    }
}
