//! A report's rows for scripts: JSON Lines and CSV with the contract's names.

use super::{clock::rfc3339, csv::write, json::object};
use crate::{pattern::Match, report::Owner, sanitize::safe};
use serde::Serialize;
use std::io::{self, Write};

const HEADER: [&str; 11] = [
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
];

#[derive(Serialize)]
struct Row<'a> {
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
    matches: &'a [&'a Match],
}

/// One object an owner.
///
/// # Errors
/// The output's own.
pub fn json(owners: &[Owner], out: &mut impl Write) -> io::Result<()> {
    for owner in owners {
        let row = Row {
            owner: owner.name(),
            country: owner.country,
            abuse: &owner.abuse,
            networks: owner.networks.iter().map(ToString::to_string).collect(),
            addresses: owner.addresses,
            hits: owner.hits,
            first_seen: owner.first.map(rfc3339),
            last_seen: owner.last.map(rfc3339),
            activity: &owner.activity,
            verdict: owner.verdict.as_str(),
            matches: &owner.matches,
        };
        object(&row, out)?;
    }
    Ok(())
}

/// A header, then one row an owner; lists are joined by a blank, matches are `FILE:LINE`.
///
/// # Errors
/// The output's own.
pub fn csv(owners: &[Owner], out: &mut impl Write) -> io::Result<()> {
    write(out, HEADER.iter().map(|name| (*name).to_owned()))?;
    for owner in owners {
        let text = |value: Option<&str>| value.map(|value| safe(value).into_owned()).unwrap_or_default();
        let fields = [
            text(owner.name()),
            text(owner.country),
            list(owner.abuse.iter().map(|address| safe(address).into_owned())),
            list(owner.networks.iter().map(ToString::to_string)),
            owner.addresses.to_string(),
            owner.hits.to_string(),
            owner.first.map(rfc3339).unwrap_or_default(),
            owner.last.map(rfc3339).unwrap_or_default(),
            list(owner.activity.iter().map(ToString::to_string)),
            owner.verdict.as_str().to_owned(),
            list(
                owner
                    .matches
                    .iter()
                    .map(|found| safe(&format!("{}:{}", found.file, found.line)).into_owned()),
            ),
        ];
        write(out, fields.into_iter())?;
    }
    Ok(())
}

fn list(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(" ")
}
