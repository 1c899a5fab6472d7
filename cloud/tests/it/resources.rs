//! What every declared resource does, shown on the plainest of them: faults, lists, versions, bulk, trees, deletion.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::office::{Office, answer, faults, get, id, in_both_offices};

async fn brand(office: &Office, name: &str) -> u64 {
    id(&office.create("/brands", json!({ "name": name })).await)
}

async fn category(office: &Office, name: &str, parent: Option<u64>) -> u64 {
    id(&office.create("/categories", json!({ "name": name, "parent": parent })).await)
}

fn names(listing: &Value) -> Vec<&str> {
    listing["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_made_shown_changed_and_deleted() {
    in_both_offices(async |office| {
        let made = office.create("/brands", json!({ "name": " 雪峰 " })).await;
        let at = office.now().millis();
        let row =
            json!({ "id": 1, "version": 1, "enabled": true, "created_at": at, "name": "雪峰" });
        assert_eq!(made, row);
        assert_eq!(office.get("/brands/1").await, row);
        let (status, changed) =
            office.put("/brands/1", json!({ "name": "雪山", "version": 1 })).await;
        assert_eq!(
            (status, &changed["name"], &changed["version"]),
            (200, &json!("雪山"), &json!(2))
        );
        assert_eq!(office.get("/brands").await, json!({ "rows": [changed], "total": 1 }));
        assert_eq!(office.delete("/brands/1").await.0, 204);
        for (status, body) in [
            get(&office.admin, "/brands/1").await,
            office.delete("/brands/1").await,
            office.put("/brands/1", json!({ "name": "x", "version": 2 })).await,
        ] {
            assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_sent_back_whole_is_a_form() {
    in_both_offices(async |office| {
        let made = office.create("/brands", json!({ "name": "雪峰" })).await;
        let (status, again) = office.put("/brands/1", made).await;
        assert_eq!((status, &again["version"]), (200, &json!(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_at_once_and_at_its_place() {
    in_both_offices(async |office| {
        brand(&office, "雪峰").await;
        let bad = json!({ "name": 5, "parent": "up", "colour": "red" });
        assert_eq!(
            faults(office.post("/categories", bad).await),
            json!({ "name": "unreadable", "parent": "unreadable", "colour": "no_such_field" })
        );
        for (name, fault) in
            [(json!(""), "required"), (json!("x".repeat(81)), "too_long"), (json!("雪峰"), "taken")]
        {
            let answered = office.post("/brands", json!({ "name": name })).await;
            assert_eq!(faults(answered), json!({ "name": fault }), "{name}");
        }
        let unversioned = office.put("/brands/1", json!({ "name": "x" })).await;
        assert_eq!(faults(unversioned), json!({ "version": "required" }));
        assert_eq!(office.get("/brands").await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saves_second_is_told_and_overwrites_nothing() {
    in_both_offices(async |office| {
        brand(&office, "雪峰").await;
        let first = office.put("/brands/1", json!({ "name": "first", "version": 1 })).await;
        assert_eq!(first.0, 200);
        let (status, body) =
            office.put("/brands/1", json!({ "name": "second", "version": 1 })).await;
        assert_eq!(
            (status, body),
            (409, json!({ "error": { "code": "changed_meanwhile", "params": { "version": 2 } } }))
        );
        assert_eq!(office.get("/brands/1").await["name"], "first");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_take_a_name_at_the_same_moment_get_one_row_and_one_fault() {
    in_both_offices(async |office| {
        let take = || office.post("/brands", json!({ "name": "雪峰" }));
        let (one, other) = tokio::join!(take(), take());
        let statuses = BTreeSet::from([one.0, other.0]);
        assert_eq!(statuses, BTreeSet::from([201, 422]), "{one:?} {other:?}");
        assert_eq!(office.get("/brands").await["total"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_narrowed_put_in_order_and_cut_into_pages() {
    in_both_offices(async |office| {
        let root = category(&office, "酒", None).await;
        for name in ["Beer", "ale", "100%"] {
            category(&office, name, Some(root)).await;
        }
        let list = async |query: &str| office.get(&format!("/categories?{query}")).await;
        assert_eq!(names(&list("").await), ["酒", "Beer", "ale", "100%"]);
        let below = list(&format!("parent={root}&sort=-name&size=2")).await;
        assert_eq!((names(&below), &below["total"]), (vec!["ale", "Beer"], &json!(3)));
        let next = list(&format!("parent={root}&sort=-name&size=2&page=2")).await;
        assert_eq!(names(&next), ["100%"]);
        assert_eq!(names(&list("q=BEE").await), ["Beer"]);
        assert_eq!(names(&list("q=%25").await), ["100%"]);
        assert_eq!(below["rows"][0]["parent"], json!({ "id": root, "name": "酒" }));
        assert_eq!(list("enabled=0").await, json!({ "rows": [], "total": 0 }));
        let odd = get(&office.admin, "/categories?sort=colour&colour=red&enabled=2&parent=x").await;
        assert_eq!(
            faults(odd),
            json!({
                "sort": "unknown", "colour": "no_such_filter", "enabled": "unknown", "parent": "unknown",
            })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_has_no_circle_and_names_differ_among_siblings() {
    in_both_offices(async |office| {
        let root = category(&office, "酒", None).await;
        let beer = category(&office, "啤酒", Some(root)).await;
        let ale = category(&office, "艾尔", Some(beer)).await;
        for below in [root, beer, ale] {
            let form = json!({ "name": "酒", "parent": below, "version": 1 });
            let answered = office.put(&format!("/categories/{root}"), form).await;
            assert_eq!(faults(answered), json!({ "parent": "cycle" }), "{below}");
        }
        let twin = json!({ "name": "啤酒", "parent": root });
        assert_eq!(faults(office.post("/categories", twin).await), json!({ "name": "taken" }));
        assert_eq!(
            faults(office.post("/categories", json!({ "name": "酒" })).await),
            json!({ "name": "taken" })
        );
        category(&office, "啤酒", None).await;
        let gone = json!({ "name": "x", "parent": 99 });
        assert_eq!(faults(office.post("/categories", gone).await), json!({ "parent": "unknown" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_disabled_in_bulk_all_or_none() {
    in_both_offices(async |office| {
        let ids = [brand(&office, "a").await, brand(&office, "b").await, brand(&office, "c").await];
        let set = async |ids: Value, enabled: bool| {
            office.post("/brands/enabled", json!({ "ids": ids, "enabled": enabled })).await
        };
        assert_eq!(faults(set(json!([ids[0], 99]), false).await), json!({ "ids.1": "unknown" }));
        assert_eq!(office.get("/brands?enabled=1").await["total"], 3);
        let first_two = json!([ids[0], ids[1], ids[0]]);
        assert_eq!(set(first_two, false).await, (200, json!({ "changed": 2 })));
        assert_eq!(names(&office.get("/brands?enabled=0").await), ["a", "b"]);
        assert_eq!(office.get("/brands/1").await["version"], 2);
        assert_eq!(set(json!(ids), true).await, (200, json!({ "changed": 2 })));
        assert_eq!(faults(set(json!([]), true).await), json!({ "ids": "required" }));
        let many: Vec<u64> = (0..201).collect();
        assert_eq!(faults(set(json!(many), true).await), json!({ "ids": "too_many" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disabled_stays_where_it_was_and_is_not_chosen_anew() {
    in_both_offices(async |office| {
        let (old, new) = (category(&office, "旧", None).await, category(&office, "新", None).await);
        let below = category(&office, "子", Some(old)).await;
        office.create("/categories/enabled", json!({ "ids": [old], "enabled": false })).await;
        let renamed = json!({ "name": "孙", "parent": old, "version": 1 });
        assert_eq!(office.put(&format!("/categories/{below}"), renamed).await.0, 200);
        let moved = json!({ "name": "新", "parent": old, "version": 1 });
        let answered = office.put(&format!("/categories/{new}"), moved).await;
        assert_eq!(faults(answered), json!({ "parent": "disabled" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_something_refers_to_is_not_deleted() {
    in_both_offices(async |office| {
        let root = category(&office, "酒", None).await;
        category(&office, "啤酒", Some(root)).await;
        category(&office, "白酒", Some(root)).await;
        let (status, body) = office.delete(&format!("/categories/{root}")).await;
        assert_eq!(
            (status, &body["error"]),
            (409, &json!({ "code": "in_use", "params": { "by": "categories", "count": 2 } }))
        );
        assert_eq!(office.get("/categories").await["total"], 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_learns_forms_and_lists_from_the_declarations_it_may_see() {
    in_both_offices(async |office| {
        let named = |all: &Value| -> Vec<String> {
            let each = all.as_array().unwrap().iter();
            each.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        let all = office.get("/resources").await;
        let shared =
            ["brands", "categories", "products", "lots", "sites", "dealers", "stores", "operators"];
        assert_eq!(named(&all), [&shared[..], &["accounts"]].concat());
        assert_eq!(
            all[1],
            json!({
                "name": "categories", "tree": "parent", "may_write": true, "toggles": true,
                "search": ["name"], "filters": ["parent"], "sorts": ["name"],
                "fields": [
                    { "name": "name", "kind": "text", "required": true, "fixed": false, "listed": true, "max": 80 },
                    { "name": "parent", "kind": "one", "of": "categories", "required": false, "fixed": false, "listed": true },
                ],
            })
        );
        let territories = &all[5]["fields"][2];
        assert_eq!((&territories["kind"], &territories["fields"][0]["of"]), (&json!("rows"), &json!("products")));
        assert_eq!(all[3]["toggles"], false);
        for (role, may_write) in [("manager", true), ("auditor", false)] {
            let seen = get(&office.signed_in(role).await, "/resources").await.1;
            assert_eq!(named(&seen), shared, "{role}");
            assert!(seen.as_array().unwrap().iter().all(|one| one["may_write"] == may_write), "{role}");
        }
        let inspector = office.signed_in("inspector").await;
        assert_eq!(get(&inspector, "/resources").await, (200, json!([])));
        assert_eq!(get(&office.nobody(), "/resources").await.0, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_reads_and_writes_what_it_is_declared_to() {
    in_both_offices(async |office| {
        for resource in
            ["brands", "categories", "products", "lots", "sites", "dealers", "stores", "operators"]
        {
            expect_roles(
                &office,
                resource,
                &["admin", "manager", "auditor"],
                &["admin", "manager"],
            )
            .await;
        }
        expect_roles(&office, "accounts", &["admin"], &["admin"]).await;
    })
    .await;
}

/// Tries every route of a resource as every role.
async fn expect_roles(office: &Office, resource: &str, readers: &[&str], writers: &[&str]) {
    for role in ["nobody", "inspector", "auditor", "manager", "admin"] {
        let browser = match role {
            "nobody" => office.nobody(),
            role => office.signed_in(role).await,
        };
        office.later(10_000);
        for (method, path, roles) in [
            ("GET", format!("/{resource}"), readers),
            ("GET", format!("/{resource}/99"), readers),
            ("POST", format!("/{resource}"), writers),
            ("PUT", format!("/{resource}/99"), writers),
            ("DELETE", format!("/{resource}/99"), writers),
        ] {
            let request = browser.method(method.parse().unwrap(), &format!("/api/v1{path}"));
            let (status, body) = answer(request.json(&json!({}))).await;
            let refused = matches!(status, 401 | 403);
            assert_eq!(refused, !roles.contains(&role), "{role} {method} {path}: {status} {body}");
            assert_ne!(status, 500, "{role} {method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_database_takes_is_told_at_its_field() {
    in_both_offices(async |office| {
        let odd = "a\u{0}b";
        for (path, form, field) in [
            ("/brands", json!({ "name": odd }), "name"),
            ("/categories", json!({ "name": odd }), "name"),
            ("/sites", json!({ "name": odd, "kind": "line" }), "name"),
            ("/dealers", json!({ "name": odd }), "name"),
            ("/stores", json!({ "name": "x", "address": odd }), "address"),
            ("/accounts", json!({ "login": odd, "name": "x", "role": "admin" }), "login"),
            ("/orders", json!({ "number": odd }), "number"),
            ("/documents", json!({ "number": odd }), "number"),
            ("/documents", json!({ "number": "C-1", "kind": "count", "note": odd }), "note"),
        ] {
            let faults = faults(office.post(path, form).await);
            assert_eq!(faults[field], "characters", "{path}: {faults}");
        }
        let trail = get(&office.admin, "/audit?resource=%00").await;
        assert_eq!(faults(trail), json!({ "resource": "characters" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_as_they_are_written_in_any_script() {
    in_both_offices(async |office| {
        for name in ["Балтика", "Élan", "雪峰Bräu"] {
            brand(&office, name).await;
            let found = office.get(&format!("/brands?q={name}")).await;
            assert_eq!(names(&found), [name]);
        }
        assert_eq!(office.get("/brands?q=BR").await["total"], 1);
    })
    .await;
}
