//! One answer as a line of an export, written and read.

use crate::{
    cache::CachedAnswer,
    error::{Error, Result},
    registry::Answer,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, net::IpAddr};

/// The version of the format. A newer whodunit writes a higher one.
const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
struct ExportLine<'a> {
    whodunit: u32,
    asked: IpAddr,
    leaf: bool,
    answer: Cow<'a, Answer>,
}

/// An answer as a line of an export, without the line's end.
///
/// # Errors
/// Never in practice: JSON can express every answer.
pub fn line(kept: &CachedAnswer) -> Result<String> {
    let line = ExportLine {
        whodunit: VERSION,
        asked: kept.asked,
        leaf: kept.leaf,
        answer: Cow::Borrowed(&kept.answer),
    };
    serde_json::to_string(&line)
        .map_err(|error| Error::software(format!("an answer cannot be exported: {error}")))
}

/// Reads a line.
///
/// # Errors
/// The reason why it is not an answer.
pub(super) fn parse(line: &[u8]) -> std::result::Result<CachedAnswer, String> {
    let line: ExportLine<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if line.whodunit != VERSION {
        return Err(format!(
            "this is version {} of an export, and only {VERSION} is understood",
            line.whodunit
        ));
    }
    let kept = CachedAnswer { answer: line.answer.into_owned(), asked: line.asked, leaf: line.leaf };
    if kept.extent().is_none() {
        return Err(format!("{} does not lie in {}", kept.asked, kept.answer.record.network));
    }
    Ok(kept)
}
