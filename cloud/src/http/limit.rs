//! How often one caller may ask: a bucket of tokens per name, filled again as time passes. Pure; time is an argument.

use std::collections::HashMap;

use sealtrace_protocol::time::Timestamp;

/// How many requests fit at once, and how fast room for more comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests that may come at once.
    pub burst: u32,
    /// Milliseconds until one more is allowed.
    pub refill_ms: u32,
}

/// Names remembered at once; beyond that, those with a full bucket are forgotten first, then all.
const NAMES_MAX: usize = 50_000;

/// Buckets by name.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    buckets: HashMap<String, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Milliseconds of refilling that are owed; 0 = full.
    debt_ms: i64,
    at: Timestamp,
}

impl Bucket {
    fn debt_at(self, now: Timestamp) -> i64 {
        let passed_ms = now.millis().saturating_sub(self.at.millis()).max(0);
        self.debt_ms.saturating_sub(passed_ms).max(0)
    }
}

impl Limiter {
    /// No requests so far.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    /// Takes a token for one request; otherwise says after how many milliseconds one will be there.
    pub fn take(&mut self, name: &str, now: Timestamp) -> Result<(), u64> {
        self.wait_ms(name, now).map_or(Ok(()), Err)?;
        if self.buckets.len() >= NAMES_MAX && !self.buckets.contains_key(name) {
            self.buckets.retain(|_, bucket| bucket.debt_at(now) > 0);
            if self.buckets.len() >= NAMES_MAX {
                self.buckets.clear();
            }
        }
        let cost_ms = i64::from(self.rate.refill_ms);
        let debt_ms = self.buckets.get(name).map_or(0, |bucket| bucket.debt_at(now));
        let debt_ms = debt_ms.saturating_add(cost_ms);
        self.buckets.insert(name.to_owned(), Bucket { debt_ms, at: now });
        Ok(())
    }

    /// How long `name` has to wait; none when it may ask now.
    #[must_use]
    pub fn wait_ms(&self, name: &str, now: Timestamp) -> Option<u64> {
        let debt_ms = self.buckets.get(name)?.debt_at(now);
        let room_ms = i64::from(self.rate.refill_ms) * (i64::from(self.rate.burst) - 1);
        u64::try_from(debt_ms - room_ms).ok().filter(|wait_ms| *wait_ms > 0)
    }

    /// Forgets what `name` asked.
    pub fn forgive(&mut self, name: &str) {
        self.buckets.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, refill_ms: 1_000 };

    #[test]
    fn a_burst_is_allowed_and_then_one_per_interval() {
        let mut limiter = Limiter::new(RATE);
        let start = Timestamp(50_000);
        for _ in 0..3 {
            assert_eq!(limiter.take("a", start), Ok(()));
        }
        assert_eq!(limiter.take("a", start), Err(1_000));
        assert_eq!(limiter.take("a", start.plus_ms(999)), Err(1));
        assert_eq!(limiter.take("a", start.plus_ms(1_000)), Ok(()));
        assert_eq!(limiter.take("a", start.plus_ms(1_000)), Err(1_000));
    }

    #[test]
    fn names_do_not_share_and_can_be_forgiven() {
        let mut limiter = Limiter::new(Rate { burst: 1, refill_ms: 1_000 });
        let now = Timestamp(0);
        assert_eq!(limiter.take("a", now), Ok(()));
        assert_eq!(limiter.take("b", now), Ok(()));
        assert!(limiter.take("a", now).is_err());
        limiter.forgive("a");
        assert_eq!(limiter.take("a", now), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer() {
        let mut limiter = Limiter::new(Rate { burst: 1, refill_ms: 1_000 });
        assert_eq!(limiter.take("a", Timestamp(1_000_000)), Ok(()));
        assert_eq!(limiter.take("a", Timestamp(0)), Err(1_000));
    }

    #[test]
    fn names_are_forgotten_before_memory_runs_out() {
        let mut limiter = Limiter::new(RATE);
        for name in 0..=NAMES_MAX {
            assert_eq!(limiter.take(&name.to_string(), Timestamp(0)), Ok(()));
        }
        assert!(limiter.buckets.len() <= NAMES_MAX);
    }
}
