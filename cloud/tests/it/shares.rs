//! Documents shared out among devices, and whose movement a movement is.

use sealtrace_cloud::documents::State;
use sealtrace_cloud::store::{StoreError, documents};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{DeviceId, DocumentId, ProductId};
use sealtrace_protocol::ledger::{Contents, Move};
use sealtrace_protocol::text::Lot;
use serde_json::json;

use crate::documents::{outbound, told};
use crate::office::{Goods, Line, faults, goods, in_both_offices};

#[tokio::test(flavor = "multi_thread")]
async fn devices_each_get_their_share_and_what_they_moved_of_it() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut first = Line::enrolled(&office, 7, goods.site).await;
        let mut second = Line::enrolled(&office, 8, goods.site).await;
        let cases = (0..2).map(|case| goods.pack_case(case, 3 * case..3 * case + 3)).collect();
        first.does(&office, cases).await;
        let document = office.approved(outbound(&goods, "OUT-1")).await;
        let path = format!("/documents/{document}/shares");
        let share = |device: u64, units: u32| {
            json!({ "device": device, "lines": [{ "product": goods.product, "units": units }] })
        };
        let bad = json!({ "shares": [
            share(7, 4), share(9, 3), share(7, 1),
            { "device": 8, "lines": [] }, { "device": 8, "lines": [{ "product": 99, "units": 0 }] },
        ]});
        assert_eq!(
            faults(office.put(&path, bad).await),
            json!({
                "shares.1.device": "not_permitted", "shares.1.lines.0.units": "more_than_demand",
                "shares.2.lines.0.product": "twice", "shares.2.lines.0.units": "more_than_demand",
                "shares.3.lines": "required", "shares.4.lines.0.product": "not_on_document",
                "shares.4.lines.0.units": "required",
            })
        );
        let (status, shared) =
            office.put(&path, json!({ "shares": [share(7, 3), share(8, 3)] })).await;
        assert_eq!((status, &shared["shares"][1]["device"]["name"]), (200, &json!("device 8")));
        first.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        second.does(&office, vec![Goods::ship(goods.cases[1], document)]).await;
        let row = told(&office, goods.site, document).await.unwrap();
        let moved: Vec<_> =
            row.shares.iter().map(|share| (share.device, share.units, share.moved)).collect();
        assert_eq!(moved, [(DeviceId(7), 3, 3), (DeviceId(8), 3, 3)]);
        let late = office.put(&path, json!({ "shares": [] })).await;
        assert_eq!((late.0, &late.1["error"]["code"]), (409, &json!("wrong_state")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_counts_what_moves_on_and_off_by_lot_and_device() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let document = DocumentId(goods.document(&office, "OUT-1", goods.nanjing, 10).await);
        let other_lot = Lot::new("L2").unwrap();
        let of = |lot, units| Contents::of(goods.product, lot, units);
        let (one, two) = (DeviceId(1), DeviceId(2));
        let steps = [
            (of(goods.lot, 4), Contents::none(), one, 4, State::InWork),
            (of(other_lot, 6), Contents::none(), two, 10, State::Done),
            (Contents::none(), of(goods.lot, 3), two, 7, State::InWork),
            (of(goods.lot, 1), of(other_lot, 6), one, 2, State::InWork),
            (Contents::none(), of(goods.lot, 2), two, 0, State::Approved),
        ];
        for (on, off, by, moved, state) in steps {
            let change = Move { document, on, off };
            let done: Result<_, StoreError> =
                writing!(office.cloud.store, |tx| { documents::move_units(tx, &change, by).await });
            let standing = done.unwrap().unwrap();
            let mut tx = office.cloud.store.read().await.unwrap();
            let known = documents::document(&mut tx, document).await.unwrap().unwrap();
            assert_eq!((standing.open, &standing.lines), (known.open, &known.lines));
            assert_eq!(known.line(goods.product).unwrap().moved, moved);
            assert_eq!(known.open, state.is_open());
            assert_eq!(documents::state(&mut tx, document).await.unwrap(), Some(state));
            let by_devices = documents::moved_by_devices(&mut tx, document).await.unwrap();
            assert_eq!(by_devices.values().sum::<u32>(), moved);
        }
        let mut tx = office.cloud.store.read().await.unwrap();
        assert_eq!(documents::document(&mut tx, DocumentId(99)).await.unwrap(), None);
        let known = documents::document(&mut tx, document).await.unwrap().unwrap();
        assert_eq!(known.line(ProductId(99)), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_moved_is_not_shared_out_again() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut first = Line::enrolled(&office, 7, goods.site).await;
        Line::enrolled(&office, 8, goods.site).await;
        first.does(&office, vec![goods.pack_case(0, 0..3)]).await;
        let document = office.approved(outbound(&goods, "OUT-1")).await;
        first.does(&office, vec![Goods::ship(goods.cases[0], document)]).await;
        let path = format!("/documents/{document}/shares");
        let shares = |shares: &[(u64, u32)]| {
            let line = |units: u32| json!([{ "product": goods.product, "units": units }]);
            let each = shares
                .iter()
                .map(|(device, units)| json!({ "device": device, "lines": line(*units) }));
            json!({ "shares": each.collect::<Vec<_>>() })
        };
        let all = office.put(&path, shares(&[(8, 6)])).await;
        assert_eq!(faults(all), json!({ "shares.0.lines.0.units": "more_than_demand" }));
        assert_eq!(office.put(&path, shares(&[(8, 3)])).await.0, 200);
        let less = office.put(&path, shares(&[(7, 2), (8, 3)])).await;
        assert_eq!(faults(less), json!({ "shares.0.lines.0.units": "less_than_moved" }));
        assert_eq!(office.put(&path, shares(&[(7, 3), (8, 3)])).await.0, 200);
    })
    .await;
}
