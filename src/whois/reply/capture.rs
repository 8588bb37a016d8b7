//! Restores a saved text to what its server wrote. People quote and indent answers, or copy them from a page, and tools
//! turn line ends into blank lines.

use crate::registry::{
    Registry,
    record::{RecordForm, RecordPage, block::lines},
};
use std::borrow::Cow;

/// The text without such changes; the text itself if none can be seen.
pub(super) fn restored(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if !text.contains('\n') && text.contains('\r') {
        text = text.replace('\r', "\n").into();
    }
    if is_doubled(&text) {
        text = halved(&text).into();
    }
    // ARIN's lists are recognised by a handle, but a quoted record has one too.
    let read = match RecordForm::of(&text) {
        Some(RecordForm::ArinList) => RecordPage::read(&text, Registry::Other).is_some(),
        form => form.is_some(),
    };
    if !read && let Some(bare) = unquoted(&text) {
        text = bare.into();
    }
    text
}

/// Whether the line ends are doubled, as when each character of LACNIC's `\r\r\n` counts as a line end. Then an odd
/// number of blank lines follows each line. A few may be lost, and a handful of lines proves nothing.
fn is_doubled(text: &str) -> bool {
    let is_blank = |line: &&str| line.trim().is_empty();
    let mut lines = lines(text).skip_while(is_blank).skip(1);
    if !lines.next().is_some_and(|line| is_blank(&line)) {
        return false;
    }
    let (mut all, mut odd, mut blank) = (0_usize, 0_usize, 1_usize);
    for line in lines {
        if is_blank(&line) {
            blank += 1;
        } else {
            all += 1;
            odd += blank % 2;
            blank = 0;
        }
    }
    all >= 4 && odd * 10 >= all * 9
}

/// The text with half of its blank lines: one after each line came from that line's own end.
fn halved(text: &str) -> String {
    let mut half = String::with_capacity(text.len());
    let mut blank = 0;
    for line in lines(text) {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        half.extend(std::iter::repeat_n('\n', blank / 2));
        half.push_str(line);
        half.push('\n');
        blank = 0;
    }
    half
}

/// The text without a mark before its lines: a mail's quotation marks, an indent, a page's tag. The first line that
/// becomes a record's line without it shows the mark. None if there is no such line.
fn unquoted(text: &str) -> Option<String> {
    let page = text.find("<pre>").map(|at| at + "<pre>".len());
    let text = page.and_then(|at| text.get(at..)?.split("</pre>").next()).unwrap_or(text);
    let bare = |line: &str| line.trim_start_matches([' ', '\t', '>', '|']).len();
    let mark = lines(text).find_map(|line| {
        let (mark, rest) = line.split_at_checked(line.len() - bare(line))?;
        RecordForm::of_line(rest).map(|_| mark)
    })?;
    let mut unquoted = String::with_capacity(text.len());
    for line in lines(text) {
        // An editor removes the blank at the end of a mark with nothing after it.
        let rest = line.strip_prefix(mark).or_else(|| line.strip_prefix(mark.trim_end()));
        unquoted.push_str(rest.filter(|_| !mark.is_empty()).unwrap_or(line));
        unquoted.push('\n');
    }
    Some(unquoted)
}
