//! Products, sites, dealers, operators: what forms may say, and which devices hear of it.

use std::collections::BTreeSet;

use sealtrace_cloud::feed;
use sealtrace_cloud::organisations::{FOREVER, Territory};
use sealtrace_cloud::store::{StoreError, organisations};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{Cursor, ProductId, SiteId};
use sealtrace_protocol::link::FeedRow;
use sealtrace_protocol::time::Timestamp;
use serde_json::json;

use crate::engines::on_both_engines;
use crate::office::{Office, faults, get, id, in_both_offices};

async fn heard(office: &Office, site: u64) -> Vec<FeedRow> {
    let page = feed::page(&office.cloud.store, SiteId(site), Cursor(0)).await.unwrap();
    page.rows.into_iter().map(|entry| entry.row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_product_is_named() {
    in_both_offices(async |office| {
        let bad = json!({ "name": "\u{7}", "gtin": "6901234567893", "plan": [
            { "level": "case", "holds": 0 }, { "level": "crate", "holds": 4 },
        ]});
        assert_eq!(
            faults(office.post("/products", bad).await),
            json!({
                "name": "characters", "gtin": "unknown",
                "plan.0.holds": "out_of_range", "plan.1.level": "unknown",
            })
        );
        let upside_down = json!({ "name": "a", "gtin": "6901234567892", "plan": [
            { "level": "pallet", "holds": 4 }, { "level": "case", "holds": 4 },
        ]});
        assert_eq!(faults(office.post("/products", upside_down).await), json!({ "plan": "order" }));
        assert_eq!(
            faults(office.post("/products", json!({})).await),
            json!({ "name": "required", "gtin": "required", "plan": "required" })
        );
        let good = json!({ "name": "a", "gtin": "6901234567892", "plan": [{ "level": "case", "holds": 6 }] });
        let made = office.create("/products", good.clone()).await;
        assert_eq!(made["gtin"], "06901234567892");
        assert_eq!(made["plan"], json!([{ "level": "case", "holds": 6 }]));
        assert_eq!(faults(office.post("/products", good).await), json!({ "gtin": "taken" }));
        let listed = office.get("/products?q=0123456").await;
        assert_eq!(listed, json!({ "rows": [made], "total": 1 }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_site_hears_what_all_sites_know_and_an_operator_only_its_own() {
    in_both_offices(async |office| {
        let product = json!({ "name": "a", "gtin": "6901234567892", "plan": [{ "level": "case", "holds": 6 }] });
        office.create("/products", product).await;
        let dealer = json!({ "name": "d", "territories": [] });
        office.create("/dealers", dealer).await;
        let one = id(&office.create("/sites", json!({ "name": "one", "kind": "line" })).await);
        let two = id(&office.create("/sites", json!({ "name": "two", "kind": "warehouse" })).await);
        let operator = json!({
            "login": "Wang", "name": "王", "role": "supervisor", "pin": "135790", "sites": [two, two],
        });
        let made = office.create("/operators", operator.clone()).await;
        assert_eq!(made["sites"], json!([{ "id": two, "name": "two" }]));
        assert!(made.get("pin").is_none() && made.get("pin_verifier").is_none());
        let kinds = |rows: &[FeedRow]| -> Vec<&'static str> {
            rows.iter()
                .map(|row| match row {
                    FeedRow::Site(_) => "site",
                    FeedRow::Product(_) => "product",
                    FeedRow::Dealer(_) => "dealer",
                    FeedRow::Operator(_) => "operator",
                    FeedRow::Task(_) | FeedRow::Document(_) | FeedRow::Roll(_) | FeedRow::Package(_) => "other",
                })
                .collect()
        };
        assert_eq!(kinds(&heard(&office, one).await), ["site", "product", "dealer"]);
        let rows = heard(&office, two).await;
        assert_eq!(kinds(&rows), ["site", "product", "dealer", "operator"]);
        let Some(FeedRow::Operator(told)) = rows.last() else { panic!("an operator is told last") };
        assert_eq!((told.login.as_str(), told.id.get()), ("wang", id(&made)));
        assert!(told.pin_verifier.starts_with("$argon2id$"), "{}", told.pin_verifier);
        assert_eq!(faults(office.post("/operators", operator).await), json!({ "login": "taken" }));
        let bad = json!({ "login": "", "name": "n", "role": "boss", "pin": "12", "sites": [99] });
        assert_eq!(
            faults(office.post("/operators", bad).await),
            json!({ "login": "required", "role": "unknown", "pin": "too_short", "sites": "unknown" })
        );
        let listed = office.get("/operators").await;
        assert_eq!(listed["rows"], json!([made]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn territories_are_checked_and_shown_by_prefecture() {
    in_both_offices(async |office| {
        let product = json!({ "name": "a", "gtin": "6901234567892", "plan": [{ "level": "case", "holds": 6 }] });
        let product = id(&office.create("/products", product).await);
        let bad = json!({ "name": "d", "territories": [
            { "product": 77, "regions": ["320100"] },
            { "product": product, "regions": ["999900"] },
            { "product": product, "regions": [] },
            { "product": product, "regions": ["310000"], "valid_from": 5, "valid_to": 5 },
        ]});
        assert_eq!(
            faults(office.post("/dealers", bad).await),
            json!({
                "territories.0.product": "unknown", "territories.1.regions": "unknown",
                "territories.2.regions": "required", "territories.3.valid_to": "before_start",
            })
        );
        let twice = json!({ "name": "d", "territories": [
            { "product": product, "regions": ["320100"] }, { "product": product, "regions": ["320102"] },
        ]});
        assert_eq!(
            faults(office.post("/dealers", twice).await),
            json!({ "territories.1.regions": "twice" })
        );
        let good = json!({ "name": "d", "territories": [
            { "product": product, "regions": ["320102", "321000"], "valid_to": 1000 },
            { "product": product, "regions": ["320100"], "valid_from": 1000 },
        ]});
        let made = office.create("/dealers", good).await;
        assert_eq!(
            made["territories"],
            json!([
                { "product": product, "regions": ["320100", "321000"], "valid_from": 0, "valid_to": 1000 },
                { "product": product, "regions": ["320100"], "valid_from": 1000, "valid_to": null },
            ])
        );
        assert_eq!(office.get("/dealers").await["rows"], json!([made]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_answers_for_a_territory_as_it_was() {
    on_both_engines(async |store| {
        let product = ProductId(5);
        let territory = |regions: &[u32], from, to| Territory {
            product,
            regions: regions.iter().copied().collect(),
            valid_from: Timestamp(from),
            valid_to: to,
        };
        let spans =
            [territory(&[320_100, 321_000], 0, Timestamp(10)), territory(&[310_100], 10, FOREVER)];
        let dealer: Result<_, StoreError> = writing!(store, |tx| {
            organisations::add_dealer(tx, "d", &spans, Timestamp(0)).await
        });
        let dealer = dealer.unwrap().unwrap();
        let mut tx = store.read().await.unwrap();
        for (at, regions) in
            [(0, vec![320_100, 321_000]), (9, vec![320_100, 321_000]), (10, vec![310_100])]
        {
            let found =
                organisations::territory(&mut tx, dealer, product, Timestamp(at)).await.unwrap();
            assert_eq!(found, BTreeSet::from_iter(regions), "at {at}");
        }
        let other =
            organisations::territory(&mut tx, dealer, ProductId(6), Timestamp(0)).await.unwrap();
        assert!(other.is_empty());
        assert_eq!(
            organisations::dealer_name(&mut tx, dealer).await.unwrap().as_deref(),
            Some("d")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_are_found_by_name_in_both_languages_and_by_code() {
    in_both_offices(async |office| {
        for q in ["nanj", "%E5%8D%97%E4%BA%AC", "3201"] {
            let found = office.get(&format!("/regions?q={q}")).await;
            let nanjing = json!({ "code": "320100", "name": "南京市", "en": "Nanjing", "lon": 118.8, "lat": 32.06 });
            assert_eq!(found, json!({ "rows": [nanjing], "total": 1 }), "{q}");
        }
        let all = office.get("/regions?size=200").await;
        assert!(all["total"].as_u64().unwrap() >= 60);
        assert_eq!(get(&office.nobody(), "/regions").await.0, 401);
    })
    .await;
}
