//! The addresses that share a verdict.

use super::Resolver;
use crate::address::{Prefix, special_scope};
use jiff::Timestamp;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

impl Resolver {
    /// A prefix around an address whose addresses have the same known verdict from [`Resolver::recall`] now. They are in the
    /// same cached and imported networks, in the same range of the table of origins and of special addresses, in the
    /// prefixes of the same `@cidr` lines, and `--share` divides them nowhere.
    #[must_use]
    pub fn scope(&self, address: IpAddr, now: Timestamp) -> Prefix {
        let (v4, v6) = self.policy().share.unwrap_or_default();
        Prefix::scope(
            address,
            [
                Prefix::around(address, v4, v6),
                special_scope(address),
                self.patterns.scope(address),
                self.origins().scope(address),
                self.cache().scope(address, now),
            ],
        )
    }

    /// A number that is another one after each import, of networks or of a table of origins. Verdicts from before are in
    /// doubt. A new table is taken up here, and not for each address: a service calls this once a second.
    #[must_use]
    pub fn imports(&self, now: Timestamp) -> u64 {
        self.origins().follow(now);
        let mut hasher = DefaultHasher::new();
        (self.origins().changes(), self.cache().imported_file()).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::{Draw, Network, from_bits, to_bits},
        cache::{
            CacheEnv, CacheLocation, CachedAnswer,
            bulk::{BulkInput, import},
            open,
        },
        origin::{TableBuilder, beside},
        pattern::{Action, PatternSpec, Patterns},
        registry::{Answer, AnswerSource, Registry},
        resolver::QueryPolicy,
        whois::reply::{Provenance, WhoisReply, classify},
    };
    use std::{fmt::Write as _, fs, path::Path};

    /// The same networks each time.
    struct NetworkDraw(Draw);

    impl NetworkDraw {
        fn next(&mut self, below: u32) -> u32 {
            self.0.number() % below
        }

        /// Crowded, with special addresses: 192.0.0.0/16, and a part of 64:ff9b::/32 as large, in which 64:ff9b:1::/48
        /// has no owner and 64:ff9b::/96 has one.
        fn address(&mut self) -> IpAddr {
            let low = u128::from(self.next(1 << 16));
            if self.next(2) == 0 {
                return from_bits(0xC000_0000 | low, IpAddr::from([0; 4]));
            }
            let (upper, lower) = (u128::from(self.next(3)), self.next(2) * 7);
            from_bits(0x64_ff9b << 96 | upper << 80 | low << 48 | u128::from(lower), IpAddr::from([0; 16]))
        }

        fn network(&mut self) -> Network {
            let address = self.address();
            if self.next(4) == 0 {
                // No prefix.
                let last = from_bits(to_bits(address) + u128::from(self.next(400)), address);
                return Network::new(address, last).unwrap();
            }
            let length = 16 + self.next(17);
            let v6 = [32, 40, 48, 56, 64, 80, 128][self.next(7) as usize];
            Prefix::around(address, u8::try_from(length).unwrap(), v6).into()
        }
    }

    fn record(network: &Network, number: usize) -> String {
        let kind = if network.first().is_ipv4() { "inetnum" } else { "inet6num" };
        let range = match network.prefixes().as_slice() {
            [prefix] if kind == "inet6num" => prefix.to_string(),
            _ => format!("{} - {}", network.first(), network.last()),
        };
        let status = if number.is_multiple_of(3) { "ALLOCATED PA" } else { "ASSIGNED PA" };
        format!(
            "{kind}: {range}\nnetname: EXAMPLE-{number}\ndescr: Example {}\nstatus: {status}\nsource: RIPE\n\n",
            number % 7
        )
    }

