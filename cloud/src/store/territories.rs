//! Where dealers may sell what, and when.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, ProductId};
use sealtrace_protocol::time::Timestamp;

use super::{StoreError, Tx, Value};
use crate::organisations::{Overlap, Territory};

/// The prefectures where a dealer may sell a product at a moment.
pub async fn territory(
    tx: &mut Tx,
    dealer: DealerId,
    product: ProductId,
    at: Timestamp,
) -> Result<BTreeSet<u32>, StoreError> {
    let rows = tx
        .query(
            "select region from territories
             where dealer = $1 and product = $2 and valid_from <= $3 and valid_to > $3",
            &[dealer.into(), product.into(), at.into()],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// All territories of a dealer.
pub async fn of_dealer(tx: &mut Tx, dealer: DealerId) -> Result<Vec<Territory>, StoreError> {
    let rows = tx
        .query(
            "select product, region, valid_from, valid_to from territories
             where dealer = $1 order by product, valid_from, region",
            &[dealer.into()],
        )
        .await?;
    let mut found: BTreeMap<(ProductId, Timestamp, Timestamp), BTreeSet<u32>> = BTreeMap::new();
    for row in &rows {
        found.entry((row.get(0)?, row.get(2)?, row.get(3)?)).or_default().insert(row.get(1)?);
    }
    let each = found.into_iter();
    Ok(each
        .map(|((product, valid_from, valid_to), regions)| Territory {
            product,
            regions,
            valid_from,
            valid_to,
        })
        .collect())
}

/// Puts these in the place of all territories a dealer had.
pub async fn replace(
    tx: &mut Tx,
    dealer: DealerId,
    territories: &[Territory],
) -> Result<(), StoreError> {
    tx.execute("delete from territories where dealer = $1", &[dealer.into()]).await?;
    let rows: Vec<Vec<Value>> = territories
        .iter()
        .flat_map(|territory| territory.regions.iter().map(move |region| (territory, *region)))
        .map(|(territory, region)| {
            vec![
                dealer.into(),
                territory.product.into(),
                region.into(),
                territory.valid_from.into(),
                territory.valid_to.into(),
            ]
        })
        .collect();
    tx.execute_many(
        "insert into territories (dealer, product, region, valid_from, valid_to)
         values ($1, $2, $3, $4, $5)",
        &rows,
    )
    .await?;
    Ok(())
}

/// What of a territory other dealers have too, at some time that both are valid.
pub async fn overlaps(tx: &mut Tx, territory: &Territory) -> Result<Vec<Overlap>, StoreError> {
    let rows = tx
        .query(
            "select distinct d.id, d.name, t.region
             from territories t join dealers d on d.id = t.dealer
             where t.product = $1 and t.valid_from < $3 and t.valid_to > $2
             order by d.id, t.region",
            &[territory.product.into(), territory.valid_from.into(), territory.valid_to.into()],
        )
        .await?;
    let mut found: BTreeMap<(DealerId, String), BTreeSet<u32>> = BTreeMap::new();
    for row in &rows {
        let region = row.get(2)?;
        if territory.regions.contains(&region) {
            found.entry((row.get(0)?, row.get(1)?)).or_default().insert(region);
        }
    }
    let each = found.into_iter();
    Ok(each.map(|((dealer, name), regions)| Overlap { dealer, name, regions }).collect())
}
