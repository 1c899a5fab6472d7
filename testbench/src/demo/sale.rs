//! After the floor: goods leave for three dealers, bottles are scanned in cities, an auditor looks at all of it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::floor::labels;
use super::plan::{Job, LOT, MADE_CASES, UNITS, texts};
use super::warehouse::SOLD;
use super::world::{PASSWORD, PIN, Shown, World};
use crate::http::Session;
use crate::market::{Inspector, consumer};
use crate::pda::{Pda, synchronised};

/// What was sold and seen.
pub(super) struct Sold {
    pub(super) shipped_units: usize,
    /// The pallet that stays at the warehouse.
    pub(super) left_over: String,
    /// Bottles seen outside the territory they were shipped to, as read.
    pub(super) suspected: Vec<String>,
}

/// Receives, ships and sells.
pub(super) async fn ship_and_sell(world: &mut World, job: &Job) -> Result<Sold> {
    world.say("pallets arrive at the warehouse and leave for three dealers");
    let auditor = auditor(world).await?;
    let mut pallets: Vec<String> = Vec::new();
    for index in [0, 10, 20] {
        let case = job.good_cases().nth(index).context("too few cases")?;
        let trace = trace(&auditor, &case.label).await?;
        pallets.push(trace["ancestors"][0]["code"].as_str().context("on no pallet")?.to_owned());
    }
    let pda = Pda::log_in(&world.pda_page(), "li", PIN).await?;
    receive(world, job, &pda, &pallets).await?;
    let [first, second, third] = pallets.as_slice() else { anyhow::bail!("three pallets") };
    let [_, hand, _, spare] = labels(job)?;
    let loose = job.good_cases().nth(SOLD).context("too few cases")?.label.as_str();
    let loads = [vec![first.as_str()], vec![second.as_str()], vec![hand, spare, loose]];
    let asked = [("pallet", 1), ("pallet", 1), ("case", 3)];
    for ((dealer, load), (unit, quantity)) in job.dealers.iter().zip(&loads).zip(asked) {
        let number = format!("OUT-{}", dealer.id);
        let lines = json!([{"product": job.product, "unit": unit, "quantity": quantity}]);
        let form = json!({
            "number": number, "kind": "outbound", "site": job.warehouse, "dealer": dealer.id,
            "lines": lines,
        });
        world.office.document(&form).await?;
        let document = pda.document(&number).await?;
        pda.open("ship", json!({"document": document})).await?;
        for code in load {
            pda.scan_released(code).await?;
        }
        pda.confirm().await?;
    }
    synchronised(&world.pda_page()).await?;
    let suspected = sell(world, job).await?;
    let case = job.good_cases().next().context("no case")?;
    world.shown = Shown {
        order: job.order_number.to_owned(),
        genuine: minted(job.bottles(0)?[0]).to_owned(),
        suspected: minted(suspected.first().context("no suspect")?).to_owned(),
        pending: minted(&job.unused_unit).to_owned(),
        case: case.label.clone(),
        pallet: first.clone(),
    };
    Ok(Sold { shipped_units: (10 + 10 + 3) * UNITS, left_over: third.clone(), suspected })
}

/// Pallets come in under a document; nothing of them leaves before quality control has released their lot.
async fn receive(world: &World, job: &Job, pda: &Pda, pallets: &[String]) -> Result<()> {
    let number = "IN-2026-1120";
    let lines = json!([{"product": job.product, "unit": "pallet", "quantity": pallets.len()}]);
    let form = json!({
        "number": number, "kind": "inbound", "site": job.warehouse, "other": job.line_site,
        "order": job.order, "lines": lines,
    });
    world.office.document(&form).await?;
    let document = pda.document(number).await?;
    pda.open("receive", json!({"document": document})).await?;
    for pallet in pallets {
        pda.scan_green(pallet).await?;
    }
    pda.confirm().await?;
    synchronised(&world.pda_page()).await?;

    let early = "OUT-EARLY";
    let [dealer, ..] = &job.dealers;
    let form = json!({
        "number": early, "kind": "outbound", "site": job.warehouse, "dealer": dealer.id,
        "lines": [{"product": job.product, "unit": "pallet", "quantity": 1}],
    });
    let void = world.office.document(&form).await?;
    let document = pda.document(early).await?;
    pda.open("ship", json!({"document": document})).await?;
    let reason = pda.scan_refused(pallets.first().context("no pallet")?).await?;
    ensure!(reason == "lot_pending", "a pallet of a pending lot was refused as {reason}");
    world.office.void(void).await?;
    world.office.release_lot(job.product, LOT).await
}

