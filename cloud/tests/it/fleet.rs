//! The console's list of devices, and tokens for new ones.

use std::sync::Arc;

use sealtrace_cloud::config::listener::WebTls;
use sealtrace_protocol::signing::Hash;
use serde_json::{Value, json};

use crate::office::{Line, MINUTE_MS, START, answer, faults, get, goods, in_both_offices};

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_listed_with_how_far_its_stream_is() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        assert_eq!(office.get("/devices").await, json!({ "rows": [], "total": 0 }));
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        office.later(MINUTE_MS);
        line.does(&office, vec![goods.pack_case(0, 0..3), goods.pack_case(1, 3..6)]).await;
        let row = json!({
            "id": 7, "name": "device 7", "sites": [{ "id": goods.site, "name": "一号线" }], "state": "active",
            "epoch": 1, "enrolled_at": START, "last_seen_at": START.plus_ms(MINUTE_MS), "last_batch": 1,
            "operations": 2, "software": "0.1.0-test", "certificate_expires_at": null,
        });
        assert_eq!(office.get("/devices?q=DEVICE").await, json!({ "rows": [row], "total": 1 }));
        assert_eq!(office.get("/devices?q=pda").await["total"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_sites_that_exist_and_only_an_administrator_makes_one() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let wanted = json!({ "name": "PDA 7", "sites": [goods.site] });
        let token = office.create("/devices/tokens", wanted.clone()).await;
        assert_eq!(token["token"].as_str().unwrap().len(), 24);
        assert_eq!(token["expires_at"], json!(START.plus_ms(15 * MINUTE_MS)));
        assert_eq!(token["ca_pin"], Value::Null);
        let none: Value = json!({ "name": "PDA 7", "sites": [] });
        assert_eq!(
            faults(office.post("/devices/tokens", none).await),
            json!({ "sites": "required" })
        );
        let elsewhere = json!({ "name": "PDA 7", "sites": [99] });
        assert_eq!(
            faults(office.post("/devices/tokens", elsewhere).await),
            json!({ "sites": "unknown" })
        );
        for (name, fault) in
            [(" ", "required"), (&*"x".repeat(65), "too_long"), ("a\u{0}b", "characters")]
        {
            let wanted = json!({ "name": name, "sites": [goods.site] });
            let answered = office.post("/devices/tokens", wanted).await;
            assert_eq!(faults(answered), json!({ "name": fault }));
        }
        let auditor = office.signed_in("auditor").await;
        assert_eq!(answer(auditor.post("/api/v1/devices/tokens").json(&wanted)).await.0, 403);
        assert_eq!(get(&auditor, "/devices").await.0, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_pages_have_tls_a_token_comes_with_what_the_device_pins() {
    in_both_offices(async |mut office| {
        let goods = goods(&office).await;
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("web.pem"), folder.path().join("web-key.pem"));
        let own = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::default().self_signed(&own).unwrap();
        std::fs::write(&certificate, made.pem()).unwrap();
        let mut config = (*office.cloud.config).clone();
        config.web.tls = Some(WebTls { certificate, key });
        office.cloud.config = Arc::new(config);
        let wanted = json!({ "name": "PDA 7", "sites": [goods.site] });
        let admin = office.signed_in("admin").await;
        let (status, token) = answer(admin.post("/api/v1/devices/tokens").json(&wanted)).await;
        assert_eq!(status, 201, "{token}");
        assert_eq!(token["ca_pin"], json!(Hash::of(made.der()).to_string()));
    })
    .await;
}
