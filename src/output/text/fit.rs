//! Which column of the verdicts gets how many cells of the terminal.

/// Cells of the longest verdict.
pub(super) const VERDICT: usize = 7;
/// Cells of a country's code.
pub(super) const COUNTRY: usize = 2;
/// Cells between columns.
const GAP: usize = 2;
/// The columns that give way to the reason: registry, network, owner. From the right, so that what stands left of a
/// column that is narrower in one row stays in line.
pub(super) type Cells = [usize; 3];
/// Where there is room: the longest registry's name, the longest IPv4 prefix, an owner's name.
const ROOMY: Cells = [10, 18, 32];
/// How far they give way, the least harm first.
const STEPS: [Cells; 5] = [[10, 18, 20], [7, 15, 20], [7, 15, 12], [7, 10, 12], [7, 4, 8]];
/// A narrower terminal is left to wrap the lines: nothing useful would be left of the columns.
const NARROWEST: usize = 60;
/// What a pattern's name may take from the owner in every row; a longer one takes more in its own row alone.
const NAME: usize = 20;

/// Columns on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Aligned {
    /// Cells of the longest address.
    pub address: usize,
    /// Cells of the longest name of a pattern, `FILE:LINE`.
    pub why: usize,
    /// Cells of the terminal; None where it does not say.
    pub width: Option<usize>,
}

impl Aligned {
    /// Cells behind the verdict; None where lines may be of any width.
    pub(super) fn room(&self) -> Option<usize> {
        let width = self.width.filter(|width| *width >= NARROWEST)?;
        Some(width.saturating_sub(self.address + VERDICT + 2 * GAP))
    }

    /// The columns of a row, of which the registry, network and owner need `used` cells and the reason `why`. They are
    /// the same for all rows, but for one whose reason needs more than is left.
    pub(super) fn row(&self, used: Cells, why: usize) -> Cells {
        let Some(room) = self.room() else { return ROOMY };
        let room = room.saturating_sub(COUNTRY + 4 * GAP);
        let mut cells = ROOMY;
        for step in STEPS {
            shrink(&mut cells, room.saturating_sub(self.why.clamp(1, NAME)), step);
        }
        // A registry's name is never cut.
        let [registry, ..] = used;
        let [column, ..] = &mut cells;
        *column = registry.max(*column);
        let room = room.saturating_sub(why);
        shrink(&mut cells, room, used);
        for [_, network, owner] in STEPS {
            shrink(&mut cells, room, [registry, network, owner]);
        }
        cells
    }
}

/// Takes from the columns until they fit into so many cells, but leaves to each the `least` that it may have.
fn shrink(cells: &mut Cells, room: usize, least: Cells) {
    let mut over = cells.iter().sum::<usize>().saturating_sub(room);
    for (column, least) in cells.iter_mut().zip(least) {
        let given = column.saturating_sub(least).min(over);
        *column -= given;
        over -= given;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(width: usize, address: usize, why: usize) -> Aligned {
        Aligned { address, why, width: Some(width) }
    }

    #[test]
    fn there_is_room_on_a_wide_terminal_and_no_bound_on_a_tiny_one() {
        assert_eq!(on(140, 15, 20).row([4, 13, 12], 20), ROOMY);
        assert_eq!(on(59, 15, 20).row([4, 13, 40], 60), ROOMY);
        assert_eq!(Aligned { address: 15, why: 9, width: None }.row([4, 13, 40], 60), ROOMY);
    }

    #[test]
    fn rows_are_in_line_as_long_as_the_reason_fits() {
        let screen = on(80, 13, 9);
        let cells = screen.row([4, 13, 12], 9);
        assert_eq!(cells, screen.row([6, 18, 40], 1));
        assert!(cells.iter().sum::<usize>() + 9 + 10 <= screen.room().unwrap());
        // A longer reason takes the blanks of its own row first, then cuts the owner.
        assert_eq!(screen.row([4, 13, 12], 17), [4, 13, 12]);
        assert_eq!(screen.row([1, 1, 1], 60), [1, 1, 1]);
        let [registry, network, owner] = screen.row([10, 18, 40], 60);
        assert_eq!((registry, network, owner), (10, 4, 8));
    }
}
