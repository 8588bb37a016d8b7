//! Puts a client's text into each marked position of the table of log lines. `⟦any⟧` is used unchanged, `⟪quoted⟫` has
//! a backslash before a quote, and a `⟨word⟩` has no blank, quote or angle bracket. No text is longer than a client can
//! send, and none has a control character.
use std::{net::IpAddr, sync::LazyLock};
use whodunit::internals::log::client;

/// The rows of the table that have a typed part.
pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let table = include_str!("../../src/log/format/lines.txt").lines().filter(|row| !row.starts_with("##"));
    table.filter_map(Row::read).collect()
});

/// The address that a typed text imitates.
const FORGED: &str = "198.51.100.6";

/// The longest text. An SMTP command has at most 512 bytes (RFC 5321 4.5.3.1.4).
const LONGEST: usize = 512;

/// Checks one text in one row, so that libFuzzer tries thousands a second. The first two bytes choose the row, and the
/// third chooses which line of the rest is the text.
pub(crate) fn check(data: &[u8]) {
    let Some(([high, low, line], rest)) = data.split_first_chunk() else { return };
    let row = usize::from(u16::from_be_bytes([*high, *low])) % ROWS.len();
    let lines = rest.split(|b| *b == b'\n').count();
    let typed = rest.split(|b| *b == b'\n').nth(usize::from(*line) % lines);
    ROWS[row].check(typed.unwrap_or_default(), true);
}

/// The way a program writes a client's text.
#[derive(Clone, Copy, PartialEq)]
enum Writing {
    /// Not typed: the program's own words.
    Own,
    Any,
    /// With a backslash before a quote, for so many levels.
    Quoted(usize),
    Word,
}

impl Writing {
    fn of(self, typed: &[u8]) -> Vec<u8> {
        // No log has an unescaped control character: it would break the line.
        let printed = typed.iter().map(|b| if b.is_ascii_control() { b'?' } else { *b });
        match self {
            Self::Own | Self::Any => printed.collect(),
            Self::Quoted(times) => (0..times).fold(printed.collect(), |text: Vec<u8>, _| {
                text.into_iter()
                    .flat_map(|b| [b'\\', b].into_iter().skip(usize::from(!matches!(b, b'"' | b'\\'))))
                    .collect()
            }),
            Self::Word => {
                let word: Vec<u8> = printed.filter(|b| !b" \"<>".contains(b)).collect();
                if word.is_empty() { b"-".to_vec() } else { word }
            }
        }
    }
}

/// A line of the table, with its typed parts separated.
pub(crate) struct Row {
    client: Option<IpAddr>,
    parts: Vec<(Writing, String)>,
}

impl Row {
    /// None for a line without a typed part.
    fn read(row: &str) -> Option<Self> {
        let (client, line) = row.split_once('\t')?;
        let (mut parts, mut own) = (Vec::new(), String::new());
        let mut rest = line;
        while let Some(open) = rest.find(['⟦', '⟪', '⟨']) {
            own.push_str(&rest[..open]);
            let mark = rest[open..].chars().next()?;
            let inside = &rest[open + mark.len_utf8()..];
            let close = inside.find(['⟧', '⟫', '⟩'])?;
            let writing = match mark {
                '⟦' => Writing::Any,
                '⟨' => Writing::Word,
                // `\"⟪x⟫\"` is in a string within a string.
                _ => Writing::Quoted(if own.ends_with("\\\"") { 2 } else { 1 }),
            };
            parts.push((Writing::Own, std::mem::take(&mut own)));
            parts.push((writing, inside[..close].to_owned()));
            rest = &inside[close + mark.len_utf8()..];
        }
        parts.push((Writing::Own, rest.to_owned()));
        (parts.len() > 1).then(|| Self { client: client.parse().ok(), parts })
    }

    /// Puts one text into each typed part. If `forged`, also with the text around it in a line; then it may hide a
    /// client that is named between two such texts.
    pub(crate) fn check(&self, typed: &[u8], forged: bool) {
        let may_hide = forged && self.is_between();
        self.each_line(&typed[..typed.len().min(LONGEST)], forged, |line| {
            let got = client(&line);
            let right = got == self.client || got.is_none() && may_hide;
            assert!(right, "{got:?}, not {:?}: {}", self.client, line.escape_ascii());
        });
    }

    /// Whether the client is named between an arbitrary text and one that may hold blanks. Either text can then imitate the
    /// other with the client before or after it, so the client is ambiguous.
    fn is_between(&self) -> bool {
        let Some(client) = self.client.map(|client| client.to_string()) else { return false };
        let named = |(writing, text): &(Writing, String)| *writing == Writing::Own && text.contains(&client);
        let Some(at) = self.parts.iter().position(named) else { return false };
        let (before, behind) = self.parts.split_at(at);
        let any = |side: &[(Writing, String)]| side.iter().any(|(writing, _)| *writing == Writing::Any);
        let blank = |side: &[(Writing, String)]| {
            side.iter().any(|(writing, _)| matches!(writing, Writing::Any | Writing::Quoted(_)))
        };
        any(before) && blank(behind) || blank(before) && any(behind)
    }

    /// The line with the text in each typed part by itself, and in all of them.
    fn each_line(&self, typed: &[u8], forged: bool, mut work: impl FnMut(Vec<u8>)) {
        let indexes = || (0..self.parts.len()).filter(|index| self.parts[*index].0 != Writing::Own);
        work(self.line(typed, |_| true));
        for index in indexes() {
            work(self.line(typed, |other| other == index));
            if !forged {
                continue;
            }
            // The line with text of the client around it, with another's address in that text.
            let forge = |side: &[(Writing, String)]| {
                let text: String = side.iter().map(|(_, text)| text.as_str()).collect();
                self.client
                    .map_or(text.clone(), |client| text.replace(&client.to_string(), FORGED))
                    .into_bytes()
            };
            let behind = [typed, &forge(&self.parts[index + 1..])].concat();
            work(self.line(&behind, |other| other == index));
            let before = [&forge(&self.parts[..index]), typed].concat();
            work(self.line(&before, |other| other == index));
        }
    }

    fn line(&self, typed: &[u8], is_replaced: impl Fn(usize) -> bool) -> Vec<u8> {
        let part = |(index, (writing, text)): (usize, &(Writing, String))| match writing {
            Writing::Own => text.clone().into_bytes(),
            writing if is_replaced(index) => writing.of(typed),
            _ => text.clone().into_bytes(),
        };
        self.parts.iter().enumerate().flat_map(part).collect()
    }
}
