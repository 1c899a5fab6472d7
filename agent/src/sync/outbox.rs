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
#[path = "outbox_tests.rs"]
mod tests;
