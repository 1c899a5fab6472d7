//! Verifications: what a consumer is told, and what is kept of it.

use std::time::Duration;

use sealtrace_cloud::codes::Resolved;
use sealtrace_cloud::store::{Store, Tx, sightings};
use sealtrace_protocol::code::{Code, Minted};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::office::{Line, MINUTE_MS, Office, START, answer, goods, in_both_offices};

async fn kept(office: &Office, code: &Code) -> usize {
    let Resolved::Ours { key, .. } = office.cloud.codebook.resolve(code) else { return 0 };
    let mut tx = office.cloud.store.read().await.unwrap();
    sightings::of_item(&mut tx, key).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bottle_is_pending_until_its_line_has_reported_and_genuine_from_then_on() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let product = json!({ "name": "雪峰啤酒 500ml", "gtin": "06901234567892" });
        let nanjing = json!({ "code": "320100", "name": "南京市", "en": "Nanjing" });
        let bottle = goods.units[0];
        assert_eq!(
            office.scan(&bottle, "320102").await,
            json!({
                "verdict": "pending", "nth": 1, "first": { "at": START, "region": nanjing },
                "product": product, "code": bottle.canonical(),
            })
        );
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        line.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        office.later(MINUTE_MS);
        let again = json!({
            "verdict": "genuine", "nth": 2, "first": { "at": START, "region": nanjing },
            "product": product, "lot": "L20260801", "code": bottle.canonical(),
        });
        assert_eq!(office.scan(&bottle, "").await, again);
        assert_eq!(office.scan(&goods.units[1], "").await["nth"], 1);
        assert_eq!(kept(&office, &bottle).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_foreign_and_unreadable_codes_are_unknown_and_nothing_is_kept() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let Code::Minted(real) = goods.units[0] else { panic!("units are minted") };
        let forged = Minted::new(real.head(), real.body() ^ 1).unwrap().to_string();
        let unknown = json!({ "verdict": "unknown", "nth": 0 });
        for text in [
            forged.as_str(),
            "(01)06901234567892(21)ABC",
            "https://elsewhere.example/x",
            "",
            "\u{0}",
        ] {
            let request =
                office.nobody().post("/api/v1/verifications").json(&json!({ "text": text }));
            assert_eq!(answer(request).await, (200, unknown.clone()), "{text:?}");
        }
        assert_eq!(kept(&office, &Code::Minted(real)).await, 0);
        let large = json!({ "text": "x".repeat(300_000) });
        let request = office.nobody().post("/api/v1/verifications").json(&large);
        assert_eq!(answer(request).await.0, 413);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_try_out_codes_and_others_are_not_held_up() {
    in_both_offices(async |office| {
        let browser = office.nobody();
        let ask = async |address: &str| {
            let body = json!({ "text": "9A000000000000001" });
            let request = browser.post("/api/v1/verifications").json(&body);
            answer(request.add_header("x-forwarded-for", address.to_owned())).await
        };
        for _ in 0..60 {
            assert_eq!(ask("203.0.113.9").await.0, 200);
        }
        let (status, body) = ask("203.0.113.9").await;
        assert_eq!(status, 429);
        assert_eq!(
            body["error"],
            json!({ "code": "too_many_requests", "params": { "retry_after_s": 1 } })
        );
        assert_eq!(ask("203.0.113.10").await.0, 200);
        office.later(1_000);
        assert_eq!(ask("203.0.113.9").await.0, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_at_the_same_moment_get_different_numbers() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let scans = (0..12).map(|_| office.scan(&goods.units[5], "310100"));
        let answers: Vec<Value> = futures_util::future::join_all(scans).await;
        let mut numbers: Vec<u64> =
            answers.iter().map(|answer| answer["nth"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
        assert_eq!(kept(&office, &goods.units[5]).await, 12);
    })
    .await;
}

/// Takes every connection the store will give.
async fn whole_database(store: &Store) -> Vec<Tx> {
    let patience = Duration::from_millis(200);
    let mut held = Vec::new();
    while let Ok(tx) = timeout(patience, store.read()).await {
        held.push(tx.unwrap());
    }
    while let Ok(tx) = timeout(patience, store.write()).await {
        held.push(tx.unwrap());
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_code_is_answered_without_the_database() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let Code::Minted(real) = goods.units[0] else { panic!("units are minted") };
        let browser = office.nobody();
        let ask = async |text: String| {
            let request = browser.post("/api/v1/verifications").json(&json!({ "text": text }));
            timeout(Duration::from_secs(2), answer(request)).await
        };
        let held = whole_database(&office.cloud.store).await;
        for guess in 1..50 {
            let forged = Minted::new(real.head(), real.body() ^ guess).unwrap();
            let (status, body) = ask(forged.to_string()).await.expect("no database is needed");
            assert_eq!((status, &body["verdict"]), (200, &json!("unknown")));
        }
        assert!(ask(real.to_string()).await.is_err(), "a real code is recorded");
        drop(held);
    })
    .await;
}
