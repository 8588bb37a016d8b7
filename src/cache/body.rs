//! An answer as bytes: its fields and text, compressed where that saves space.

use super::{CacheError, CacheResult, CacheTrouble, CachedAnswer};
use crate::registry::{Answer, AnswerSource, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, cell::RefCell};
use zstd::dict::EncoderDictionary;

/// The first byte: how the rest is packed.
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// zstd's own default: registries' texts shrink to about 45 %, in about 30 µs.
const LEVEL: i32 = 3;

/// The longest answer in bytes; anything longer is damage. whois' own limit on one reply is below 4 MiB, and there are
/// at most five hops.
const LONGEST: usize = 32 << 20;

/// All of an answer but its text, as one line of JSON. The text repeats most of its strings, so they compress well.
#[derive(Deserialize, Serialize)]
struct BodyHead<'a> {
    record: Cow<'a, Record>,
    servers: Cow<'a, [String]>,
    partial: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    full: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rdap: bool,
}

/// Packs an answer. The time of fetching is left out: it has a column of its own.
pub(super) fn pack(answer: &Answer) -> CacheResult<Vec<u8>> {
    let head = BodyHead {
        record: Cow::Borrowed(&answer.record),
        servers: Cow::Borrowed(&answer.servers),
        partial: answer.partial,
        full: answer.full,
        rdap: answer.rdap,
    };
    let plain = head
        .before(&answer.text)
        .map_err(|error| CacheError::new(CacheTrouble::Passing, format!("cannot pack an answer: {error}")))?;
    Ok(squeeze(&plain))
}

/// An imported record's bytes before they are packed.
pub(super) fn plain(record: &Record, text: &str) -> serde_json::Result<Vec<u8>> {
    let record = Cow::Borrowed(record);
    BodyHead { record, servers: Cow::Borrowed(&[]), partial: false, full: false, rdap: false }.before(text)
}

impl BodyHead<'_> {
    /// Returns a line of JSON, then the text.
    fn before(&self, text: &str) -> serde_json::Result<Vec<u8>> {
        let mut plain = serde_json::to_vec(self)?;
        plain.push(b'\n');
        plain.extend_from_slice(text.as_bytes());
        Ok(plain)
    }
}

/// Unpacks [`pack`]'s bytes.
pub(super) fn unpack(
    packed: &[u8],
    fetched: Timestamp,
    source: AnswerSource,
    stale: bool,
) -> CacheResult<Answer> {
    stretch(packed).and_then(|plain| read(&plain, fetched, source, stale)).ok_or_else(damaged)
}

/// The error for bytes that cannot be read.
pub(super) fn damaged() -> CacheError {
    CacheError::new(CacheTrouble::Corrupt, "the cache holds an answer that cannot be unpacked")
}

/// The line of JSON and the text of [`plain`]'s bytes.
pub(super) fn halves(plain: &[u8]) -> Option<(&[u8], &str)> {
    let line = memchr::memchr(b'\n', plain)?;
    Some((plain.get(..line)?, std::str::from_utf8(plain.get(line + 1..)?).ok()?))
}

/// The record in [`halves`]' line of JSON.
pub(super) fn record(head: &[u8]) -> Option<Record> {
    serde_json::from_slice::<BodyHead<'static>>(head).ok().map(|head| head.record.into_owned())
}

/// Reads [`plain`]'s bytes.
pub(super) fn read(plain: &[u8], fetched: Timestamp, source: AnswerSource, stale: bool) -> Option<Answer> {
    let (head, text) = halves(plain)?;
    let head: BodyHead<'static> = serde_json::from_slice(head).ok()?;
    let text = text.to_owned();
    Some(Answer {
        record: head.record.into_owned(),
        text,
        servers: head.servers.into_owned(),
        fetched,
        partial: head.partial,
        full: head.full,
        rdap: head.rdap,
        source,
        stale,
    })
}

/// Packs several byte strings, with a dictionary or without.
pub(super) struct BodyPacker<'a> {
    compressor: Option<zstd::bulk::Compressor<'a>>,
}

