//! Rows in columns that line up.

use super::text::{cut, pad};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The cells between columns.
const GAP: usize = 2;
/// Up to this width, the main column is more important than any other. Few names are longer.
const TELLING: usize = 60;

/// Writes rows with each column as wide as its widest cell.
///
/// # Errors
/// Writing fails.
pub fn grid<R: AsRef<[String]>>(rows: &[R], out: &mut impl Write) -> io::Result<()> {
    let widths = widths(rows);
    for row in rows {
        let cells: Vec<String> =
            row.as_ref().iter().zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Rows of at most `width` cells: the `spare` columns are dropped in their order, and only then the `main` one is cut.
#[must_use]
pub fn fitted(rows: &[Vec<String>], width: usize, main: usize, spare: &[usize]) -> Vec<Vec<String>> {
    let widths = widths(rows);
    let widest = widths.get(main).copied().unwrap_or_default();
    let mut kept: Vec<usize> = (0..widths.len()).collect();
    let others = |kept: &[usize]| -> usize {
        let others = kept.iter().filter(|column| **column != main);
        others.filter_map(|column| widths.get(*column)).map(|cells| cells + GAP).sum()
    };
    for column in spare {
        if others(&kept) + widest.min(TELLING) > width {
            kept.retain(|kept| kept != column);
        }
    }
    let room = width.saturating_sub(others(&kept)).max(1);
    let cell = |row: &[String], column: usize| {
        let cell = row.get(column).map_or("", String::as_str);
        if column == main { cut(cell, room).into_owned() } else { cell.to_owned() }
    };
    rows.iter().map(|row| kept.iter().map(|column| cell(row, *column)).collect()).collect()
}

/// The width of each column's widest cell.
fn widths<R: AsRef<[String]>>(rows: &[R]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows.iter().map(AsRef::as_ref) {
        widths.resize(row.len().max(widths.len()), 0);
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.width().max(*width));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned));
        let mut out = Vec::new();
        grid(&rows, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a    bb\nccc  d\n");
    }

    #[test]
    fn columns_go_before_the_main_one_is_cut() {
        let rows = [["10.0.0.0/8", "Contoso Gesellschaft mbH", "DE", "ripe"].map(str::to_owned).to_vec()];
        let fitted = |width| fitted(&rows, width, 1, &[3, 2])[0].join("  ");
        assert_eq!(fitted(46), "10.0.0.0/8  Contoso Gesellschaft mbH  DE  ripe");
        assert_eq!(fitted(45), "10.0.0.0/8  Contoso Gesellschaft mbH  DE");
        assert_eq!(fitted(39), "10.0.0.0/8  Contoso Gesellschaft mbH");
        assert_eq!(fitted(30), "10.0.0.0/8  Contoso Gesellsch…");
    }
}
