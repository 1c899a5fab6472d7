//! Where dealers may sell what, and when.

use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{DealerId, ProductId};
use sealtrace_protocol::time::Timestamp;

use super::search::{KEYS_PER_QUERY, groups, places};
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

/// All territories of these dealers.
pub async fn of_dealers(
    tx: &mut Tx,
    dealers: &[DealerId],
) -> Result<BTreeMap<DealerId, Vec<Territory>>, StoreError> {
    let sql = format!(
        "select dealer, product, valid_from, valid_to, region from territories
         where dealer in ({}) order by dealer, product, valid_from, valid_to, region",
        places()
    );
    let mut found: BTreeMap<DealerId, Vec<Territory>> = BTreeMap::new();
    for group in groups(dealers) {
        for row in tx.query(&sql, &group).await? {
            let (product, valid_from, valid_to) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let territories = found.entry(row.get(0)?).or_default();
            let same = |last: &&mut Territory| {
                (last.product, last.valid_from, last.valid_to) == (product, valid_from, valid_to)
            };
            if let Some(last) = territories.last_mut().filter(same) {
                last.regions.insert(row.get(4)?);
            } else {
                let regions = BTreeSet::from([row.get(4)?]);
                territories.push(Territory { product, regions, valid_from, valid_to });
            }
        }
    }
    Ok(found)
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

/// Who has a part of this territory at a time it is valid, its own dealer among them.
pub async fn overlaps(tx: &mut Tx, territory: &Territory) -> Result<Vec<Overlap>, StoreError> {
    let [product, from, to] = [1, 2, 3].map(|number| KEYS_PER_QUERY + number);
    let sql = format!(
        "select distinct d.id, d.name, t.region
         from territories t join dealers d on d.id = t.dealer
         where t.region in ({}) and t.product = ${product}
         and t.valid_from < ${to} and t.valid_to > ${from}",
        places()
    );
    let Territory { valid_from, valid_to, .. } = *territory;
    let regions: Vec<u32> = territory.regions.iter().copied().collect();
    let mut found: BTreeMap<(DealerId, String), BTreeSet<u32>> = BTreeMap::new();
    for mut values in groups(&regions) {
        values.extend([territory.product.into(), valid_from.into(), valid_to.into()]);
        for row in tx.query(&sql, &values).await? {
            found.entry((row.get(0)?, row.get(1)?)).or_default().insert(row.get(2)?);
        }
    }
    let each = found.into_iter();
    Ok(each.map(|((dealer, name), regions)| Overlap { dealer, name, regions }).collect())
}
