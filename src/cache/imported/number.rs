//! Numbers in groups of seven bits, the lowest first; the high bit says that another group follows (LEB128).

/// Adds a number.
pub(super) fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

/// Takes a number from the front; None if the bytes end inside it.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    match bytes {
        // Most numbers are small.
        [byte @ 0..0x80, rest @ ..] => {
            let number = u64::from(*byte);
            *bytes = rest;
            Some(number)
        }
        _ => take_groups(bytes),
    }
}

fn take_groups(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            bytes.push(7);
            let mut rest = bytes.as_slice();
            assert_eq!((take(&mut rest), rest), (Some(number), [7].as_slice()));
        }
        for torn in [[].as_slice(), &[0x80], &[0xff; 20]] {
            assert_eq!(take(&mut { torn }), None);
        }
    }
}
