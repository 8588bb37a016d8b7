//! Splits text into lines as grep does: at every newline, with a carriage return as part of the line.

use std::borrow::Cow;

/// A text and the starts of its lines.
pub(super) struct IndexedText<'a> {
    text: Cow<'a, str>,
    /// Byte offsets, in order.
    starts: Vec<usize>,
}

impl<'a> IndexedText<'a> {
    /// Splits `text`. Text after the last newline is a line if it is not empty.
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        // Few lines of a registry are shorter on average.
        let mut starts = Vec::with_capacity(text.len() / 24 + 1);
        starts.extend(std::iter::once(0).chain(ends.map(|end| end + 1)).filter(|start| *start < text.len()));
        Self { starts, text }
    }

    /// These values, each as a line.
    pub(super) fn of(values: &[&str], map: impl Fn(&str) -> String) -> Self {
        let mut text = String::new();
        let mut starts = Vec::new();
        for value in values {
            starts.push(text.len());
            // A value never holds a newline; if one did, it would still be one line.
            text.push_str(&map(value).replace('\n', " "));
            text.push('\n');
        }
        Self { text: Cow::Owned(text), starts }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The number of lines.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line with this index, counted from 0, without its newline.
    pub(super) fn line(&self, number: usize) -> &str {
        let Some(start) = self.starts.get(number) else { return "" };
        let end = self.starts.get(number + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(*start..end).unwrap_or_default();
        line.strip_suffix('\n').unwrap_or(line)
    }

    /// The index of the line that holds this byte.
    pub(super) fn number_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }
}

/// The position in `to` that corresponds to the byte position `at` in `from`. Both have the same characters, but one is
/// in upper case or spelled for an expression, so its characters may take more or fewer bytes.
pub(super) fn carried(at: usize, from: &str, to: &str) -> usize {
    // Some letters outside ASCII have an upper case in ASCII.
    if from.is_ascii() && to.is_ascii() {
        return at;
    }
    let before = from.get(..at).map_or(0, |before| before.chars().count());
    to.char_indices().nth(before).map_or(to.len(), |(index, _)| index)
}
