//! The state of one server: when it may be asked next, and whether it may be asked at all. Pure arithmetic on times in
//! microseconds; the caches only store it.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The hold-off after the first denial; each further denial doubles it.
const FIRST: SignedDuration = SignedDuration::from_mins(5);
/// The longest hold-off. RIPE's own temporary blocks end at midnight, within a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The same, in microseconds.
const LONGEST_MICROS: i64 = 24 * 3_600_000_000;
/// If this much time passes without a denial after the end of a hold-off, the next denial counts as the first again.
const QUIET: SignedDuration = SignedDuration::from_hours(24);
/// The pause of a server that answers with nothing about the networks asked. It is shorter than after a known denial,
/// because this is a guess.
const PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// The number of networks in a row about which a server says nothing before it counts as refusing.
const MUTE: u32 = 4;
/// Answers that are further apart than this are not in a row.
const ROW: SignedDuration = SignedDuration::from_hours(1);
/// How long the observation lasts that a server closes its answers with other words than expected.
const LEARNED: SignedDuration = SignedDuration::from_hours(24);
/// The difference that clocks of several machines may have. If it is greater, a clock was set back.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// The notes on one server. All times are microseconds since the epoch; 0 means never.
///
/// Observations of its answers ([`super::Observations`]) use the same five numbers under names of their own. An ending
/// uses `until` and `denied`. A row of answers about nothing uses `next` and `booked` (a bit for each network),
/// `denied` (the last answer) and `until` (the pause that followed).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServerNotes {
    /// The time up to which questions are booked.
    pub(super) next: i64,
    /// The time of the last booking.
    pub(super) booked: i64,
    /// The end of the hold-off.
    pub(super) until: i64,
    /// The time of the last denial.
    pub(super) denied: i64,
    /// Denials in a row.
    pub(super) times: i64,
}

impl ServerNotes {
    /// Books the next free time, unless it is later than `by`. Returns that time, and true if it was booked.
    pub(super) fn book(&mut self, every: Duration, now: Timestamp, by: Timestamp) -> (Timestamp, bool) {
        // A booking in the future comes from a clock that was wrong, and would hold up everybody for hours. So would a
        // value that was planted: nobody books more than a day ahead.
        let planted = self.next > self.booked.saturating_add(LONGEST_MICROS);
        let turned_back = planted || after(now, SLACK) < self.booked;
        let at = if turned_back { micros(now) } else { self.next.max(micros(now)) };
        if at > micros(by) {
            return (moment(at), false);
        }
        self.next = at.saturating_add(i64::try_from(every.as_micros()).unwrap_or(i64::MAX));
        self.booked = micros(now);
        (moment(at), true)
    }

    /// Notes a denial, and returns the end of the hold-off. Questions that are under way at the same time bring the
    /// same denial, so a denial during a hold-off does not lengthen it. It does if the server itself says how long it
    /// wants to be left alone: `least`, a day at most.
    pub(super) fn deny(&mut self, now: Timestamp, least: Duration) -> Timestamp {
        let least = after(now, SignedDuration::try_from(least).unwrap_or(LONGEST).min(LONGEST));
        if let Some(until) = self.held(now) {
            self.until = micros(until).max(least);
            return self.held(now).unwrap_or(until);
        }
        let quiet = self.until < micros(now.saturating_sub(QUIET).unwrap_or(now));
        self.times = if quiet { 1 } else { self.times.saturating_add(1) };
        let doublings = u32::try_from(self.times - 1).unwrap_or(0).min(16);
        let hold = FIRST.saturating_mul(1_i32 << doublings).min(LONGEST);
        self.until = after(now, hold).max(least);
        self.denied = micros(now);
        moment(self.until)
    }

    /// Notes that an observation holds for `span` from now.
    fn hold(&mut self, now: Timestamp, span: SignedDuration) {
        self.until = after(now, span).max(self.held(now).map_or(0, micros));
        self.denied = micros(now);
    }

