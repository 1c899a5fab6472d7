//! The back office at work: what brand staff set up in the cloud before anything is made.

use anyhow::{Context, Result};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::http::Session;

/// A signed-in administrator.
pub struct Office {
    session: Session,
}

/// The id in an answer.
fn id(answer: &Value) -> Result<u64> {
    answer["id"].as_u64().with_context(|| format!("no id in {answer}"))
}

impl Office {
    /// Logs in.
    pub async fn log_in(base: &str, login: &str, password: &str) -> Result<Self> {
        let mut session = Session::new(base)?;
        let body = json!({"login": login, "password": password});
        session.log_in("/api/v1/session", &body).await.context("the console refuses the login")?;
        Ok(Self { session })
    }

    /// The session, for questions.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    async fn create(&self, what: &str, body: &Value) -> Result<u64> {
        let answer = self.session.post(&format!("/api/v1/{what}"), body).await?;
        id(&answer)
    }

    /// A new account for the console or the inspector page.
    pub async fn account(
        &self,
        login: &str,
        name: &str,
        role: &str,
        password: &str,
    ) -> Result<u64> {
        let body = json!({"login": login, "name": name, "role": role, "password": password});
        self.create("accounts", &body).await
    }

    /// A new product with the plan 1 pallet : 10 cases : 24 bottles.
    pub async fn product(&self, name: &str, gtin: &str) -> Result<u64> {
        let plan = json!([{"level": "case", "holds": 24}, {"level": "pallet", "holds": 10}]);
        self.create("products", &json!({"name": name, "gtin": gtin, "plan": plan})).await
    }

    /// A new site; a line belongs to a factory.
    pub async fn site(&self, name: &str, kind: &str, factory: Option<u64>) -> Result<u64> {
        self.create("sites", &json!({"name": name, "kind": kind, "parent": factory})).await
    }

    /// A new dealer for one product and some prefectures.
    pub async fn dealer(&self, name: &str, product: u64, regions: &[&str]) -> Result<u64> {
        let territories = json!([{"product": product, "regions": regions}]);
        self.create("dealers", &json!({"name": name, "territories": territories})).await
    }

    /// A new operator for devices.
    pub async fn operator(
        &self,
        (login, name, role): (&str, &str, &str),
        pin: &str,
        sites: &[u64],
    ) -> Result<u64> {
        let body = json!({"login": login, "name": name, "role": role, "pin": pin, "sites": sites});
        self.create("operators", &body).await
    }

    /// A new production order.
    pub async fn order(&self, number: &str, product: u64, lot: &str, quantity: u32) -> Result<u64> {
        let body = json!({"number": number, "product": product, "lot": lot, "quantity": quantity});
        self.create("orders", &body).await
    }

    /// Mints codes for an order.
    pub async fn mint(&self, order: u64, units: u32, cases: u32, pallets: u32) -> Result<()> {
        let body = json!({"units": units, "cases": cases, "pallets": pallets});
        self.session.post(&format!("/api/v1/orders/{order}/codes"), &body).await.map(drop)
    }

    /// The printed texts of an order's roll.
    pub async fn roll(&self, order: u64, level: &str) -> Result<Vec<String>> {
        let text = self.session.text(&format!("/api/v1/orders/{order}/rolls/{level}")).await?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Releases an order to a line and to PDAs.
    pub async fn release(&self, order: u64, tasks: &[(u64, &str, u32)]) -> Result<()> {
        let tasks: Vec<Value> = tasks
            .iter()
            .map(|(site, kind, quantity)| json!({"site": site, "kind": kind, "quantity": quantity}))
            .collect();
        let path = format!("/api/v1/orders/{order}/release");
        self.session.post(&path, &json!({"tasks": tasks})).await.map(drop)
    }

    /// Nothing of a lot leaves before quality control has released it.
    pub async fn hold_pending_lots(&self) -> Result<()> {
        self.session.put("/api/v1/settings", &json!({"pending_may_ship": false})).await.map(drop)
    }

    /// Quality control releases a lot.
    pub async fn release_lot(&self, product: u64, lot: &str) -> Result<()> {
        let lots = self.session.get(&format!("/api/v1/lots?product={product}&q={lot}")).await?;
        let row = lots["rows"].as_array().and_then(|rows| rows.first()).context("no such lot")?;
        let mut form = row.clone();
        form["product"] = json!(product);
        form["status"] = json!("released");
        self.session.put(&format!("/api/v1/lots/{}", id(row)?), &form).await.map(drop)
    }

    /// A document of one line in pallets or cases, submitted and approved.
    pub async fn document(&self, form: &Value) -> Result<u64> {
        let document = self.create("documents", form).await?;
        for step in ["submit", "approve"] {
            let path = format!("/api/v1/documents/{document}/{step}");
            self.session.post(&path, &json!({})).await?;
        }
        Ok(document)
    }

    /// Shares a document of one product out: units for each device by its name.
    pub async fn share(&self, document: u64, product: u64, shares: &[(&str, u64)]) -> Result<()> {
        let devices = self.session.get("/api/v1/devices").await?;
        let rows = devices["rows"].as_array().context("devices")?;
        let share = |(name, units): &(&str, u64)| -> Result<Value> {
            let device = rows.iter().find(|device| device["name"] == *name);
            let device = id(device.with_context(|| format!("no device {name}"))?)?;
            Ok(json!({"device": device, "lines": [{"product": product, "units": units}]}))
        };
        let shares = shares.iter().map(share).collect::<Result<Vec<_>>>()?;
        let path = format!("/api/v1/documents/{document}/shares");
        self.session.put(&path, &json!({"shares": shares})).await.map(drop)
    }

    /// Voids a document under which nothing has moved.
    pub async fn void(&self, document: u64) -> Result<()> {
        let path = format!("/api/v1/documents/{document}/void");
        self.session.post(&path, &json!({})).await.map(drop)
    }

    /// A one-time token for a new device.
    pub async fn token(&self, name: &str, sites: &[u64]) -> Result<String> {
        let body = json!({"name": name, "sites": sites});
        let answer = self.session.post("/api/v1/devices/tokens", &body).await?;
        Ok(answer["token"].as_str().context("no token")?.to_owned())
    }

    /// How the console answers somebody with the wrong password.
    pub async fn wrong_login(base: &str, login: &str) -> Result<StatusCode> {
        let body = json!({"login": login, "password": "certainly wrong"});
        Session::new(base)?.status("/api/v1/session", &body).await
    }
}
