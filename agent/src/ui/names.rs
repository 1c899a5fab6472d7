//! Names for ids: what the page shows of products, sites, dealers, documents and people, and inside messages.

use rusqlite::Connection;
use sealtrace_protocol::ids::{DealerId, DocumentId, OperatorId, ProductId, SiteId};
use sealtrace_protocol::ledger::Party;
use serde_json::{Value, json};

use crate::feedback::Message;
use crate::store::{StoreError, feed};

pub(super) fn product(conn: &Connection, id: ProductId) -> Result<Value, StoreError> {
    let known = feed::product(conn, id)?;
    let (name, gtin) = known.map_or((None, None), |known| (Some(known.name), Some(known.gtin)));
    Ok(json!({"id": id, "name": name.unwrap_or_else(|| id.to_string()), "gtin": gtin}))
}

pub(super) fn site(conn: &Connection, id: SiteId) -> Result<Value, StoreError> {
    let name = feed::site(conn, id)?.map_or_else(|| id.to_string(), |site| site.name);
    Ok(json!({"id": id, "name": name}))
}

pub(super) fn dealer(conn: &Connection, id: DealerId) -> Result<Value, StoreError> {
    let name = feed::dealer(conn, id)?.map_or_else(|| id.to_string(), |dealer| dealer.name);
    Ok(json!({"id": id, "name": name}))
}

pub(super) fn party(conn: &Connection, party: Party) -> Result<Value, StoreError> {
    match party {
        Party::Site(id) => site(conn, id),
        Party::Dealer(id) => dealer(conn, id),
    }
}

pub(super) fn number(conn: &Connection, id: DocumentId) -> Result<Value, StoreError> {
    let number = feed::document(conn, id)?.map_or_else(|| id.to_string(), |row| row.number);
    Ok(json!({"id": id, "number": number}))
}

pub(super) fn operator(conn: &Connection, id: OperatorId) -> Result<Value, StoreError> {
    let name = feed::operator(conn, id)?.map_or_else(|| id.to_string(), |operator| operator.name);
    Ok(json!({"id": id, "name": name}))
}

/// What an id in a message is the id of.
enum What {
    Product,
    Site,
    Dealer,
    Document,
    Operator,
    Party,
}

impl What {
    /// By the parameter's name and the message it is in, as in `protocol`'s `Rejection` and `Notice`.
    fn is(message: &str, parameter: &str) -> Option<Self> {
        match (message, parameter) {
            ("wrong_product", "expected") | (_, "product") => Some(Self::Product),
            ("wrong_site", "expected")
            | ("not_received", "at")
            | ("on_its_way", "to")
            | (_, "site" | "from") => Some(Self::Site),
            ("wrong_dealer", "expected") | (_, "dealer" | "to" | "by" | "shipped_to") => {
                Some(Self::Dealer)
            }
            (_, "document") => Some(Self::Document),
            (_, "operator") => Some(Self::Operator),
            (_, "party") => Some(Self::Party),
            _ => None,
        }
    }

    /// None when the value is no id: it stays as it is.
    fn name(&self, conn: &Connection, value: &Value) -> Result<Option<Value>, StoreError> {
        if let Self::Party = self {
            let id = serde_json::from_value(value.clone()).ok();
            return id.map(|id| party(conn, id)).transpose();
        }
        let Some(id) = value.as_u64() else { return Ok(None) };
        match self {
            Self::Product => product(conn, ProductId(id)),
            Self::Site => site(conn, SiteId(id)),
            Self::Dealer => dealer(conn, DealerId(id)),
            Self::Document => number(conn, DocumentId(id)),
            Self::Operator => operator(conn, OperatorId(id)),
            Self::Party => return Ok(None),
        }
        .map(Some)
    }
}

/// The message with names where it has ids.
pub(super) fn named(conn: &Connection, mut message: Message) -> Result<Message, StoreError> {
    for (parameter, value) in &mut message.params {
        let Some(what) = What::is(&message.code, parameter) else { continue };
        if let Some(name) = what.name(conn, value)? {
            *value = name;
        }
    }
    Ok(message)
}

/// A stored rejection, `{"word":{params}}`, with names where it has ids.
pub(super) fn named_rejection(conn: &Connection, rejection: Value) -> Result<Value, StoreError> {
    let Value::Object(mut outer) = rejection else { return Ok(rejection) };
    for (code, params) in &mut outer {
        if let Value::Object(params) = params {
            let message = Message { code: code.clone(), params: std::mem::take(params) };
            *params = named(conn, message)?.params;
        }
    }
    Ok(Value::Object(outer))
}

#[cfg(test)]
mod tests {
    use sealtrace_protocol::code::Code;
    use sealtrace_protocol::ledger::Rejection;

    use super::*;
    use crate::feedback::message_of;
    use crate::store::Store;

    #[tokio::test]
    async fn ids_nobody_has_heard_of_stay_numbers_and_the_rest_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let code: Code = "(00)000000000000000017".parse().unwrap();
        let party = Party::Dealer(DealerId(4));
        let rejection = Rejection::Unauthorised { code, product: ProductId(5), party };
        let message = store.read(move |conn| named(conn, message_of(&rejection))).await.unwrap();
        let expected = json!({
            "code": code,
            "product": {"id": 5, "name": "5", "gtin": null},
            "party": {"id": 4, "name": "4"},
        });
        assert_eq!(Value::Object(message.params), expected);
    }
}
