//! Documents over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use sealtrace_protocol::ids::{DealerId, DocumentId, SiteId};
use sealtrace_protocol::ledger::DocumentKind;
use serde::{Deserialize, Serialize};

use super::reassign::{self, Asked as AskedReassignment, Outcome, Reassignment, Standing};
use super::{Action, Document, Draft, Shares};
use crate::accounts::Role;
use crate::cloud::Cloud;
use crate::form::Check;
use crate::http::auth::{Auditor, Manager};
use crate::http::{ApiError, Asked, At, Input, Paged};
use crate::store;
use crate::store::documents::{SORTS, Wanted};
use crate::store::search::{Listing, Page, Sort};

/// Which documents are listed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    kind: String,
    state: String,
    site: Option<u64>,
    dealer: Option<u64>,
    product: Option<u64>,
    sort: String,
}

impl Filter {
    fn read(self, page: Page) -> Result<Wanted, ApiError> {
        let mut check = Check::new();
        let kind = check.optional("kind", &self.kind, DocumentKind::from_name);
        let state = |text: &str| super::State::from_name(text).map(super::State::shown);
        let state = check.optional("state", &self.state, state);
        let sort = check.optional("sort", &self.sort, |text| Sort::parse(text, SORTS));
        check.done()?;
        let (site, dealer) = (self.site.map(SiteId), self.dealer.map(DealerId));
        Ok(Wanted { page, kind, state, product: self.product, site, dealer, sort })
    }
}

/// `GET /documents`.
pub async fn list(
    by: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Listing<Document>>, ApiError> {
    let wanted = filter.read(page)?;
    let found = store::documents::list(&mut cloud.store.read().await?, &wanted).await?;
    let rows = found.rows.into_iter().map(|document| for_caller(document, &by)).collect();
    Ok(Json(Listing { rows, total: found.total }))
}

/// `GET /documents/{id}`.
pub async fn one(
    by: Auditor,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
) -> Result<Json<Document>, ApiError> {
    let document = store::documents::shown(&mut cloud.store.read().await?, id).await?;
    let document = document.ok_or_else(|| ApiError::not_found("not_found"))?;
    Ok(Json(for_caller(document, &by)))
}

fn for_caller(document: Document, by: &Auditor) -> Document {
    if matches!(by.0.role, Role::Admin | Role::Manager) {
        document.with_actions()
    } else {
        document
    }
}

/// `POST /documents`.
pub async fn create(
    by: Manager,
    State(cloud): State<Cloud>,
    Input(draft): Input<Draft>,
) -> Result<(StatusCode, Json<Document>), ApiError> {
    let (document, new) = super::create(&cloud.store, &draft, by.0.id, cloud.clock.now()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(document.with_actions())))
}

/// `PUT /documents/{id}`.
pub async fn edit(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
    Input(draft): Input<Draft>,
) -> Result<Json<Document>, ApiError> {
    let now = cloud.clock.now();
    Ok(Json(super::edit(&cloud.store, id, &draft, by.0.id, now).await?.with_actions()))
}

/// `POST /documents/{id}/{action}` — submit, approve, reject, withdraw, void, close.
pub async fn act(
    by: Manager,
    State(cloud): State<Cloud>,
    At((id, action)): At<(DocumentId, String)>,
) -> Result<Json<Document>, ApiError> {
    let (action, now) = (step(&action)?, cloud.clock.now());
    Ok(Json(super::act(&cloud.store, id, action, by.0.id, now).await?.with_actions()))
}

/// Many documents.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Ids {
    ids: Vec<DocumentId>,
}

/// What became of many documents.
#[derive(Default, Serialize)]
pub struct Outcomes {
    done: Vec<DocumentId>,
    failed: Vec<Failure>,
}

/// What could not be done to one of them.
#[derive(Serialize)]
pub struct Failure {
    id: DocumentId,
    code: &'static str,
}

/// The most documents changed at once.
const IDS_MAX: usize = 200;

/// `POST /documents/{action}` — the same with many.
pub async fn act_on_all(
    by: Manager,
    State(cloud): State<Cloud>,
    At(action): At<String>,
    Input(Ids { ids }): Input<Ids>,
) -> Result<Json<Outcomes>, ApiError> {
    let action = step(&action)?;
    let mut check = Check::new();
    check.require(!ids.is_empty(), "ids", "required");
    check.require(ids.len() <= IDS_MAX, "ids", "too_many");
    check.done()?;
    let now = cloud.clock.now();
    let mut outcomes = Outcomes::default();
    for (id, outcome) in super::act_on_all(&cloud.store, &ids, action, by.0.id, now).await {
        match outcome {
            Ok(_) => outcomes.done.push(id),
            Err(error) => {
                outcomes.failed.push(Failure { id, code: ApiError::from(error).code() });
            }
        }
    }
    Ok(Json(outcomes))
}

/// What is done to a document by a word in an address.
fn step(action: &str) -> Result<Action, ApiError> {
    let steps = [
        Action::Submit,
        Action::Approve,
        Action::Reject,
        Action::Withdraw,
        Action::Void,
        Action::Close,
    ];
    let step = steps.into_iter().find(|step| step.name() == action);
    step.ok_or_else(|| ApiError::not_found("no_such_address"))
}

/// `PUT /documents/{id}/shares`.
pub async fn share(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
    Input(asked): Input<Shares>,
) -> Result<Json<Document>, ApiError> {
    let now = cloud.clock.now();
    Ok(Json(super::share(&cloud.store, id, &asked, by.0.id, now).await?.with_actions()))
}

/// `POST /documents/{id}/reassign` — 200 when it is done, 202 when somebody else must approve it.
pub async fn reassign(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<DocumentId>,
    Input(asked): Input<AskedReassignment>,
) -> Result<Response, ApiError> {
    let now = cloud.clock.now();
    Ok(match reassign::reassign(&cloud, id, &asked, by.0.id, now).await? {
        Outcome::Done(document) => Json(document.with_actions()).into_response(),
        Outcome::Requested(request) => (StatusCode::ACCEPTED, Json(request)).into_response(),
    })
}

/// Which requests are listed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RequestFilter {
    state: String,
}

/// `GET /reassignments`.
pub async fn reassignments(
    _: Auditor,
    State(cloud): State<Cloud>,
    Paged(page): Paged,
    Asked(filter): Asked<RequestFilter>,
) -> Result<Json<Listing<Reassignment>>, ApiError> {
    let mut check = Check::new();
    let state = check.optional("state", &filter.state, Standing::from_name);
    check.done()?;
    let mut tx = cloud.store.read().await?;
    Ok(Json(store::reassignments::list(&mut tx, state, &page).await?))
}

/// `POST /reassignments/{id}/approve`.
pub async fn approve(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<u64>,
) -> Result<Json<Reassignment>, ApiError> {
    let now = cloud.clock.now();
    Ok(Json(reassign::decide(&cloud, id, Standing::Approved, by.0.id, now).await?))
}

/// `POST /reassignments/{id}/reject`.
pub async fn reject(
    by: Manager,
    State(cloud): State<Cloud>,
    At(id): At<u64>,
) -> Result<Json<Reassignment>, ApiError> {
    let now = cloud.clock.now();
    Ok(Json(reassign::decide(&cloud, id, Standing::Rejected, by.0.id, now).await?))
}
