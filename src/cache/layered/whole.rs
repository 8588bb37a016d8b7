//! All that a cache holds, for whoever wants the whole of it instead of one address's answer.

use super::LayeredCache;
use crate::cache::{CachedAnswer, ImportedScan};

/// Answers that are read at a time.
const PAGE: usize = 500;

impl LayeredCache {
    /// Opens all of imported data; None where there is none, or where it cannot be read, which is warned of.
    #[must_use]
    pub fn scan_imported(&self) -> Option<ImportedScan<'_>> {
        let scan = self.imported.as_ref()?.scan();
        scan.unwrap_or_else(|error| {
            self.lock().warn(&error);
            None
        })
    }

    /// Visits every cached answer with its number, ascending, whatever its age: those of the cache that answers
    /// look-ups now. Numbers grow with time. What cannot be read is warned of, and left out.
    pub fn each_cached(&self, mut visit: impl FnMut(i64, CachedAnswer)) {
        for layer in &self.layers {
            let mut after = 0;
            loop {
                let page = match layer.cache.list(after, PAGE) {
                    Ok(page) => page,
                    Err(error) => {
                        self.lock().warn(&error);
                        if after > 0 {
                            return;
                        }
                        break;
                    }
                };
                let Some(&(last, _)) = page.last() else { return };
                after = last;
                page.into_iter().for_each(|(id, cached)| visit(id, cached));
            }
        }
    }
}
