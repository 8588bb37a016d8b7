//! The turn of one query, with whichever cache works.

use super::LayeredCache;
use crate::cache::{Coordinator, Store, TurnOutcome, TurnRequest};

impl LayeredCache {
    /// [`crate::cache::Cache::take_turn`].
    #[must_use]
    pub fn take_turn(&self, request: &TurnRequest) -> TurnOutcome {
        // Only the usual case has a fast path: one cache, and no answer or hold-off elsewhere.
        let at_once = match self.layers.as_slice() {
            [only] if !self.is_settled_elsewhere(request) => {
                self.try_layer(only, Some(request.now), &|cache| cache.take_turn(request)).flatten()
            }
            _ => None,
        };
        at_once.unwrap_or_else(|| self.take_turn_by_parts(request))
    }

    /// Whether anything but the cache itself has an answer or a hold-off.
    fn is_settled_elsewhere(&self, request: &TurnRequest) -> bool {
        let TurnRequest { address, accepts, server, now, .. } = request;
        let answers = accepts.as_ref().is_some_and(|freshness| {
            self.snapshot.get().is_some_and(|snapshot| snapshot.find(*address, freshness).is_some())
                || !matches!(self.memory.find(*address, freshness), Ok(None))
                || self.ask_imported(|imported| imported.find(*address)).is_some()
        });
        answers || !matches!(self.memory.held_off(server, *now), Ok(None))
    }

    fn take_turn_by_parts(&self, request: &TurnRequest) -> TurnOutcome {
        let TurnRequest { address, accepts, area, server, query, holder, now, until } = request;
        let found = || accepts.as_ref().and_then(|freshness| self.find(*address, freshness));
        if let Some(until) = self.held_off(server, *now) {
            return found().map_or(TurnOutcome::HeldOff(until), TurnOutcome::Found);
        }
        if !self.claim(area, 1, *holder, *now, *until) {
            return found().map_or(TurnOutcome::Busy, TurnOutcome::Found);
        }
        // The holder before may have brought an answer.
        if let Some(found) = found() {
            self.release(area, *holder);
            return TurnOutcome::Found(found);
        }
        let claimed = |(what, width): &(String, u32)| self.claim(what, *width, *holder, *now, *until);
        TurnOutcome::Granted { query: query.as_ref().is_some_and(claimed) }
    }
}
