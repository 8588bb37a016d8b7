//! README's pictures of a terminal, drawn from the bytes that the program sent it.
//!
//! `WHODUNIT_BLESS=1 cargo test pictures` draws them again.

use crate::{
    farm::{Farm, Scenario},
    jig::Room,
};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use unicode_width::UnicodeWidthChar;

/// The columns of the terminal.
const COLUMNS: u16 = 112;
/// The size of a character cell in pixels.
const CELL: (usize, usize) = (9, 19);
/// The margin around the text in pixels.
const MARGIN: usize = 18;

/// The style of a stretch of text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct CellStyle {
    color: Option<u8>,
    bold: bool,
    dim: bool,
}

impl CellStyle {
    /// Select Graphic Rendition (ECMA-48), as far as the program uses it.
    fn change(&mut self, code: &str) {
        match code.parse().unwrap_or(0) {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            22 => (self.bold, self.dim) = (false, false),
            code @ 30..=37 => self.color = Some(code - 30),
            39 => self.color = None,
            code => panic!("a picture knows no SGR {code}"),
        }
    }

    fn attributes(self) -> String {
        const COLORS: [&str; 8] =
            ["#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#f0f6fc"];
        let mut attributes = String::new();
        if let Some(color) = self.color {
            write!(attributes, " fill=\"{}\"", COLORS[usize::from(color)]).unwrap();
        } else if self.dim {
            attributes.push_str(" fill=\"#8b949e\"");
        }
        if self.bold {
            attributes.push_str(" font-weight=\"bold\"");
        }
        attributes
    }
}

/// A stretch of text: its first column, its style, its text.
type Stretch = (usize, CellStyle, String);

/// One line as rows of stretches; a row ends at the terminal's width.
fn rows(line: &str) -> Vec<Vec<Stretch>> {
    let (mut column, mut look) = (0, CellStyle::default());
    let mut rows: Vec<Vec<Stretch>> = vec![vec![]];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            assert_eq!(chars.next(), Some('['), "a picture knows no other escape sequences");
            let mut codes = String::new();
            let end = chars.by_ref().find(|c| {
                !matches!(c, '0'..='9' | ';') || {
                    codes.push(*c);
                    false
                }
            });
            assert_eq!(end, Some('m'), "a picture does not move");
            codes.split(';').for_each(|code| look.change(code));
            continue;
        }
        if column + c.width().unwrap_or(0) > usize::from(COLUMNS) {
            column = 0;
            rows.push(vec![]);
        }
        let row = rows.last_mut().unwrap();
        match row.last_mut() {
            // A stretch ends where the style changes, and at wide gaps, so that columns are aligned in any font.
            Some((_, last, text)) if *last == look && !(text.ends_with("  ") && c != ' ') => text.push(c),
            _ => row.push((column, look, c.to_string())),
        }
        column += c.width().unwrap_or(0);
    }
    for row in &mut rows {
        row.retain(|(_, _, text)| !text.trim().is_empty());
    }
    rows
}

/// The picture of a terminal.
fn draw(title: &str, text: &str) -> String {
    let prompt = format!("\x1b[2m$\x1b[0m \x1b[1m{title}\x1b[0m");
    let rows: Vec<Vec<Stretch>> =
        std::iter::once(prompt.as_str()).chain(text.lines()).flat_map(rows).collect();
    let width = usize::from(COLUMNS) * CELL.0 + 2 * MARGIN;
    let height = rows.len() * CELL.1 + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#0d1117\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" fill=\"#e6edf3\" \
         xml:space=\"preserve\">\n",
        escaped(title)
    );
    for (number, row) in rows.into_iter().enumerate() {
        let y = MARGIN + (number + 1) * CELL.1 - 5;
        for (column, look, text) in row {
            // XML viewers drop leading blanks of a text, and stretch the rest.
            let blanks = text.len() - text.trim_start().len();
            let x = MARGIN + (column + blanks) * CELL.0;
            let text = text.trim();
            let cells: usize = text.chars().map(|c| c.width().unwrap_or(0)).sum();
            let length = cells * CELL.0;
            let look = look.attributes();
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\"{look}>{}</text>", escaped(text))
                .unwrap();
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(name)
}

/// Compares a picture with today's output of a run.
fn check(name: &str, args: &[&str]) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo");
    let read = |name: &str| fs::read_to_string(demo.join(name)).unwrap();
    let room = Room::with(&[("blocked", &read("blocked")), ("mail.log", &read("mail.log"))]);
    let farm = Farm::start(&Scenario::read(&demo.join("registries.toml")));
    // One after the other, so that the registry that refuses does so at the same point on each run.
    let run = room.run(args.iter().copied()).farm(&farm).env("WHODUNIT_JOBS", "1").env("WHODUNIT_RATE", "0");
    let run = run.env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("WHODUNIT_TIMEOUT", "5").any_stderr();
    let shown = run.on_terminal(COLUMNS).check().stdout;
    let drawn = draw(&format!("whodunit {}", args.join(" ")), &shown);
    if std::env::var_os("WHODUNIT_BLESS").is_some() {
        fs::write(picture(name), &drawn).unwrap();
    }
    let kept = fs::read_to_string(picture(name)).unwrap_or_default();
    assert!(
        kept == drawn,
        "tests/pictures/{name} is stale; WHODUNIT_BLESS=1 cargo test pictures draws it anew\n{shown}"
    );
}

#[test]
fn verdicts() {
    check("verdicts.svg", &["-f", "blocked", "--log", "mail.log"]);
}

#[test]
fn one_verdict() {
    check("verdict.svg", &["-f", "blocked", "193.0.22.9"]);
}

#[test]
fn owners() {
    check("report.svg", &["report", "-f", "blocked", "mail.log"]);
}

#[test]
fn colours_become_stretches() {
    let bold_red = CellStyle { color: Some(1), bold: true, dim: false };
    let plain = CellStyle::default();
    let wanted = [(0, plain, "a  ".into()), (3, bold_red, "<b>".into()), (6, plain, " c".into())];
    assert_eq!(rows("a  \x1b[1;31m<b>\x1b[0m c"), [wanted]);
    assert_eq!(rows(&"x".repeat(usize::from(COLUMNS) + 1)).len(), 2);
    assert!(draw("t", "a <b>").contains(">a &lt;b&gt;</text>"));
    let x = MARGIN + 3 * CELL.0;
    assert!(
        draw("t", "\x1b[2ma:\x1b[0m b")
            .contains(&format!("<text x=\"{x}\" y=\"51\" textLength=\"9\">b</text>"))
    );
}
