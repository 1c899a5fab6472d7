//! Products and lots: revisions of plans, packages that mix, who may have what, and which devices hear of it.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_cloud::store::{StoreError, catalog};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{DealerId, ProductId, Revision, SiteId};
use sealtrace_protocol::ledger::{Level, LotStatus, LotTerms, Permit, Plan, Step};
use sealtrace_protocol::link::{FeedRow, Product};
use sealtrace_protocol::text::Lot;
use serde_json::{Value, json};

use crate::office::{Office, faults, goods, heard, id, in_both_offices};

const GTINS: [&str; 4] = ["6901234567892", "6901234567908", "6901234567915", "6901234567922"];

fn form(name: &str, gtin: &str) -> Value {
    let plan = json!([{ "level": "case", "holds": 6 }]);
    json!({ "name": name, "gtin": gtin, "plan": plan })
}

async fn product(office: &Office, name: &str, gtin: &str) -> u64 {
    id(&office.create("/products", form(name, gtin)).await)
}

fn products(rows: &[FeedRow]) -> Vec<&Product> {
    let each = rows.iter();
    each.filter_map(|row| if let FeedRow::Product(told) = row { Some(told) } else { None })
        .collect()
}

/// A case that holds two of each of these.
fn mix(products: &[u64]) -> Value {
    let parts = products.iter().map(|product| json!({ "product": product, "units": 2 }));
    let parts: Value = parts.collect();
    json!([{ "level": "case", "holds": products.len() * 2, "parts": parts }])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_product_is_named() {
    in_both_offices(async |office| {
        let bad = json!({ "name": "\u{7}", "gtin": "6901234567893", "brand": 9, "plan": [
            { "level": "case", "holds": 0 }, { "level": "crate", "holds": 4 },
        ]});
        assert_eq!(
            faults(office.post("/products", bad).await),
            json!({
                "name": "characters", "gtin": "unknown", "brand": "unknown",
                "plan.0.holds": "out_of_range", "plan.1.level": "unknown",
            })
        );
        assert_eq!(
            faults(office.post("/products", json!({})).await),
            json!({ "name": "required", "gtin": "required", "plan": "required" })
        );
        let made = office.create("/products", form("a", GTINS[0])).await;
        assert_eq!((&made["gtin"], &made["revision"]), (&json!("06901234567892"), &json!(1)));
        assert_eq!(made["plan"], json!([{ "level": "case", "holds": 6, "parts": [] }]));
        let again = office.post("/products", form("b", GTINS[0])).await;
        assert_eq!(faults(again), json!({ "gtin": "taken" }));
        assert_eq!(office.get("/products?q=0123456").await, json!({ "rows": [made], "total": 1 }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_cannot_be_packed_is_refused_at_the_step() {
    in_both_offices(async |office| {
        let one = product(&office, "one", GTINS[1]).await;
        let two = product(&office, "two", GTINS[2]).await;
        let step = |level: &str, holds: u32| json!({ "level": level, "holds": holds });
        let part = |product: u64, units: u32| json!({ "product": product, "units": units });
        let mixed =
            |holds: u32, parts: Value| json!([{ "level": "case", "holds": holds, "parts": parts }]);
        for (plan, expected) in [
            (json!([step("pallet", 4), step("case", 4)]), json!({ "plan.1.level": "order" })),
            (json!([step("case", 4), step("case", 4)]), json!({ "plan.1.level": "order" })),
            (json!([step("unit", 4)]), json!({ "plan.0.level": "order" })),
            (json!([step("case", 1001)]), json!({ "plan.0.holds": "out_of_range" })),
            (json!("case"), json!({ "plan": "unreadable" })),
            (
                json!([{ "level": "case", "holds": 4, "part": [] }]),
                json!({ "plan.0.part": "no_such_field" }),
            ),
            (mixed(6, json!([part(one, 2), part(two, 2)])), json!({ "plan.0.parts": "parts" })),
            (mixed(4, json!([part(one, 4)])), json!({ "plan.0.parts": "parts" })),
            (mixed(4, json!([part(one, 2), part(one, 2)])), json!({ "plan.0.parts": "parts" })),
            (
                mixed(4, json!([part(one, 0), { "units": 4 }])),
                json!({ "plan.0.parts.0.units": "required", "plan.0.parts.1.product": "required" }),
            ),
            (
                mixed(4, json!([part(one, 2), part(99, 2)])),
                json!({ "plan.0.parts.1.product": "unknown" }),
            ),
        ] {
            let form = json!({ "name": "x", "gtin": GTINS[0], "plan": plan });
            assert_eq!(faults(office.post("/products", form).await), expected, "{plan}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_box_mixes_other_products_that_mix_nothing_themselves() {
    in_both_offices(async |office| {
        let one = product(&office, "红", GTINS[1]).await;
        let two = product(&office, "白", GTINS[2]).await;
        let gift = json!({ "name": "礼盒", "gtin": GTINS[0], "plan": mix(&[one, two]) });
        let gift = office.create("/products", gift).await;
        let part = &gift["plan"][0]["parts"][0];
        assert_eq!(part, &json!({ "product": { "id": one, "name": "红" }, "units": 2 }));
        let bigger = json!({ "name": "大礼盒", "gtin": GTINS[3], "plan": mix(&[one, id(&gift)]) });
        let refused = faults(office.post("/products", bigger).await);
        assert_eq!(refused, json!({ "plan.0.parts.1.product": "mixes" }));
        let own = id(&gift);
        let itself = json!({ "name": "礼盒", "plan": mix(&[one, own]), "version": 1 });
        let refused = faults(office.put(&format!("/products/{own}"), itself).await);
        assert_eq!(refused, json!({ "plan.0.parts.1.product": "itself" }));
        let third = product(&office, "绿", GTINS[3]).await;
        let turned = json!({ "name": "红", "plan": mix(&[two, third]), "version": 1 });
        let (status, body) = office.put(&format!("/products/{one}"), turned).await;
        assert_eq!(
            (status, &body["error"]["params"]),
            (
                422,
                &json!({
                    "fields": { "plan.0.parts": "is_part" },
                    "details": { "plan.0.parts": { "product": { "id": own, "name": "礼盒" } } },
                })
            )
        );
        let (status, body) = office.delete(&format!("/products/{one}")).await;
        assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!("products")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plan_is_another_revision_and_the_old_one_stays_readable() {
    in_both_offices(async |office| {
        let site = id(&office.create("/sites", json!({ "name": "s", "kind": "line" })).await);
        let made = office.create("/products", form("a", GTINS[0])).await;
        let path = format!("/products/{}", id(&made));
        let renamed =
            office.put(&path, json!({ "name": "b", "plan": made["plan"], "version": 1 })).await.1;
        assert_eq!((&renamed["revision"], &renamed["name"]), (&json!(1), &json!("b")));
        let plan = json!([{ "level": "case", "holds": 12 }]);
        let (status, changed) =
            office.put(&path, json!({ "name": "b", "plan": plan, "version": 2 })).await;
        assert_eq!((status, &changed["revision"]), (200, &json!(2)), "{changed}");
        let fixed = json!({ "name": "b", "gtin": GTINS[1], "plan": plan, "version": 3 });
        assert_eq!(faults(office.put(&path, fixed).await), json!({ "gtin": "fixed" }));

        let product = ProductId(id(&made));
        let case = |holds| Plan::new(vec![Step::new(Level::Case, holds)]).unwrap();
        let mut tx = office.cloud.store.read().await.unwrap();
        for (revision, plan) in [(1, Some(case(6))), (2, Some(case(12))), (3, None)] {
            let found = catalog::plan(&mut tx, product, Revision(revision)).await.unwrap();
            assert_eq!(found, plan, "{revision}");
        }
        let now = catalog::plans_in_force(&mut tx, &[product, ProductId(99)]).await.unwrap();
        assert_eq!(now, BTreeMap::from([(product, (Revision(2), case(12)))]));
        drop(tx);
        let told = heard(&office, site).await;
        let products: Vec<_> = told
            .iter()
            .filter_map(
                |row| if let FeedRow::Product(product) = row { Some(product) } else { None },
            )
            .collect();
        assert_eq!(products.len(), 1, "a later row takes the earlier one's place");
        assert_eq!(
            (products[0].revision, &products[0].plan, products[0].name.as_str()),
            (Revision(2), &case(12), "b")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_product_is_for_the_listed_sites_and_dealers_only() {
    in_both_offices(async |office| {
        let site = id(&office.create("/sites", json!({ "name": "s", "kind": "line" })).await);
        let dealer = id(&office.create("/dealers", json!({ "name": "d" })).await);
        let free = product(&office, "free", GTINS[0]).await;
        let mut form = form("strict", GTINS[1]);
        form["restricted"] = json!(true);
        form["sites"] = json!([site]);
        let made = office.create("/products", form.clone()).await;
        assert_eq!(made["sites"], json!([{ "id": site, "name": "s" }]));
        assert_eq!(made["dealers"], json!([]));
        let strict = ProductId(id(&made));
        let asked = BTreeSet::from([ProductId(free), strict, ProductId(99)]);
        let permit = |dealers: &[u64]| Permit {
            sites: Some(vec![SiteId(site)]),
            dealers: Some(dealers.iter().copied().map(DealerId).collect()),
        };
        let permits = async || {
            let mut tx = office.cloud.store.read().await.unwrap();
            catalog::permits(&mut tx, &asked).await.unwrap()
        };
        assert_eq!(permits().await, BTreeMap::from([(strict, permit(&[]))]));
        form["dealers"] = json!([dealer]);
        form["version"] = json!(1);
        assert_eq!(office.put(&format!("/products/{strict}"), form.clone()).await.0, 200);
        assert_eq!(permits().await, BTreeMap::from([(strict, permit(&[dealer]))]));
        let told = heard(&office, site).await;
        let is_told = told.iter().any(|row| {
            matches!(row, FeedRow::Product(told) if told.id == strict && told.permit == permit(&[dealer]))
        });
        assert!(is_told, "{told:?}");
        for (path, by) in [(format!("/sites/{site}"), "products"), (format!("/dealers/{dealer}"), "products")] {
            let (status, body) = office.delete(&path).await;
            assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!(by)), "{path}");
        }
        form["sites"] = json!([site, 99]);
        form["version"] = json!(2);
        let refused = office.put(&format!("/products/{strict}"), form).await;
        assert_eq!(faults(refused), json!({ "sites": "unknown" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_hear_that_a_product_is_disabled_or_gone() {
    in_both_offices(async |office| {
        let site = id(&office.create("/sites", json!({ "name": "s", "kind": "line" })).await);
        let (one, two) =
            (product(&office, "one", GTINS[0]).await, product(&office, "two", GTINS[1]).await);
        office.create("/products/enabled", json!({ "ids": [one], "enabled": false })).await;
        assert_eq!(office.delete(&format!("/products/{two}")).await.0, 204);
        let told = heard(&office, site).await;
        let enabled: Vec<(u64, bool)> =
            products(&told).iter().map(|product| (product.id.get(), product.enabled)).collect();
        assert_eq!(enabled, [(one, false), (two, false)]);
        let mut tx = office.cloud.store.read().await.unwrap();
        assert!(!catalog::product(&mut tx, ProductId(one)).await.unwrap().unwrap().enabled);
        assert_eq!(catalog::product(&mut tx, ProductId(two)).await.unwrap(), None);
        assert_eq!(catalog::plan(&mut tx, ProductId(two), Revision(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_lot_reaches_sites_and_judging() {
    in_both_offices(async |office| {
        let site = id(&office.create("/sites", json!({ "name": "s", "kind": "line" })).await);
        let dealer = id(&office.create("/dealers", json!({ "name": "d" })).await);
        let product = product(&office, "a", GTINS[0]).await;
        let form = json!({
            "product": product, "lot": "L1", "status": "blocked", "dealer": dealer, "produced_on": "2026-07-31",
        });
        let made = office.create("/lots", form.clone()).await;
        assert_eq!(made["product"], json!({ "id": product, "name": "a" }));
        assert_eq!(faults(office.post("/lots", form).await), json!({ "lot": "taken" }));
        let bad = json!({ "product": 9, "lot": "批次", "status": "good", "produced_on": "2026-02-30" });
        assert_eq!(
            faults(office.post("/lots", bad).await),
            json!({ "product": "unknown", "lot": "unknown", "status": "unknown", "produced_on": "unknown" })
        );
        let key = |lot: &str| (ProductId(product), Lot::new(lot).unwrap());
        let mut tx = office.cloud.store.read().await.unwrap();
        let terms = catalog::lot_terms(&mut tx, &BTreeSet::from([key("L1"), key("L2")])).await;
        let blocked = LotTerms { status: LotStatus::Blocked, dealer: Some(DealerId(dealer)) };
        assert_eq!(terms.unwrap(), BTreeMap::from([(key("L1"), blocked)]));
        drop(tx);
        let told = |rows: Vec<FeedRow>| -> Vec<LotTerms> {
            rows.iter().filter_map(|row| if let FeedRow::Lot(lot) = row { Some(lot.terms) } else { None }).collect()
        };
        assert_eq!(told(heard(&office, site).await), [blocked]);
        let lot = id(&made);
        let released = json!({ "status": "released", "version": 1 });
        assert_eq!(office.put(&format!("/lots/{lot}"), released).await.0, 200);
        let released = LotTerms { status: LotStatus::Released, dealer: None };
        assert_eq!(told(heard(&office, site).await), [released]);
        let late = id(&office.create("/sites", json!({ "name": "t", "kind": "line" })).await);
        assert_eq!(told(heard(&office, late).await), [released]);
        assert_eq!(office.delete(&format!("/lots/{lot}")).await.0, 204);
        assert_eq!(told(heard(&office, site).await), [LotTerms::default()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_that_is_made_is_pending_until_somebody_speaks_of_it() {
    in_both_offices(async |office| {
        let product = product(&office, "a", GTINS[0]).await;
        let lot = Lot::new("L1").unwrap();
        let ensured: Result<_, StoreError> = writing!(office.cloud.store, |tx| {
            let first = catalog::ensure_lot(tx, ProductId(product), lot, office.now()).await?;
            let again = catalog::ensure_lot(tx, ProductId(product), lot, office.now()).await?;
            Ok((first, again))
        });
        let (first, again) = ensured.unwrap();
        assert_eq!(first, again);
        let listed = office.get(&format!("/lots?product={product}&status=pending")).await;
        assert_eq!((listed["rows"][0]["id"].as_u64(), &listed["total"]), (Some(first), &json!(1)));
        let order = json!({ "number": "PO-1", "product": product, "lot": "L1", "quantity": 6 });
        office.create("/orders", order).await;
        assert_eq!(office.get("/lots").await["total"], 1);
        let (status, body) = office.delete(&format!("/lots/{first}")).await;
        assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!("orders")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_that_an_order_or_a_task_names_is_not_deleted_and_those_without_a_day_come_last() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let order = json!({ "number": "PO-2", "product": goods.product, "lot": "L2", "quantity": 9 });
        let order = id(&office.create("/orders", order).await);
        office.create(&format!("/orders/{order}/codes"), json!({ "units": 9 })).await;
        let task = json!({ "site": goods.site, "kind": "line", "quantity": 9, "lot": "L3" });
        office.create(&format!("/orders/{order}/release"), json!({ "tasks": [task] })).await;
        for (lot, produced_on) in [("L2", "2026-08-02"), ("L4", "2026-08-01")] {
            let form = json!({
                "product": goods.product, "lot": lot, "status": "pending", "produced_on": produced_on,
            });
            office.create("/lots", form).await;
        }
        let listed = async |sort: &str| -> Vec<(String, u64)> {
            let rows = office.get(&format!("/lots?sort={sort}")).await["rows"].clone();
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| (row["lot"].as_str().unwrap().to_owned(), id(row))).collect()
        };
        let [(four, spare), (two, ordered), (..), (three, released)] =
            &listed("produced_on").await[..]
        else {
            panic!("there are four lots")
        };
        assert_eq!((four.as_str(), two.as_str(), three.as_str()), ("L4", "L2", "L3"));
        assert_eq!(listed("-produced_on").await[3].0, "L20260801");
        for (lot, by) in [(ordered, "orders"), (released, "tasks")] {
            let (status, refused) = office.delete(&format!("/lots/{lot}")).await;
            let error = &refused["error"];
            assert_eq!((status, &error["code"]), (409, &json!("in_use")));
            assert_eq!(error["params"], json!({ "by": by, "count": 1 }));
        }
        assert_eq!(office.delete(&format!("/lots/{spare}")).await.0, 204);
    })
    .await;
}
