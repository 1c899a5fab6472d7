//! 调拨: goods leave one site for another, both see it, and it is done when they have arrived.

use std::collections::BTreeSet;

use sealtrace_cloud::feed::goods;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{Cursor, DocumentId, SiteId};
use sealtrace_protocol::ledger::{
    Action, Correct, Correction, Custody, Item, Transfer, Unpack, Verdict,
};
use serde_json::{Value, json};

use crate::documents::told;
use crate::office::{Goods, Line, MINUTE_MS, Office, START, id, in_both_offices};
use crate::rules::{on_a_pallet, other_product, receive, say, ship, warehouse, word};

/// Two sites with a device each, a pallet of two cases at the first.
struct Sites {
    goods: Goods,
    there: SiteId,
    line: Line,
    store: Line,
}

impl Sites {
    async fn new(office: &Office) -> Self {
        let goods = crate::office::goods(office).await;
        let there = warehouse(office, true).await;
        let mut line = Line::enrolled(office, 7, goods.site).await;
        let store = Line::enrolled(office, 8, there).await;
        on_a_pallet(office, &goods, &mut line).await;
        Self { goods, there, line, store }
    }

    /// An approved transfer of so many bottles.
    async fn document(&self, office: &Office, number: &str, units: u32) -> u64 {
        let lines = json!([{ "product": self.goods.product, "unit": "unit", "quantity": units }]);
        office
            .approved(json!({
                "number": number, "kind": "transfer", "site": self.goods.site, "other": self.there,
                "lines": lines,
            }))
            .await
    }
}

fn transfer(codes: &[Code], document: u64) -> Action {
    Action::Transfer(Transfer { codes: codes.to_vec(), document: DocumentId(document) })
}

async fn standing(office: &Office, document: u64) -> (Value, Value) {
    let shown = office.get(&format!("/documents/{document}")).await;
    (shown["state"].clone(), shown["demand"][0]["moved"].clone())
}

/// What a site has been told of goods behind a position; the new position.
async fn news(office: &Office, site: SiteId, after: Cursor) -> (Vec<Item>, Cursor) {
    let page = goods::page(&office.cloud.store, &office.cloud.codebook, site, after).await.unwrap();
    (page.items, page.cursor)
}

