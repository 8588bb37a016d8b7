//! Describes the data that a set is made from: its sources, dates and gaps.

use super::records::CachedSpan;
use crate::{cache::ImportedSource, output::counted, registry::Registry};
use jiff::Timestamp;

/// The data that a set is made from.
#[derive(Clone, Debug)]
pub struct DataSummary {
    /// Imported sources, by name.
    pub sources: Vec<ImportedSource>,
    /// Cached answers.
    pub cached: Option<CachedSpan>,
    /// The number of ranges and the date of the origin table, if the patterns use it.
    pub table: Option<(u64, Timestamp)>,
    /// Whether the table alone decides for all addresses that it covers.
    pub decided: bool,
}

/// The regional registries. The national ones are in their data, or publish none.
const REGIONS: [Registry; 5] =
    [Registry::Afrinic, Registry::Apnic, Registry::Arin, Registry::Lacnic, Registry::Ripe];

impl DataSummary {
    /// Whether it has no networks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cached.is_none() && self.table.is_none() && self.networks().next().is_none()
    }

    /// The sources that hold networks; statistics hold none.
    fn networks(&self) -> impl Iterator<Item = &ImportedSource> {
        let holds = |source: &&ImportedSource| {
            source.name.ends_with(" inetnum") || source.name.ends_with(" inet6num")
        };
        self.sources.iter().filter(holds)
    }

    /// A sentence for each kind of data, with its date.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let imported = self.networks().map(|source| {
            let networks = counted(source.entries, "network", "networks");
            format!("data: {}, {networks}, imported {:.0}", source.name, source.imported)
        });
        let cached = self.cached.iter().map(|cached| {
            let answers = counted(cached.count, "cached answer", "cached answers");
            format!("data: {answers}, {:.0} to {:.0}", cached.oldest, cached.newest)
        });
        let table = self.table.iter().map(|(ranges, at)| {
            let ranges = counted(*ranges, "range", "ranges");
            format!("data: a table of origins, {ranges}, imported {at:.0}")
        });
        imported.chain(table).chain(cached).collect()
    }

    /// The regional registries whose networks were not imported, for the families that are asked for; None if all were.
    #[must_use]
    pub fn uncovered(&self, v4: bool, v6: bool) -> Option<String> {
        if self.decided {
            return Some("not covered: networks that the table of origins does not have".to_owned());
        }
        let lacks = |class: &str| -> Vec<&'static str> {
            let lacks = |registry: &&Registry| {
                let name = format!("{} {class}", registry.as_str().to_ascii_uppercase());
                self.networks().all(|source| source.name != name)
            };
            REGIONS.iter().filter(lacks).map(|registry| registry.as_str()).collect()
        };
        let (four, six) = (lacks("inetnum"), lacks("inet6num"));
        let told = match (v4 && !four.is_empty(), v6 && !six.is_empty()) {
            (false, false) => return None,
            (true, true) if four == six => four.join(", "),
            (true, true) => format!("{} (IPv4); {} (IPv6)", four.join(", "), six.join(", ")),
            (true, false) => format!("{} (IPv4)", four.join(", ")),
            (false, true) => format!("{} (IPv6)", six.join(", ")),
        };
        let cached = if self.cached.is_some() { " except by cached answers" } else { "" };
        Some(format!("not covered{cached}: {told}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_there_is_and_what_is_not() {
        let at = Timestamp::from_second(1_795_478_400).unwrap();
        let source = |name: &str| ImportedSource { name: name.into(), imported: at, entries: 7 };
        let mut data = DataSummary {
            sources: ["RIPE inetnum", "RIPE inet6num", "RIPE organisation", "APNIC inetnum"]
                .map(source)
                .into(),
            cached: None,
            table: None,
            decided: false,
        };
        assert_eq!(data.notes()[0], "data: RIPE inetnum, 7 networks, imported 2026-11-24T00:00:00Z");
        assert_eq!(data.notes().len(), 3);
        assert_eq!(
            data.uncovered(true, true).unwrap(),
            "not covered: afrinic, arin, lacnic (IPv4); afrinic, apnic, arin, lacnic (IPv6)"
        );
        data.cached = Some(CachedSpan { count: 1, oldest: at, newest: at });
        assert_eq!(
            data.uncovered(true, false).unwrap(),
            "not covered except by cached answers: afrinic, arin, lacnic (IPv4)"
        );
        assert!(data.notes()[3].starts_with("data: 1 cached answer, 2026"));
        data.sources = vec![source("delegated ripencc")];
        assert!(!data.is_empty());
        data.cached = None;
        assert!(data.is_empty());
    }
}
