//! Notices about servers for the user, each given once.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Sentences about servers, by the servers' keys. Each is taken once.
#[derive(Debug, Default)]
pub(super) struct ServerNotices {
    /// None if the sentence was taken, and still holds.
    sentences: Mutex<BTreeMap<String, Option<String>>>,
}

impl ServerNotices {
    /// Adds a sentence, unless there is one about this server that still holds.
    pub(super) fn add(&self, server: &str, sentence: impl FnOnce() -> String) {
        self.lock().entry(server.to_owned()).or_insert_with(|| Some(sentence()));
    }

    /// Notes that the sentence about the server no longer holds. If it was not taken yet, it still will be.
    pub(super) fn forget(&self, server: &str) {
        let mut sentences = self.lock();
        if sentences.get(server).is_some_and(Option::is_none) {
            sentences.remove(server);
        }
    }

    /// The next sentence that was not taken yet.
    pub(super) fn take(&self) -> Option<String> {
        self.lock().values_mut().find_map(Option::take)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        self.sentences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_as_long_as_it_holds() {
        let notices = ServerNotices::default();
        notices.add("a", || "one".to_owned());
        notices.add("a", || panic!("once"));
        notices.forget("a");
        assert_eq!((notices.take().as_deref(), notices.take()), (Some("one"), None));
        notices.add("a", || panic!("it holds still"));
        notices.forget("a");
        notices.add("a", || "again".to_owned());
        assert_eq!(notices.take().as_deref(), Some("again"));
    }
}
