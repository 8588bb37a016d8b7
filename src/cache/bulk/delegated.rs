//! The registries' delegated-extended statistics: the registry that holds a block today, after transfers.
//!
//! A line is `registry|cc|type|start|value|date|status[|opaque-id]` (the RIR statistics exchange format). The value is
//! a count of addresses for IPv4, not always a power of two, and a prefix length for IPv6.

use super::{BulkEntry, BulkInput, EntrySink, broken};
use crate::{
    address::{Network, Prefix},
    error::{Error, Result},
    registry::Registry,
};
use std::{
    io::{BufRead, Read},
    net::{IpAddr, Ipv4Addr},
};

/// The longest line in bytes. A longer one is not from such a file.
const LONGEST: u64 = 4096;

/// The valid statuses of a block. They are checked because a last line without an end may have been cut within the
/// word.
const STATUSES: [&str; 4] = ["allocated", "assigned", "available", "reserved"];

pub(super) fn read(mut input: BulkInput, sink: &mut EntrySink<'_>, tick: &mut dyn FnMut()) -> Result<()> {
    let mut line = Vec::new();
    let mut source: Option<String> = None;
    let mut blocks = 0_u64;
    for number in 1.. {
        line.clear();
        let read = Read::take(&mut input.reader, LONGEST).read_until(b'\n', &mut line);
        if read.map_err(|error| Error::input(&input.name, &error))? == 0 {
            break;
        }
        let open = !line.ends_with(b"\n");
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = text.split('|').collect();
        let wrong = |why: &str| broken(&input.name, number, why);
        let Some(source) = &source else {
            // The fields of the head line: version|registry|serial|records|startdate|enddate|UTCoffset.
            let [version, of, ..] = fields.as_slice() else { return Err(wrong("no head line")) };
            if fields.len() != 7 || version.parse::<f32>().is_err() {
                return Err(wrong("the head line of delegated statistics is missing"));
            }
            let name = format!("delegated {of}");
            sink(BulkEntry::Source { source: name.clone(), dictionary: Vec::new() })?;
            source = Some(name);
            continue;
        };
        if fields.last() == Some(&"summary") {
            continue;
        }
        if open && fields.get(6).is_some_and(|status| !STATUSES.contains(status)) {
            return Err(wrong("the file ends within this line, as if it had been cut"));
        }
        let Some((block, registry)) = block(&fields).map_err(wrong)? else { continue };
        sink(BulkEntry::Block { source: source.clone(), block, registry })?;
        blocks += 1;
        if blocks.is_multiple_of(1024) {
            tick();
        }
    }
    Ok(())
}

/// The block of a line and the registry that holds it. None for AS numbers, and for blocks that nobody holds.
fn block(fields: &[&str]) -> std::result::Result<Option<(Network, Registry)>, &'static str> {
    let [registry, _, kind, start, value, _, status, ..] = fields else { return Err("too few fields") };
    let registry = match *registry {
        "arin" => Registry::Arin,
        "ripencc" | "ripe" => Registry::Ripe,
        "apnic" => Registry::Apnic,
        "afrinic" => Registry::Afrinic,
        "lacnic" => Registry::Lacnic,
        // The combined file of the NRO also lists IANA's own blocks.
        "iana" | "ietf" => return Ok(None),
        _ => return Err("the first field names no registry"),
    };
    if !matches!(*status, "allocated" | "assigned") || *kind == "asn" {
        return Ok(None);
    }
    let network = match *kind {
        "ipv4" => {
            let first: Ipv4Addr = start.parse().map_err(|_| "the start is no IPv4 address")?;
            let count: u32 = value.parse().map_err(|_| "the value is no count of addresses")?;
            let last = count.checked_sub(1).and_then(|more| first.to_bits().checked_add(more));
            let last = last.ok_or("the count of addresses leads nowhere")?;
            Network::new(first.into(), Ipv4Addr::from_bits(last).into())
        }
        "ipv6" => {
            let first: IpAddr = start.parse().map_err(|_| "the start is no IPv6 address")?;
            let length: u8 = value.parse().map_err(|_| "the value is no prefix length")?;
            Prefix::new(first, length).filter(|prefix| prefix.first() == first).map(Network::from)
        }
        _ => return Err("the third field is neither asn, ipv4 nor ipv6"),
    };
    network.map(|network| Some((network, registry))).ok_or("the start and the value make no block")
}
