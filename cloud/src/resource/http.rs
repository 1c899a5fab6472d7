//! Declared resources over HTTP: the same routes for each, and the declarations themselves.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::{Definition, Field, Kind};
use super::{Form, Query, Resource, ResourceError, list as rows, show};
use crate::accounts::{Account, Accounts, Role};
use crate::catalog::{Brands, Categories, Lots, Products};
use crate::cloud::Cloud;
use crate::http::{ApiError, Asked, At, Input, Paged};
use crate::organisations::{Dealers, Operators, Sites, Stores};
use crate::store::search::Listing;

macro_rules! resources {
    ($($resource:ty),*) => {
        const ALL: &[&Definition] = &[$(<$resource>::DEFINITION),*];

        /// `/resources`, and for each of them: `GET POST /NAME`, `GET PUT DELETE /NAME/{id}`, `POST /NAME/enabled`.
        pub fn routes() -> Router<Cloud> {
            Router::new().route("/resources", get(declared))$(.merge(routes_of::<$resource>()))*
        }
    };
}

resources!(Brands, Categories, Products, Lots, Sites, Dealers, Stores, Operators, Accounts);

fn routes_of<R: Resource>() -> Router<Cloud> {
    let name = R::DEFINITION.name;
    let router = Router::new()
        .route(&format!("/{name}"), get(list::<R>).post(create::<R>))
        .route(&format!("/{name}/{{id}}"), get(one::<R>).put(edit::<R>).delete(delete::<R>));
    if R::DEFINITION.toggles {
        router.route(&format!("/{name}/enabled"), post(enable::<R>))
    } else {
        router
    }
}

/// Somebody who may see a resource.
struct Reader<R>(PhantomData<R>);

/// Somebody who may change a resource.
struct Writer<R>(Account, PhantomData<R>);

impl<R: Resource> FromRequestParts<Cloud> for Reader<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, ApiError> {
        one_of(R::DEFINITION.readers, parts, cloud).await.map(|_| Self(PhantomData))
    }
}

impl<R: Resource> FromRequestParts<Cloud> for Writer<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, cloud: &Cloud) -> Result<Self, ApiError> {
        let account = one_of(R::DEFINITION.writers, parts, cloud).await?;
        Ok(Self(account, PhantomData))
    }
}

async fn one_of(roles: &[Role], parts: &mut Parts, cloud: &Cloud) -> Result<Account, ApiError> {
    let account = Account::from_request_parts(parts, cloud).await?;
    if roles.contains(&account.role) { Ok(account) } else { Err(ApiError::forbidden("forbidden")) }
}

/// `GET /NAME`.
async fn list<R: Resource>(
    _: Reader<R>,
    State(cloud): State<Cloud>,
    Asked(asked): Asked<BTreeMap<String, String>>,
    Paged(page): Paged,
) -> Result<Json<Listing<Value>>, ApiError> {
    let query = Query::read(R::DEFINITION, &asked, page)?;
    Ok(Json(rows::list::<R>(&mut cloud.store.read().await?, &query).await?))
}

/// `GET /NAME/{id}`.
async fn one<R: Resource>(
    _: Reader<R>,
    State(cloud): State<Cloud>,
    At(id): At<u64>,
) -> Result<Json<Value>, ApiError> {
    let mut tx = cloud.store.read().await?;
    let record = super::find::<R>(&mut tx, id).await?.ok_or(ResourceError::NotFound)?;
    Ok(Json(show::row(&mut tx, R::DEFINITION, &record).await?))
}

/// `POST /NAME`.
async fn create<R: Resource>(
    Writer(account, _): Writer<R>,
    State(cloud): State<Cloud>,
    Input(form): Input<Form>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let now = cloud.clock.now();
    let row = super::create::<R>(&cloud.store, &form, Some(account.id), now).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// `PUT /NAME/{id}`.
async fn edit<R: Resource>(
    Writer(account, _): Writer<R>,
    State(cloud): State<Cloud>,
    At(id): At<u64>,
    Input(form): Input<Form>,
) -> Result<Json<Value>, ApiError> {
    let now = cloud.clock.now();
    Ok(Json(super::edit::<R>(&cloud.store, id, &form, Some(account.id), now).await?))
}

/// Rows to enable or disable.
#[derive(Deserialize)]
struct Toggle {
    ids: Vec<u64>,
    enabled: bool,
}

/// `POST /NAME/enabled`.
async fn enable<R: Resource>(
    Writer(account, _): Writer<R>,
    State(cloud): State<Cloud>,
    Input(Toggle { ids, enabled }): Input<Toggle>,
) -> Result<Json<Value>, ApiError> {
    let now = cloud.clock.now();
    let changed = super::enable::<R>(&cloud.store, &ids, enabled, Some(account.id), now).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// `DELETE /NAME/{id}`.
async fn delete<R: Resource>(
    Writer(account, _): Writer<R>,
    State(cloud): State<Cloud>,
    At(id): At<u64>,
) -> Result<StatusCode, ApiError> {
    super::delete::<R>(&cloud.store, id, Some(account.id), cloud.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /resources` — what the caller may see of the declarations; the console draws its lists and forms from it.
async fn declared(account: Account) -> Json<Value> {
    let seen = ALL.iter().filter(|definition| definition.readers.contains(&account.role));
    Json(seen.map(|definition| described(definition, account.role)).collect())
}

fn described(definition: &Definition, role: Role) -> Value {
    let names = |which: fn(&Field) -> bool| -> Vec<&str> {
        definition.fields.iter().filter(|field| which(field)).map(|field| field.name).collect()
    };
    json!({
        "name": definition.name,
        "fields": definition.fields.iter().map(described_field).collect::<Value>(),
        "search": names(|field| field.searched),
        "filters": names(|field| field.filtered),
        "sorts": names(|field| field.sorted),
        "tree": definition.tree,
        "may_write": definition.writers.contains(&role),
        "toggles": definition.toggles,
    })
}

fn described_field(field: &Field) -> Value {
    let mut described = json!({
        "name": field.name,
        "kind": field.kind.name(),
        "required": field.required,
        "fixed": field.fixed,
        "listed": field.listed,
    });
    let more = match &field.kind {
        Kind::Text { characters_max } => Some(("max", json!(characters_max))),
        Kind::Regions { max } => Some(("max", json!(max))),
        Kind::Choice(options) => Some(("options", json!(options))),
        Kind::Flag { default } => Some(("default", json!(default))),
        Kind::One(of) | Kind::Plan { of } => Some(("of", json!(of.name))),
        Kind::Many(link) => Some(("of", json!(link.of.name))),
        Kind::Rows(fields) => Some(("fields", fields.iter().map(described_field).collect())),
        Kind::Gtin | Kind::Lot | Kind::Login | Kind::Secret(_) | Kind::Date | Kind::Moment => None,
    };
    if let (Some(described), Some((name, value))) = (described.as_object_mut(), more) {
        described.insert(name.to_owned(), value);
    }
    described
}
