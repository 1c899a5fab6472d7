//! The warehouse without a network: two PDAs on one document, a return, a pallet built by hand, a transfer between
//! warehouses. Then both devices tell, and the one thing that cannot be true of both is found.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::floor::settle;
use super::plan::{Job, PDAS, UNITS, hand_units};
use super::sale::Sold;
use super::world::{PIN, World};
use crate::pda::{Pda, synchronised};

/// Cases that each PDA ships under the document they share.
const SHARE: usize = 2;
/// The third pallet of the line: its cases by their number among the good ones, but for the one that was sold.
const ON_THE_PALLET: [usize; 9] = [20, 21, 22, 23, 24, 26, 27, 28, 29];
/// The case of that pallet that was sold to the third dealer and comes back.
pub(super) const SOLD: usize = 25;

/// What is different in the ledger when the network is back.
pub(super) struct Moved {
    /// Units that dealers have got more, less what they brought back.
    pub(super) shipped_units: usize,
    /// Operations that contradict another device's.
    pub(super) quarantined: u64,
}

/// Both PDAs work through what was released to them, and tell it later.
pub(super) async fn work_alone(world: &mut World, job: &Job, sold: &Sold) -> Result<Moved> {
    world.say("two PDAs share a document, and the network goes away for days");
    let pages = world.pda_pages();
    let [first, second] = &pages;
    let (li, zhou) =
        (Pda::log_in(first, "li", PIN).await?, Pda::log_in(second, "zhou", PIN).await?);
    let [shared, moving] = release(world, job).await?;
    for pda in [&li, &zhou] {
        pda.document(&shared).await?;
    }
    zhou.document(&moving).await?;
    world.network.cut();

    let [a, b, c, d, rest @ ..] = cases(job)?;
    let [first, second, third, moved, damaged] = rest;
    ship_share(&li, &shared, [a, b], first).await?;
    ship_share(&zhou, &shared, [c, d], first).await?;
    take_back(&li, job).await?;
    take_off(&li, &sold.left_over, &[first, second, third]).await?;
    build_pallet(&li, job, &[first, second, third]).await?;
    regroup(&li, job).await?;
    carry_over(&zhou, job, &moving, moved).await?;
    for (pda, label) in [(&li, &job.spare_labels[1]), (&zhou, &job.spare_labels[2])] {
        replace_label(pda, damaged, label).await?;
    }

    world.say("the network is back: both tell what they did");
    world.network.restore();
    for page in &pages {
        synchronised(page).await?;
    }
    world.say("one of them resolves what contradicted the other");
    let settled = resolve(&li, damaged).await? + resolve(&zhou, damaged).await?;
    ensure!(settled == 1, "{settled} of two new labels for one case were set right");
    for page in &pages {
        synchronised(page).await?;
    }
    world.all_run()?;
    Ok(Moved { shipped_units: (2 * SHARE - 1) * UNITS, quarantined: 1 })
}

/// An outbound document that both PDAs share, and a transfer; by their numbers.
async fn release(world: &World, job: &Job) -> Result<[String; 2]> {
    let office = &world.office;
    let [.., dealer] = &job.dealers;
    let lines = |cases: usize| json!([{"product": job.product, "unit": "case", "quantity": cases}]);
    let (shared, moving) = ("OUT-SHARED", "MOVE-1");
    let form = json!({
        "number": shared, "kind": "outbound", "site": job.warehouse, "dealer": dealer.id,
        "lines": lines(2 * SHARE),
    });
    let document = office.document(&form).await?;
    let units = u64::try_from(SHARE * UNITS)?;
    office.share(document, job.product, &PDAS.map(|name| (name, units))).await?;
    let form = json!({
        "number": moving, "kind": "transfer", "site": job.warehouse, "other": job.annex,
        "lines": lines(1),
    });
    office.document(&form).await?;
    Ok([shared.to_owned(), moving.to_owned()])
}

fn cases(job: &Job) -> Result<[&str; ON_THE_PALLET.len()]> {
    let good: Vec<&str> = job.good_cases().map(|case| case.label.as_str()).collect();
    let labels = ON_THE_PALLET.map(|index| good.get(index).copied());
    let labels: Option<Vec<&str>> = labels.into_iter().collect();
    labels.and_then(|labels| labels.try_into().ok()).context("too few cases")
}

