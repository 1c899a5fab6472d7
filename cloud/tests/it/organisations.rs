//! Sites, dealers, operators: what forms may say, who was permitted when, and which devices hear of it.

use std::collections::BTreeMap;

use sealtrace_cloud::diversion::regions::REGIONS;
use sealtrace_cloud::organisations::{FOREVER, Territory};
use sealtrace_cloud::store::{StoreError, organisations, territories};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{DealerId, OperatorId, ProductId, SiteId};
use sealtrace_protocol::ledger::{Role, Worker};
use sealtrace_protocol::link::{FeedRow, Operator};
use sealtrace_protocol::time::{Stamp, Timestamp};
use serde_json::{Value, json};

use crate::engines::on_both_engines;
use crate::office::{MINUTE_MS, Office, faults, get, heard, id, in_both_offices};

const GTINS: [&str; 2] = ["6901234567892", "6901234567908"];

async fn product(office: &Office, gtin: &str) -> u64 {
    let plan = json!([{ "level": "case", "holds": 6 }]);
    id(&office.create("/products", json!({ "name": "a", "gtin": gtin, "plan": plan })).await)
}

async fn site(office: &Office, name: &str, kind: &str) -> u64 {
    id(&office.create("/sites", json!({ "name": name, "kind": kind })).await)
}

fn operators(rows: &[FeedRow]) -> Vec<&Operator> {
    let each = rows.iter();
    each.filter_map(|row| if let FeedRow::Operator(told) = row { Some(told) } else { None })
        .collect()
}

