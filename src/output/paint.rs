//! Colours for the terminal.

use crate::verdict::Verdict;
use anstyle::{AnsiColor, Color, Style};

/// A painter that adds colours, or leaves the text unchanged.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether it adds colours.
    pub colored: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A verdict, in the colour of its meaning.
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

    /// Text that a pattern matched, as grep --color shows it.
    #[must_use]
    pub fn hit(self, text: &str) -> String {
        self.with(Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold(), text)
    }

    /// Less important text.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// More important text.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }
}
