//! An answer as bytes: its fields and text, compressed where that pays.

use super::{CacheError, Kept, Outcome, Trouble};
use crate::{
    answer::{Answer, Source},
    whois::Record,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The first byte: how the rest is packed.
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// zstd's own default: registries' texts shrink to about 45 %, in about 30 µs.
const LEVEL: i32 = 3;

/// No answer is longer than this; more is damage. whois' own limit on one reply is below 4 MiB, and there are at most
/// five hops.
const LONGEST: usize = 32 << 20;

/// All of an answer but its text, in one line of JSON. Its strings stand in the text too, so they pack well.
#[derive(Deserialize, Serialize)]
struct Head<'a> {
    record: Cow<'a, Record>,
    servers: Cow<'a, [String]>,
    partial: bool,
}

/// Packs an answer. When it was fetched is not among it: that is a column of its own.
pub(super) fn pack(answer: &Answer) -> Outcome<Vec<u8>> {
    let head = Head {
        record: Cow::Borrowed(&answer.record),
        servers: Cow::Borrowed(&answer.servers),
        partial: answer.partial,
    };
    let mut plain = serde_json::to_vec(&head)
        .map_err(|error| CacheError::new(Trouble::Passing, format!("cannot pack an answer: {error}")))?;
    plain.push(b'\n');
    plain.extend_from_slice(answer.text.as_bytes());
    let (tag, bytes) = match compress(&plain) {
        Ok(small) if small.len() < plain.len() => (ZSTD, small),
        _ => (PLAIN, plain),
    };
    let mut packed = Vec::with_capacity(bytes.len() + 1);
    packed.push(tag);
    packed.extend(bytes);
    Ok(packed)
}

fn compress(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(plain)
}

/// Unpacks [`pack`]'s bytes.
pub(super) fn unpack(packed: &[u8], fetched: Timestamp, source: Source, stale: bool) -> Outcome<Answer> {
    read(packed, fetched, source, stale)
        .ok_or_else(|| CacheError::new(Trouble::Corrupt, "the cache holds an answer that cannot be unpacked"))
}

fn read(packed: &[u8], fetched: Timestamp, source: Source, stale: bool) -> Option<Answer> {
    let plain = match packed.split_first()? {
        (&PLAIN, rest) => Cow::Borrowed(rest),
        (&ZSTD, rest) => {
            let length = usize::try_from(zstd::zstd_safe::get_frame_content_size(rest).ok()??).ok()?;
            Cow::Owned(zstd::bulk::decompress(rest, (length <= LONGEST).then_some(length)?).ok()?)
        }
        _ => return None,
    };
    let line = memchr::memchr(b'\n', &plain)?;
    let head: Head<'static> = serde_json::from_slice(plain.get(..line)?).ok()?;
    let text = String::from_utf8(plain.get(line + 1..)?.to_vec()).ok()?;
    Some(Answer {
        record: head.record.into_owned(),
        text,
        servers: head.servers.into_owned(),
        fetched,
        partial: head.partial,
        source,
        stale,
    })
}

/// About how much memory an answer takes.
pub(super) fn weight(kept: &Kept) -> usize {
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
            assert_eq!(unpack(&packed, answer.fetched, Source::Whois, false).unwrap(), answer);
            assert!(text.len() < 5000 || packed.len() < 500, "{}", packed.len());
        }
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let answer = answer("203.0.112.0", "203.0.115.255");
        let packed = pack(&answer).unwrap();
        let mut torn = packed.clone();
        *torn.last_mut().unwrap() ^= 1;
        assert!(unpack(&torn, answer.fetched, Source::Cache, false).is_err(), "the checksum sees it");
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut], answer.fetched, Source::Cache, false).is_err(), "{cut}");
        }
        assert!(unpack(&[9, 1, 2], answer.fetched, Source::Cache, false).is_err());
        assert!(
            unpack(
                &[1, 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 255, 255, 255, 255, 255, 255, 255, 0],
                answer.fetched,
                Source::Cache,
                false
            )
            .is_err()
        );
    }
}
