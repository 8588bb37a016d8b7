//! Distributes the cells of a line among the columns.

use super::{cut, pad, title};
use crate::report::{ReportRow, RowSum};
use unicode_width::UnicodeWidthStr;

/// The width of the longest verdict.
pub(super) const VERDICT: usize = 7;
/// The width of a country code.
const COUNTRY: usize = 2;
/// The cells between columns.
const GAP: usize = 2;
/// The column of owners is narrowed only for the smallest chart, and not below this width. A longer name takes more
/// lines.
const OWNER: usize = 24;

/// The widths of the columns.
#[derive(Debug)]
pub(super) struct TableLayout {
    pub(super) hits: usize,
    pub(super) addresses: usize,
    pub(super) owner: usize,
    /// The width of the chart; 0 if there is no room for one.
    pub(super) spark: usize,
}

impl TableLayout {
    pub(super) fn of(shown: &[ReportRow], sum: RowSum, width: usize) -> Self {
        let hits = sum.hits.to_string().len().max(4);
        let addresses = sum.addresses.to_string().len().max(5);
        let widest = shown.iter().map(|owner| title(owner).width()).max().unwrap_or_default().clamp(12, 60);
        let slices = shown.first().map_or(0, |owner| owner.activity.len());
        let fixed = hits + addresses + COUNTRY + VERDICT + 4 * GAP;
        // The chart shrinks before a name is cut.
        let fits = |cells: usize, owner: usize| fixed + GAP + cells + owner <= width;
        let drawings = [48, 24, 16, 12, 8].map(|cells| cells.min(slices));
        let spark = drawings.into_iter().find(|cells| fits(*cells, widest)).or(drawings.last().copied());
        let spark = spark.filter(|cells| fits(*cells, widest.min(OWNER))).unwrap_or_default();
        let left = width.saturating_sub(fixed + if spark > 0 { GAP + spark } else { 0 });
        Self { hits, addresses, owner: widest.min(left).max(8), spark }
    }

    /// The start of a row's second line.
    pub(super) fn indent(&self) -> usize {
        self.hits + GAP
    }

    /// The number of cells before an owner's name.
    pub(super) fn before_owner(&self) -> usize {
        self.hits + self.addresses + 2 * GAP
    }

    /// The columns before the verdict.
    pub(super) fn front(&self, hits: &str, addresses: &str, owner: &str, country: &str) -> String {
        let owner = pad(&cut(owner, self.owner), self.owner);
        let (hits_cells, address_cells) = (self.hits, self.addresses);
        let country = pad(&cut(country, COUNTRY), COUNTRY);
        format!("{hits:>hits_cells$}  {addresses:>address_cells$}  {owner}  {country}")
    }

    /// A line without colours.
    pub(super) fn line(&self, cells: [&str; 6]) -> String {
        let [hits, addresses, owner, country, verdict, activity] = cells;
        let line = format!("{}  {verdict:VERDICT$}  {activity}", self.front(hits, addresses, owner, country));
        line.trim_end().to_owned()
    }
}
