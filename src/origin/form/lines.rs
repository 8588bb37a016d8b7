//! Forms with one row on each line, in unquoted fields separated by tabs.

use super::{
    OriginForm, OriginInput, RowCounts, broken, fields, fields::RowRange, is_comment, unread, without_end,
};
use crate::{error::Result, origin::TableBuilder};
use std::io::{BufRead, Read};

/// The longest line in bytes; a longer one is no row.
const LONGEST: usize = 64 << 10;

/// The form that a first row shows.
pub(super) fn form(line: &[u8]) -> Option<OriginForm> {
    [OriginForm::PrefixLengths, OriginForm::Ranges, OriginForm::Prefixes]
        .into_iter()
        .find(|form| row(form, line, &mut Vec::new()).is_some())
}

/// The row of a line: its range, and its name if it has one. The numbers go into `numbers`.
fn row<'a>(form: &OriginForm, line: &'a [u8], numbers: &mut Vec<u32>) -> Option<(RowRange, &'a [u8])> {
    let mut parts = line.split(|byte| *byte == b'\t');
    let (range, asn, name) = match form {
        OriginForm::Ranges => {
            let range = fields::range(parts.next()?, parts.next()?)?;
            (range, parts.next()?, parts.nth(1).unwrap_or_default())
        }
        OriginForm::PrefixLengths => {
            let network = fields::prefix_of(parts.next()?, parts.next()?)?;
            (RowRange::Network(network), parts.next()?, &[][..])
        }
        _ => {
            // Blanks separate fields too: such a line has no other use for them.
            let at = line.iter().position(|byte| matches!(byte, b'\t' | b' '))?;
            let (prefix, asn) = line.split_at_checked(at)?;
            let network = Some(prefix).filter(|prefix| prefix.contains(&b'/')).and_then(fields::prefix)?;
            (RowRange::Network(network), asn, &[][..])
        }
    };
    // A row without an AS has `0` there, not an empty field.
    if asn.trim_ascii().is_empty() {
        return None;
    }
    fields::numbers(asn, numbers)?;
    Some((range, name))
}

/// Reads all rows.
pub(super) fn read(
    form: &OriginForm,
    mut input: OriginInput,
    builder: &mut TableBuilder,
    tick: &mut dyn FnMut(),
) -> Result<RowCounts> {
    let (mut line, mut numbers, mut counts) = (Vec::new(), Vec::new(), RowCounts::default());
    for count in 1.. {
        line.clear();
        let read = Read::take(&mut input.reader, LONGEST as u64).read_until(b'\n', &mut line);
        if read.map_err(|error| unread(&input.name, &error))? == 0 {
            break;
        }
        let Some(text) = line.strip_suffix(b"\n") else {
            if line.len() >= LONGEST {
                return Err(broken(&input.name, count, "the line is too long for a row"));
            }
            return Err(without_end(&input.name, count));
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let text = if count == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) } else { text };
        if is_comment(text) {
            continue;
        }
        let Some((range, name)) = row(form, text, &mut numbers) else {
            return Err(broken(&input.name, count, "this row is not like those before it"));
        };
        counts.add(builder, range, &numbers, name)?;
        if count % 1024 == 0 {
            tick();
        }
    }
    Ok(counts)
}

impl RowCounts {
    /// Adds a row to the table and to the counts.
    pub(super) fn add(
        &mut self,
        builder: &mut TableBuilder,
        range: RowRange,
        numbers: &[u32],
        name: &[u8],
    ) -> Result<()> {
        let RowRange::Network(network) = range else {
            self.inverted += 1;
            return Ok(());
        };
        if numbers.iter().any(|number| *number != 0) {
            self.routed += 1;
            builder.add(network, numbers, fields::name(name).as_deref())?;
        }
        Ok(())
    }
}