fn kinds(rows: &[FeedRow]) -> Vec<&'static str> {
    let kind = |row: &FeedRow| match row {
        FeedRow::Site(_) => "site",
        FeedRow::Owner(_) => "owner",
        FeedRow::Product(_) => "product",
        FeedRow::Lot(_) => "lot",
        FeedRow::Dealer(_) => "dealer",
        FeedRow::Operator(_) => "operator",
        FeedRow::Carriers(_) => "carriers",
        FeedRow::Labels(_) => "labels",
        FeedRow::Task(_) | FeedRow::Document(_) | FeedRow::Roll(_) => "work",
    };
    rows.iter().map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_site_hears_what_all_sites_know_and_an_operator_only_its_own() {
    in_both_offices(async |office| {
        let product = product(&office, GTINS[0]).await;
        office.create("/dealers", json!({ "name": "d" })).await;
        let lot = json!({ "product": product, "lot": "L1", "status": "blocked" });
        office.create("/lots", lot).await;
        let one = site(&office, "one", "line").await;
        let two = site(&office, "two", "warehouse").await;
        let operator = json!({
            "login": "Wang", "name": "王", "role": "supervisor", "pin": "135790", "sites": [two, two],
        });
        let made = office.create("/operators", operator.clone()).await;
        assert_eq!(made["sites"], json!([{ "id": two, "name": "two" }]));
        let known = ["owner", "product", "lot", "dealer", "site", "site"];
        assert_eq!(kinds(&heard(&office, one).await), known);
        let mut rows = heard(&office, two).await;
        let told = rows.pop().unwrap();
        assert_eq!(rows.iter().filter(|row| matches!(row, FeedRow::Site(_))).count(), 2);
        let FeedRow::Operator(told) = told else { panic!("an operator is told last") };
        assert_eq!((told.login.as_str(), told.id.get()), ("wang", id(&made)));
        assert_eq!((told.sites, told.enabled), (vec![SiteId(two)], true));
        assert!(told.pin_verifier.starts_with("$argon2id$"), "{}", told.pin_verifier);
        assert_eq!(faults(office.post("/operators", operator).await), json!({ "login": "taken" }));
        let bad = json!({ "login": "", "name": "n", "role": "boss", "pin": "12", "sites": [99] });
        assert_eq!(
            faults(office.post("/operators", bad).await),
            json!({ "login": "required", "role": "unknown", "pin": "too_short", "sites": "unknown" })
        );
        let nowhere = json!({ "login": "li", "name": "n", "role": "operator", "pin": "2468", "sites": [] });
        assert_eq!(
            faults(office.post("/operators", nowhere).await),
            json!({ "sites": "required" })
        );
        assert_eq!(office.get("/operators").await["rows"], json!([made]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_warehouses_are_part_of_factories_only() {
    in_both_offices(async |office| {
        let factory = site(&office, "工厂", "factory").await;
        let line =
            json!({ "name": "产线", "kind": "line", "parent": factory, "implied_receipt": false });
        let line = office.create("/sites", line).await;
        assert_eq!(line["parent"], json!({ "id": factory, "name": "工厂" }));
        assert_eq!(line["implied_receipt"], false);
        for (kind, parent, fault) in [
            ("line", id(&line), "not_a_factory"),
            ("factory", factory, "not_allowed"),
            ("warehouse", 99, "unknown"),
        ] {
            let form = json!({ "name": "x", "kind": kind, "parent": parent });
            let refused = faults(office.post("/sites", form).await);
            assert_eq!(refused, json!({ "parent": fault }), "{kind}");
        }
        let below = json!({ "name": "工厂", "parent": id(&line), "version": 1 });
        let refused = faults(office.put(&format!("/sites/{factory}"), below).await);
        assert_eq!(refused, json!({ "parent": "cycle" }));
        let turned = json!({ "name": "产线", "kind": "warehouse", "version": 1 });
        let refused = faults(office.put(&format!("/sites/{}", id(&line)), turned).await);
        assert_eq!(refused, json!({ "kind": "fixed" }));
        let (status, body) = office.delete(&format!("/sites/{factory}")).await;
        assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!("sites")));
        let told = heard(&office, factory).await;
        let receipts: Vec<bool> = told
            .iter()
            .filter_map(|row| {
                if let FeedRow::Site(site) = row { Some(site.implied_receipt) } else { None }
            })
            .collect();
        assert_eq!(receipts, [true, false]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_worked_before_they_left_was_permitted_then() {
    in_both_offices(async |office| {
        let (one, two) = (site(&office, "one", "line").await, site(&office, "two", "line").await);
        let form = |role: &str, sites: Value, version: u64| {
            json!({ "name": "王", "role": role, "sites": sites, "version": version })
        };
        let mut new = form("supervisor", json!([one, two]), 0);
        new["login"] = json!("wang");
        new["pin"] = json!("135790");
        let operator = id(&office.create("/operators", new).await);
        let start = office.now();
        let permitted = async |site: u64, minute: i64| {
            let mut tx = office.cloud.store.read().await.unwrap();
            let at = Stamp { wall: start.plus_ms(minute * MINUTE_MS), uncertainty_ms: 500 };
            let terms = organisations::work_terms(&mut tx, OperatorId(operator), SiteId(site)).await;
            terms.unwrap().map(|terms| terms.worker(at))
        };
        let as_ = |role, permitted| Some(Worker { role, permitted });
        office.later(10 * MINUTE_MS);
        let path = format!("/operators/{operator}");
        assert_eq!(office.put(&path, form("operator", json!([one]), 1)).await.0, 200);
        assert_eq!(permitted(two, 5).await, as_(Role::Supervisor, true));
        assert_eq!(permitted(two, 11).await, as_(Role::Operator, false));
        assert_eq!(permitted(one, 5).await, as_(Role::Supervisor, true));
        assert_eq!(permitted(one, 11).await, as_(Role::Operator, true));

        let gone = heard(&office, two).await;
        assert_eq!(operators(&gone)[0].sites, [SiteId(one)], "told once more");

        office.later(10 * MINUTE_MS);
        let ids = json!({ "ids": [operator], "enabled": false });
        office.create("/operators/enabled", ids).await;
        assert_eq!(permitted(one, 19).await, as_(Role::Operator, true));
        assert_eq!(permitted(one, 21).await, as_(Role::Operator, false));
        assert!(!operators(&heard(&office, one).await)[0].enabled);
        office.later(10 * MINUTE_MS);
        let ids = json!({ "ids": [operator], "enabled": true });
        office.create("/operators/enabled", ids).await;
        assert_eq!(permitted(one, 21).await, as_(Role::Operator, false));
        assert_eq!(permitted(one, 31).await, as_(Role::Operator, true));
        assert_eq!(permitted(one, -1).await, as_(Role::Operator, false));
        let mut tx = office.cloud.store.read().await.unwrap();
        let nobody = organisations::work_terms(&mut tx, OperatorId(99), SiteId(one)).await;
        assert_eq!(nobody.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stays_unless_another_is_typed_and_never_comes_out() {
    in_both_offices(async |office| {
        let site = site(&office, "one", "line").await;
        let new = json!({ "login": "wang", "name": "王", "role": "operator", "pin": "135790", "sites": [site] });
        let operator = id(&office.create("/operators", new).await);
        let path = format!("/operators/{operator}");
        let verifier = async || operators(&heard(&office, site).await)[0].pin_verifier.clone();
        let first = verifier().await;
        let form = |pin: Value, version: u64| {
            json!({ "name": "王", "role": "operator", "pin": pin, "sites": [site], "version": version })
        };
        assert_eq!(office.put(&path, form(Value::Null, 1)).await.0, 200);
        assert_eq!(verifier().await, first);
        assert_eq!(faults(office.put(&path, form(json!("12"), 2)).await), json!({ "pin": "too_short" }));
        assert_eq!(office.put(&path, form(json!("246802"), 2)).await.0, 200);
        assert_ne!(verifier().await, first);
        for path in [path.as_str(), "/operators", "/audit"] {
            let shown = office.get(path).await.to_string();
            assert!(!shown.contains("argon2") && !shown.contains("246802"), "{path}: {shown}");
        }
        let deleted = office.delete(&path).await;
        assert_eq!(deleted.0, 204, "{deleted:?}");
        let told = heard(&office, site).await;
        assert_eq!((operators(&told)[0].enabled, operators(&told)[0].sites.len()), (false, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn territories_are_checked_and_shown_by_prefecture() {
    in_both_offices(async |office| {
        let product = product(&office, GTINS[0]).await;
        let bad = json!({ "name": "d", "territories": [
            { "product": 77, "regions": ["320100"] },
            { "product": product, "regions": ["999900"] },
            { "product": product, "regions": [] },
            { "product": product, "regions": ["310000"], "valid_from": 5, "valid_to": 5 },
            { "regions": ["330100"], "until": 5 },
        ]});
        assert_eq!(
            faults(office.post("/dealers", bad).await),
            json!({
                "territories.0.product": "unknown", "territories.1.regions": "unknown",
                "territories.2.regions": "required", "territories.3.valid_to": "before_start",
                "territories.4.product": "required", "territories.4.until": "no_such_field",
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
        let product = json!({ "id": product, "name": "a" });
        assert_eq!(
            made["territories"],
            json!([
                { "product": product, "regions": ["320100", "321000"], "valid_from": null, "valid_to": 1000 },
                { "product": product, "regions": ["320100"], "valid_from": 1000, "valid_to": null },
            ])
        );
        assert_eq!(office.get("/dealers").await["rows"], json!([made]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_the_territory_of_a_stranger() {
    in_both_offices(async |office| {
        let (beer, wine) = (product(&office, GTINS[0]).await, product(&office, GTINS[1]).await);
        let territory = |product: u64, regions: Value, from: Option<i64>, to: Option<i64>| {
            json!([{ "product": product, "regions": regions, "valid_from": from, "valid_to": to }])
        };
        let dealer = |name: &str, parent: Option<u64>, territories: Value| {
            json!({ "name": name, "parent": parent, "territories": territories })
        };
        let jiangsu = json!(["320100", "320500"]);
        let top = territory(beer, jiangsu, Some(1_000), Some(2_000));
        let top = id(&office.create("/dealers", dealer("江苏", None, top)).await);
        let nanjing = |from, to| territory(beer, json!(["320100", "310100"]), from, to);

        let (status, body) = office.post("/dealers", dealer("外人", None, nanjing(None, None))).await;
        let place = "territories.0.regions";
        assert_eq!((status, &body["error"]["params"]), (422, &json!({
            "fields": { place: "overlaps" },
            "details": { place: { "dealer": { "id": top, "name": "江苏" }, "regions": ["320100"] } },
        })));
        for (name, parent, territories) in [
            ("下级", Some(top), nanjing(None, None)),
            ("之前", None, territory(beer, json!(["320500"]), Some(0), Some(1_000))),
            ("之后", None, territory(beer, json!(["320500"]), Some(2_000), None)),
            ("别的产品", None, territory(wine, json!(["320100"]), None, None)),
            ("别的地方", None, territory(beer, json!(["330100"]), None, None)),
        ] {
            let (status, body) = office.post("/dealers", dealer(name, parent, territories)).await;
            assert_eq!(status, 201, "{name}: {body}");
        }
        let sibling = dealer("兄弟", Some(top), territory(beer, json!(["310100"]), None, None));
        let refused = faults(office.post("/dealers", sibling).await);
        assert_eq!(refused, json!({ place: "overlaps" }), "below the same dealer is not above or below");
        let same = dealer("江苏", None, nanjing(Some(1_000), Some(1_500)));
        let mut same = same;
        same["version"] = json!(1);
        assert_eq!(office.put(&format!("/dealers/{top}"), same).await.0, 200, "its own is in nobody's way");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_that_moves_in_the_tree_takes_no_overlap_along() {
    in_both_offices(async |office| {
        let product = product(&office, GTINS[0]).await;
        let nanjing = json!([{ "product": product, "regions": ["320100"] }]);
        let dealer = async |name: &str, parent: Option<u64>, territories: &Value| {
            let form = json!({ "name": name, "parent": parent, "territories": territories });
            id(&office.create("/dealers", form).await)
        };
        let top = dealer("top", None, &nanjing).await;
        let middle = dealer("middle", Some(top), &json!([])).await;
        let below = dealer("below", Some(middle), &nanjing).await;
        let freed = json!({ "name": "middle", "parent": null, "territories": [], "version": 1 });
        let (status, body) = office.put(&format!("/dealers/{middle}"), freed).await;
        assert_eq!(
            (status, &body["error"]["params"]["fields"]),
            (422, &json!({ "parent": "overlaps" }))
        );
        let circle =
            json!({ "name": "top", "parent": below, "territories": nanjing, "version": 1 });
        let refused = faults(office.put(&format!("/dealers/{top}"), circle).await);
        assert_eq!(refused["parent"], "cycle");
        assert_eq!(office.get(&format!("/dealers?parent={middle}")).await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_lies_in_one_prefecture() {
    in_both_offices(async |office| {
        let dealer = id(&office.create("/dealers", json!({ "name": "d" })).await);
        let form = json!({ "name": "门店", "dealer": dealer, "region": ["320102"], "address": "中山路 1 号" });
        let made = office.create("/stores", form).await;
        assert_eq!(made["region"], json!(["320100"]));
        assert_eq!(office.get("/stores?region=320100").await["rows"], json!([made]));
        assert_eq!(office.get("/stores?region=310100").await["total"], 0);
        let bare = office.create("/stores", json!({ "name": "无地址" })).await;
        assert_eq!((&bare["region"], &bare["address"]), (&json!([]), &json!("")));
        let two = json!({ "name": "x", "region": ["320100", "310100"] });
        assert_eq!(faults(office.post("/stores", two).await), json!({ "region": "too_many" }));
        let (status, body) = office.delete(&format!("/dealers/{dealer}")).await;
        assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!("stores")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_answers_for_a_territory_as_it_was() {
    on_both_engines(async |store| {
        let (dealer, product) = (DealerId(3), ProductId(5));
        let territory = |regions: &[u32], from, to| Territory {
            product,
            regions: regions.iter().copied().collect(),
            valid_from: Timestamp(from),
            valid_to: to,
        };
        let spans =
            [territory(&[320_100, 321_000], 0, Timestamp(10)), territory(&[310_100], 10, FOREVER)];
        let kept: Result<(), StoreError> =
            writing!(store, |tx| { territories::replace(tx, dealer, &spans).await });
        kept.unwrap();
        let mut tx = store.read().await.unwrap();
        for (at, regions) in
            [(0, vec![320_100, 321_000]), (9, vec![320_100, 321_000]), (10, vec![310_100])]
        {
            let found = territories::territory(&mut tx, dealer, product, Timestamp(at)).await;
            assert_eq!(found.unwrap().into_iter().collect::<Vec<_>>(), regions, "at {at}");
        }
        let other = territories::territory(&mut tx, dealer, ProductId(6), Timestamp(0)).await;
        assert!(other.unwrap().is_empty());
        let all = territories::of_dealers(&mut tx, &[dealer, DealerId(4)]).await.unwrap();
        assert_eq!(all, BTreeMap::from([(dealer, spans.to_vec())]));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_can_have_the_whole_country_for_many_products() {
    in_both_offices(async |office| {
        let product = product(&office, GTINS[0]).await;
        let everywhere: Vec<String> =
            REGIONS.iter().map(|region| region.code.to_string()).collect();
        let month = |month: i64| {
            let (from, to) = (month * 1_000, (month + 1) * 1_000);
            json!({ "product": product, "regions": everywhere, "valid_from": from, "valid_to": to })
        };
        let territories: Vec<Value> = (0..40).map(month).collect();
        let dealer = json!({ "name": "national", "territories": territories });
        let dealer = office.create("/dealers", dealer).await;
        assert_eq!(dealer["territories"].as_array().unwrap().len(), 40);
    })
    .await;
}
