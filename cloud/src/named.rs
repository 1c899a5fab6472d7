//! How answers name things: an id together with what people call it.

use serde::Serialize;

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named<I> {
    /// Its id.
    pub id: I,
    /// Its name.
    pub name: String,
}

/// Something with a number on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Numbered<I> {
    /// Its id.
    pub id: I,
    /// Its number.
    pub number: String,
}

impl<I> Named<I> {
    /// `id`, called `name`.
    pub const fn new(id: I, name: String) -> Self {
        Self { id, name }
    }
}

impl<I> Numbered<I> {
    /// `id`, numbered `number`.
    pub const fn new(id: I, number: String) -> Self {
        Self { id, number }
    }
}
