//! What to do next with the cloud. Pure: time and a seed come in, one action comes out.
//!
//! Uploads (seal, send, resume) and downloads (verdicts, feed) each have their own patience: a backlog that will not go
//! out does not keep the feed from coming in, and they take turns.

use sealtrace_protocol::ids::BatchNo;

/// How long operations wait for company before they are sealed.
pub const LINGER_MS: u64 = 200;
/// So many operations do not wait.
pub const LINGER_OPERATIONS_MAX: u64 = 500;
/// How often each stream of the feed is asked for when it had nothing.
pub const FEED_INTERVAL_MS: u64 = 1_000;
/// A stream this late goes before verdicts, however many there are.
const FEED_OVERDUE_MS: u64 = 5_000;
/// The first pause when verdicts were asked for and there were none yet; it doubles.
pub const VERDICT_INTERVAL_MS: u64 = 200;
/// The longest such pause.
pub const VERDICT_INTERVAL_MS_MAX: u64 = 5_000;
/// The first pause after a failure, at most.
pub const BACKOFF_MS_MIN: u64 = 400;
/// The longest pause.
pub const BACKOFF_MS_MAX: u64 = 30_000;
const _: () = assert!(BACKOFF_MS_MIN <= 500 && BACKOFF_MS_MIN < BACKOFF_MS_MAX);

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask for a new epoch.
    Resume,
    /// Seal what waits behind the stream's head.
    Seal,
    /// Send this sealed batch.
    Send {
        /// Which.
        batch: BatchNo,
    },
    /// Ask for verdicts after the cursor.
    FetchVerdicts,
    /// Ask for a page of every site's desk; after the last one for missing digests.
    FetchDesk,
    /// Ask for a page of every site's goods.
    FetchGoods,
    /// Nothing before this time, unless something changes.
    WaitUntil(u64),
}

/// What the store says: told before every [`Outbox::next`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The store has no stream, or is an old copy of itself.
    pub lost: bool,
    /// The cloud saw a fork.
    pub frozen: bool,
    /// Operations in no sealed batch.
    pub unsealed: u64,
    /// The first sealed batch without a receipt.
    pub unsent: Option<BatchNo>,
    /// Receipted operations without a verdict.
    pub unjudged: u64,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A batch was sealed.
    Sealed,
    /// The batch is stored by the cloud and its receipt by us.
    Stored,
    /// The cloud misses batches before it.
    Parked {
        /// The one to send first.
        expected: BatchNo,
    },
    /// A new epoch began.
    Resumed,
    /// The cloud says this is not the stream it knows; a fork. The store is marked.
    Forked,
    /// Verdicts came.
    Verdicts {
        /// How many.
        count: usize,
        /// There are more right now.
        more: bool,
    },
    /// Pages of desks came.
    Desk {
        /// There is more right now.
        more: bool,
    },
    /// Pages of goods came.
    Goods {
        /// There is more right now.
        more: bool,
    },
    /// Nobody answered: what gets through next shows that the network is back.
    Unreachable,
    /// It did not work.
    Failed,
}

/// One direction's patience.
#[derive(Clone, Copy, Debug, Default)]
struct Patience {
    failures: u32,
    not_before: u64,
    /// It waits for the network, not for the cloud to change its mind.
    unreachable: bool,
}

impl Patience {
    fn failed(&mut self, now: u64, random: u64) {
        let ceiling = BACKOFF_MS_MIN
            .checked_shl(self.failures.min(16))
            .unwrap_or(BACKOFF_MS_MAX)
            .min(BACKOFF_MS_MAX);
        // Half fixed, half random: devices that lost the network together do not come back together.
        let pause = ceiling / 2 + random % (ceiling / 2 + 1);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.saturating_add(pause);
    }

    fn succeeded(&mut self) {
        *self = Self::default();
    }

    fn network_is_back(&mut self) {
        if self.unreachable {
            *self = Self::default();
        }
    }
}

