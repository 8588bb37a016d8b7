//! All that a cache holds, for whoever wants the whole of it instead of one address's answer.

use super::LayeredCache;
use crate::cache::{CachedPage, ImportedScan};

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

    /// Visits every cached answer, page by page, whatever its age: those of the cache that answers look-ups now. A page
    /// that cannot be read is warned of, and so many are left out.
    pub fn each_cached(&self, mut visit: impl FnMut(CachedPage)) {
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
                let Some(last) = page.last else { return };
                after = last;
                visit(page);
            }
        }
    }
}
