//! The sessions of this device: who is signed in where, and whether they are locked.
//!
//! Idle time and age are measured on the clock that nobody can set; what must outlive a restart is stored.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sealtrace_protocol::ids::{OperatorId, SiteId};
use serde::{Deserialize, Serialize};

/// Sessions kept; the oldest makes room.
const SESSIONS_MAX: usize = 8;
/// A shift, and some more.
const SESSION_MS_MAX: u64 = 16 * 60 * 60 * 1_000;

/// A session as it is stored. The cookie's secret itself is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) secret_hash: String,
    pub(super) operator: OperatorId,
    pub(super) site: SiteId,
    locked: bool,
    /// How long the agent had run with it by then.
    age_ms: u64,
}

/// A session as it is now.
#[derive(Clone, Debug)]
struct Kept {
    stored: Stored,
    /// When `stored.age_ms` was true.
    since_ms: u64,
    /// When a person last did something.
    used_ms: u64,
}

/// What a cookie opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) operator: OperatorId,
    pub(super) site: SiteId,
    pub(super) locked: bool,
    /// It was idle for too long just now: that has to be stored.
    pub(super) news: bool,
}

/// All sessions.
pub(in crate::ui) struct Sessions {
    rows: Mutex<Vec<Kept>>,
    lock_after_ms: Option<u64>,
}

impl Kept {
    const fn age_ms(&self, now_ms: u64) -> u64 {
        self.stored.age_ms.saturating_add(now_ms.saturating_sub(self.since_ms))
    }

    /// Locks it when nobody has used it for `after_ms`; true when that is new.
    fn lock_if_idle(&mut self, now_ms: u64, after_ms: Option<u64>) -> bool {
        let idle = after_ms.is_some_and(|after| now_ms.saturating_sub(self.used_ms) >= after);
        let news = idle && !self.stored.locked;
        self.stored.locked |= idle;
        news
    }
}

impl Sessions {
    /// Goes on with what was stored. Who was at work when the agent ended may go on at once.
    pub(super) fn new(stored: Vec<Stored>, now_ms: u64, lock_after_ms: Option<u64>) -> Self {
        let kept = |stored| Kept { stored, since_ms: now_ms, used_ms: now_ms };
        Self { rows: Mutex::new(stored.into_iter().map(kept).collect()), lock_after_ms }
    }

    pub(super) const fn lock_after_ms(&self) -> Option<u64> {
        self.lock_after_ms
    }

    /// What must be stored now.
    pub(super) fn to_store(&self, now_ms: u64) -> Vec<Stored> {
        let store = |kept: &Kept| Stored { age_ms: kept.age_ms(now_ms), ..kept.stored.clone() };
        self.rows().iter().map(store).collect()
    }

    /// Somebody signed in, over the session `before` if there was one: that ends.
    pub(super) fn begin(
        &self,
        secret_hash: String,
        (operator, site): (OperatorId, SiteId),
        before: Option<&str>,
        now_ms: u64,
    ) {
        let stored = Stored { secret_hash, operator, site, locked: false, age_ms: 0 };
        let mut rows = self.rows();
        rows.retain(|kept| {
            Some(kept.stored.secret_hash.as_str()) != before && kept.age_ms(now_ms) < SESSION_MS_MAX
        });
        rows.insert(0, Kept { stored, since_ms: now_ms, used_ms: now_ms });
        rows.truncate(SESSIONS_MAX);
    }

    /// The session of a cookie. `used`: a person asks for something, and not the page by itself.
    pub(super) fn find(&self, secret_hash: &str, used: bool, now_ms: u64) -> Option<Found> {
        let mut rows = self.rows();
        let kept = rows.iter_mut().find(|kept| kept.stored.secret_hash == secret_hash)?;
        if kept.age_ms(now_ms) >= SESSION_MS_MAX {
            return None;
        }
        let news = kept.lock_if_idle(now_ms, self.lock_after_ms);
        if used && !kept.stored.locked {
            kept.used_ms = now_ms;
        }
        let Stored { operator, site, locked, .. } = kept.stored;
        Some(Found { operator, site, locked, news })
    }