const PATIENT: Patience = Patience { failures: 0, not_before: 0, unreachable: false };

/// Decides what is next.
#[derive(Clone, Debug)]
pub struct Outbox {
    standing: Standing,
    waiting_since: Option<u64>,
    upload: Patience,
    download: Patience,
    goods: Patience,
    expected: Option<BatchNo>,
    verdicts_at: u64,
    verdict_pause_ms: u64,
    desk_at: u64,
    /// The desks have more to say: goods wait, so that work can begin.
    desk_goes_on: bool,
    goods_at: u64,
    downloads_turn: bool,
    random: u64,
}

impl Outbox {
    /// A machine that has done nothing yet; `seed` spreads its pauses.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            standing: Standing {
                lost: false,
                frozen: false,
                unsealed: 0,
                unsent: None,
                unjudged: 0,
            },
            waiting_since: None,
            upload: PATIENT,
            download: PATIENT,
            goods: PATIENT,
            expected: None,
            verdicts_at: 0,
            verdict_pause_ms: 0,
            desk_at: 0,
            desk_goes_on: true,
            goods_at: 0,
            downloads_turn: true,
            random: seed | 1,
        }
    }

    /// Hears what the store says.
    pub fn observe(&mut self, standing: Standing, now: u64) {
        if standing.unsealed == 0 {
            self.waiting_since = None;
        } else if self.waiting_since.is_none() {
            self.waiting_since = Some(now);
        }
        self.standing = standing;
    }

    /// True when the last thing tried of each kind worked.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        self.upload.failures == 0 && self.download.failures == 0 && self.goods.failures == 0
    }

    /// What to do now.
    #[must_use]
    pub fn next(&self, now: u64) -> Action {
        let (upload, upload_at) = self.next_upload(now);
        let (download, download_at) = self.next_download(now);
        match (upload, download) {
            (Some(upload), Some(download)) => {
                if self.downloads_turn {
                    download
                } else {
                    upload
                }
            }
            (Some(action), None) | (None, Some(action)) => action,
            (None, None) => Action::WaitUntil(upload_at.min(download_at)),
        }
    }

    fn next_upload(&self, now: u64) -> (Option<Action>, u64) {
        let Standing { lost, frozen, unsealed, unsent, .. } = self.standing;
        let wanted = if lost {
            Some(Action::Resume)
        } else if frozen {
            None
        } else if let Some(batch) = self.expected.or(unsent) {
            Some(Action::Send { batch })
        } else if unsealed > 0 {
            let ripe_at = self.waiting_since.unwrap_or(now).saturating_add(LINGER_MS);
            if unsealed < LINGER_OPERATIONS_MAX && now < ripe_at {
                return (None, ripe_at);
            }
            // Sealing needs no network: it does not wait for one.
            return (Some(Action::Seal), now);
        } else {
            None
        };
        match wanted {
            Some(action) if now >= self.upload.not_before => (Some(action), now),
            Some(_) => (None, self.upload.not_before),
            None => (None, u64::MAX),
        }
    }

    fn next_download(&self, now: u64) -> (Option<Action>, u64) {
        let verdicts_at = if self.standing.unjudged > 0 && !self.standing.lost {
            self.verdicts_at.max(self.download.not_before)
        } else {
            u64::MAX
        };
        let desk_at = self.desk_at.max(self.download.not_before);
        let goods_at =
            if self.desk_goes_on { u64::MAX } else { self.goods_at.max(self.goods.not_before) };
        let overdue = |at: u64| now >= at.saturating_add(FEED_OVERDUE_MS);
        if overdue(desk_at) {
            (Some(Action::FetchDesk), now)
        } else if overdue(goods_at) {
            (Some(Action::FetchGoods), now)
        } else if now >= verdicts_at {
            (Some(Action::FetchVerdicts), now)
        } else if now >= desk_at {
            (Some(Action::FetchDesk), now)
        } else if now >= goods_at {
            (Some(Action::FetchGoods), now)
        } else {
            (None, verdicts_at.min(desk_at).min(goods_at))
        }
    }

    /// Hears what came of `action`.
    pub fn on(&mut self, action: Action, outcome: Outcome, now: u64) {
        self.downloads_turn = matches!(action, Action::Send { .. } | Action::Resume | Action::Seal);
        if !matches!(outcome, Outcome::Sealed | Outcome::Unreachable | Outcome::Failed) {
            for patience in [&mut self.upload, &mut self.download, &mut self.goods] {
                patience.network_is_back();
            }
        }
        match outcome {
            Outcome::Sealed => self.waiting_since = None,
            Outcome::Stored => {
                self.upload.succeeded();
                self.expected = self.after(action);
                self.verdict_pause_ms = 0;
                self.verdicts_at = now;
            }
            Outcome::Parked { expected } => self.parked(action, expected, now),
            Outcome::Resumed => {
                self.upload.succeeded();
                self.expected = None;
                self.verdicts_at = now;
            }
            Outcome::Forked => self.expected = None,
            Outcome::Verdicts { count, more } => {
                self.download.succeeded();
                self.verdict_pause_ms = if more || count > 0 {
                    0
                } else {
                    (self.verdict_pause_ms * 2).clamp(VERDICT_INTERVAL_MS, VERDICT_INTERVAL_MS_MAX)
                };
                self.verdicts_at = now.saturating_add(self.verdict_pause_ms);
                if count > 0 {
                    // What was judged is in the feed: the two are seen together.
                    self.desk_at = now;
                    self.goods_at = now;
                }
            }
            Outcome::Desk { more } => {
                self.download.succeeded();
                self.desk_goes_on = more;
                self.desk_at = next_poll(more, now);
            }
            Outcome::Goods { more } => {
                self.goods.succeeded();
                self.goods_at = next_poll(more, now);
            }
            Outcome::Unreachable => self.failed(action, true, now),
            Outcome::Failed => self.failed(action, false, now),
        }
    }

    /// While the cloud catches up with batches it once receipted, the next one follows.
    fn after(&self, action: Action) -> Option<BatchNo> {
        let Action::Send { batch } = action else { return None };
        let next = BatchNo(batch.get().saturating_add(1));
        self.expected.and(self.standing.unsent).filter(|unsent| next < *unsent).map(|_| next)
    }

    /// The cloud names the batch to send first; naming the one just sent, or a later one, makes no sense and counts as
    /// a failure, so that the two do not run in circles.
    fn parked(&mut self, action: Action, expected: BatchNo, now: u64) {
        match action {
            Action::Send { batch } if expected < batch => {
                self.upload.succeeded();
                self.expected = Some(expected);
            }
            Action::Send { .. }
            | Action::Resume
            | Action::Seal
            | Action::FetchVerdicts
            | Action::FetchDesk
            | Action::FetchGoods
            | Action::WaitUntil(_) => self.failed(action, false, now),
        }
    }

    fn failed(&mut self, action: Action, unreachable: bool, now: u64) {
        let random = self.draw();
        let patience = match action {
            Action::Resume | Action::Seal | Action::Send { .. } => {
                self.expected = None;
                &mut self.upload
            }
            Action::FetchDesk => {
                // Where one site is refused, the others' goods come all the same.
                self.desk_goes_on = false;
                &mut self.download
            }
            Action::FetchVerdicts => &mut self.download,
            Action::FetchGoods => &mut self.goods,
            Action::WaitUntil(_) => return,
        };
        patience.failed(now, random);
        patience.unreachable = unreachable;
    }

    /// Xorshift: good enough to spread pauses.
    const fn draw(&mut self) -> u64 {
        let mut x = self.random;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random = x;
        x
    }
}

