//! What a registry sent, as text. Never fails: a reply in an odd character set is still a reply.

use super::Registry;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, ISO_2022_JP, mem::decode_latin1};
use std::borrow::Cow;

/// The bytes as text, with every line end (and every NUL) where it was, so that patterns see the lines as they came.
///
/// JPNIC's ISO-2022-JP is made of seven-bit bytes and would pass for UTF-8, so its escape sequences are looked for
/// first. Then strict UTF-8; then the national registry's older set, if all of the reply is valid in it; else each line
/// by itself as UTF-8 or Latin-1, because LACNIC passes on Latin-1 lines of registro.br inside UTF-8 of its own.
#[must_use]
pub fn decode(bytes: &[u8], registry: Registry) -> String {
    if matches!(registry, Registry::Jpnic | Registry::Other) && is_iso_2022_jp(bytes) {
        return ISO_2022_JP.decode_without_bom_handling(bytes).0.into_owned();
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
    whole.map_or_else(|| by_line(bytes), Cow::into_owned)
}

/// Seven-bit text with one of the escapes that switch to Japanese letters (RFC 1468: ESC $ @, ESC $ B).
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|three| matches!(three, [0x1b, b'$', b'@' | b'B']))
}

fn by_line(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => text.push_str(&decode_latin1(line)),
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
            (b"\xff\xfe\x80\n", Registry::Krnic, "ÿþ\u{80}\n"),
            (b"", Registry::Arin, ""),
        ] {
            assert_eq!(decode(bytes, registry), text, "{registry}");
        }
    }

    #[test]
    fn any_bytes_keep_their_lines() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(4096).collect();
        for registry in [Registry::Ripe, Registry::Krnic, Registry::Twnic, Registry::Lacnic] {
            assert_eq!(decode(&bytes, registry).matches('\n').count(), 16, "{registry}");
        }
    }
}
