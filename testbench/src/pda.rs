//! A person with a PDA: types, scans and photographs at the agent's local page.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::clock::Deadline;
use crate::http::Session;
use crate::label::{Spoiled, qr_png};

/// A signed-in operator.
pub struct Pda {
    session: Session,
    base: String,
}

/// Waits until the local page at `base` answers, and asks it for its status.
pub async fn ready(base: &str, patience: Duration) -> Result<Value> {
    let session = Session::new(base)?;
    until(patience, "the agent's page does not answer", async || {
        session.get("/api/status").await.ok()
    })
    .await
}

/// Asks again and again until there is an answer.
pub async fn until<T>(
    patience: Duration,
    complaint: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> Result<T> {
    let deadline = Deadline::after(patience);
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if deadline.left().is_none() {
            bail!("{complaint} (waited {} s)", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Pda {
    /// Logs in with a PIN, once the device has heard of the operator.
    pub async fn log_in(base: &str, login: &str, pin: &str) -> Result<Self> {
        Self::sign_in(base, &json!({"login": login, "pin": pin})).await
    }

    /// The same at one of the device's other sites.
    pub async fn log_in_at(base: &str, login: &str, pin: &str, site: u64) -> Result<Self> {
        Self::sign_in(base, &json!({"login": login, "pin": pin, "site": site})).await
    }

    async fn sign_in(base: &str, body: &Value) -> Result<Self> {
        let session = until(Duration::from_secs(20), "the PDA refuses the login", async || {
            let mut session = Session::new(base).ok()?;
            session.log_in("/api/session", body).await.ok()?;
            Some(session)
        })
        .await?;
        Ok(Self { session, base: base.to_owned() })
    }

    /// Where its page is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The agent's status.
    pub async fn status(&self) -> Result<Value> {
        self.session.get("/api/status").await
    }

    /// The first open task for PDAs.
    pub async fn task(&self) -> Result<u64> {
        let tasks = self.session.get("/api/tasks").await?;
        let rows = tasks["rows"].as_array().context("tasks")?;
        let task = rows.iter().find(|task| task["kind"] == "device").context("no task for PDAs")?;
        task["id"].as_u64().context("task id")
    }

    /// The document with this number.
    pub async fn document(&self, number: &str) -> Result<u64> {
        until(Duration::from_secs(20), "the PDA does not hear of the document", async || {
            let documents = self.session.get("/api/documents").await.ok()?;
            let rows = documents["rows"].as_array()?;
            rows.iter().find(|document| document["number"] == number)?["id"].as_u64()
        })
        .await
    }

    /// Opens a screen.
    pub async fn open(&self, screen: &str, job: Value) -> Result<()> {
        let mut body = json!({"screen": screen});
        if let (Some(body), Value::Object(job)) = (body.as_object_mut(), job) {
            body.extend(job);
        }
        let opened = self.session.post("/api/station/open", &body).await.map(drop);
        opened.with_context(|| format!("opening {body}"))
    }

    /// Pulls the trigger: the wedge types one code.
    pub async fn scan(&self, text: &str) -> Result<Value> {
        self.session.post("/api/station/scan", &json!({"text": text, "source": "wedge"})).await
    }

    /// Scans and expects no refusal.
    pub async fn scan_green(&self, text: &str) -> Result<Value> {
        let reply = self.scan(text).await?;
        green(&reply).with_context(|| format!("scanning {text}"))?;
        Ok(reply)
    }

    /// Scans goods whose lot was released just now: the device may have to hear of that first.
    pub async fn scan_released(&self, text: &str) -> Result<()> {
        until(
            Duration::from_secs(20),
            "the PDA does not hear that the lot is released",
            async || {
                let reply = self.scan(text).await.ok()?;
                if green(&reply).is_ok() {
                    return Some(());
                }
                self.command("acknowledge").await.ok()?;
                None
            },
        )
        .await
    }

    /// Photographs a label, turned and blurred, and expects no refusal.
    pub async fn photograph(&self, text: &str, spoiled: Spoiled) -> Result<Value> {
        let picture = qr_png(text, spoiled)?;
        let reply = self.session.post_bytes("/api/station/picture", "image/png", picture).await?;
        ensure!(reply["tone"] == "accepted", "photographing {text} {spoiled:?}: {reply}");
        Ok(reply)
    }

    /// Scans something that must be refused; returns the reason and acknowledges it.
    pub async fn scan_refused(&self, text: &str) -> Result<String> {
        let reply = self.scan(text).await?;
        ensure!(reply["tone"] == "refused", "{text} should be refused, the PDA said {reply}");
        self.command("acknowledge").await?;
        Ok(reply["message"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Somebody who may approves what waits for it, and expects no refusal.
    pub async fn approve(&self, login: &str, pin: &str) -> Result<Value> {
        let body = json!({"login": login, "pin": pin});
        let reply = self.session.post("/api/station/approve", &body).await?;
        green(&reply).context("approving")?;
        Ok(reply)
    }

    /// Presses a button.
    pub async fn command(&self, command: &str) -> Result<Value> {
        self.session.post("/api/station/command", &json!({"command": command})).await
    }

    /// Confirms what was scanned and expects no refusal.
    pub async fn confirm(&self) -> Result<Value> {
        let reply = self.command("confirm").await?;
        green(&reply).context("confirming")?;
        Ok(reply)
    }

    /// What is in the exception queue, `open` or `resolved`.
    pub async fn exceptions(&self, state: &str) -> Result<Vec<Value>> {
        let answer = self.session.get(&format!("/api/exceptions?state={state}")).await?;
        Ok(answer["rows"].as_array().context("exceptions")?.clone())
    }

    /// What the station shows now.
    pub async fn view(&self) -> Result<Value> {
        self.session.get("/api/station").await
    }
}

/// Waits until the agent at `base` has nothing unsent and every operation has its verdict.
pub async fn synchronised(base: &str) -> Result<()> {
    let session = Session::new(base)?;
    let mut last = Value::Null;
    let done =
        until(Duration::from_secs(60), "the agent does not finish synchronising", async || {
            last = session.get("/api/status").await.ok()?;
            let waiting = ["unsent_operations", "unsent_batches", "unjudged_operations"];
            waiting.iter().all(|what| last[*what] == 0).then_some(())
        })
        .await;
    done.with_context(|| last.to_string())
}

fn green(reply: &Value) -> Result<()> {
    let tone = reply["tone"].as_str().unwrap_or_default();
    ensure!(matches!(tone, "accepted" | "ready" | "warning"), "the PDA said {reply}");
    Ok(())
}
