//! The feed: whoever follows it misses nothing, however many write at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use sealtrace_cloud::feed::{page, publish};
use sealtrace_cloud::store::StoreError;
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{Cursor, SiteId};
use sealtrace_protocol::link::{FeedRow, Site};

use crate::engines::on_both_engines;

const WRITERS: u64 = 4;
const ROWS: u64 = 15;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_between_several_writers_misses_no_row() {
    on_both_engines(async |store| {
        let here = SiteId(1);
        let writer = async |number: u64| {
            for at in 0..ROWS {
                let id = SiteId(100 + number * ROWS + at);
                let row = FeedRow::Site(Site { id, name: "x".to_owned() });
                let done: Result<(), StoreError> = writing!(store, |tx| {
                    publish(tx, &[here], std::slice::from_ref(&row)).await?;
                    // The cursor is taken; what commits meanwhile must not come out in front of it.
                    tokio::task::yield_now().await;
                    Ok(())
                });
                done.unwrap();
            }
        };
        let reader = async {
            let (mut cursor, mut seen) = (Cursor(0), BTreeSet::new());
            while seen.len() < usize::try_from(WRITERS * ROWS).unwrap() {
                let next = page(&store, here, cursor).await.unwrap();
                for entry in next.rows {
                    assert!(entry.cursor > cursor);
                    cursor = entry.cursor;
                    let FeedRow::Site(site) = entry.row else { panic!("only sites were told") };
                    seen.insert(site.id);
                }
                tokio::task::yield_now().await;
            }
            seen.len()
        };
        let limit = std::time::Duration::from_secs(60);
        let work = async { tokio::join!(join_all((0..WRITERS).map(writer)), reader) };
        let (_, seen) = tokio::time::timeout(limit, work).await.expect("a row was missed");
        assert_eq!(seen, 60);
    })
    .await;
}