const fn next_poll(more: bool, now: u64) -> u64 {
    if more { now } else { now.saturating_add(FEED_INTERVAL_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: Action = Action::Send { batch: BatchNo(1) };

    /// A machine whose downloads have nothing to do for a while.
    fn quiet(now: u64) -> Outbox {
        let mut outbox = Outbox::new(7);
        outbox.on(Action::FetchDesk, Outcome::Desk { more: false }, now);
        outbox.on(Action::FetchGoods, Outcome::Goods { more: false }, now);
        outbox
    }

    fn unsent(batch: u64) -> Standing {
        Standing { unsent: Some(BatchNo(batch)), ..Standing::default() }
    }

    #[test]
    fn nothing_to_do_waits_for_the_next_feed() {
        let outbox = quiet(1_000);
        assert_eq!(outbox.next(1_000), Action::WaitUntil(1_000 + FEED_INTERVAL_MS));
        assert_eq!(outbox.next(1_000 + FEED_INTERVAL_MS), Action::FetchDesk);
    }

    #[test]
    fn operations_wait_a_little_for_company_and_many_do_not() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { unsealed: 3, ..Standing::default() }, 10);
        assert_eq!(outbox.next(10), Action::WaitUntil(10 + LINGER_MS));
        outbox.observe(Standing { unsealed: 4, ..Standing::default() }, 150);
        assert_eq!(outbox.next(10 + LINGER_MS), Action::Seal);
        let mut outbox = quiet(0);
        outbox.observe(Standing { unsealed: LINGER_OPERATIONS_MAX, ..Standing::default() }, 10);
        assert_eq!(outbox.next(10), Action::Seal);
    }

    #[test]
    fn a_sealed_batch_goes_before_a_new_one_is_sealed() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { unsealed: 900, ..unsent(1) }, 10);
        assert_eq!(outbox.next(10), SEND);
    }

    #[test]
    fn the_first_retry_comes_within_half_a_second_and_the_pause_is_bounded() {
        let mut outbox = quiet(0);
        outbox.observe(unsent(1), 0);
        let mut now = 0;
        for round in 0..40 {
            outbox.on(SEND, Outcome::Failed, now);
            let (_, at) = outbox.next_upload(now);
            assert!(at > now && at - now <= BACKOFF_MS_MAX, "round {round}: {at} after {now}");
            if round == 0 {
                assert!(at - now <= 500);
            }
            if round > 10 {
                assert!(at - now >= BACKOFF_MS_MAX / 2);
            }
            now = at;
        }
        assert!(!outbox.is_online());
        outbox.on(SEND, Outcome::Stored, now);
        assert!(outbox.is_online());
    }

    #[test]
    fn uploads_that_fail_do_not_hold_the_feed_up() {
        let mut outbox = quiet(0);
        outbox.observe(unsent(1), 0);
        for _ in 0..10 {
            outbox.on(SEND, Outcome::Failed, 0);
        }
        assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
    }

    #[test]
    fn what_gets_through_shows_that_the_network_is_back() {
        let mut outbox = quiet(0);
        outbox.observe(unsent(1), 0);
        for _ in 0..10 {
            outbox.on(Action::FetchDesk, Outcome::Unreachable, 0);
            outbox.on(Action::FetchGoods, Outcome::Failed, 0);
        }
        outbox.on(SEND, Outcome::Stored, 500);
        outbox.observe(Standing::default(), 500);
        assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
        outbox.on(Action::FetchDesk, Outcome::Desk { more: false }, 1_000);
        assert_eq!(
            outbox.next(1_000),
            Action::WaitUntil(1_000 + FEED_INTERVAL_MS),
            "goods were refused"
        );
    }

    #[test]
    fn uploads_and_downloads_take_turns() {
        let mut outbox = Outbox::new(7);
        outbox.observe(Standing { unjudged: 5, ..unsent(1) }, 0);
        let mut done = Vec::new();
        for _ in 0..4 {
            let action = outbox.next(0);
            let outcome = if action == SEND {
                Outcome::Stored
            } else {
                Outcome::Verdicts { count: 1, more: true }
            };
            outbox.on(action, outcome, 0);
            done.push(action);
        }
        assert_eq!(done, [Action::FetchVerdicts, SEND, Action::FetchVerdicts, SEND]);
    }

    #[test]
    fn a_cloud_that_misses_batches_gets_them_in_order() {
        let mut outbox = quiet(0);
        outbox.observe(unsent(5), 0);
        let five = Action::Send { batch: BatchNo(5) };
        outbox.on(five, Outcome::Parked { expected: BatchNo(3) }, 0);
        let mut sent = Vec::new();
        for _ in 0..3 {
            let (action, _) = outbox.next_upload(0);
            let action = action.unwrap();
            outbox.on(action, Outcome::Stored, 0);
            sent.push(action);
        }
        let numbers = [3, 4, 5].map(|batch| Action::Send { batch: BatchNo(batch) });
        assert_eq!(sent, numbers);
    }

    #[test]
    fn a_cloud_that_asks_for_what_it_was_just_sent_is_given_time() {
        let mut outbox = quiet(0);
        outbox.observe(unsent(5), 0);
        let five = Action::Send { batch: BatchNo(5) };
        outbox.on(five, Outcome::Parked { expected: BatchNo(5) }, 0);
        let (action, at) = outbox.next_upload(0);
        assert!(action.is_none() && at > 0);
    }

    #[test]
    fn a_lost_stream_is_resumed_before_anything_else_goes_out() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { lost: true, unsealed: 9, ..unsent(1) }, 0);
        assert_eq!(outbox.next(0), Action::Resume);
    }

    #[test]
    fn a_frozen_stream_sends_nothing_and_still_listens() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { frozen: true, unsealed: 9, unjudged: 2, ..unsent(1) }, 0);
        assert_eq!(outbox.next(0), Action::FetchVerdicts);
        outbox.on(Action::FetchVerdicts, Outcome::Verdicts { count: 0, more: false }, 0);
        assert_eq!(outbox.next(0), Action::WaitUntil(VERDICT_INTERVAL_MS));
    }

    #[test]
    fn verdicts_that_take_their_time_are_asked_for_less_and_less_often() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { unjudged: 2, ..Standing::default() }, 0);
        let none = Outcome::Verdicts { count: 0, more: false };
        let mut pauses = Vec::new();
        for _ in 0..7 {
            outbox.on(Action::FetchVerdicts, none, 0);
            pauses.push(outbox.verdicts_at);
        }
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        outbox.on(SEND, Outcome::Stored, 7);
        assert_eq!(outbox.next(7), Action::FetchVerdicts);
    }

    #[test]
    fn the_desk_comes_first_to_its_end_and_is_asked_for_again_while_goods_come() {
        let mut outbox = Outbox::new(7);
        let mut done = Vec::new();
        for now in [0, 100, 200, 300, 400, 1_150, 1_250, 1_350] {
            let action = outbox.next(now);
            let outcome = match action {
                Action::FetchDesk => Outcome::Desk { more: now < 100 },
                _ => Outcome::Goods { more: true },
            };
            outbox.on(action, outcome, now);
            done.push(action);
        }
        let (desk, goods) = (Action::FetchDesk, Action::FetchGoods);
        assert_eq!(done, [desk, desk, goods, goods, goods, desk, goods, goods]);
    }

    #[test]
    fn goods_that_do_not_come_keep_nothing_else_up() {
        let mut outbox = quiet(0);
        for _ in 0..10 {
            outbox.on(Action::FetchGoods, Outcome::Failed, 0);
        }
        assert!(!outbox.is_online());
        assert_eq!(outbox.next(FEED_INTERVAL_MS), Action::FetchDesk);
    }

    #[test]
    fn many_verdicts_do_not_starve_the_feed() {
        let mut outbox = quiet(0);
        outbox.observe(Standing { unjudged: 9, ..Standing::default() }, 0);
        let late = FEED_INTERVAL_MS + FEED_OVERDUE_MS;
        assert_eq!(outbox.next(late - 1), Action::FetchVerdicts);
        assert_eq!(outbox.next(late), Action::FetchDesk);
    }
}