    /// Notes that a server's answers end in a certain way.
    pub(super) fn learn(&mut self, now: Timestamp) {
        self.hold(now, LEARNED);
    }

    /// Notes a pause. It is shorter than a hold-off, and never lengthens the next one.
    pub(super) fn pause(&mut self, now: Timestamp) {
        self.hold(now, PAUSE);
    }

    /// Notes an answer that said nothing of a network; `network` tells it from others. Returns true if the server
    /// counts as refusing, because it answered so about several networks in a row. After a pause, one such answer is
    /// enough.
    pub(super) fn note_mute(&mut self, network: u64, now: Timestamp) -> bool {
        let age = now.duration_since(moment(self.denied));
        if age > ROW || age < -SLACK {
            *self = Self::default();
        }
        // One bit for each network. Two networks that share a bit count as one, so a further network is needed.
        let half = if network.is_multiple_of(2) { &mut self.next } else { &mut self.booked };
        *half |= 1_i64 << (network / 2 % 63);
        self.denied = micros(now);
        self.next.count_ones() + self.booked.count_ones() >= MUTE
    }

    /// The end of the hold-off, if it is held off now.
    pub(super) fn held(&self, now: Timestamp) -> Option<Timestamp> {
        let set_back = after(now, SLACK) < self.denied;
        // No hold-off lasts longer, even if a value was planted or a clock was wrong.
        let until = self.until.min(self.denied.saturating_add(LONGEST_MICROS));
        (until > micros(now) && !set_back).then(|| moment(until))
    }
}

/// Whether a lease taken at `made` and lasting until `until` still holds at `now`. One taken in the future came from a
/// clock that has been set back since.
pub(super) fn holds(made: i64, until: i64, now: Timestamp) -> bool {
    until.min(made.saturating_add(LONGEST_MICROS)) > micros(now) && made <= after(now, SLACK)
}