    /// Imported, kept and announced networks, all of them in each other's way; patterns look at the address too.
    fn crowd(folder: &Path, draw: &mut NetworkDraw, share: Option<(u8, u8)>) -> Resolver {
        let now = Timestamp::now();
        let cache = open(&CacheLocation::Path(folder.join("cache.db")), &CacheEnv::default(), now);
        let mut text = String::new();
        let mut table = TableBuilder::new();
        let mut lines = String::from("Example [25]$\n");
        for number in 0..150 {
            let network = draw.network();
            // Ranges that are no prefix do not exist in IPv6's objects.
            if network.first().is_ipv4() || network.prefixes().len() == 1 {
                text.push_str(&record(&network, number));
            }
            table.add(draw.network(), &[64500 + draw.next(3)], None).unwrap();
            if number < 12 {
                let cidr = draw.network().prefixes()[0];
                writeln!(lines, "@cidr {cidr}").unwrap();
            }
        }
        let input =
            BulkInput { name: "ripe.db.inetnum".into(), reader: Box::new(std::io::Cursor::new(text)) };
        import(cache.file().unwrap(), cache.maintenance(), vec![input], now, &mut || ()).unwrap();
        fs::write(beside(cache.file().unwrap()), table.finish(now).unwrap().0).unwrap();
        for number in 0..60 {
            let (network, asked) = (draw.network(), draw.address());
            let asked = if network.contains(asked) { asked } else { network.last() };
            let text = record(&network, number);
            let WhoisReply::Record(record, _) =
                classify(&text, Registry::Ripe, Some(asked), Provenance::Saved)
            else {
                continue;
            };
            let answer = Answer {
                record: *record,
                text,
                servers: Vec::new(),
                fetched: now,
                partial: false,
                full: false,
                rdap: false,
                source: AnswerSource::Whois,
                stale: false,
            };
            cache.keep(&CachedAnswer { answer, asked, leaf: !number.is_multiple_of(3) });
        }
        fs::write(folder.join("blocked"), lines).unwrap();
        let files = vec![(Action::Block, folder.join("blocked"))];
        let patterns = Patterns::read(&PatternSpec { files, ..PatternSpec::default() }).unwrap();
        Resolver::for_service(QueryPolicy { share, ..QueryPolicy::default() }, cache, patterns)
    }

    #[test]
    fn all_addresses_of_a_scope_have_the_verdict_of_one_of_them() {
        let mut draw = NetworkDraw(Draw::new(17));
        let (mut wide, mut known) = (0, 0);
        for share in [None, Some((28, 60))] {
            let folder = tempfile::tempdir().unwrap();
            let resolver = crowd(folder.path(), &mut draw, share);
            let recall = |address: IpAddr| {
                let judged = resolver.recall(address, Timestamp::now()).unwrap()?;
                let network = judged.answer().map(|answer| (answer.record.network, answer.text.clone()));
                let name = judged.answer().and_then(|answer| answer.record.name.clone());
                let special = judged.reserved().map(|special| special.name);
                let rules: Vec<_> = judged.decisive().map(|rule| rule.line).into_iter().collect();
                Some((judged.verdict, network, name, special, judged.origin.clone(), rules))
            };
            for _ in 0..1500 {
                let address = draw.address();
                let scope = resolver.scope(address, Timestamp::now());
                assert!(scope.contains(address), "{scope} {address}");
                let one = recall(address);
                known += usize::from(one.as_ref().is_some_and(|one| one.1.is_some()));
                wide += usize::from(scope.first() != scope.last());
                let span = to_bits(scope.last()) - to_bits(scope.first());
                let within = |part: u32| to_bits(scope.first()) + span / 5 * u128::from(part);
                let others = [within(1 + draw.next(4)), within(draw.next(2)), to_bits(scope.last())];
                for other in others.map(|bits| from_bits(bits, address)) {
                    assert_eq!(recall(other), one, "{other} and {address} in {scope}, {share:?}");
                }
            }
        }
        assert!(wide > 1000 && known > 1000, "{wide} scopes of more than one address, {known} networks");
    }
}