impl<'a> BodyPacker<'a> {
    pub(super) fn new(level: i32, dictionary: Option<&'a EncoderDictionary<'_>>) -> Self {
        let compressor = match dictionary {
            Some(dictionary) => zstd::bulk::Compressor::with_prepared_dictionary(dictionary),
            None => zstd::bulk::Compressor::new(level),
        };
        let compressor = compressor.and_then(|mut compressor| {
            compressor.include_checksum(true)?;
            compressor.include_dictid(false)?;
            Ok(compressor)
        });
        Self { compressor: compressor.ok() }
    }

    pub(super) fn squeeze(&mut self, plain: &[u8]) -> Vec<u8> {
        let small = self.compressor.as_mut().and_then(|compressor| compressor.compress(plain).ok());
        let (tag, bytes) = match &small {
            Some(small) if small.len() < plain.len() => (ZSTD, small.as_slice()),
            _ => (PLAIN, plain),
        };
        let mut packed = Vec::with_capacity(bytes.len() + 1);
        packed.push(tag);
        packed.extend_from_slice(bytes);
        packed
    }
}

/// Packs some bytes.
pub(super) fn squeeze(plain: &[u8]) -> Vec<u8> {
    BodyPacker::new(LEVEL, None).squeeze(plain)
}

/// Unpacks several byte strings with the dictionary that they were packed with. Make it once: setting one up takes ten
/// times as long as unpacking a network.
pub(super) struct BodyUnpacker {
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

impl BodyUnpacker {
    /// `dictionary` may be empty, which means none.
    pub(super) fn new(dictionary: &[u8]) -> Self {
        Self { decompressor: zstd::bulk::Decompressor::with_dictionary(dictionary).ok() }
    }

    pub(super) fn stretch(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        match packed.split_first()? {
            (&PLAIN, rest) => Some(rest.to_vec()),
            (&ZSTD, rest) => {
                let length = usize::try_from(zstd::zstd_safe::get_frame_content_size(rest).ok()??).ok()?;
                let length = (length <= LONGEST).then_some(length)?;
                self.decompressor.as_mut()?.decompress(rest, length).ok()
            }
            _ => None,
        }
    }
}

/// Unpacks [`squeeze`]'s bytes.
pub(super) fn stretch(packed: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        static STRETCHER: RefCell<BodyUnpacker> = RefCell::new(BodyUnpacker::new(&[]));
    }
    STRETCHER.with_borrow_mut(|stretcher| stretcher.stretch(packed))
}

/// The approximate memory that an answer takes, in bytes.
pub(super) fn weight(kept: &CachedAnswer) -> usize {
    kept.answer.text.len() + 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::contract::answer;

    #[test]
    fn comes_back_as_it_went_in() {
        let mut answer = answer("203.0.112.0", "203.0.115.255");
        for text in ["", "a line\nwith café\r\n", &"% boilerplate\n".repeat(500)] {
            answer.text = text.to_owned();
            let packed = pack(&answer).unwrap();
            assert_eq!(unpack(&packed, answer.fetched, AnswerSource::Whois, false).unwrap(), answer);
            assert!(text.len() < 5000 || packed.len() < 500, "{}", packed.len());
        }
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let answer = answer("203.0.112.0", "203.0.115.255");
        let packed = pack(&answer).unwrap();
        let mut torn = packed.clone();
        *torn.last_mut().unwrap() ^= 1;
        assert!(unpack(&torn, answer.fetched, AnswerSource::Cache, false).is_err(), "the checksum sees it");
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut], answer.fetched, AnswerSource::Cache, false).is_err(), "{cut}");
        }
        assert!(unpack(&[9, 1, 2], answer.fetched, AnswerSource::Cache, false).is_err());
        assert!(
            unpack(
                &[1, 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 255, 255, 255, 255, 255, 255, 255, 0],
                answer.fetched,
                AnswerSource::Cache,
                false
            )
            .is_err()
        );
    }
}
