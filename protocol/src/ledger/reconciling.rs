//! 标签核销: labels that never came onto goods are accounted for: WriteOff.

use super::effect::Effects;
use super::facts::{Facts, Presence};
use super::operation::Operation;
use super::rejection::Rejection;
use super::strip::{Fate, WriteOff};
use super::terms::Role;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A strip of labels was scrapped or given back: every one of them is in somebody's hand, so none of them can be on
/// goods, or accounted for already. What is void are those of a strip that nobody has accounted for, long after they were
/// issued; a supervisor says so.
pub(super) fn write_off(
    operation: &Operation,
    write_off: &WriteOff,
    facts: &Facts,
) -> Result<Effects, Rejection> {
    let WriteOff { first, last, count, fate } = *write_off;
    for code in [first, last] {
        if *facts.presence(code) == Presence::Foreign {
            return Err(Rejection::Foreign { code });
        }
    }
    let strip = facts.strip.ok_or(Rejection::NotOneStrip { first, last })?;
    if strip.count != count {
        let holds = strip.count;
        return Err(Rejection::StripDiffers { first, last, holds, count });
    }
    match fate {
        Fate::Scrapped | Fate::Returned => {
            if let Some(code) = strip.used {
                return Err(Rejection::AlreadyInUse { code });
            }
            if let Some((code, fate)) = strip.written_off {
                return Err(Rejection::WrittenOff { code, fate });
            }
        }
        Fate::Void => {
            if !facts.approved() {
                return Err(Rejection::RoleNotPermitted { needs: Role::Supervisor });
            }
            let days = i64::from(facts.rules.void_after_days);
            let until = strip.issued_at.plus_ms(days.saturating_mul(DAY_MS));
            if operation.at.wall < until {
                return Err(Rejection::TooEarly { code: first, until });
            }
        }
    }
    Ok(Effects::default())
}
