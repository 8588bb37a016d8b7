//! The look of a report on this terminal.

use crate::{
    cli::{OutputOptions, ReportArgs},
    config::{ConfigLayer, OutputConfig, OutputForm},
    output::{DisplayZone, Ink, Paint, table::OwnerTable},
};
use jiff::Timestamp;
use std::{
    env,
    io::{self, IsTerminal},
};

/// The width of a terminal that does not report one.
const WIDTH: usize = 80;

/// The narrowest table.
const NARROWEST: usize = 40;

/// The form and the look of the output.
#[derive(Debug)]
pub(super) struct ReportStyle {
    /// The form; quiet if only a page was requested.
    pub(super) form: OutputForm,
    /// A table for people, not columns for a pipe.
    pub(super) drawn: bool,
    paint: Paint,
    width: usize,
    ink: Ink,
}

impl ReportStyle {
    pub(super) fn resolve(typed: &ReportArgs, layers: &ConfigLayer) -> Self {
        let ReportArgs { json, csv, color, ref html, .. } = *typed;
        let output =
            OutputConfig::resolve(&OutputOptions { json, csv, color, ..OutputOptions::default() }, layers);
        let form = match output.form {
            OutputForm::Json if json || html.is_none() => OutputForm::Json,
            OutputForm::Csv if csv || html.is_none() => OutputForm::Csv,
            _ if html.is_some() => OutputForm::Quiet,
            _ => OutputForm::Text,
        };
        let paint = Paint { colored: output.colored };
        // `--color always` gives the table in a pipe too: for `less -R`.
        let drawn = io::stdout().is_terminal() || paint.colored;
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
        Self { form, drawn, paint, width: width.max(NARROWEST), ink: ink(|name| env::var(name).ok()) }
    }

    /// Whether the rows are for people on a terminal.
    pub(super) fn is_screen(&self) -> bool {
        self.form == OutputForm::Text && io::stdout().is_terminal()
    }

    pub(super) fn table(&self, clock: DisplayZone, now: Timestamp, judges: bool) -> OwnerTable {
        OwnerTable { width: self.width, paint: self.paint, ink: self.ink, clock, now, judges }
    }
}

/// Block elements, unless the locale says that the terminal does not use UTF-8.
fn ink(variable: impl Fn(&str) -> Option<String>) -> Ink {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set) {
        Some(locale) if !locale.to_ascii_lowercase().replace('-', "").contains("utf8") => Ink::Ascii,
        _ => Ink::Blocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_utf8_is_drawn_in_ascii() {
        let ink = |set: &[(&str, &str)]| {
            ink(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(ink(&[]), Ink::Blocks);
        assert_eq!(ink(&[("LANG", "de_DE.UTF-8")]), Ink::Blocks);
        assert_eq!(ink(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), Ink::Ascii);
        assert_eq!(ink(&[("LC_ALL", ""), ("LC_CTYPE", "en_US.utf8"), ("LANG", "C")]), Ink::Blocks);
    }
}
