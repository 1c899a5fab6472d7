//! Documents of every kind: written once, approved, told to their sites, moved by what devices scan.

use futures_util::future::join_all;
use sealtrace_protocol::ids::{Cursor, DocumentId, ProductId, SiteId};
use sealtrace_protocol::link::{DocumentRow, FeedRow};
use serde_json::{Value, json};

use crate::feed::desk_page;
use crate::office::{Goods, Line, Office, answer, faults, get, goods, id, in_both_offices};

/// The document as a site's devices know it.
pub(crate) async fn told(office: &Office, site: SiteId, document: u64) -> Option<DocumentRow> {
    let page = desk_page(&office.cloud.store, site, Cursor(0)).await;
    page.rows.into_iter().find_map(|entry| {
        let FeedRow::Document(row) = entry.row else { return None };
        (row.id() == DocumentId(document)).then_some(row)
    })
}

pub(crate) fn outbound(goods: &Goods, number: &str) -> Value {
    json!({
        "number": number, "kind": "outbound", "site": goods.site, "dealer": goods.nanjing,
        "lines": [{ "product": goods.product, "unit": "case", "quantity": 2 }],
    })
}

async fn warehouse(office: &Office) -> u64 {
    id(&office.create("/sites", json!({ "name": "外仓", "kind": "warehouse" })).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_written_submitted_approved_and_told() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let first = office.create("/documents", outbound(&goods, "OUT-1")).await;
        let account = json!({ "id": 1, "name": "the admin" });
        let product = json!({ "id": goods.product, "name": "雪峰啤酒 500ml" });
        assert_eq!(
            first,
            json!({
                "id": id(&first), "version": 1, "number": "OUT-1", "kind": "outbound", "state": "draft",
                "site": { "id": goods.site, "name": "一号线" }, "other": null, "order": null, "note": "",
                "dealer": { "id": goods.nanjing, "name": "南京经销商" },
                "lines": [{ "product": product, "unit": "case", "quantity": 2, "revision": 1, "units": 6 }],
                "demand": [{ "product": product, "units": 6, "moved": 0 }],
                "shares": [], "created_at": office.now(), "actions": ["edit", "submit", "void"],
                "history": [{ "at": office.now(), "account": account, "action": "create" }],
            })
        );
        let path = format!("/documents/{}", id(&first));
        assert_eq!(told(&office, goods.site, id(&first)).await, None);
        office.later(1_000);
        let submitted = office.create(&format!("{path}/submit"), json!({})).await;
        assert_eq!(submitted["actions"], json!(["approve", "reject", "withdraw", "void"]));
        let approved = office.create(&format!("{path}/approve"), json!({})).await;
        assert_eq!((&approved["state"], &approved["version"]), (&json!("approved"), &json!(3)));
        let events: Vec<_> =
            approved["history"].as_array().unwrap().iter().map(|event| &event["action"]).collect();
        assert_eq!(events, ["create", "submit", "approve"]);
        let row = told(&office, goods.site, id(&first)).await.unwrap();
        assert!(row.document.open);
        assert_eq!(row.document.line(goods.product).unwrap().units, 6);

        let (status, refused) = office.post(&format!("{path}/approve"), json!({})).await;
        assert_eq!(
            (status, &refused["error"]["code"], &refused["error"]["params"]["state"]),
            (409, &json!("wrong_state"), &json!("approved"))
        );
        assert_eq!(office.post(&format!("{path}/burn"), json!({})).await.0, 404);
        assert_eq!(office.post("/documents/99/submit", json!({})).await.0, 404);
        let auditor = office.signed_in("auditor").await;
        let (_, seen) = get(&auditor, &path).await;
        assert_eq!(seen["actions"], json!([]));
        let request = auditor.post(&format!("/api/v1{path}/void")).json(&json!({}));
        assert_eq!(answer(request).await.0, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_number_is_the_same_document_or_a_conflict() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let body = outbound(&goods, "OUT-1");
        let first = office.create("/documents", body.clone()).await;
        office.create(&format!("/documents/{}/submit", id(&first)), json!({})).await;
        // Sent again, also after its product is not for anything new any more.
        let disable = json!({ "ids": [goods.product], "enabled": false });
        office.create("/products/enabled", disable).await;
        let (status, again) = office.post("/documents", body.clone()).await;
        assert_eq!(
            (status, &again["id"], &again["state"]),
            (200, &first["id"], &json!("submitted"))
        );
        for (field, value) in [
            ("kind", json!("return")),
            ("dealer", json!(goods.shanghai)),
            ("note", json!("urgent")),
            ("lines", json!([{ "product": goods.product, "unit": "unit", "quantity": 6 }])),
        ] {
            let mut other = body.clone();
            other[field] = value;
            let (status, answered) = office.post("/documents", other).await;
            let params = &answered["error"]["params"];
            assert_eq!(
                (status, &answered["error"]["code"], &params["field"], &params["id"]),
                (409, &json!("number_taken"), &json!(field), &first["id"])
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erp_that_sends_one_document_many_times_at_once_makes_one() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let sent = (0..6).map(|_| office.post("/documents", outbound(&goods, "OUT-1")));
        let answers = join_all(sent).await;
        let created = answers.iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(created, 1, "{answers:?}");
        for (status, body) in &answers {
            assert!([200, 201].contains(status), "{body}");
            assert_eq!(body["id"], answers[0].1["id"]);
        }
        assert_eq!(office.get("/documents").await["total"], 1);
        // Two that differ: one is made, the other is told.
        let other = |units: u32| {
            let mut body = outbound(&goods, "OUT-2");
            body["lines"][0]["quantity"] = json!(units);
            body
        };
        let (one, two) = (other(1), other(2));
        let answers =
            join_all([office.post("/documents", one), office.post("/documents", two)]).await;
        let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_document_is_named() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let line = |product: u64, unit: &str, quantity: u32| {
            json!({ "product": product, "unit": unit, "quantity": quantity })
        };
        let product = goods.product.get();
        let mut bad = json!({
            "number": "x".repeat(41), "kind": "outbound", "site": 99, "dealer": 99, "other": 1,
            "order": 1, "note": "x".repeat(501),
            "lines": [
                line(product, "case", 0), line(product, "case", 5), line(99, "unit", 5),
                line(product, "box", 1), line(product, "crate", 1), line(product, "pallet", 90_000_000),
            ],
        });
        let lines = json!({
            "lines.0.quantity": "required", "lines.1.product": "twice", "lines.2.product": "unknown",
            "lines.3.unit": "not_in_plan", "lines.4.unit": "unknown", "lines.5.quantity": "too_large",
        });
        let with_lines = |others: Value| {
            let mut all = lines.as_object().unwrap().clone();
            all.extend(others.as_object().unwrap().clone());
            Value::Object(all)
        };
        assert_eq!(
            faults(office.post("/documents", bad.clone()).await),
            with_lines(json!({
                "number": "too_long", "note": "too_long", "site": "unknown", "dealer": "unknown",
                "other": "unexpected", "order": "unexpected",
            }))
        );
        bad["kind"] = json!("sideways");
        assert_eq!(
            faults(office.post("/documents", bad).await),
            with_lines(json!({ "number": "too_long", "note": "too_long", "kind": "unknown" }))
        );
        for (kind, expected) in [
            ("outbound", json!({ "dealer": "required", "lines": "required" })),
            ("return", json!({ "dealer": "required", "lines": "required" })),
            ("transfer", json!({ "other": "required", "lines": "required" })),
            ("inbound", json!({ "lines": "required" })),
        ] {
            let empty = json!({ "number": "N-1", "kind": kind, "site": goods.site });
            assert_eq!(faults(office.post("/documents", empty).await), expected, "{kind}");
        }
        let itself = json!({
            "number": "N-1", "kind": "transfer", "site": goods.site, "other": goods.site,
            "lines": [line(product, "unit", 1)],
        });
        assert_eq!(faults(office.post("/documents", itself).await), json!({ "other": "same" }));
        // A count may be of everything.
        let count = json!({ "number": "N-1", "kind": "count", "site": goods.site });
        assert_eq!(office.post("/documents", count).await.0, 201);
        assert_eq!(get(&office.admin, "/documents/99").await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_have_a_product_is_refused_when_it_is_written_and_when_it_is_submitted() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office).await;
        let early = id(&office.create("/documents", outbound(&goods, "OUT-1")).await);
        let path = format!("/products/{}", goods.product);
        let mut product = office.get(&path).await;
        product["restricted"] = json!(true);
        product["sites"] = json!([goods.site]);
        product["dealers"] = json!([goods.shanghai]);
        assert_eq!(office.put(&path, product).await.0, 200);
        let submit = office.post(&format!("/documents/{early}/submit"), json!({})).await;
        assert_eq!(faults(submit), json!({ "dealer": "unauthorised" }));
        let line = json!([{ "product": goods.product, "unit": "unit", "quantity": 1 }]);
        let inbound = json!({ "number": "IN-1", "kind": "inbound", "site": store, "lines": line });
        assert_eq!(
            faults(office.post("/documents", inbound).await),
            json!({ "lines.0.product": "unauthorised" })
        );
        let transfer = json!({
            "number": "TR-1", "kind": "transfer", "site": goods.site, "other": store, "lines": line,
        });
        assert_eq!(
            faults(office.post("/documents", transfer).await),
            json!({ "lines.0.product": "unauthorised" })
        );
        // What comes back from a dealer that should never have had it is evidence.
        let back = json!({
            "number": "RE-1", "kind": "return", "site": goods.site, "dealer": goods.nanjing, "lines": line,
        });
        assert_eq!(office.post("/documents", back).await.0, 201);
        office.create("/dealers/enabled", json!({ "ids": [goods.shanghai], "enabled": false })).await;
        let mut disabled = outbound(&goods, "OUT-2");
        disabled["dealer"] = json!(goods.shanghai);
        assert_eq!(
            faults(office.post("/documents", disabled).await),
            json!({ "dealer": "disabled" })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_can_say_something_else_until_it_is_submitted() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let draft = office.create("/documents", outbound(&goods, "OUT-1")).await;
        let path = format!("/documents/{}", id(&draft));
        let mut edited = outbound(&goods, "OUT-7");
        edited["version"] = draft["version"].clone();
        edited["lines"] = json!([
            { "product": goods.product, "unit": "pallet", "quantity": 1 },
            { "product": goods.product, "unit": "unit", "quantity": 2 },
        ]);
        let (status, changed) = office.put(&path, edited.clone()).await;
        assert_eq!((status, &changed["number"]), (200, &json!("OUT-7")));
        assert_eq!(changed["demand"][0]["units"], 8);
        let (status, stale) = office.put(&path, edited.clone()).await;
        assert_eq!((status, &stale["error"]["code"]), (409, &json!("changed_meanwhile")));
        office.create("/documents", outbound(&goods, "OUT-8")).await;
        edited["version"] = changed["version"].clone();
        edited["number"] = json!("OUT-8");
        assert_eq!(faults(office.put(&path, edited.clone()).await), json!({ "number": "taken" }));
        office.create(&format!("{path}/submit"), json!({})).await;
        let (status, late) = office.put(&path, edited).await;
        assert_eq!((status, &late["error"]["code"]), (409, &json!("wrong_state")));
        for (action, state) in [("reject", "draft"), ("submit", "submitted"), ("withdraw", "draft")]
        {
            let now = office.create(&format!("{path}/{action}"), json!({})).await;
            assert_eq!(now["state"], state);
        }
        assert_eq!(told(&office, goods.site, id(&draft)).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_package_is_asked_for_as_such_and_counted_by_what_is_in_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let other = json!({ "name": "果汁", "gtin": "6901234567908", "plan": [{ "level": "case", "holds": 6 }] });
        let other = id(&office.create("/products", other).await);
        let parts = json!([{ "product": goods.product, "units": 4 }, { "product": other, "units": 2 }]);
        let plan = json!([{ "level": "box", "holds": 6, "parts": parts }, { "level": "case", "holds": 5 }]);
        let gift = json!({ "name": "礼盒", "gtin": "6901234567915", "plan": plan });
        let gift = id(&office.create("/products", gift).await);
        let mut body = outbound(&goods, "OUT-1");
        body["lines"] = json!([
            { "product": gift, "unit": "case", "quantity": 2 },
            { "product": goods.product, "unit": "case", "quantity": 1 },
        ]);
        let document = office.approved(body.clone()).await;
        let shown = office.get(&format!("/documents/{document}")).await;
        assert_eq!(shown["lines"][0]["units"], 60);
        let demand: Vec<_> = shown["demand"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (line["product"]["id"].as_u64().unwrap(), line["units"].as_u64().unwrap()))
            .collect();
        assert_eq!(demand, [(goods.product.get(), 43), (other, 20)]);
        let row = told(&office, goods.site, document).await.unwrap();
        assert_eq!(row.document.sets, [ProductId(gift)]);
        // A mixed package has no unit of its own.
        body["number"] = json!("OUT-2");
        body["lines"][0]["unit"] = json!("unit");
        assert_eq!(
            faults(office.post("/documents", body).await),
            json!({ "lines.0.unit": "not_in_plan" })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shipping_moves_a_document_to_its_end_and_closing_ends_it_although_short() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let cases = (0..3).map(|case| goods.pack_case(case, 3 * case..3 * case + 3)).collect();
        line.does(&office, cases).await;
        let document = office.approved(outbound(&goods, "OUT-1")).await;
        line.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        let path = format!("/documents/{document}");
        let shown = office.get(&path).await;
        assert_eq!((&shown["state"], &shown["demand"][0]["moved"]), (&json!("in_work"), &json!(3)));
        assert_eq!(shown["actions"], json!(["close", "share", "reassign"]));
        let (status, body) = office.post(&format!("{path}/void"), json!({})).await;
        assert_eq!((status, &body["error"]["code"]), (409, &json!("wrong_state")));
        line.does(&office, vec![Goods::ship(goods.cases[1], document)]).await;
        assert_eq!(office.get(&path).await["state"], "done");
        assert!(!told(&office, goods.site, document).await.unwrap().document.open);

        let short = office.approved(outbound(&goods, "OUT-2")).await;
        line.does(&office, vec![Goods::ship(goods.cases[2], short)]).await;
        let closed = office.create(&format!("/documents/{short}/close"), json!({})).await;
        assert_eq!((&closed["state"], &closed["demand"][0]["moved"]), (&json!("done"), &json!(3)));
        assert!(!told(&office, goods.site, short).await.unwrap().document.open);
        let done = office.get("/documents?state=done&sort=number").await;
        assert_eq!(done["total"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn voided_documents_are_told_once_more_and_transfers_to_both_sites() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office).await;
        let transfer = office
            .approved(json!({
                "number": "TR-1", "kind": "transfer", "site": goods.site, "other": store,
                "lines": [{ "product": goods.product, "unit": "unit", "quantity": 3 }],
            }))
            .await;
        let sites = [goods.site, SiteId(store)];
        for site in sites {
            assert!(told(&office, site, transfer).await.unwrap().document.open);
        }
        let void = office.create(&format!("/documents/{transfer}/void"), json!({})).await;
        assert_eq!((&void["state"], &void["actions"]), (&json!("void"), &json!([])));
        for site in sites {
            assert!(!told(&office, site, transfer).await.unwrap().document.open);
        }
        // Nobody was told of a draft, and nobody is told of its end.
        let draft = id(&office.create("/documents", outbound(&goods, "OUT-1")).await);
        office.create(&format!("/documents/{draft}/void"), json!({})).await;
        assert_eq!(told(&office, goods.site, draft).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_documents_are_changed_at_once_and_each_failure_is_told() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut ids = Vec::new();
        for number in ["OUT-1", "OUT-2", "OUT-3"] {
            ids.push(id(&office.create("/documents", outbound(&goods, number)).await));
        }
        office.create(&format!("/documents/{}/submit", ids[0]), json!({})).await;
        let all = json!({ "ids": [ids[0], ids[1], ids[2], 99] });
        let submitted = office.create("/documents/submit", all.clone()).await;
        assert_eq!(
            submitted,
            json!({
                "done": [ids[1], ids[2]],
                "failed": [{ "id": ids[0], "code": "wrong_state" }, { "id": 99, "code": "not_found" }],
            })
        );
        let approved = office.create("/documents/approve", json!({ "ids": ids })).await;
        assert_eq!(approved["done"], json!(ids));
        let void = office.create("/documents/void", all).await;
        assert_eq!((&void["done"], &void["failed"][0]["id"]), (&json!(ids), &json!(99)));
        assert_eq!(
            faults(office.post("/documents/void", json!({})).await),
            json!({ "ids": "required" })
        );
        assert_eq!(office.post("/documents/burn", json!({ "ids": ids })).await.0, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_by_kind_state_site_dealer_and_product() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let store = warehouse(&office).await;
        office.create("/documents", outbound(&goods, "OUT-1")).await;
        let line = json!([{ "product": goods.product, "unit": "unit", "quantity": 3 }]);
        let inbound = json!({
            "number": "IN-1", "kind": "inbound", "site": store, "other": goods.site,
            "order": goods.order, "note": "night truck", "lines": line,
        });
        let inbound = office.approved(inbound).await;
        let numbers = async |query: &str| -> Vec<String> {
            let rows = office.get(&format!("/documents?{query}")).await["rows"].clone();
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| row["number"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(numbers("").await, ["IN-1", "OUT-1"]);
        assert_eq!(numbers("sort=-number").await, ["OUT-1", "IN-1"]);
        assert_eq!(numbers("kind=inbound&state=approved").await, ["IN-1"]);
        assert_eq!(numbers("q=南京").await, ["OUT-1"]);
        assert_eq!(numbers("q=TRUCK").await, ["IN-1"]);
        assert_eq!(numbers(&format!("site={store}&product={}", goods.product)).await, ["IN-1"]);
        assert_eq!(numbers("product=99").await, Vec::<String>::new());
        assert_eq!(numbers(&format!("dealer={}", goods.nanjing)).await, ["OUT-1"]);
        assert_eq!(numbers(&format!("dealer={}", goods.shanghai)).await, Vec::<String>::new());
        assert_eq!(
            faults(get(&office.admin, "/documents?kind=x&state=x&sort=x").await),
            json!({ "kind": "unknown", "state": "unknown", "sort": "unknown" })
        );
        let shown = office.get(&format!("/documents/{inbound}")).await;
        assert_eq!(shown["order"], json!({ "id": goods.order, "number": "PO-1" }));
    })
    .await;
}
