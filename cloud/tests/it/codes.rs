//! Codes: issued exactly, known again in memory, printed, told apart from forgeries.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sealtrace_cloud::codes::cipher::{KEY_BYTES, MintKey};
use sealtrace_cloud::codes::roll::Roll;
use sealtrace_cloud::codes::{Codebook, ItemKey, Resolved};
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::OrderId;
use sealtrace_protocol::ledger::Level;
use sealtrace_protocol::link::{DIGEST_BYTES, digest};

use crate::engines::on_both_databases;
use crate::world::{NOBODY, World};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_is_known_again_and_nothing_else_is() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let book = &world.cloud.codebook;
        let mut seen = BTreeSet::new();
        for (level, count) in [(Level::Unit, 60), (Level::Case, 15), (Level::Pallet, 5)] {
            let codes = world.codes(level);
            assert_eq!(codes.len(), count);
            for code in codes {
                let Resolved::Ours { key, issued } = book.resolve(&code) else {
                    panic!("{code} is not known")
                };
                assert_eq!(issued.level, level);
                assert_eq!(issued.product.is_some(), level == Level::Unit);
                assert_eq!(book.code(key), Some(code));
                assert!(seen.insert(key), "{code} has the key of another");
            }
        }
        let unit = world.codes(Level::Unit)[0];
        let Code::Minted(minted) = unit else { panic!("units are minted") };
        let forged = Minted::new(minted.head(), minted.body() ^ 1).unwrap();
        assert_eq!(book.resolve(&Code::Minted(forged)), Resolved::Foreign);
        let Code::Sscc(last) = world.codes(Level::Case)[14] else { panic!("cases have SSCCs") };
        let behind = Sscc::from_body(last.body() + 1).unwrap();
        assert_eq!(book.resolve(&Code::Sscc(behind)), Resolved::Foreign);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_learns_of_codes_it_did_not_issue() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let prefix = world.cloud.config.codes.company_prefix.clone();
        let other = Codebook::load(&world.cloud.store, prefix).await.unwrap();
        let wanted = sealtrace_cloud::orders::WantedCodes { cases: 2, ..Default::default() };
        let now = world.clock.now();
        let store = &world.cloud.store;
        let codebook = &world.cloud.codebook;
        let issued =
            sealtrace_cloud::orders::issue(store, codebook, world.order, wanted, NOBODY, now);
        let first: Code = issued.await.unwrap()[0].first.parse().unwrap();
        assert_eq!(other.resolve(&first), Resolved::Foreign);
        let mut tx = store.read().await.unwrap();
        let found = other.find(&mut tx, &first).await.unwrap();
        assert!(matches!(found, Resolved::Ours { .. }));
        drop(tx);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_is_printed_in_capitals_and_digested_by_index() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let roll = Roll::of(&world.cloud.codebook, world.order, Level::Unit);
        let printed: String =
            roll.chunks().map(|chunk| chunk.printed("trace.example.com")).collect();
        for line in printed.lines() {
            let code = line.strip_prefix("HTTPS://TRACE.EXAMPLE.COM/").unwrap();
            assert_eq!(code.len(), 17);
            assert_eq!(sealtrace_protocol::code::parse(line).unwrap().code.canonical(), code);
        }
        let device = world.device("PDA").await;
        let url = device.url(&format!("rolls/{}/unit", world.order));
        let bytes = device.http.get(url).send().await.unwrap().bytes().await.unwrap();
        let expected: Vec<u8> = world.codes(Level::Unit).iter().flat_map(digest).collect();
        assert_eq!(bytes.len(), 60 * DIGEST_BYTES);
        assert_eq!(bytes, expected);
        let (status, answer) = device.get("rolls/999/unit").await;
        assert_eq!((status, crate::world::code(&answer)), (404, "no_such_roll"));
        let elsewhere = world.device_at("PDA 2", world.other_site).await;
        let (status, answer) = elsewhere.get(&format!("rolls/{}/unit", world.order)).await;
        assert_eq!((status, crate::world::code(&answer)), (403, "site_not_permitted"));
        let cases: String = Roll::of(&world.cloud.codebook, world.order, Level::Case)
            .chunks()
            .map(|chunk| chunk.printed("x"))
            .collect();
        assert!(cases.starts_with("(00)29521234000000000"), "{cases}");
        assert!(Roll::of(&world.cloud.codebook, OrderId(9), Level::Case).is_empty());
        world.stop().await;
    })
    .await;
}

proptest! {
    #[test]
    fn a_place_becomes_a_code_and_back(
        secret in any::<[u8; KEY_BYTES]>(), version in 0_u8..8, order in 0_u32..1 << 22, index: u32,
    ) {
        let key = MintKey::new(version, &secret).unwrap();
        let code = key.encipher(order, index).unwrap();
        prop_assert_eq!(key.decipher(code), Some((order, index)));
        let item = ItemKey::new(order, index);
        prop_assert_eq!((item.order(), item.index()), (order, index));
        prop_assert_eq!(ItemKey::from_number(item.number()), item);
    }

    #[test]
    fn a_guess_is_no_code(secret in any::<[u8; KEY_BYTES]>(), body in 0_u128..1 << 80) {
        let key = MintKey::new(1, &secret).unwrap();
        // One guess in 2^26 deciphers, and then still has to hit an order and its range.
        prop_assert_eq!(key.decipher(Minted::new(1, body).unwrap()), None);
    }
}
