//! The local page as a client of it: the real router, a real store, nobody at the network.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use sealtrace_agent::agent::Agent;
use sealtrace_agent::config::Config;
use sealtrace_agent::lane::Remote;
use sealtrace_agent::ui;
use sealtrace_protocol::code::Code;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::floor::{HAND_TASK, PIN, agent, case, printed, unit};

pub(crate) struct Floor {
    pub(crate) folder: TempDir,
    pub(crate) agent: Agent,
    pub(crate) page: TestServer,
}

pub(crate) async fn page(agent: &Agent) -> TestServer {
    page_of(agent, Vec::new()).await
}

/// The page of an agent that runs lanes.
pub(crate) async fn page_of(agent: &Agent, lanes: Vec<Remote>) -> TestServer {
    let router = ui::router(agent.clone(), lanes).await.unwrap();
    let mut page = TestServer::new(router);
    page.add_header("host", "127.0.0.1:7070");
    page.save_cookies();
    page
}

pub(crate) async fn floor() -> Floor {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(folder.path(), Config::default()).await;
    let page = page(&agent).await;
    Floor { folder, agent, page }
}

/// An operator at the station.
pub(crate) async fn signed_in() -> Floor {
    let floor = floor().await;
    floor.log_in("li").await;
    floor
}

impl Floor {
    /// Signs in; answers the cookie as another browser would have to send it.
    pub(crate) async fn log_in(&self, login: &str) -> String {
        let answer = self.post("session", json!({"login": login, "pin": PIN})).await;
        answer.assert_status_ok();
        let cookie = answer.header("set-cookie").to_str().unwrap().to_owned();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// What the station shows, but for the number that is another after every restart.
    pub(crate) async fn view(&self) -> Value {
        let mut view = self.get("station").await;
        view["revision"].take();
        view
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.page.post(&format!("/api/{path}")).json(&body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.page.get(&format!("/api/{path}")).await.json()
    }

    pub(crate) async fn open(&self, screen: &str, job: Value) -> Value {
        let mut body = json!({"screen": screen});
        body.as_object_mut().unwrap().extend(job.as_object().unwrap().clone());
        let answer = self.post("station/open", body).await;
        answer.assert_status_ok();
        answer.json()
    }

    /// Why a screen does not open.
    pub(crate) async fn refuses(&self, screen: &str, job: Value) -> (StatusCode, Value) {
        let mut body = json!({"screen": screen});
        body.as_object_mut().unwrap().extend(job.as_object().unwrap().clone());
        let answer = self.post("station/open", body).await;
        (answer.status_code(), answer.json::<Value>()["error"].clone())
    }

    pub(crate) async fn pack(&self) -> Value {
        self.open("pack", json!({"task": HAND_TASK})).await
    }

    pub(crate) async fn scan(&self, code: Code) -> Value {
        self.scan_text(&printed(code)).await
    }

    pub(crate) async fn scan_text(&self, text: &str) -> Value {
        self.post("station/scan", json!({"text": text, "source": "wedge"})).await.json()
    }

    pub(crate) async fn command(&self, command: &str) -> Value {
        self.post("station/command", json!({"command": command})).await.json()
    }

    /// Packs units into a case by scans.
    pub(crate) async fn packed(&self, label: u64, units: impl IntoIterator<Item = u64>) {
        for n in units {
            assert_eq!(self.scan(unit(n)).await["tone"], "accepted");
        }
        let reply = self.scan(case(label)).await;
        assert_eq!(reply["message"]["code"], "operation_confirmed", "{reply}");
    }
}

pub(crate) fn said(reply: &Value) -> (&str, &str) {
    (reply["tone"].as_str().unwrap(), reply["message"]["code"].as_str().unwrap())
}
