//! Charts: bars over time as SVG paths, one path for each colour.

use super::{super::count::noun, HtmlNumber, HtmlText, word};
use crate::report::ReportRow;
use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// The colour classes of bars, from the bottom of a stack to its top.
pub(super) const KINDS: [&str; 5] = ["blocked", "unknown", "clear", "allowed", "reserved"];

/// The height of a chart in its own units. The page stretches bars to any size.
const HEIGHT: u64 = 1000;

/// The least height of a bar with a hit, so that it is visible: for a single bar, and for a part of a stack, where many
/// large ones would distort the sum.
const LEAST: (u64, u64) = (40, 8);

/// One owner's hits over time.
pub(super) fn row(
    activity: &[u64],
    number: usize,
    name: &str,
    about: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let most = activity.iter().copied().max().unwrap_or_default();
    let bars = activity.iter().map(|hits| (0, height(*hits, most, LEAST.0)));
    writeln!(
        out,
        "<svg class=\"run\" viewBox=\"0 0 {}00 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"t{number} d{number}\"><title id=\"t{number}\">{}: hits over time</title>\
         <desc id=\"d{number}\">{}</desc><path class=\"bar\" d=\"{}\"/></svg>",
        activity.len().max(1),
        HtmlText(name),
        HtmlText(about),
        path(bars)
    )
}

/// Draws all owners' hits over time, by colour; returns the hits of the highest bar.
pub(super) fn stacked(owners: &[ReportRow], about: &str, out: &mut impl Write) -> io::Result<u64> {
    let slices = owners.first().map_or(0, |owner| owner.activity.len());
    let mut sums = [(); KINDS.len()].map(|()| vec![0_u64; slices]);
    for owner in owners {
        let sum = KINDS.iter().zip(&mut sums).find(|(kind, _)| **kind == word(owner));
        for (sum, hits) in sum.into_iter().flat_map(|(_, sum)| sum).zip(&owner.activity) {
            *sum += hits;
        }
    }
    let all: Vec<u64> = (0..slices).map(|at| sums.iter().filter_map(|sum| sum.get(at)).sum()).collect();
    let most = all.iter().copied().max().unwrap_or_default();
    write!(
        out,
        "<svg class=\"all\" viewBox=\"0 0 {}00 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"t0 d0\"><title id=\"t0\">All hits over time</title>\
         <desc id=\"d0\">{} At most {} {} in one.</desc>",
        slices.max(1),
        HtmlText(about),
        HtmlNumber(most),
        noun(most, "hit", "hits")
    )?;
    let mut below = vec![0; slices];
    for (kind, sum) in KINDS.iter().zip(&sums) {
        let bars: Vec<(u64, u64)> =
            below.iter().zip(sum).map(|(below, hits)| (*below, height(*hits, most, LEAST.1))).collect();
        if bars.iter().any(|(_, high)| *high > 0) {
            write!(out, "<path class=\"{kind}\" d=\"{}\"/>", path(bars.iter().copied()))?;
        }
        for (below, (_, high)) in below.iter_mut().zip(bars) {
            *below += high;
        }
    }
    writeln!(out, "</svg>")?;
    Ok(most)
}

fn height(hits: u64, most: u64, least: u64) -> u64 {
    if hits == 0 {
        return 0;
    }
    let height = u128::from(hits) * u128::from(HEIGHT) / u128::from(most.max(1));
    u64::try_from(height).unwrap_or(HEIGHT).max(least)
}

/// Bars side by side, 100 wide with a gap, given by the height of each one's bottom and its own height.
fn path(bars: impl Iterator<Item = (u64, u64)>) -> String {
    let mut path = String::new();
    for (at, (below, high)) in bars.enumerate().filter(|(_, (_, high))| *high > 0) {
        // A stack of least heights may exceed the chart.
        let bottom = HEIGHT.saturating_sub(below);
        let top = bottom.saturating_sub(high);
        // Writing to a String cannot fail.
        _ = write!(path, "M{} {bottom}V{top}h80V{bottom}z", at * 100 + 10);
    }
    path
}
