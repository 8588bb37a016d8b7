//! Colour, where it is wanted.

use crate::verdict::Verdict;
use anstyle::{AnsiColor, Color, Style};

/// A painter that paints, or leaves everything as it is.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether it paints.
    pub colored: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A verdict's word, in the colour of what it means.
    #[must_use]
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let color = match verdict {
            Verdict::Allowed => AnsiColor::Cyan,
            Verdict::Blocked => AnsiColor::Red,
            Verdict::Clear => AnsiColor::Green,
            Verdict::Unknown => AnsiColor::Yellow,
        };
        self.with(Style::new().fg_color(Some(Color::Ansi(color))).bold(), text)
    }

    /// What a pattern matched, as grep --color shows it.
    #[must_use]
    pub fn hit(self, text: &str) -> String {
        self.with(Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold(), text)
    }

    /// What matters less.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// What matters more.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }
}
