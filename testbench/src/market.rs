//! The market: consumers who scan bottles where they are, and an inspector who looks into shops.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::http::Session;

/// Somebody scans a bottle in a city; returns what the page would show.
pub async fn consumer(base: &str, text: &str, region: Option<&str>) -> Result<Value> {
    let body = json!({"text": text, "region": region, "accuracy_m": 2_000});
    Session::new(base)?.post("/api/v1/verifications", &body).await
}

/// An inspector, logged in on a phone.
pub struct Inspector(Session);

impl Inspector {
    /// Logs in.
    pub async fn log_in(base: &str, login: &str, password: &str) -> Result<Self> {
        let mut session = Session::new(base)?;
        let body = json!({"login": login, "password": password});
        session.log_in("/api/v1/session", &body).await.context("the inspector's login")?;
        Ok(Self(session))
    }

    /// Records a sighting.
    pub async fn sees(&self, text: &str, region: &str, finding: &str) -> Result<Value> {
        let body = json!({
            "text": text, "region": region, "accuracy_m": 30, "finding": finding,
            "note": "货架上，价格低于指导价",
        });
        self.0.post("/api/v1/inspections", &body).await
    }
}