/// Consumers and an inspector scan bottles; returns those seen where they should not be.
async fn sell(world: &World, job: &Job) -> Result<Vec<String>> {
    world.say("consumers scan in several cities, an inspector looks into a shop");
    let base = world.web();
    let (nanjing, hangzhou) = (job.bottles(0)?, job.bottles(11)?);
    let [at_nanjing, at_hangzhou, _] = &job.dealers;
    let verdict = |answer: &Value| answer["verdict"].as_str().unwrap_or_default().to_owned();
    for (nth, bottle) in [nanjing[0], nanjing[1], nanjing[0]].iter().enumerate() {
        let answer = consumer(&base, bottle, Some(at_nanjing.home)).await?;
        ensure!(verdict(&answer) == "genuine", "a shipped bottle is {answer}");
        let expected = if nth == 2 { 2 } else { 1 };
        ensure!(answer["nth"] == expected, "scan {nth} is the {}th", answer["nth"]);
    }
    consumer(&base, hangzhou[0], Some(at_hangzhou.home)).await?;
    let mut suspected: Vec<String> = Vec::new();
    for bottle in &nanjing[2..8] {
        consumer(&base, bottle, Some("310100")).await?;
        suspected.push((*bottle).to_owned());
    }
    for bottle in &hangzhou[1..4] {
        consumer(&base, bottle, Some(at_nanjing.home)).await?;
        suspected.push((*bottle).to_owned());
    }
    // No place, no suspicion; a forgery and a bottle still on the roll are what they are.
    consumer(&base, hangzhou[5], None).await?;
    let forged = consumer(&base, "HTTPS://T.EXAMPLE/9ZZZZZZZZZZZZZZZZ", Some("310100")).await?;
    ensure!(verdict(&forged) == "unknown", "a forged code is {forged}");
    let pending = consumer(&base, &job.unused_unit, Some("310100")).await?;
    ensure!(verdict(&pending) == "pending", "a code still on its roll is {pending}");
    let inspector = Inspector::log_in(&base, "inspector", PASSWORD).await?;
    let seen = inspector.sees(hangzhou[8], "310100", "diverted").await?;
    ensure!(seen["suspected"] == true, "the inspector was told {seen}");
    suspected.push(hangzhou[8].to_owned());
    Ok(suspected)
}

async fn auditor(world: &World) -> Result<Session> {
    let mut session = Session::new(&world.web())?;
    let body = json!({"login": "auditor", "password": PASSWORD});
    session.log_in("/api/v1/session", &body).await.context("the auditor's login")?;
    Ok(session)
}

async fn trace(auditor: &Session, text: &str) -> Result<Value> {
    let mut path = String::from("/api/v1/trace?text=");
    for byte in text.bytes() {
        path.push_str(&format!("%{byte:02X}"));
    }
    auditor.get(&path).await
}

/// The auditor compares what the cloud says with what physically happened.
pub(super) async fn audit(world: &mut World, job: &Job, sold: &Sold) -> Result<()> {
    world.say("an auditor looks at the order, at lives of codes, and at the suspects");
    let auditor = auditor(world).await?;
    let order = auditor.get(&format!("/api/v1/orders/{}", job.order)).await?;
    ensure!(order["number"] == job.order_number);
    ensure!(order["produced"]["cases"] == MADE_CASES, "the order shows {}", order["produced"]);
    for case in job.good_cases() {
        let mut found = trace(&auditor, &case.label).await?;
        if let Some(by) = found["state"]["replaced"]["by"].as_str() {
            found = trace(&auditor, by).await?;
        }
        let inside = found["children"].as_array().context("children")?;
        let mut known: Vec<&str> =
            inside.iter().filter_map(|child| child["code"].as_str()).collect();
        let mut physical = texts(case).into_iter().map(minted).collect::<Vec<_>>();
        known.sort_unstable();
        physical.sort_unstable();
        ensure!(known == physical, "case {} is not what went into it", case.label);
    }
    let bottle = job.bottles(0)?[2];
    let life = trace(&auditor, bottle).await?;
    let steps = life["life"].as_array().context("no life")?;
    ensure!(!steps.is_empty(), "the bottle has no life");
    for step in steps {
        let place = format!("{}/{}/{}", step["device"]["id"], step["epoch"], step["batch"]);
        let batch = auditor.get(&format!("/api/v1/batches/{place}")).await?;
        ensure!(batch["verified"] == true, "batch {place} does not verify: {batch}");
    }
    let suspects = auditor.get("/api/v1/diversion/suspects?size=200").await?;
    let rows = suspects["rows"].as_array().context("suspects")?;
    let mut listed: Vec<&str> = rows.iter().filter_map(|row| row["code"].as_str()).collect();
    let mut seen: Vec<&str> = sold.suspected.iter().map(|text| minted(text)).collect();
    listed.sort_unstable();
    seen.sort_unstable();
    ensure!(listed == seen, "listed {listed:?}, seen outside {seen:?}");
    let row = rows.iter().find(|row| row["code"] == minted(bottle)).context("not listed")?;
    ensure!(row["dealer"]["name"] == job.dealers[0].name, "listed with {row}");
    world.all_run()
}

/// The code at the end of a printed short URL.
fn minted(printed: &str) -> &str {
    printed.rsplit('/').next().unwrap_or(printed)
}
