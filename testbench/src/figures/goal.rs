//! What is wanted of a figure, beside what was reached.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::rounded;

/// One thing that is wanted.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Goal {
    name: &'static str,
    /// The smallest value that is good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    /// The largest value that is good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    measured: f64,
    ok: bool,
}

impl Goal {
    pub(super) fn at_least(name: &'static str, wanted: f64, measured: f64) -> Self {
        let ok = measured >= wanted;
        Self { name, at_least: Some(wanted), at_most: None, measured: rounded(measured), ok }
    }

    pub(super) fn at_most(name: &'static str, wanted: f64, measured: f64) -> Self {
        let ok = measured <= wanted;
        Self { name, at_least: None, at_most: Some(wanted), measured: rounded(measured), ok }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, measured, .. } = self;
        let word = if self.ok { "reached" } else { "MISSED" };
        let (sign, wanted) = match (self.at_least, self.at_most) {
            (Some(wanted), _) => ('≥', wanted),
            (None, wanted) => ('≤', wanted.unwrap_or_default()),
        };
        write!(f, "  {word:<8} {name} {sign} {wanted}: {measured}")
    }
}
