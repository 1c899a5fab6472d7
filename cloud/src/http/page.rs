//! The part of a list that is asked for: `page`, `size`, `q`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;

use super::{ApiError, Asked};
use crate::form::{Check, NAME_CHARACTERS_MAX};
use crate::store::search::{PAGE_SIZE, PAGE_SIZE_MAX, Page};

/// The last page anybody can ask for.
const PAGE_MAX: u32 = 1_000_000;

#[derive(Deserialize)]
struct Query {
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    q: String,
}

/// A page that can be given: sizes over the limit are refused, not cut.
pub struct Paged(pub Page);

impl<S: Send + Sync> FromRequestParts<S> for Paged {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Asked(query) = Asked::<Query>::from_request_parts(parts, state).await?;
        let (page, size) = (query.page.unwrap_or(1), query.size.unwrap_or(PAGE_SIZE));
        let mut check = Check::new();
        check.require((1..=PAGE_MAX).contains(&page), "page", "out_of_range");
        check.require((1..=PAGE_SIZE_MAX).contains(&size), "size", "out_of_range");
        check.require(query.q.chars().count() <= 4 * NAME_CHARACTERS_MAX, "q", "too_long");
        check.require(!query.q.chars().any(char::is_control), "q", "characters");
        check.done()?;
        Ok(Self(Page { page, size, q: query.q }))
    }
}