/// Microseconds since the epoch.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The time in microseconds as a timestamp, limited to jiff's range.
pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn after(now: Timestamp, span: SignedDuration) -> i64 {
    micros(now.saturating_add(span).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn questions_keep_their_distance_and_a_late_one_books_nothing() {
        let mut server = ServerNotes::default();
        let every = Duration::from_secs(2);
        assert_eq!(server.book(every, at(0), at(10)), (at(0), true));
        assert_eq!(server.book(every, at(0), at(10)), (at(2), true));
        assert_eq!(server.book(every, at(0), at(3)), (at(4), false));
        assert_eq!(server.book(every, at(0), at(10)), (at(4), true), "the late one took no slot");
        assert_eq!(server.book(every, at(60), at(70)), (at(60), true), "time unused is not saved up");
    }

    #[test]
    fn a_clock_set_back_books_no_far_future() {
        let mut server = ServerNotes::default();
        let every = Duration::from_secs(2);
        server.book(every, at(86_400), at(90_000));
        assert_eq!(server.book(every, at(0), at(10)), (at(0), true));
        assert_eq!(server.book(every, at(0), at(10)), (at(2), true), "and the pace holds from there");
        assert_eq!(
            server.book(every, at(-3), at(10)),
            (at(4), true),
            "other machines' clocks differ a little"
        );
    }

    #[test]
    fn each_denial_holds_off_for_longer_until_it_has_been_quiet() {
        let mut server = ServerNotes::default();
        assert_eq!(server.held(at(0)), None);
        assert_eq!(server.deny(at(0), NONE), at(300));
        assert_eq!(server.deny(at(1), NONE), at(300), "the same denial, seen by another question");
        assert_eq!(server.held(at(299)), Some(at(300)));
        assert_eq!(server.held(at(300)), None);
        assert_eq!(server.deny(at(301), NONE), at(301 + 600));
        assert_eq!(server.deny(at(1000), NONE), at(1000 + 1200));
        let mut now = 3000;
        for _ in 0..10 {
            now = server.deny(at(now), NONE).as_second() - at(0).as_second() + 1;
        }
        assert_eq!(server.deny(at(now), NONE), at(now + 86_400), "a day at most");
        assert_eq!(
            server.deny(at(now + 3 * 86_400), NONE),
            at(now + 3 * 86_400 + 300),
            "forgotten after a quiet day"
        );
    }

    #[test]
    fn a_planted_moment_counts_for_a_day_at_most() {
        let planted = i64::MAX;
        let mut server = ServerNotes { until: planted, denied: micros(at(0)), ..ServerNotes::default() };
        assert_eq!(server.held(at(1)), Some(at(86_400)));
        assert_eq!(server.held(at(86_400)), None);
        assert_eq!(server.deny(at(90_000), NONE), at(90_300));
        assert_eq!(ServerNotes { until: planted, ..ServerNotes::default() }.held(at(0)), None);
        let mut booked = ServerNotes { next: planted, booked: micros(at(0)), ..ServerNotes::default() };
        assert_eq!(booked.book(Duration::from_secs(2), at(1), at(10)), (at(1), true));
        assert!(holds(micros(at(0)), planted, at(86_399)) && !holds(micros(at(0)), planted, at(86_400)));
        let odd = ServerNotes {
            times: i64::MIN,
            until: i64::MIN,
            denied: i64::MIN,
            next: i64::MIN,
            booked: i64::MIN,
        };
        assert_eq!({ odd }.deny(at(0), NONE), at(300));
        assert_eq!(
            ServerNotes { times: planted, until: micros(at(0)), ..odd }.clone().deny(at(1), NONE),
            at(301)
        );
    }

    #[test]
    fn a_server_may_say_itself_how_long_it_wants_to_be_left_alone() {
        let mut server = ServerNotes::default();
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(server.deny(at(0), minutes(1)), at(300), "never less than our own measure");
        assert_eq!(server.deny(at(1), minutes(30)), at(1801), "told while it is held off already");
        assert_eq!(server.deny(at(2), NONE), at(1801));
        assert_eq!(server.deny(at(1802), minutes(10_000)), at(1802 + 86_400), "a day at most");
    }

    #[test]
    fn several_networks_in_a_row_make_a_server_mute() {
        let mut server = ServerNotes::default();
        let mut mute = |network, seconds| server.note_mute(network, at(seconds));
        assert!((0..9).all(|n| !mute(n % 3, n.cast_signed())), "three networks");
        assert!(mute(3, 9), "the fourth");
        assert!(mute(3, 200) && mute(4, 201), "once is enough from then on");
        assert!(!mute(5, 4000), "an hour later it is no row");
        assert!(!mute(u64::MAX, 4001) && !mute(7, 4002) && mute(8, 4003), "any number is a network");
        assert!(!mute(9, 0), "the clock was set back");
    }

    #[test]
    fn a_pause_is_shorter_than_a_denial_and_shortens_none() {
        let mut server = ServerNotes::default();
        server.pause(at(0));
        assert_eq!((server.held(at(119)), server.held(at(120))), (Some(at(120)), None));
        server.deny(at(200), NONE);
        server.pause(at(201));
        assert_eq!(server.held(at(202)), Some(at(500)));
        let mut ending = ServerNotes::default();
        ending.learn(at(0));
        assert_eq!((ending.held(at(86_399)), ending.held(at(86_400))), (Some(at(86_400)), None));
    }

    #[test]
    fn a_hold_or_a_claim_from_the_future_counts_for_nothing() {
        let mut server = ServerNotes::default();
        server.deny(at(86_400), NONE);
        assert_eq!(server.held(at(0)), None);
        assert!(!holds(micros(at(86_400)), micros(at(86_410)), at(0)));
        assert!(holds(micros(at(0)), micros(at(10)), at(9)));
        assert!(!holds(micros(at(0)), micros(at(10)), at(10)));
    }
}
