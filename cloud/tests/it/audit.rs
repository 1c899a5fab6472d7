//! The audit trail: who changed what, from what to what; and settings, which are in it too.

use sealtrace_cloud::store::settings;
use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::Rules;
use sealtrace_protocol::link::{FeedRow, OwnerRules};
use serde_json::{Value, json};

use crate::office::{answer, get, goods, heard, id, in_both_offices};

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_written_down_with_before_and_after() {
    in_both_offices(async |office| {
        let manager = office.signed_in("manager").await;
        let send = async |method: &str, path: &str, body: Value| {
            let request = manager.method(method.parse().unwrap(), &format!("/api/v1{path}"));
            let (status, body) = answer(request.json(&body)).await;
            assert!(status < 300, "{method} {path}: {body}");
        };
        send("POST", "/brands", json!({ "name": "雪峰" })).await;
        send("PUT", "/brands/1", json!({ "name": "雪山", "version": 1 })).await;
        send("POST", "/brands/enabled", json!({ "ids": [1], "enabled": false })).await;
        send("POST", "/brands/enabled", json!({ "ids": [1], "enabled": false })).await;
        send("POST", "/brands/enabled", json!({ "ids": [1], "enabled": true })).await;
        send("DELETE", "/brands/1", json!({})).await;
        let trail = office.get("/audit?resource=brands&subject=1").await;
        let actions: Vec<&str> = trail["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, ["delete", "enable", "disable", "edit", "create"]);
        let edit = &trail["rows"][3];
        assert_eq!(
            (&edit["before"]["name"], &edit["after"]["name"]),
            (&json!("雪峰"), &json!("雪山"))
        );
        assert_eq!(edit["account"]["name"], "the manager");
        assert_eq!((&edit["label"], &edit["at"]), (&json!("雪山"), &json!(office.now().millis())));
        assert_eq!(
            (&trail["rows"][4]["before"], &trail["rows"][0]["after"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(trail["total"], 5);
        let account = edit["account"]["id"].as_u64().unwrap();
        assert_eq!(office.get(&format!("/audit?account={account}&size=2")).await["total"], 5);
        assert_eq!(get(&office.admin, "/audit?subject=one").await.0, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_written_down() {
    in_both_offices(async |office| {
        office.create("/brands", json!({ "name": "雪峰" })).await;
        office.post("/brands", json!({ "name": "雪峰" })).await;
        office.put("/brands/1", json!({ "name": "x", "version": 7 })).await;
        office.post("/brands/enabled", json!({ "ids": [1, 9], "enabled": false })).await;
        assert_eq!(office.get("/audit?resource=brands").await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_written_down_without_it() {
    in_both_offices(async |office| {
        let form = json!({ "name": "审计", "role": "auditor", "password": "another long one", "version": 1 });
        assert_eq!(office.put("/accounts/2", form).await.0, 200);
        let trail = office.get("/audit?resource=accounts").await;
        let edit = &trail["rows"][0];
        assert_eq!((&edit["action"], &edit["after"]["secret"]), (&json!("edit"), &json!("changed")));
        assert_eq!(edit["before"]["name"], "the auditor");
        let made = &trail["rows"].as_array().unwrap()[1];
        assert_eq!((&made["account"], &made["action"]), (&Value::Null, &json!("create")), "the command line");
        let shown = trail.to_string();
        assert!(!shown.contains("argon2") && !shown.contains("another long one"), "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_read_by_whoever_reads_the_console() {
    in_both_offices(async |office| {
        for (role, status) in [("manager", 200), ("auditor", 200), ("inspector", 403)] {
            let browser = office.signed_in(role).await;
            assert_eq!(get(&browser, "/audit").await.0, status, "{role}");
            assert_eq!(get(&browser, "/settings").await.0, status, "{role}");
            let change =
                browser.put("/api/v1/settings").json(&json!({ "pending_may_ship": false }));
            assert_eq!(answer(change).await.0, 403, "{role}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_settles_on_reaches_sites_and_judging() {
    in_both_offices(async |office| {
        let site = json!({ "name": "s", "kind": "line", "implied_receipt": false });
        let site = id(&office.create("/sites", site).await);
        assert_eq!(
            office.get("/settings").await,
            json!({ "pending_may_ship": true, "void_after_days": 30 })
        );
        let changed = office.put("/settings", json!({ "pending_may_ship": false })).await;
        assert_eq!(changed, (200, json!({ "pending_may_ship": false, "void_after_days": 30 })));
        assert_eq!(office.get("/settings").await["pending_may_ship"], false);
        let told = heard(&office, site).await;
        assert_eq!(
            told.last(),
            Some(&FeedRow::Owner(OwnerRules { pending_may_ship: false, void_after_days: 30 }))
        );
        let mut tx = office.cloud.store.read().await.unwrap();
        let rules = settings::rules(&mut tx, SiteId(site)).await.unwrap();
        assert_eq!(
            rules,
            Rules { pending_may_ship: false, implied_receipt: false, void_after_days: 30 }
        );
        drop(tx);
        let trail = office.get("/audit?resource=settings").await;
        assert_eq!(
            (&trail["total"], &trail["rows"][0]["after"]),
            (&json!(1), &json!({ "pending_may_ship": false, "void_after_days": 30 }))
        );
        assert_eq!(office.put("/settings", json!({})).await.0, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_an_order_is_written_down_once() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        office.create(&format!("/tasks/{}/void", goods.task), json!({})).await;
        let path = format!("/orders/{}", goods.order);
        let form = json!({
            "number": "PO-1", "product": goods.product, "lot": goods.lot, "quantity": 30, "version": 2,
        });
        assert_eq!(office.put(&path, form).await.0, 200);
        for _ in 0..2 {
            let (status, withdrawn) = office.delete(&path).await;
            assert_eq!((status, &withdrawn["version"]), (200, &json!(4)));
        }
        let trail = office.get(&format!("/audit?resource=orders&subject={}", goods.order)).await;
        let rows = trail["rows"].as_array().unwrap();
        let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["withdraw", "edit", "void_task", "release", "codes", "create"]);
        assert_eq!(
            (&rows[4]["before"]["codes"]["units"], &rows[4]["after"]["codes"]["units"]),
            (&json!(0), &json!(24))
        );
        assert_eq!((&rows[0]["label"], &rows[0]["account"]["name"]), (&json!("PO-1"), &json!("the admin")));
    })
    .await;
}
