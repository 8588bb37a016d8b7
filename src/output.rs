//! Output: one format, one file. This module knows nothing of a cache or of registries.

pub mod abuse_mail;
pub mod advice;
mod clock;
mod count;
mod csv;
mod grid;
mod json;
pub mod page;
mod paint;
pub mod progress;
pub mod rows;
mod spark;
pub mod table;
mod text;

pub use clock::DisplayZone;
pub use count::{counted, noun};
pub use grid::{fitted, grid};
pub use json::object;
pub use paint::Paint;
pub use spark::Ink;
pub use text::{AlignedColumns, TextColumns, folded, longest_name, matched};

use crate::{
    error::{Error, Result},
    verdict::Judged,
};
use std::io::Write;

/// A format for printing verdicts.
#[derive(Debug)]
pub enum OutputFormat {
    /// Columns: tab-separated for a pipe, aligned and coloured for a terminal.
    Text(TextColumns),
    /// JSON Lines.
    Json,
    /// A header, then a row for each address.
    Csv,
    /// Only the count.
    Count,
    /// `ADDRESS:COUNT`.
    Counts,
    /// No output.
    Quiet,
}

impl OutputFormat {
    /// Writes the lines above the first verdict.
    ///
    /// # Errors
    /// Stdout cannot be written (74), or its reader went away (141).
    pub fn head(&self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Csv => csv::head(out),
            _ => Ok(()),
        }
        .map_err(Error::stdout)
    }

    /// Writes one verdict.
    ///
    /// # Errors
    /// Stdout cannot be written (74), or its reader went away (141).
    pub fn row(&self, judged: &Judged, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Text(columns) => columns.row(judged, out),
            Self::Json => json::row(judged, out),
            Self::Csv => csv::row(judged, out),
            Self::Count => writeln!(out, "{}", judged.count),
            Self::Counts => match judged.address {
                Some(address) => writeln!(out, "{address}:{}", judged.count),
                None => writeln!(out, "{}", judged.count),
            },
            Self::Quiet => Ok(()),
        }
        .map_err(Error::stdout)
    }
}
