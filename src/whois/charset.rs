//! Decodes a registry's reply as text. It never fails: a reply in an unknown character set is still a reply.

use crate::registry::Registry;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, ISO_2022_JP, mem::decode_latin1};
use std::borrow::Cow;

/// The bytes as text. Line ends and NULs stay as they are, so that patterns see the original lines.
///
/// JPNIC's ISO-2022-JP uses seven-bit bytes and would pass for UTF-8, so its escape sequences are looked for first.
/// Next is strict UTF-8, then the national registry's older set, if the whole reply is valid in it. Else each line by
/// itself is UTF-8, or in the national set, or Latin-1. LACNIC passes on Latin-1 lines of registro.br inside its own UTF-8,
/// and one odd byte of a customer must not make other lines unreadable for patterns.
#[must_use]
pub fn decode(bytes: &[u8], registry: Registry) -> String {
    if is_iso_2022_jp(bytes)
        && (registry == Registry::Jpnic || registry == Registry::Other && is_jpnic(bytes))
    {
        return by_line(bytes, |line| ISO_2022_JP.decode_without_bom_handling_and_without_replacement(line));
    }
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let national: Option<&'static Encoding> = match registry {
        Registry::Jpnic => Some(EUC_JP),
        Registry::Krnic => Some(EUC_KR),
        Registry::Twnic => Some(BIG5),
        _ => None,
    };
    let whole = national.and_then(|set| set.decode_without_bom_handling_and_without_replacement(bytes));
    let line = |line| {
        let utf8 = str::from_utf8(line).ok().map(Cow::Borrowed);
        utf8.or_else(|| national?.decode_without_bom_handling_and_without_replacement(line))
    };
    whole.map_or_else(|| by_line(bytes, line), Cow::into_owned)
}

/// Marks that only JPNIC's answers have: a saved answer may not name its registry. A customer of another registry may
/// write an escape sequence, and must not make his own letters illegible with it.
fn is_jpnic(bytes: &[u8]) -> bool {
    let has = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    has(b"[ JPNIC") || has(b"\na. [")
}

/// Whether it is seven-bit text with an escape that switches to Japanese letters (RFC 1468: ESC $ @, ESC $ B).
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|three| matches!(three, [0x1b, b'$', b'@' | b'B']))
}

/// Decodes each line by itself: as `first` reads it, else as UTF-8, else as Latin-1. An open escape sequence ends with
/// its line (RFC 1468 demands that), so it never swallows the lines after it.
fn by_line<'a>(bytes: &'a [u8], first: impl Fn(&'a [u8]) -> Option<Cow<'a, str>>) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for whole in bytes.split_inclusive(|&byte| byte == b'\n') {
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let read = first(line).or_else(|| str::from_utf8(line).ok().map(Cow::Borrowed));
        text.push_str(&read.unwrap_or_else(|| decode_latin1(line)));
        if line.len() < whole.len() {
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_in_its_own_letters() {
        for (bytes, registry, text) in [
            (b"owner: S\xc3\xa3o Exemplo\r\n".as_slice(), Registry::RegistroBr, "owner: São Exemplo\r\n"),
            (b"owner: S\xe3o Exemplo\n", Registry::RegistroBr, "owner: São Exemplo\n"),
            (b"a: \xc3\xa9\n b: \xe9\r\r\n", Registry::Lacnic, "a: é\n b: é\r\r\n"),
            (b"f. [\x1b$BAH?%L>\x1b(B] x\n", Registry::Jpnic, "f. [組織名] x\n"),
            (b"[\xc1\xc8\xbf\xa5\xcc\xbe]\n", Registry::Jpnic, "[組織名]\n"),
            (b"\xb1\xe2\xb0\xfc\xb8\xed : KT\n", Registry::Krnic, "기관명 : KT\n"),
            (b"\xa4\xa4\xb5\xd8\n", Registry::Twnic, "中華\n"),
            (b"nul \0 here\n", Registry::Ripe, "nul \0 here\n"),
            (b"\x1b$BAH\n", Registry::Ripe, "\u{1b}$BAH\n"),
            (b"x: \x1b$BAH\nContoso\n", Registry::Other, "x: \u{1b}$BAH\nContoso\n"),
            // An escape that is never closed, and one followed by half a letter.
            (b"m. \x1b$BAH\nm. Contoso\n", Registry::Jpnic, "m. 組\nm. Contoso\n"),
            (b"m. \x1b$BAHx\nm. Contoso\n", Registry::Jpnic, "m. \u{1b}$BAHx\nm. Contoso\n"),
            (b"x\na. [\x1b$BAH?%L>\x1b(B]\n", Registry::Other, "x\na. [組織名]\n"),
            (b"\xb1\xe2\xb0\xfc\xb8\xed : KT\nx : \xff\n", Registry::Krnic, "기관명 : KT\nx : ÿ\n"),
            (b"\xff\xfe\x80\n", Registry::Krnic, "ÿþ\u{80}\n"),
            (b"", Registry::Arin, ""),
        ] {
            assert_eq!(decode(bytes, registry), text, "{registry}");
        }
    }

    #[test]
    fn any_bytes_keep_their_lines() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(4096).collect();
        for registry in [Registry::Ripe, Registry::Krnic, Registry::Twnic, Registry::Lacnic, Registry::Jpnic]
        {
            assert_eq!(decode(&bytes, registry).matches('\n').count(), 16, "{registry}");
        }
        let ascii: Vec<u8> = (0..128).cycle().take(4096).chain(*b"\x1b$B").cycle().take(50_000).collect();
        let lines = ascii.iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(decode(&ascii, Registry::Jpnic).matches('\n').count(), lines);
    }
}
