//! 周转托盘: labels of no order and no product, known at every site, loaded again and again.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::ledger::{Action, Level, Pack};
use sealtrace_protocol::link::{Carriers, FeedRow};
use serde_json::json;

use crate::office::{Goods, Line, Office, answer, faults, goods, heard, in_both_offices};
use crate::rules::{ship, warehouse, word};

/// The ranges a site was told of.
async fn told(office: &Office, site: SiteId) -> Vec<Carriers> {
    let rows = heard(office, site.get()).await;
    rows.into_iter()
        .filter_map(|row| if let FeedRow::Carriers(carriers) = row { Some(carriers) } else { None })
        .collect()
}

fn load(goods: &Goods, carrier: Code, cases: std::ops::Range<usize>) -> Action {
    Action::Pack(Pack {
        parent: carrier,
        level: Level::Pallet,
        children: goods.cases[cases].to_vec(),
        made: None,
        partial: None,
        mixed_lots: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_has_labels_made_which_every_site_hears_of() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let manager = office.signed_in("manager").await;
        let request = manager.post("/api/v1/codes/carriers").json(&json!({ "count": 2 }));
        assert_eq!(answer(request).await.0, 403);
        for count in [0, 10_000_001] {
            let refused = office.post("/codes/carriers", json!({ "count": count })).await;
            assert_eq!(faults(refused), json!({ "count": "out_of_range" }));
        }
        let (status, roll) = office.post("/codes/carriers", json!({ "count": 3 })).await;
        assert_eq!((status, &roll["count"]), (201, &json!(3)), "{roll}");
        let second = office.create("/codes/carriers", json!({ "count": 2 })).await;
        let listed = office.get("/codes/carriers").await;
        assert_eq!(listed, json!({ "rows": [second, roll], "total": 2 }));
        let page = office.get("/codes/carriers?page=2&size=1").await;
        assert_eq!((&page["rows"][0], &page["total"]), (&roll, &json!(2)));
        let path = format!("/api/v1/codes/carriers/{}", roll["id"]);
        let printed = manager.get(&path).await.text();
        let labels: Vec<Code> = printed.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(labels.len(), 3);
        assert_eq!(json!([labels[0], labels[2]]), json!([roll["first"], roll["last"]]));
        // The rolls of orders are not among them.
        for roll in [1, 99] {
            assert_eq!(
                manager.get(&format!("/api/v1/codes/carriers/{roll}")).await.status_code(),
                404
            );
        }
        let Code::Sscc(first) = labels[0] else { panic!("labels are SSCCs") };
        let carriers = Carriers { first_body: first.body(), count: 3 };
        let late = warehouse(&office, true).await;
        for site in [goods.site, late] {
            let told = told(&office, site).await;
            assert!(told.len() == 2 && told.contains(&carriers), "site {site}: {told:?}");
        }
        let trace = office.get(&format!("/trace?text={}", labels[0].canonical())).await;
        assert_eq!((&trace["state"], &trace["order"]), (&json!("issued"), &json!(null)));
        let audit = office.get("/audit?resource=carriers").await;
        assert_eq!(audit["total"], 2, "{audit}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_left_loaded_is_loaded_again_when_it_is_back() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let roll = office.create("/codes/carriers", json!({ "count": 1 })).await;
        let carrier: Code = roll["first"].as_str().unwrap().parse().unwrap();
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let packed = (0..4).map(|case| goods.pack_case(case, 3 * case..3 * case + 3)).collect();
        line.does(&office, packed).await;
        let document = goods.document(&office, "OUT-1", goods.nanjing, 12).await;
        assert_eq!(word(&line.tries(&office, load(&goods, carrier, 0..2)).await), "applied");
        let full = line.tries(&office, load(&goods, carrier, 2..4)).await;
        assert_eq!(word(&full), "already_in_use", "it is still here, and loaded");
        line.does(&office, vec![ship(&[carrier], document)]).await;
        let again = line.tries(&office, load(&goods, carrier, 2..4)).await;
        assert_eq!(word(&again), "applied implied_unpack");
        let case = |at: usize| {
            let text = goods.cases[at].canonical();
            let office = &office;
            async move { office.get(&format!("/trace?text={text}")).await }
        };
        let (first, third) = (case(0).await, case(2).await);
        assert_eq!(first["ancestors"], json!([]), "it stands alone where the carrier was");
        assert_eq!(first["custody"]["dealer"]["name"], "南京经销商");
        assert_eq!(third["ancestors"][0]["code"], carrier.canonical());
        assert_eq!(third["custody"]["kind"], "at");
        assert_eq!(word(&line.tries(&office, ship(&[carrier], document)).await), "applied");
        let shown = office.get(&format!("/documents/{document}")).await;
        assert_eq!((&shown["state"], &shown["demand"][0]["moved"]), (&json!("done"), &json!(12)));
        // An ordinary pallet is not.
        let ordinary = goods.pallets[0];
        line.does(&office, vec![goods.pack_case(4, 12..15), goods.pack_case(5, 15..18)]).await;
        line.does(&office, vec![load(&goods, ordinary, 4..5)]).await;
        let other = goods.document(&office, "OUT-2", goods.nanjing, 3).await;
        line.does(&office, vec![ship(&[ordinary], other)]).await;
        let again = line.tries(&office, load(&goods, ordinary, 5..6)).await;
        assert_eq!(word(&again), "already_in_use");
    })
    .await;
}