/// Ships this device's share out of a pallet that stays; one more case is refused.
async fn ship_share(pda: &Pda, number: &str, share: [&str; SHARE], over: &str) -> Result<()> {
    pda.open("ship", json!({"document": pda.document(number).await?})).await?;
    for case in share {
        pda.scan_green(case).await?;
    }
    let reason = pda.scan_refused(over).await?;
    ensure!(reason == "over_share", "one case more than its share was refused as {reason}");
    pda.confirm().await.map(drop)
}

/// A dealer brings a case back as it was sold.
async fn take_back(pda: &Pda, job: &Job) -> Result<()> {
    let [.., dealer] = &job.dealers;
    let case = &job.good_cases().nth(SOLD).context("too few cases")?.label;
    pda.open("return", json!({"dealer": dealer.id, "opened": false})).await?;
    pda.scan_green(case).await?;
    pda.confirm().await.map(drop)
}

/// Cases are taken off the line's pallet, which stays with the others.
async fn take_off(pda: &Pda, pallet: &str, cases: &[&str]) -> Result<()> {
    pda.open("unpack", json!({})).await?;
    for case in cases {
        pda.scan_green(case).await?;
        pda.scan_green(pallet).await?;
    }
    Ok(())
}

/// They go onto another pallet with the case that came back.
async fn build_pallet(pda: &Pda, job: &Job, cases: &[&str]) -> Result<()> {
    let back = &job.good_cases().nth(SOLD).context("too few cases")?.label;
    pda.open("pack", json!({})).await?;
    pda.scan_green(back).await?;
    for case in cases {
        pda.scan_green(case).await?;
    }
    pda.scan_green(&job.spare_pallet).await?;
    pda.confirm().await.map(drop)
}

/// A case leaves for the other warehouse and is received there with the same device, still alone.
async fn carry_over(pda: &Pda, job: &Job, number: &str, case: &str) -> Result<()> {
    let document = pda.document(number).await?;
    pda.open("transfer", json!({"document": document})).await?;
    pda.scan_green(case).await?;
    pda.confirm().await?;
    let there = Pda::log_in_at(pda.base(), "zhou", PIN, job.annex).await?;
    there.open("receive", json!({"document": document})).await?;
    there.scan_green(case).await?;
    there.confirm().await.map(drop)
}

/// The bottles of the case that was opened go into another.
async fn regroup(pda: &Pda, job: &Job) -> Result<()> {
    pda.open("regroup", json!({})).await?;
    for bottle in hand_units(job, 2)? {
        pda.scan_green(bottle).await?;
    }
    let [label, ..] = &job.spare_labels;
    pda.scan_green(label).await?;
    settle(pda).await
}

/// A damaged label is replaced: by each of two people, who do not know of one another.
async fn replace_label(pda: &Pda, damaged: &str, label: &str) -> Result<()> {
    pda.open("relabel", json!({})).await?;
    pda.scan_green(damaged).await?;
    pda.scan_green(label).await?;
    settle(pda).await
}

/// Goes through the exception queue: what was refused at the scan was a slip; of two new labels of one case the ledger
/// has the one that came first, the other is thrown away. Answers how many labels.
async fn resolve(pda: &Pda, damaged: &str) -> Result<usize> {
    let mut labels = 0;
    for exception in pda.exceptions("open").await? {
        let rejection = &exception["rejection"];
        let mut how = if rejection["replaced"]["code"] == damaged {
            labels += 1;
            json!({"resolution": "stands"})
        } else {
            ensure!(exception["kind"] == "refused", "nobody expected {exception}");
            json!({"resolution": "seen", "reason": "misread"})
        };
        how["exception"] = exception["id"].clone();
        pda.open("resolve", how).await?;
        pda.confirm().await?;
    }
    let open = pda.exceptions("open").await?;
    ensure!(open.is_empty(), "still open: {open:?}");
    let resolved = pda.exceptions("resolved").await?;
    let stands = resolved.iter().filter(|row| row["resolved"]["how"] == "stands").count();
    ensure!(stands == labels, "{stands} of {labels} are kept as resolved");
    Ok(labels)
}
