//! Rolls over HTTP, sent piece by piece.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use sealtrace_firmware_config::label::{Layout, Symbology};
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{Labels, LabelsWanted};
use serde::Deserialize;

use super::carriers::{self, CarrierRoll, WantedCarriers};
use super::roll::Roll;
use super::{Purpose, label, leasing, pdf};
use crate::cloud::Cloud;
use crate::devices::Device;
use crate::form::Invalid;
use crate::http::auth::{Admin, Auditor, Manager};
use crate::http::{ApiError, Asked, At, Input, Paged};
use crate::store::search::Listing;
use crate::store::{codes as stored, tasks};

/// `GET /device/v1/rolls/{order}/{level}` — eight bytes a code, by index; for devices where the order is worked on.
pub async fn digest(
    device: Device,
    State(cloud): State<Cloud>,
    At((order, level)): At<(u64, String)>,
) -> Result<Response, ApiError> {
    let roll = named(&cloud, order, &level).await?;
    permitted(&cloud, &device, OrderId(order)).await?;
    let body = Body::from_stream(stream::iter(
        roll.chunks().map(|chunk| Ok::<_, Infallible>(chunk.digest())),
    ));
    Ok(([(CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// One printed text a line, for `GET /api/v1/orders/{id}/rolls/{level}`.
pub async fn printed(cloud: &Cloud, order: u64, level: &str) -> Result<Response, ApiError> {
    Ok(lines(cloud, &named(cloud, order, level).await?))
}

/// `POST /device/v1/labels` — a device is leased labels to print by itself.
pub async fn lease(
    device: Device,
    State(cloud): State<Cloud>,
    Input(wanted): Input<LabelsWanted>,
) -> Result<Json<Labels>, ApiError> {
    Ok(Json(leasing::lease(&cloud, &device, wanted).await?))
}

const PDF: &str = "application/pdf";
/// Labels of one document: some dozen sheets.
const SHEET_LABELS_MAX: u32 = 500;

/// As what a code is drawn.
#[derive(Deserialize)]
pub struct Drawn {
    symbology: String,
}

impl Drawn {
    fn symbology(&self) -> Result<Symbology, Invalid> {
        let known = Symbology::from_name(&self.symbology);
        known.ok_or_else(|| Invalid::field("symbology", "unknown"))
    }
}

/// `GET /codes/{code}/label.svg?symbology=` — one code as a picture.
pub async fn label_svg(
    _: Manager,
    State(cloud): State<Cloud>,
    At(code): At<String>,
    Asked(drawn): Asked<Drawn>,
) -> Result<Response, ApiError> {
    let (code, label) = one_label(&cloud, &code, &drawn).await?;
    let svg = label.svg().into_bytes();
    Ok(file(&format!("{}.svg", code.canonical()), "image/svg+xml", svg))
}

/// `GET /codes/{code}/label.pdf?symbology=` — the same as a page of its size.
pub async fn label_pdf(
    _: Manager,
    State(cloud): State<Cloud>,
    At(code): At<String>,
    Asked(drawn): Asked<Drawn>,
) -> Result<Response, ApiError> {
    let (code, label) = one_label(&cloud, &code, &drawn).await?;
    Ok(file(&format!("{}.pdf", code.canonical()), PDF, pdf::single(&label)))
}

/// Which labels of a roll stand on sheets.
#[derive(Deserialize)]
pub struct Sheets {
    level: String,
    #[serde(flatten)]
    drawn: Drawn,
    /// The first place, from 1.
    first: Option<u32>,
    count: Option<u32>,
}

/// `GET /orders/{id}/labels.pdf?level=&symbology=&first=&count=` — part of a roll on sheets of A4.
pub async fn sheets(
    _: Manager,
    State(cloud): State<Cloud>,
    At(order): At<u64>,
    Asked(Sheets { level, drawn, first, count }): Asked<Sheets>,
) -> Result<Response, ApiError> {
    let symbology = drawn.symbology()?;
    let (first, count) = (first.unwrap_or(1), count.unwrap_or(SHEET_LABELS_MAX));
    if first == 0 {
        return Err(Invalid::field("first", "too_small").into());
    }
    if !(1..=SHEET_LABELS_MAX).contains(&count) {
        return Err(Invalid::field("count", "out_of_range").into());
    }
    let roll = named(&cloud, order, &level).await?;
    let mut tx = cloud.store.read().await?;
    let mut labels = Vec::new();
    for code in roll.part(first - 1, count) {
        let host = &cloud.config.codes.host;
        labels.push(label::layout(&mut tx, &cloud.codebook, host, &code, symbology).await?);
    }
    let sheets = pdf::sheets(&labels).ok_or_else(|| ApiError::not_found("no_such_roll"))?;
    Ok(file(&format!("{order}-{level}-{first}.pdf"), PDF, sheets))
}

async fn one_label(cloud: &Cloud, code: &str, drawn: &Drawn) -> Result<(Code, Layout), ApiError> {
    let symbology = drawn.symbology()?;
    let code: Code = code.parse().map_err(|_| ApiError::not_found("no_such_code"))?;
    cloud.codebook.refresh(&cloud.store).await?;
    let (mut tx, host) = (cloud.store.read().await?, &cloud.config.codes.host);
    let layout = label::layout(&mut tx, &cloud.codebook, host, &code, symbology).await?;
    Ok((code, layout))
}

fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

/// `POST /codes/carriers` — labels of reusable pallets are made.
pub async fn issue_carriers(
    by: Admin,
    State(cloud): State<Cloud>,
    Input(wanted): Input<WantedCarriers>,
) -> Result<(StatusCode, Json<CarrierRoll>), ApiError> {
    let (store, now) = (&cloud.store, cloud.clock.now());
    let roll = carriers::issue(store, &cloud.codebook, wanted, by.0.id, now).await?;
    Ok((StatusCode::CREATED, Json(roll)))
}

/// `GET /codes/carriers`.
pub async fn list_carriers(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
) -> Result<Json<Listing<CarrierRoll>>, ApiError> {
    let found = stored::carriers(&mut cloud.store.read().await?, &page).await?;
    let shown = |(order, at)| CarrierRoll::of(&cloud.codebook, &order, at);
    Ok(Json(Listing { rows: found.rows.into_iter().map(shown).collect(), total: found.total }))
}

/// `GET /codes/carriers/{id}` — what is printed, one text a line.
pub async fn carriers_roll(
    _: Manager,
    State(cloud): State<Cloud>,
    At(id): At<u32>,
) -> Result<Response, ApiError> {
    cloud.codebook.refresh(&cloud.store).await?;
    let order = cloud.codebook.order(id).filter(|order| order.purpose == Purpose::Carriers);
    let order = order.ok_or_else(|| ApiError::not_found("no_such_roll"))?;
    Ok(lines(&cloud, &Roll::only(&cloud.codebook, order)))
}

fn lines(cloud: &Cloud, roll: &Roll) -> Response {
    let host = cloud.config.codes.host.clone();
    let body = Body::from_stream(stream::iter(
        roll.chunks().map(move |chunk| Ok::<_, Infallible>(chunk.printed(&host))),
    ));
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

async fn permitted(cloud: &Cloud, device: &Device, order: OrderId) -> Result<(), ApiError> {
    let sites = tasks::sites(&mut cloud.store.read().await?, order).await?;
    if sites.into_iter().any(|site| device.may_work_at(site)) {
        return Ok(());
    }
    tracing::warn!(device.id = %device.id, order.id = %order, "a device asks for a roll of another site");
    Err(ApiError::forbidden("site_not_permitted"))
}

async fn named(cloud: &Cloud, order: u64, level: &str) -> Result<Roll, ApiError> {
    cloud.codebook.refresh(&cloud.store).await?;
    let level = Level::from_name(level).ok_or_else(|| ApiError::not_found("no_such_level"))?;
    let roll = Roll::of(&cloud.codebook, OrderId(order), level);
    if roll.is_empty() { Err(ApiError::not_found("no_such_roll")) } else { Ok(roll) }
}
