//! MaxMind DB files of any publisher.

use super::{OriginInput, RowCounts, fields, refused, unread};
use crate::{
    address::{Network, Prefix},
    error::Result,
    origin::TableBuilder,
};
use maxminddb::{LookupResult, MaxMindDbError, Reader, WithinOptions};
use serde::{Deserialize, de::IgnoredAny};
use std::{collections::HashMap, io::Read, path::Path};

/// The largest file in bytes. It must be read whole, because its metadata is at its end. Files with AS numbers have up
/// to 50 MB.
const LARGEST: u64 = 512 << 20;

/// The publishers' names of the fields: MaxMind and DB-IP use the long ones, IPinfo the short ones.
#[derive(Deserialize)]
struct AsnRecord {
    autonomous_system_number: Option<LooseField>,
    autonomous_system_organization: Option<LooseField>,
    asn: Option<LooseField>,
    as_name: Option<LooseField>,
    name: Option<LooseField>,
}

/// A field of any type: writers use the shortest integer type for a number, or text such as `AS64500`.
#[derive(Deserialize)]
#[serde(untagged)]
enum LooseField {
    Number(u32),
    Text(String),
    Other(IgnoredAny),
}

impl LooseField {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Other(_) => None,
        }
    }

    /// The AS numbers in it; none if it is anything else.
    fn numbers(&self) -> Vec<u32> {
        match self {
            Self::Number(number) => vec![*number],
            Self::Text(text) => {
                let mut numbers = Vec::new();
                let read = fields::numbers(text.as_bytes(), &mut numbers);
                read.map(|()| numbers).unwrap_or_default()
            }
            Self::Other(_) => Vec::new(),
        }
    }
}

/// Reads all networks.
pub(super) fn read(
    input: OriginInput,
    builder: &mut TableBuilder,
    tick: &mut dyn FnMut(),
) -> Result<RowCounts> {
    let OriginInput { name, reader } = input;
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| unread(&name, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(&name, "it is too large for an MMDB file with AS numbers"));
    }
    let database = Reader::from_source(bytes).map_err(|error| unknown(&name, &error))?;
    let networks = database
        .networks(WithinOptions::default().include_networks_without_data())
        .map_err(|error| unknown(&name, &error))?;
    // A tree has one leaf more than nodes. In a planted tree, whose nodes lead to each other, there would be no end.
    let most = u64::from(database.metadata().node_count) * 3 + 3;
    // Many networks share a record, which is read once.
    let mut known: HashMap<usize, Option<u32>> = HashMap::new();
    let (mut counts, mut leaves) = (RowCounts::default(), 0_u64);
    for found in networks {
        let found = found.map_err(|error| damaged(&name, &error))?;
        leaves += 1;
        if leaves > most {
            return Err(refused(&name, "its search tree is damaged"));
        }
        if leaves.is_multiple_of(1024) {
            tick();
        }
        let Some(offset) = found.offset() else { continue };
        let origin = match known.get(&offset) {
            Some(origin) => *origin,
            None => {
                let origin = origin(&found, builder).map_err(|error| match error {
                    Unread::Damaged(error) => damaged(&name, &error),
                    Unread::TooLarge(error) => error,
                })?;
                *known.entry(offset).or_insert(origin)
            }
        };
        if let Some(origin) = origin {
            let network = network(&found).ok_or_else(|| refused(&name, "its search tree is damaged"))?;
            builder.add_known(network, origin)?;
            counts.routed += 1;
        }
    }
    if counts.routed == 0 {
        let kind = database.metadata().database_type.escape_debug().to_string();
        return Err(refused(&name, &format!("an MMDB file without AS numbers (its type is {kind})")));
    }
    Ok(counts)
}

enum Unread {
    Damaged(MaxMindDbError),
    TooLarge(crate::error::Error),
}

/// The origin of a record; None if it names no AS.
fn origin(
    found: &LookupResult<'_, Vec<u8>>,
    builder: &mut TableBuilder,
) -> std::result::Result<Option<u32>, Unread> {
    let Some(record) = found.decode::<AsnRecord>().map_err(Unread::Damaged)? else { return Ok(None) };
    let numbers = record.autonomous_system_number.or(record.asn).map(|field| field.numbers());
    let numbers = numbers.unwrap_or_default();
    let names = [record.autonomous_system_organization, record.as_name, record.name];
    let name = names.into_iter().flatten().find_map(LooseField::text).unwrap_or_default();
    builder.origin(&numbers, fields::name(name.as_bytes()).as_deref()).map_err(Unread::TooLarge)
}

fn network(found: &LookupResult<'_, Vec<u8>>) -> Option<Network> {
    let network = found.network().ok()?;
    Prefix::new(network.ip(), network.prefix()).map(Network::from)
}

fn unknown(name: &Path, error: &MaxMindDbError) -> crate::error::Error {
    refused(name, &format!("it is neither text nor a whole MMDB file ({})", sentence(error)))
}

fn damaged(name: &Path, error: &MaxMindDbError) -> crate::error::Error {
    refused(name, &format!("this MMDB file is damaged ({})", sentence(error)))
}

/// The crate's own reason as part of a sentence; it may quote the file.
fn sentence(error: &MaxMindDbError) -> String {
    error.to_string().escape_debug().to_string()
}
