//! Both engines behave the same: every promise of `store` in one suite.

use futures_util::future::join_all;
use sealtrace_cloud::codes::ItemKey;
use sealtrace_cloud::store::{Store, StoreError, Value, counters, ledger, packages};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{DealerId, DocumentId, OrderId, ProductId, SiteId};
use sealtrace_protocol::ledger::{Custody, Ending, Item, Level};

use crate::engines::{on_both_databases, on_both_engines};
use crate::stock::Stock;

/// A table of the tests' own; both engines understand these words.
async fn with_table(store: &Store) {
    let made: Result<(), StoreError> = writing!(store, |tx| {
        tx.execute(
            "create table scratch (id bigint primary key, word text, raw bytea, size double precision)",
            &[],
        )
        .await?;
        Ok(())
    });
    made.unwrap();
}

async fn put(store: &Store, id: i64, word: &str) -> Result<(), StoreError> {
    writing!(store, |tx| {
        tx.execute("insert into scratch (word, id) values ($2, $1)", &[id.into(), word.into()])
            .await?;
        Ok(())
    })
}

async fn words(store: &Store) -> Vec<(i64, String)> {
    let mut tx = store.read().await.unwrap();
    let rows = tx.query("select id, word from scratch order by id", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_bound_by_number_not_by_first_appearance() {
    on_both_engines(async |store| {
        let mut tx = store.read().await.unwrap();
        let row = tx
            .query_one(
                "select cast($2 as text) || '$1' || cast($1 as text), cast($3 as bigint)",
                &["first".into(), "second".into(), 3_i64.into()],
            )
            .await
            .unwrap();
        assert_eq!(row.get::<String>(0).unwrap(), "second$1first");
        assert_eq!(row.get::<i64>(1).unwrap(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_comes_back_as_it_went_in() {
    on_both_engines(async |store| {
        with_table(&store).await;
        let rows: Vec<Vec<Value>> = vec![
            vec![
                1_i64.into(),
                "瓶 🍺 it's \"$1\" ?2".into(),
                vec![0_u8, 255, 0].into(),
                0.1.into(),
            ],
            vec![i64::MIN.into(), "".into(), Vec::<u8>::new().into(), (-1.5e300).into()],
            vec![u64::MAX.into(), Value::Null, Value::Null, Value::Null],
            vec![i64::MAX.into(), "\u{1d}".into(), vec![7; 300_000].into(), 0.0.into()],
        ];
        let changed: Result<u64, StoreError> = writing!(store, |tx| {
            tx.execute_many(
                "insert into scratch (id, word, raw, size) values ($1, $2, $3, $4)",
                &rows,
            )
            .await
        });
        assert_eq!(changed.unwrap(), 4);
        let mut tx = store.read().await.unwrap();
        for row in rows {
            let found = tx
                .query_one("select id, word, raw, size from scratch where id = $1", &row[..1])
                .await
                .unwrap();
            assert_eq!(Value::from(found.get::<i64>(0).unwrap()), row[0]);
            assert_eq!(Value::from(found.get::<Option<String>>(1).unwrap()), row[1]);
            assert_eq!(Value::from(found.get::<Option<Vec<u8>>>(2).unwrap()), row[2]);
            assert_eq!(Value::from(found.get::<Option<f64>>(3).unwrap()), row[3]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_never_happened() {
    on_both_engines(async |store| {
        with_table(&store).await;
        put(&store, 1, "kept").await.unwrap();
        {
            let mut tx = store.write().await.unwrap();
            tx.execute("delete from scratch", &[]).await.unwrap();
            tx.execute("insert into scratch (id, word) values (2, 'lost')", &[]).await.unwrap();
        }
        assert_eq!(words(&store).await, [(1, "kept".to_owned())]);
        put(&store, 3, "the connection still works").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_block_rolls_everything_back() {
    on_both_engines(async |store| {
        with_table(&store).await;
        let outcome: Result<(), StoreError> = writing!(store, |tx| {
            tx.execute("insert into scratch (id, word) values (1, 'a')", &[]).await?;
            tx.execute("insert into scratch (id, word) values (1, 'b')", &[]).await?;
            Ok(())
        });
        assert!(matches!(outcome, Err(StoreError::Exists(_))), "{outcome:?}");
        assert!(words(&store).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_of_the_same_row_both_succeed_in_the_end() {
    on_both_engines(async |store| {
        with_table(&store).await;
        put(&store, 1, "0").await.unwrap();
        let writers = (0..8).map(|_| async {
            let counted: Result<(), StoreError> = writing!(store, |tx| {
                // Read, then write: lost updates unless the engine notices.
                let row =
                    tx.query_one("select word from scratch where id = $1", &[1_i64.into()]).await?;
                let next = row.get::<String>(0)?.parse::<u32>().unwrap() + 1;
                tokio::task::yield_now().await;
                tx.execute(
                    "update scratch set word = $1 where id = $2",
                    &[next.to_string().into(), 1_i64.into()],
                )
                .await?;
                Ok(())
            });
            counted.unwrap();
        });
        join_all(writers).await;
        assert_eq!(words(&store).await, [(1, "8".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_one_state_and_cannot_write() {
    on_both_engines(async |store| {
        with_table(&store).await;
        put(&store, 1, "before").await.unwrap();
        let mut tx = store.read().await.unwrap();
        let count = "select count(*) from scratch";
        assert_eq!(tx.query_one(count, &[]).await.unwrap().get::<i64>(0).unwrap(), 1);
        put(&store, 2, "meanwhile").await.unwrap();
        assert_eq!(tx.query_one(count, &[]).await.unwrap().get::<i64>(0).unwrap(), 1);
        assert!(tx.execute("delete from scratch", &[]).await.is_err());
        drop(tx);
        assert_eq!(words(&store).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upserts_returning_and_paging_are_understood() {
    on_both_engines(async |store| {
        let ids: Result<Vec<u64>, StoreError> = writing!(store, |tx| {
            let mut ids = Vec::new();
            for _ in 0..3 {
                ids.push(counters::next(tx, "device").await?);
            }
            ids.push(counters::next(tx, "order").await?);
            Ok(ids)
        });
        assert_eq!(ids.unwrap(), [1, 2, 3, 1]);
        with_table(&store).await;
        for id in 1..=5 {
            put(&store, id, "x").await.unwrap();
        }
        let mut tx = store.read().await.unwrap();
        let rows = tx
            .query(
                "select id from scratch order by id limit $1 offset $2",
                &[2_i64.into(), 3_i64.into()],
            )
            .await
            .unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(ids, [4, 5]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_twice_keeps_what_is_there() {
    on_both_databases(async |database| {
        let store = Store::open(database).await.unwrap();
        with_table(&store).await;
        put(&store, 1, "kept").await.unwrap();
        drop(store);
        let again = Store::open(database).await.unwrap();
        assert_eq!(words(&again).await, [(1, "kept".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_refused() {
    on_both_databases(async |database| {
        let store = Store::open(database).await.unwrap();
        let aged: Result<(), StoreError> = writing!(store, |tx| {
            tx.execute(
                "insert into refinery_schema_history (version, name, applied_on, checksum)
                 values (999, 'future', '2030-01-01T00:00:00Z', '1')",
                &[],
            )
            .await?;
            Ok(())
        });
        aged.unwrap();
        drop(store);
        let refused = Store::open(database).await.err().unwrap();
        assert!(matches!(refused, StoreError::Newer { found: 999, .. }), "{refused}");
        assert!(refused.to_string().contains("use the newer program"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_agree_on_the_tables() {
    on_both_databases(async |database| {
        let opened = join_all((0..4).map(|_| Store::open(database))).await;
        for store in opened {
            store.unwrap().read().await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_custody_comes_back_as_it_was_put() {
    on_both_engines(async |store| {
        let stock = Stock::new(&store, OrderId(1), ProductId(1)).await;
        let (at, document) = (SiteId(7), DocumentId(5));
        let custodies = [
            None,
            Some(Custody::At(at)),
            Some(Custody::Sent { from: at, to: SiteId(8), document }),
            Some(Custody::Shipped { from: at, to: DealerId(9), document }),
            Some(Custody::Lost { at }),
            Some(Custody::Gone { at, how: Ending::Sampled }),
            Some(Custody::Gone { at, how: Ending::Destroyed }),
        ];
        let items = (0_u32..).zip(custodies).map(|(nth, custody)| {
            let (key, item) = stock.package(stock.key(Level::Case, nth), Level::Case, Ok(at));
            (key, Item { custody, ..item })
        });
        let items: Vec<(ItemKey, Item)> = items.collect();
        stock.put(&items).await;
        let mut tx = store.read().await.unwrap();
        for (key, item) in &items {
            let stored = ledger::item(&mut tx, &stock.codebook, *key).await.unwrap();
            assert_eq!(stored.as_ref(), Some(item));
        }
        // Only what is there is found there.
        let found = packages::at_site(&mut tx, at, ItemKey::FIRST, 10).await.unwrap();
        let found: Vec<ItemKey> = found.iter().map(|(package, _)| package.key).collect();
        assert_eq!(found, [stock.key(Level::Case, 1)]);
    })
    .await;
}
