//! Accounts and sessions: who gets in, who does not, and what a login leaves behind.

use sealtrace_cloud::accounts::{AccountId, SESSION_COOKIE};
use sealtrace_cloud::store::StoreError;
use sealtrace_cloud::store::sessions::{self, StoredSession};
use sealtrace_cloud::writing;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::engines::{on_both_databases, on_both_engines};
use crate::office::{MINUTE_MS, PASSWORD, answer, faults, get, id, in_both_offices};
use crate::world::{World, answer as read, client_builder, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    in_both_offices(async |office| {
        let browser = office.nobody();
        assert_eq!(get(&browser, "/session").await.1["error"]["code"], "no_session");
        let body = json!({ "login": " Auditor ", "password": PASSWORD });
        let response = browser.post("/api/v1/session").json(&body).await;
        response.assert_json(&json!({ "account": {
            "id": 2, "login": "auditor", "name": "the auditor", "role": "auditor",
        }}));
        let cookie = response.header("set-cookie").to_str().unwrap().to_owned();
        assert!(cookie.starts_with(&format!("{SESSION_COOKIE}=")), "{cookie}");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert_eq!(get(&browser, "/session").await.1["account"]["login"], "auditor");
        let (status, _) = answer(browser.delete("/api/v1/session").json(&json!({}))).await;
        assert_eq!(status, 204);
        assert_eq!(get(&browser, "/session").await.0, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_login_that_does_not_exist_get_the_same_answer() {
    in_both_offices(async |office| {
        let browser = office.nobody();
        let long = "x".repeat(60_000);
        for login in ["admin", "nobody-at-all", "ad\u{0}min", &long] {
            let body = json!({ "login": login, "password": "guessed wrong" });
            let answered = answer(browser.post("/api/v1/session").json(&body)).await;
            assert_eq!(
                answered,
                (401, json!({ "error": { "code": "wrong_login", "params": {} } }))
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_gets_slow_and_stays_so_for_the_right_password_too() {
    in_both_offices(async |office| {
        let browser = office.nobody();
        let attempt = async |password: &str| {
            let body = json!({ "login": "inspector", "password": password });
            answer(browser.post("/api/v1/session").json(&body)).await
        };
        for _ in 0..5 {
            assert_eq!(attempt("guessed wrong").await.0, 401);
        }
        let (status, body) = attempt(PASSWORD).await;
        assert_eq!(status, 429, "{body}");
        assert_eq!(body["error"]["code"], "too_many_requests");
        assert_eq!(body["error"]["params"]["retry_after_s"], 10);
        office.later(10_000);
        assert_eq!(attempt(PASSWORD).await.0, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_keep_to_their_own() {
    in_both_offices(async |office| {
        let inspector = office.signed_in("inspector").await;
        for path in ["/orders", "/documents", "/diversion/suspects", "/trace?text=x", "/accounts"] {
            let (status, body) = get(&inspector, path).await;
            assert_eq!((status, &body["error"]["code"]), (403, &json!("forbidden")), "{path}");
        }
        assert_eq!(get(&inspector, "/regions").await.0, 200);
        let auditor = office.signed_in("auditor").await;
        assert_eq!(get(&auditor, "/orders").await.0, 200);
        for path in ["/accounts", "/orders/1/rolls/unit"] {
            assert_eq!(get(&auditor, path).await.0, 403, "{path}");
        }
        let new = json!({ "name": "x", "kind": "line" });
        assert_eq!(answer(auditor.post("/api/v1/sites").json(&new)).await.0, 403);
        assert_eq!(get(&office.nobody(), "/orders").await.0, 401);
    })
    .await;
}

const ALL: &[&str] = &["admin", "manager", "auditor", "inspector"];
const READERS: &[&str] = &["admin", "manager", "auditor"];
const WRITERS: &[&str] = &["admin", "manager"];
const ADMIN: &[&str] = &["admin"];

/// Every route with the roles it answers; declared resources have a test of their own, the rest are open to everyone
/// and named in the interface's table.
const ROUTES: &[(&str, &str, &[&str])] = &[
    ("GET", "/session", ALL),
    ("DELETE", "/session", ALL),
    ("GET", "/regions", ALL),
    ("GET", "/resources", ALL),
    ("POST", "/inspections", &["admin", "inspector"]),
    ("GET", "/audit", READERS),
    ("GET", "/settings", READERS),
    ("PUT", "/settings", ADMIN),
    ("GET", "/orders", READERS),
    ("GET", "/orders/1", READERS),
    ("POST", "/orders", WRITERS),
    ("PUT", "/orders/1", WRITERS),
    ("DELETE", "/orders/1", WRITERS),
    ("POST", "/orders/1/codes", WRITERS),
    ("GET", "/orders/1/rolls/unit", WRITERS),
    ("POST", "/orders/1/release", WRITERS),
    ("POST", "/tasks/1/close", WRITERS),
    ("POST", "/tasks/1/void", WRITERS),
    ("GET", "/documents", READERS),
    ("GET", "/documents/1", READERS),
    ("POST", "/documents", WRITERS),
    ("PUT", "/documents/1", WRITERS),
    ("POST", "/documents/1/submit", WRITERS),
    ("POST", "/documents/approve", WRITERS),
    ("PUT", "/documents/1/shares", WRITERS),
    ("POST", "/documents/1/reassign", WRITERS),
    ("GET", "/reassignments", READERS),
    ("POST", "/reassignments/1/approve", WRITERS),
    ("POST", "/reassignments/1/reject", WRITERS),
    ("GET", "/devices", READERS),
    ("POST", "/devices/tokens", ADMIN),
    ("GET", "/trace?text=x", READERS),
    ("GET", "/batches/1/1/1", READERS),
    ("GET", "/batches/1/1/1/raw", READERS),
    ("GET", "/diversion/suspects", READERS),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_its_roles_and_nobody_else() {
    in_both_offices(async |office| {
        for role in ["nobody", "inspector", "auditor", "manager", "admin"] {
            let mut browser = office.nobody();
            for (method, path, roles) in ROUTES {
                if role != "nobody" && get(&browser, "/session").await.0 == 401 {
                    browser = office.signed_in(role).await;
                }
                let method = method.parse().unwrap();
                let request = browser.method(method, &format!("/api/v1{path}"));
                let (status, body) = answer(request.json(&json!({}))).await;
                let refused = match role {
                    "nobody" => status == 401 && body["error"]["code"] == "no_session",
                    _ => status == 403 && body["error"]["code"] == "forbidden",
                };
                assert_eq!(refused, !roles.contains(&role), "{role} {path}: {status} {body}");
                assert_ne!(status, 500, "{role} {path}: {body}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_once_and_every_wrong_field_is_named() {
    in_both_offices(async |office| {
        let new = json!({ "login": "Li.Na", "name": "李娜", "role": "auditor", "password": PASSWORD });
        let (status, made) = office.post("/accounts", new.clone()).await;
        assert_eq!((status, &made["login"]), (201, &json!("li.na")));
        assert!(made.get("password").is_none());
        assert_eq!(faults(office.post("/accounts", new).await), json!({ "login": "taken" }));
        let bad = json!({ "login": "a b", "name": "", "role": "owner", "password": "short" });
        assert_eq!(
            faults(office.post("/accounts", bad).await),
            json!({ "login": "characters", "name": "required", "role": "unknown", "password": "too_short" })
        );
        let found = office.get("/accounts?q=%E6%9D%8E").await;
        assert_eq!((found["total"].as_u64(), &found["rows"][0]["login"]), (Some(1), &json!("li.na")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_or_a_form_sends_changes_nothing() {
    in_both_offices(async |office| {
        let new = json!({ "name": "x", "kind": "line" });
        let send = || office.admin.post("/api/v1/sites");
        let cross = send().json(&new).add_header("origin", "https://elsewhere.example");
        assert_eq!(answer(cross).await.1["error"]["code"], "other_origin");
        let form =
            send().text("name=x&kind=line").content_type("application/x-www-form-urlencoded");
        assert_eq!(answer(form).await.0, 415);
        let broken = send().text("{\"name\":").content_type("application/json");
        assert_eq!(answer(broken).await.1["error"]["code"], "unreadable_json");
        let large = json!({ "name": "x".repeat(300_000), "kind": "line" });
        assert_eq!(answer(send().json(&large)).await.0, 413);
        assert_eq!(office.get("/sites").await["total"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_or_a_method_that_is_none_is_answered_in_json_too() {
    in_both_offices(async |office| {
        for path in
            ["/orders/one", "/documents/-1", "/batches/1/x/1", "/orders/x/rolls/unit", "/nothing"]
        {
            let (status, body) = get(&office.admin, path).await;
            assert_eq!(
                (status, &body["error"]["code"]),
                (404, &json!("no_such_address")),
                "{path}"
            );
        }
        let (status, body) = answer(office.admin.put("/api/v1/orders").json(&json!({}))).await;
        assert_eq!((status, &body["error"]["code"]), (405, &json!("no_such_method")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_a_limit_that_is_said_and_not_cut() {
    in_both_offices(async |office| {
        let asked = get(&office.admin, "/accounts?size=201&page=0").await;
        assert_eq!(faults(asked), json!({ "size": "out_of_range", "page": "out_of_range" }));
        assert_eq!(
            get(&office.admin, "/accounts?size=many").await.1["error"]["code"],
            "unreadable_query"
        );
        let nul = get(&office.admin, "/accounts?q=%00").await;
        assert_eq!(faults(nul), json!({ "q": "characters" }));
        let second = office.get("/accounts?size=2&page=2").await;
        assert_eq!(second["total"], 4);
        assert_eq!(second["rows"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_disabled_and_its_sessions_end() {
    in_both_offices(async |office| {
        let auditor = office.signed_in("auditor").await;
        let set = async |enabled: bool| {
            let ids = json!({ "ids": [2], "enabled": enabled });
            assert_eq!(office.post("/accounts/enabled", ids).await.0, 200);
        };
        set(false).await;
        assert_eq!(get(&auditor, "/session").await.0, 401);
        let body = json!({ "login": "auditor", "password": PASSWORD });
        let refused = answer(auditor.post("/api/v1/session").json(&body)).await;
        assert_eq!((refused.0, &refused.1["error"]["code"]), (401, &json!("wrong_login")));
        set(true).await;
        assert_eq!(get(&auditor, "/session").await.0, 401, "the old cookie stays worth nothing");
        auditor.post("/api/v1/session").json(&body).await.assert_status_ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_the_sessions_of_the_old_one() {
    in_both_offices(async |office| {
        let auditor = office.signed_in("auditor").await;
        let form = |password: Option<&str>, version: u64| {
            json!({ "name": "审计", "role": "auditor", "password": password, "version": version })
        };
        assert_eq!(office.put("/accounts/2", form(None, 1)).await.0, 200);
        assert_eq!(get(&auditor, "/session").await.1["account"]["name"], "审计");
        let own = faults(office.put("/accounts/2", form(Some("auditor"), 2)).await);
        assert_eq!(own, json!({ "password": "too_short" }));
        assert_eq!(office.put("/accounts/2", form(Some("a new long one"), 2)).await.0, 200);
        assert_eq!(get(&auditor, "/session").await.0, 401);
        let body = json!({ "login": "auditor", "password": "a new long one" });
        auditor.post("/api/v1/session").json(&body).await.assert_status_ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_themselves_or_everybody_out() {
    in_both_offices(async |office| {
        let disable = async |ids: Value| {
            office.post("/accounts/enabled", json!({ "ids": ids, "enabled": false })).await
        };
        assert_eq!(faults(disable(json!([2, 1])).await), json!({ "ids.1": "yourself" }));
        assert_eq!(office.get("/accounts?enabled=1").await["total"], 4);
        assert_eq!(faults(office.delete("/accounts/1").await), json!({ "id": "yourself" }));
        let demoted = json!({ "name": "x", "role": "auditor", "version": 1 });
        let refused = faults(office.put("/accounts/1", demoted.clone()).await);
        assert_eq!(refused, json!({ "role": "last_admin" }));

        let second =
            json!({ "login": "second", "name": "y", "role": "admin", "password": PASSWORD });
        let second = id(&office.create("/accounts", second).await);
        assert_eq!(office.put("/accounts/1", demoted).await.0, 200);
        assert_eq!(get(&office.admin, "/accounts").await.0, 403, "a role counts at once");
        let other = office.signed_in("second").await;
        let path = format!("/api/v1/accounts/{second}");
        assert_eq!(
            faults(answer(other.delete(&path).json(&json!({}))).await),
            json!({ "id": "yourself" })
        );
        let (status, body) = answer(other.delete("/api/v1/accounts/1").json(&json!({}))).await;
        assert_eq!((status, &body["error"]["params"]["by"]), (409, &json!("audit")));
        let (status, _) = answer(other.delete("/api/v1/accounts/3").json(&json!({}))).await;
        assert_eq!(status, 204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_ends_sessions_in_time() {
    on_both_engines(async |store| {
        let session = |data: &str, at| StoredSession {
            account: Some(AccountId(7)),
            data: data.to_owned(),
            expires_at: Timestamp(at),
        };
        let done: Result<(), StoreError> = writing!(store, |tx| {
            assert!(sessions::add(tx, "one", &session("{}", 10)).await?);
            assert!(!sessions::add(tx, "one", &session("[]", 99)).await?);
            sessions::save(tx, "one", &session("{\"a\":1}", 20)).await?;
            sessions::save(tx, "two", &session("{}", 30)).await?;
            Ok(())
        });
        done.unwrap();
        let mut tx = store.read().await.unwrap();
        let found = sessions::load(&mut tx, "one", Timestamp(19)).await.unwrap();
        assert_eq!(found, Some(session("{\"a\":1}", 20)));
        assert_eq!(sessions::load(&mut tx, "one", Timestamp(20)).await.unwrap(), None);
        drop(tx);
        let ended: Result<u64, StoreError> = writing!(store, |tx| {
            sessions::remove(tx, "two").await?;
            sessions::remove_of(tx, AccountId(8)).await?;
            sessions::remove_ended(tx, Timestamp(MINUTE_MS)).await
        });
        assert_eq!(ended.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_pages_pass_over_http_2_and_those_of_other_sites_do_not() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let browser = client_builder("", None).http2_prior_knowledge().build().unwrap();
        for (origin, expected) in
            [(world.web.as_str(), "wrong_login"), ("https://elsewhere.example", "other_origin")]
        {
            let request = browser.post(format!("{}/api/v1/session", world.web));
            let request = request.json(&json!({ "login": "x", "password": "y" }));
            let response = request.header("origin", origin).send().await.unwrap();
            assert_eq!(response.version(), reqwest::Version::HTTP_2);
            let (_, answer) = read(response).await;
            assert_eq!(code(&answer), expected, "{origin}");
        }
        let bottle = world.codes(Level::Unit)[0];
        let page = browser.get(format!("{}/{bottle}", world.web)).send().await.unwrap();
        assert_eq!(page.status(), 200, "the page a bottle's code leads to");
        world.stop().await;
    })
    .await;
}
