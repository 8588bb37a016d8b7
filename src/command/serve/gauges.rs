//! Figures besides the service's own counters: sizes and ages of the cache and of the table of origins, and the servers
//! that are held off.

use crate::{
    cache::LayeredCache,
    origin::OriginLookup,
    registry::Registry,
    resolver::Resolver,
    serve::metrics::{Gauges, MetricsText},
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The cache is counted no more often than this, because it reads all of a file that may be large.
const COUNTED_EVERY: Duration = Duration::from_secs(60);

/// The figures of this resolver's data.
pub(super) fn gauges(resolver: Resolver) -> Gauges {
    let started = Timestamp::now().as_second();
    let counted: Mutex<Option<(Instant, String)>> = Mutex::default();
    Box::new(move |text: &mut MetricsText| {
        text.family("whodunit_build_info", "gauge", "The program's version.");
        text.sample("whodunit_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        text.gauge("whodunit_start_time_seconds", "When the service was started.", started);
        let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = counted.as_ref().is_some_and(|(then, _)| then.elapsed() < COUNTED_EVERY);
        if !fresh {
            *counted = Some((Instant::now(), measure(resolver.cache())));
        }
        if let Some((_, measured)) = counted.as_ref() {
            text.append(measured);
        }
        measure_origins(resolver.origins(), text);
    })
}

/// Figures of the table that need no reading. Without a table, only that.
fn measure_origins(origins: &OriginLookup, text: &mut MetricsText) {
    // There may have been no request for a long time.
    origins.follow(Timestamp::now());
    let table = origins.table();
    text.gauge(
        "whodunit_origin_usable",
        "Whether there is a table of origins that can be used.",
        u8::from(table.is_some()),
    );
    let Some(table) = table else { return };
    text.gauge("whodunit_origin_ranges", "Ranges in the table of origins.", table.len());
    text.gauge("whodunit_origin_bytes", "Size of the table of origins on disk.", table.bytes());
    text.gauge(
        "whodunit_origin_imported_seconds",
        "When the table of origins was imported.",
        table.imported().as_second(),
    );
}

fn measure(cache: &LayeredCache) -> String {
    let mut text = MetricsText::default();
    let now = Timestamp::now();
    let stats = cache.stats(now);
    text.gauge("whodunit_cache_usable", "Whether the cache can be read.", u8::from(stats.is_ok()));
    let Ok(stats) = stats else { return text.into_string() };
    text.gauge("whodunit_cache_networks", "Answers in the cache.", stats.networks);
    text.gauge("whodunit_cache_bytes", "Size of the cache on disk, imported data included.", stats.bytes);
    text.gauge("whodunit_cache_imported_networks", "Networks in imported data.", stats.imported);
    for (name, help, time) in [
        ("whodunit_cache_oldest_answer_seconds", "When the oldest answer was fetched.", stats.oldest),
        ("whodunit_cache_newest_answer_seconds", "When the newest answer was fetched.", stats.newest),
    ] {
        if let Some(time) = time {
            text.gauge(name, help, time.as_second());
        }
    }
    let mut held_off: BTreeMap<&str, u64> = BTreeMap::new();
    for server in stats.held_off.keys() {
        let registry = Registry::of_server(server);
        *held_off.entry(registry.as_str()).or_default() += 1;
    }
    text.family("whodunit_held_off_servers", "gauge", "Servers that may not be asked now, by registry.");
    for (registry, count) in held_off {
        text.sample("whodunit_held_off_servers", &[("registry", registry)], count);
    }
    text.into_string()
}
