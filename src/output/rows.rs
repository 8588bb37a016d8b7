//! A report's rows for scripts: JSON Lines and CSV with the contract's names.

use super::{clock::rfc3339, csv::write, json::object};
use crate::{
    pattern::PatternMatch,
    report::{ClientLines, Grouping, ReportRow, Sighting},
    sanitize::{csv_cell, safe},
};
use serde::{Serialize, Serializer};
use std::{
    io::{self, Write},
    net::IpAddr,
};

const HEADER: [&str; 14] = [
    "owner",
    "country",
    "abuse",
    "networks",
    "addresses",
    "hits",
    "first_seen",
    "last_seen",
    "activity",
    "verdict",
    "matches",
    "by",
    "name",
    "reason",
];

#[derive(Serialize)]
struct RowObject<'a> {
    /// The owner with the most hits.
    owner: Option<&'a str>,
    country: Option<&'a str>,
    abuse: &'a [&'a str],
    networks: Vec<String>,
    addresses: u64,
    hits: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    activity: &'a [u64],
    verdict: &'static str,
    matches: &'a [&'a PatternMatch],
    /// The value that the clients share.
    by: Option<&'a str>,
    /// The row's title in text.
    name: &'a str,
    /// The reason if there is no owner.
    reason: Option<String>,
    /// All owners, most hits first, if a row does not stand for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    owners: Option<&'a [String]>,
    /// Its addresses, most hits first, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<RowClients<'a>>,
}

/// The addresses of a row. They are written one by one: there may be millions of them.
struct RowClients<'a> {
    row: &'a ReportRow<'a>,
    lines: &'a ClientLines,
}

impl Serialize for RowClients<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clients = self.row.clients();
        serializer.collect_seq(clients.into_iter().map(|seen| ClientObject::of(seen, self.lines)))
    }
}

/// One address of a row.
#[derive(Serialize)]
struct ClientObject<'a> {
    ip: IpAddr,
    hits: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    lines: Vec<&'a str>,
}

impl<'a> ClientObject<'a> {
    fn of(seen: Sighting<'_>, lines: &'a ClientLines) -> Self {
        let lines = lines.get(&seen.address());
        Self {
            ip: seen.address(),
            hits: seen.hits(),
            first_seen: seen.first().map(rfc3339),
            last_seen: seen.last().map(rfc3339),
            lines: lines.into_iter().flatten().map(|line| line.text.as_str()).collect(),
        }
    }
}

/// One object for each row, with its addresses if `lines` is given.
///
/// # Errors
/// Writing fails.
pub fn json(rows: &[ReportRow], lines: Option<&ClientLines>, out: &mut impl Write) -> io::Result<()> {
    for row in rows {
        let object_of_row = RowObject {
            owner: row.owner(),
            country: row.country,
            abuse: &row.abuse,
            networks: row.networks.iter().map(ToString::to_string).collect(),
            addresses: row.addresses,
            hits: row.hits,
            first_seen: row.first.map(rfc3339),
            last_seen: row.last.map(rfc3339),
            activity: &row.activity,
            verdict: row.verdict.as_str(),
            matches: &row.matches,
            by: row.by(),
            name: row.title(),
            reason: row.reason(),
            clients: lines.map(|lines| RowClients { row, lines }),
            owners: (row.grouping != Grouping::Owner).then_some(&row.owners),
        };
        object(&object_of_row, out)?;
    }
    Ok(())
}

/// A header, then one line for each row; lists are joined by a blank, matches are `FILE:LINE`.
///
/// # Errors
/// Writing fails.
pub fn csv(rows: &[ReportRow], out: &mut impl Write) -> io::Result<()> {
    write(out, HEADER.iter().map(|name| (*name).to_owned()))?;
    for row in rows {
        let text = |value: Option<&str>| value.map(|value| csv_cell(value).into_owned()).unwrap_or_default();
        let fields = [
            text(row.owner()),
            text(row.country),
            csv_cell(&row.abuse.join(" ")).into_owned(),
            list(row.networks.iter().map(ToString::to_string)),
            row.addresses.to_string(),
            row.hits.to_string(),
            row.first.map(rfc3339).unwrap_or_default(),
            row.last.map(rfc3339).unwrap_or_default(),
            list(row.activity.iter().map(ToString::to_string)),
            row.verdict.as_str().to_owned(),
            list(
                row.matches.iter().map(|found| safe(&format!("{}:{}", found.file, found.line)).into_owned()),
            ),
            text(row.by()),
            text(Some(row.title())),
            row.reason().unwrap_or_default(),
        ];
        write(out, fields.into_iter())?;
    }
    Ok(())
}

fn list(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(" ")
}