fn codes(items: &[Item]) -> BTreeSet<Code> {
    items.iter().map(|item| item.code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_seen_at_both_ends_and_done_when_everything_has_arrived() {
    in_both_offices(async |office| {
        let mut sites = Sites::new(&office).await;
        let goods = &sites.goods;
        let document = sites.document(&office, "TR-1", 6).await;
        for site in [goods.site, sites.there] {
            assert!(told(&office, site, document).await.unwrap().document.open, "site {site}");
        }
        let (_, here) = news(&office, goods.site, Cursor(0)).await;
        let (_, there) = news(&office, sites.there, Cursor(0)).await;
        office.later(MINUTE_MS);
        let sent = sites.line.does(&office, vec![transfer(&goods.pallets[..1], document)]).await;
        assert_eq!(standing(&office, document).await, (json!("in_work"), json!(6)));
        for site in [goods.site, sites.there] {
            let row = told(&office, site, document).await.unwrap().document;
            assert!(row.open && row.lines[0].moved == 6, "site {site}: {row:?}");
        }
        // Both are told of the pallet; the one it goes to also of what is on it.
        let pallet = BTreeSet::from([goods.pallets[0]]);
        assert_eq!(codes(&news(&office, goods.site, here).await.0), pallet);
        let (items, there) = news(&office, sites.there, there).await;
        let on_it = goods.cases[..2].iter().copied();
        assert_eq!(codes(&items), pallet.iter().copied().chain(on_it).collect());
        let sent_to =
            Custody::Sent { from: goods.site, to: sites.there, document: DocumentId(document) };
        assert!(items.iter().any(|item| item.custody == Some(sent_to)), "{items:?}");
        let trace = office.get(&format!("/trace?text={}", goods.units[0])).await;
        assert_eq!(
            trace["custody"],
            json!({
                "kind": "sent", "from": { "id": goods.site, "name": "一号线" },
                "to": { "id": sites.there, "name": "外仓" },
                "document": { "id": document, "number": "TR-1" }, "at": START.plus_ms(MINUTE_MS),
            })
        );

        // A case arrives first, then the rest of the pallet.
        let case = receive(goods.cases[0], Some(document));
        assert_eq!(word(&sites.store.tries(&office, case).await), "applied");
        assert_eq!(standing(&office, document).await, (json!("in_work"), json!(6)));
        let rest = receive(goods.pallets[0], Some(document));
        assert_eq!(word(&sites.store.tries(&office, rest).await), "applied");
        assert_eq!(standing(&office, document).await, (json!("done"), json!(6)));
        for site in [goods.site, sites.there] {
            assert!(!told(&office, site, document).await.unwrap().document.open, "site {site}");
        }
        assert!(codes(&news(&office, sites.there, there).await.0).contains(&goods.cases[0]));
        let undo = Action::Correct(Correct { names: sent, correction: Correction::Undo });
        assert_eq!(word(&sites.line.tries(&office, undo).await), "moved_on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_an_arrival_opens_the_transfer_again_and_undoing_the_departure_empties_it() {
    in_both_offices(async |office| {
        let mut sites = Sites::new(&office).await;
        let pallet = sites.goods.pallets[0];
        let document = sites.document(&office, "TR-1", 6).await;
        let undo = |names| Action::Correct(Correct { names, correction: Correction::Undo });
        let sent = sites.line.does(&office, vec![transfer(&[pallet], document)]).await;
        let arrived = sites.store.does(&office, vec![receive(pallet, None)]).await;
        assert_eq!(standing(&office, document).await, (json!("done"), json!(6)));
        assert_eq!(word(&sites.store.tries(&office, undo(arrived)).await), "applied");
        assert_eq!(standing(&office, document).await, (json!("in_work"), json!(6)));
        let verdict = sites.line.tries(&office, undo(sent)).await;
        assert_eq!(word(&verdict), "moved_on", "the pallet was touched since");
        let path = format!("/documents/{document}/close");
        assert_eq!(office.create(&path, json!({})).await["state"], "done");

        // Another one, undone at once: nothing has left.
        let document = sites.document(&office, "TR-2", 3).await;
        sites.line.does(&office, vec![sites.goods.pack_case(2, 6..9)]).await;
        let case = sites.goods.cases[2];
        let sent = sites.line.does(&office, vec![transfer(&[case], document)]).await;
        assert_eq!(standing(&office, document).await, (json!("in_work"), json!(3)));
        assert_eq!(word(&sites.line.tries(&office, undo(sent)).await), "applied");
        assert_eq!(standing(&office, document).await, (json!("approved"), json!(0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_refused_for_the_same_reasons_as_on_the_device() {
    in_both_offices(async |office| {
        let mut sites = Sites::new(&office).await;
        let (other, units) = other_product(&office, &sites.goods).await;
        let goods = &sites.goods;
        let case = goods.cases[0];
        let small = sites.document(&office, "TR-1", 2).await;
        let document = sites.document(&office, "TR-2", 6).await;
        let outbound = goods.document(&office, "OUT-1", goods.nanjing, 6).await;
        let draft = json!({
            "number": "TR-3", "kind": "transfer", "site": goods.site, "other": sites.there,
            "lines": [{ "product": goods.product, "unit": "unit", "quantity": 6 }],
        });
        let draft = id(&office.create("/documents", draft).await);
        for (codes, under, expected) in [
            (&goods.pallets[..1], small, "over"),
            (&goods.pallets[..1], outbound, "wrong_document"),
            (&goods.pallets[..1], draft, "document_closed"),
            (&goods.pallets[..1], 99, "document_closed"),
            (&units[..1], document, "not_on_document"),
            (&[case, case][..], document, "scanned_twice"),
        ] {
            let verdict = sites.line.tries(&office, transfer(codes, under)).await;
            assert_eq!(word(&verdict), expected, "{under}");
        }
        let verdict = sites.store.tries(&office, transfer(&[case], document)).await;
        assert_eq!(word(&verdict), "wrong_site");
        assert_eq!(standing(&office, document).await, (json!("approved"), json!(0)));
        // Whoever may not have it does not get it.
        let permit = json!({ "restricted": true, "sites": [goods.site], "dealers": [] });
        say(&office, &format!("/products/{}", goods.product), permit).await;
        let verdict = sites.line.tries(&office, transfer(&[case], document)).await;
        assert_eq!(word(&verdict), "unauthorised");
        let free = json!({ "restricted": false, "sites": [], "dealers": [] });
        say(&office, &format!("/products/{}", goods.product), free).await;
        assert_ne!(other, goods.product);
        // What is on its way is neither sent, shipped nor packed again, and arrives once.
        let pallet = goods.pallets[0];
        sites.line.does(&office, vec![transfer(&[pallet], document)]).await;
        for (action, expected) in [
            (transfer(&[case], document), "on_its_way"),
            (ship(&[case], outbound), "on_its_way"),
            (Action::Unpack(Unpack::Child(case)), "applied"),
        ] {
            assert_eq!(word(&sites.line.tries(&office, action).await), expected);
        }
        let arrived = receive(pallet, Some(document));
        assert_eq!(word(&sites.store.tries(&office, arrived.clone()).await), "applied");
        assert_eq!(word(&sites.store.tries(&office, arrived).await), "already_here");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_may_leave_again_from_where_it_was_sent_to() {
    in_both_offices(async |office| {
        let mut sites = Sites::new(&office).await;
        let document = sites.document(&office, "TR-1", 6).await;
        let pallet = sites.goods.pallets[0];
        sites.line.does(&office, vec![transfer(&[pallet], document)]).await;
        let outbound = office
            .approved(json!({
                "number": "OUT-1", "kind": "outbound", "site": sites.there,
                "dealer": sites.goods.nanjing,
                "lines": [{ "product": sites.goods.product, "unit": "unit", "quantity": 6 }],
            }))
            .await;
        let verdict = sites.store.tries(&office, ship(&[pallet], outbound)).await;
        assert_eq!(word(&verdict), "applied implied_receipt");
        assert!(matches!(verdict, Verdict::Applied { .. }));
        assert_eq!(standing(&office, document).await, (json!("done"), json!(6)));
        assert_eq!(standing(&office, outbound).await, (json!("done"), json!(6)));
    })
    .await;
}
