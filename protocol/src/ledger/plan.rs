//! What operations are judged against besides items: packaging plans, tasks, documents.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::{Item, Level};
use crate::ids::{OrderId, ProductId, Revision, SiteId, TaskId};
use crate::text::Lot;

/// One level of a packaging plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The package's level.
    pub level: Level,
    /// How many of the next lower level it holds.
    pub holds: u32,
    /// Which units, when it mixes products (礼盒); empty = the plan's own product. Only the innermost step can mix.
    #[serde(default)]
    pub parts: Vec<Part>,
}

impl Step {
    /// A step that holds one thing.
    #[must_use]
    pub const fn new(level: Level, holds: u32) -> Self {
        Self { level, holds, parts: Vec::new() }
    }
}

/// How many units of one product a mixed package holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The product.
    pub product: ProductId,
    /// Its units in one package.
    pub units: u32,
}

/// How a product is packed (包装方案), inner to outer: case of 24, pallet of 10 cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Step>")]
pub struct Plan(Vec<Step>);

impl TryFrom<Vec<Step>> for Plan {
    type Error = PlanError;

    fn try_from(steps: Vec<Step>) -> Result<Self, PlanError> {
        Self::new(steps)
    }
}

/// Why steps are no packaging plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Levels do not go up from one step to the next.
    #[error("the level {0:?} does not lie above the one before it")]
    Order(Level),
    /// Parts on a step that is not the innermost, of one product only, one twice, or that do not add up.
    #[error("what a {0:?} mixes does not add up to what it holds")]
    Parts(Level),
    /// A package that holds nothing, or more than [`HOLDS_MAX`].
    #[error("a {level:?} cannot hold {holds}")]
    Holds {
        /// The package's level.
        level: Level,
        /// The count asked for.
        holds: u32,
    },
}

/// The most children one package can have.
pub const HOLDS_MAX: u32 = 1_000;

impl Plan {
    /// A plan of these steps, which must go outwards and start above the unit.
    pub fn new(steps: Vec<Step>) -> Result<Self, PlanError> {
        let mut below = Level::Unit;
        for step in &steps {
            if step.level <= below {
                return Err(PlanError::Order(step.level));
            }
            if step.holds == 0 || step.holds > HOLDS_MAX {
                return Err(PlanError::Holds { level: step.level, holds: step.holds });
            }
            if !parts_fit(step, below) {
                return Err(PlanError::Parts(step.level));
            }
            below = step.level;
        }
        Ok(Self(steps))
    }

    /// The steps, inner to outer.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.0.iter()
    }

    /// What one innermost package mixes; empty when the plan is for one product.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        self.0.first().map_or(&[], |step| &step.parts)
    }

    /// True when units of this product may be in its packages; `own` is the product the plan belongs to.
    #[must_use]
    pub fn takes(&self, product: ProductId, own: ProductId) -> bool {
        let parts = self.parts();
        if parts.is_empty() {
            product == own
        } else {
            parts.iter().any(|part| part.product == product)
        }
    }

    /// True when an item counts as made by a task of this plan: a unit that is known to be real, and in a mix only once
    /// it is packed, because its parts were made before.
    #[must_use]
    pub fn counts(&self, item: &Item) -> bool {
        item.level == Level::Unit
            && !item.contents.is_empty()
            && (self.parts().is_empty() || item.parent.is_some())
    }

    /// How many units of which products one item of `level` stands for; none when the plan has no such level.
    ///
    /// A single unit is of the plan's own product; a plan that mixes has no unit of its own.
    #[must_use]
    pub fn units_in(&self, level: Level, own: ProductId) -> Option<Vec<Part>> {
        let parts = self.parts();
        if level == Level::Unit {
            return parts.is_empty().then(|| alloc::vec![Part { product: own, units: 1 }]);
        }
        let at = self.0.iter().position(|step| step.level == level)?;
        let inner = usize::from(!parts.is_empty());
        let times = self.0.get(inner..=at).unwrap_or_default().iter();
        let times = times.fold(1_u32, |product, step| product.saturating_mul(step.holds));
        if parts.is_empty() {
            return Some(alloc::vec![Part { product: own, units: times }]);
        }
        let scaled = |part: &Part| Part { units: part.units.saturating_mul(times), ..*part };
        Some(parts.iter().map(scaled).collect())
    }

    /// How many children a package of this level holds.
    #[must_use]
    pub fn holds(&self, level: Level) -> Option<u32> {
        self.steps().find(|step| step.level == level).map(|step| step.holds)
    }

    /// The level packed directly into `level`.
    #[must_use]
    pub fn child_level(&self, level: Level) -> Option<Level> {
        let at = self.0.iter().position(|step| step.level == level)?;
        let below = at.checked_sub(1).and_then(|below| self.0.get(below));
        Some(below.map_or(Level::Unit, |step| step.level))
    }
}

/// Only the innermost step mixes, at least two products, each once, together what it holds.
fn parts_fit(step: &Step, below: Level) -> bool {
    let parts = &step.parts;
    if parts.is_empty() {
        return true;
    }
    let total: u64 = parts.iter().map(|part| u64::from(part.units)).sum();
    let distinct: BTreeSet<ProductId> = parts.iter().map(|part| part.product).collect();
    below == Level::Unit
        && parts.len() > 1
        && distinct.len() == parts.len()
        && parts.iter().all(|part| part.units > 0)
        && total == u64::from(step.holds)
}

/// A part of a production order given to one line or PDA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// The order it belongs to.
    pub order: OrderId,
    /// Where it is worked on.
    pub site: SiteId,
    /// What is made.
    pub product: ProductId,
    /// In which lot.
    pub lot: Lot,
    /// How it is packed: the plan of the revision the operation names.
    pub plan: Plan,
    /// Which revision of the product's plan that is.
    pub revision: Revision,
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::{decode, encode};

    #[test]
    fn a_plan_that_came_over_the_wire_goes_outwards_too() {
        let step = Step::new;
        let plan = Plan::new(vec![step(Level::Case, 24), step(Level::Pallet, 10)]).unwrap();
        assert_eq!(decode::<Plan>(&encode(&plan), "plan"), Ok(plan.clone()));
        assert_eq!(plan.child_level(Level::Pallet), Some(Level::Case));
        assert_eq!(plan.child_level(Level::Box), None);
        for steps in [
            vec![step(Level::Pallet, 10), step(Level::Case, 24)],
            vec![step(Level::Unit, 1)],
            vec![step(Level::Case, 0)],
            vec![step(Level::Case, HOLDS_MAX + 1)],
        ] {
            assert!(decode::<Plan>(&encode(&steps), "plan").is_err(), "{steps:?}");
        }
    }
}
