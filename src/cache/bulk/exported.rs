//! Another machine's export: JSON Lines, one answer on each line.

use super::{BulkEntry, BulkInput, EntrySink, broken, line::parse};
use crate::error::{Error, Result};
use std::io::BufRead;

/// The longest line in bytes: no line is longer than a whole answer.
const LONGEST: u64 = 64 << 20;

pub(super) fn read(mut input: BulkInput, sink: &mut EntrySink<'_>, tick: &mut dyn FnMut()) -> Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = std::io::Read::take(&mut input.reader, LONGEST).read_until(b'\n', &mut line);
        if read.map_err(|error| Error::input(&input.name, &error))? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        parse(&line).map_err(|why| broken(&input.name, number, &why))?;
        let text = String::from_utf8_lossy(&line);
        sink(BulkEntry::Answer(text.trim_end().to_owned()))?;
        if number % 256 == 0 {
            tick();
        }
    }
    Ok(())
}
