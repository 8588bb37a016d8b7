//! All that a cache holds, for a reader of the whole instead of one address's answer.

use super::LayeredCache;
use crate::cache::{CachedPage, ImportedScan};

/// The number of answers that are read at a time.
const PAGE: usize = 500;

impl LayeredCache {
    /// Opens all imported data. None if there is none, or if it cannot be read, which gives a warning.
    #[must_use]
    pub fn scan_imported(&self) -> Option<ImportedScan<'_>> {
        let scan = self.imported.as_ref()?.scan();
        scan.unwrap_or_else(|error| {
            self.lock().warn(&error);
            None
        })
    }

    /// Visits every cached answer, page by page, whatever its age, in the cache that look-ups use now. A page that
    /// cannot be read gives a warning, and its answers are left out.
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
