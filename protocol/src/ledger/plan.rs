//! What operations are judged against besides items: packaging plans, tasks, documents.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::item::Level;
use crate::ids::{DealerId, DocumentId, OrderId, ProductId, SiteId, TaskId};
use crate::text::Lot;

/// One level of a packaging plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The package's level.
    pub level: Level,
    /// How many of the next lower level it holds.
    pub holds: u32,
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
            below = step.level;
        }
        Ok(Self(steps))
    }

    /// The steps, inner to outer.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.0.iter().copied()
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
    /// How it is packed.
    pub plan: Plan,
}

/// One line of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// What.
    pub product: ProductId,
    /// How many units are asked for.
    pub units: u32,
    /// How many have moved under it.
    pub moved: u32,
}

/// A shipment order (出库单) as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub id: DocumentId,
    /// The site goods leave.
    pub from: SiteId,
    /// The dealer they go to.
    pub to: DealerId,
    /// False when it is done or void.
    pub open: bool,
    /// What is asked for.
    pub lines: Vec<DocumentLine>,
}

impl Document {
    /// The line for this product.
    #[must_use]
    pub fn line(&self, product: ProductId) -> Option<&DocumentLine> {
        self.lines.iter().find(|line| line.product == product)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::{decode, encode};

    #[test]
    fn a_plan_that_came_over_the_wire_goes_outwards_too() {
        let step = |level, holds| Step { level, holds };
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
