//! One way to talk JSON to the programs' pages, with the session a browser would have.

use anyhow::{Context, Result, bail};
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

/// A browser without a screen: base address and session cookie.
#[derive(Clone)]
pub struct Session {
    client: Client,
    base: String,
    cookie: Option<String>,
}

impl Session {
    /// Nobody logged in yet at `base` (`http://127.0.0.1:8080`).
    pub fn new(base: &str) -> Result<Self> {
        // Plain HTTP on loopback needs no TLS, yet the client insists on a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().context("HTTP client")?;
        Ok(Self { client, base: base.to_owned(), cookie: None })
    }

    /// `POST path` with credentials; keeps the cookie.
    pub async fn log_in(&mut self, path: &str, body: &Value) -> Result<Value> {
        let response = self.send(Method::POST, path, Body::Json(body)).await?;
        let cookie = response.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        self.cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        answer(path, response).await
    }

    /// `GET path` as JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        answer(path, self.send(Method::GET, path, Body::None).await?).await
    }

    /// `GET path` as text.
    pub async fn text(&self, path: &str) -> Result<String> {
        let response = self.send(Method::GET, path, Body::None).await?;
        if !response.status().is_success() {
            bail!("GET {path} answered {}", response.status());
        }
        Ok(response.text().await?)
    }

    /// `POST path` with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        answer(path, self.send(Method::POST, path, Body::Json(body)).await?).await
    }

    /// `PUT path` with JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        answer(path, self.send(Method::PUT, path, Body::Json(body)).await?).await
    }

    /// `POST path` with bytes.
    pub async fn post_bytes(
        &self,
        path: &str,
        kind: &'static str,
        bytes: Vec<u8>,
    ) -> Result<Value> {
        answer(path, self.send(Method::POST, path, Body::Bytes(kind, bytes)).await?).await
    }

    /// The status alone of `POST path`.
    pub async fn status(&self, path: &str, body: &Value) -> Result<StatusCode> {
        Ok(self.send(Method::POST, path, Body::Json(body)).await?.status())
    }

    async fn send(&self, method: Method, path: &str, body: Body<'_>) -> Result<Response> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header(ORIGIN, &self.base);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let request = match body {
            Body::None => request,
            Body::Json(json) => request.json(json),
            Body::Bytes(kind, bytes) => request.header(CONTENT_TYPE, kind).body(bytes),
        };
        request.send().await.with_context(|| format!("{}{path} does not answer", self.base))
    }
}

enum Body<'a> {
    None,
    Json(&'a Value),
    Bytes(&'static str, Vec<u8>),
}

async fn answer(path: &str, response: Response) -> Result<Value> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
}