    /// Ends a session.
    pub(super) fn end(&self, secret_hash: &str) {
        self.rows().retain(|kept| kept.stored.secret_hash != secret_hash);
    }

    /// Locks a session.
    pub(super) fn lock(&self, secret_hash: &str) {
        self.change(secret_hash, |kept| kept.stored.locked = true);
    }

    /// Its PIN was right: it begins anew.
    pub(super) fn unlock(&self, secret_hash: &str, now_ms: u64) {
        self.change(secret_hash, |kept| {
            kept.stored.locked = false;
            kept.stored.age_ms = 0;
            (kept.since_ms, kept.used_ms) = (now_ms, now_ms);
        });
    }

    /// Goes on at another site.
    pub(super) fn move_to(&self, secret_hash: &str, site: SiteId) {
        self.change(secret_hash, |kept| kept.stored.site = site);
    }

    /// Locks what has been idle for too long: whose they are.
    pub(super) fn lock_idle(&self, now_ms: u64) -> Vec<OperatorId> {
        let after_ms = self.lock_after_ms;
        let mut rows = self.rows();
        let idle = rows
            .iter_mut()
            .filter_map(|kept| kept.lock_if_idle(now_ms, after_ms).then_some(kept.stored.operator));
        idle.collect()
    }

    fn change(&self, secret_hash: &str, change: impl FnOnce(&mut Kept)) {
        let mut rows = self.rows();
        if let Some(kept) = rows.iter_mut().find(|kept| kept.stored.secret_hash == secret_hash) {
            change(kept);
        }
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK_MS: u64 = 1_000;

    fn sessions() -> Sessions {
        let sessions = Sessions::new(Vec::new(), 0, Some(LOCK_MS));
        sessions.begin("a".into(), (OperatorId(1), SiteId(1)), None, 0);
        sessions
    }

    fn restarted(sessions: &Sessions, ended_ms: u64) -> Sessions {
        Sessions::new(sessions.to_store(ended_ms), 0, Some(LOCK_MS))
    }

    #[test]
    fn only_what_a_person_does_keeps_a_session_open() {
        let sessions = sessions();
        assert!(!sessions.find("a", true, LOCK_MS - 1).unwrap().locked);
        assert!(!sessions.find("a", false, 2 * LOCK_MS - 2).unwrap().locked);
        let found = sessions.find("a", true, 2 * LOCK_MS - 1).unwrap();
        assert!(found.locked && found.news);
        // A scan that comes too late does not open it again.
        let found = sessions.find("a", true, 2 * LOCK_MS).unwrap();
        assert!(found.locked && !found.news);
        sessions.unlock("a", 2 * LOCK_MS);
        assert!(!sessions.find("a", false, 3 * LOCK_MS - 1).unwrap().locked);
        assert_eq!(sessions.lock_idle(3 * LOCK_MS), [OperatorId(1)]);
        assert!(sessions.lock_idle(4 * LOCK_MS).is_empty());
    }

    #[test]
    fn a_lock_outlives_a_restart_and_work_goes_on_after_one() {
        let open = sessions();
        assert!(!restarted(&open, LOCK_MS / 2).find("a", false, LOCK_MS - 1).unwrap().locked);
        open.lock("a");
        assert!(restarted(&open, 1).find("a", true, 0).unwrap().locked);
    }

    #[test]
    fn a_session_ends_after_its_time_however_often_the_agent_was_restarted() {
        let half = SESSION_MS_MAX / 2;
        let sessions = Sessions::new(sessions().to_store(half), 0, None);
        assert!(sessions.find("a", true, half - 1).is_some());
        assert!(sessions.find("a", true, half).is_none());
        // Its PIN begins it anew.
        sessions.unlock("a", half);
        assert!(sessions.find("a", true, half + SESSION_MS_MAX - 1).is_some());
    }

    #[test]
    fn whoever_signs_in_over_a_session_ends_it() {
        let sessions = sessions();
        sessions.begin("b".into(), (OperatorId(2), SiteId(1)), Some("a"), 5);
        assert_eq!(sessions.find("a", true, 5), None);
        assert_eq!(sessions.find("b", true, 5).unwrap().operator, OperatorId(2));
    }
}
