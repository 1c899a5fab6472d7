//! The numbered steps that make the tables, paired: the same step for both engines. Steps are appended, never
//! edited, from the first release tag on.

use refinery::{Migration, Runner};

/// One step, once for each engine.
struct Step {
    /// `V<number>__<name>`
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! steps {
    ($($name:literal)*) => {
        [$(Step {
            name: $name,
            sqlite: include_str!(concat!("migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

const STEPS: &[Step] = &steps! {
    "V1__trust_and_ledger"
    "V2__master_data"
    "V3__work"
    "V4__sightings"
    "V5__feed"
};

/// The number of the newest step, which is the format this program writes.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings a SQLite database up to date.
pub(super) fn for_sqlite() -> Result<Runner, refinery::Error> {
    runner(|step| step.sqlite)
}

/// Brings a PostgreSQL database up to date.
pub(super) fn for_postgres() -> Result<Runner, refinery::Error> {
    runner(|step| step.postgres)
}

fn runner(text: impl Fn(&Step) -> &'static str) -> Result<Runner, refinery::Error> {
    let steps: Vec<Migration> = STEPS
        .iter()
        .map(|step| Migration::unapplied(step.name, text(step)))
        .collect::<Result<_, _>>()?;
    Ok(Runner::new(&steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_gaps() {
        for (number, step) in (1..).zip(STEPS) {
            assert!(step.name.starts_with(&format!("V{number}__")), "{}", step.name);
        }
    }
}
