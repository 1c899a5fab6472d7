//! The floor at work: line and PDA side by side, the network cut and the line agent killed in the middle of a case.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::plan::{HAND_CASES, Job, UNITS, hand_units};
use super::world::{PIN, World};
use crate::label::Spoiled;
use crate::line::{GateAnswer, Pass};
use crate::pda::{Pda, synchronised};

/// The line agent dies after this many bottles of this case; there is no network from the case before until then.
const KILLED_IN: (usize, usize) = (18, 13);

/// Line and PDA do their tasks; everything is synchronised in the end.
pub(super) async fn work(world: &mut World, job: &Job) -> Result<()> {
    let pda = Pda::log_in(&world.pda_page(), "li", PIN).await?;
    wait_for_lane(world).await?;
    world.say("the line starts; a case is packed by hand meanwhile");
    let mut answers = run_line(world, job, 0..KILLED_IN.0 - 1).await?;
    pack_by_wedge(&pda, job, 0).await?;

    world.say("the network goes away; line and PDA go on");
    world.network.cut();
    answers.extend(run_line(world, job, KILLED_IN.0 - 1..KILLED_IN.0).await?);
    if world.settings.camera {
        pack_by_camera(&pda, job, 1).await?;
    } else {
        pack_by_wedge(&pda, job, 1).await?;
    }
    let status = pda.status().await?;
    ensure!(status["online"] == false, "the PDA does not notice that the network is gone");
    ensure!(status["unsent_operations"] != 0, "the PDA has nothing to send although it worked");
    answers.push(killed_in_the_middle(world, job).await?);
    pack_by_wedge(&pda, job, 2).await?;
    answers.extend(run_line(world, job, KILLED_IN.0 + 1..job.cases.len()).await?);
    job.check_gate(&answers)?;
    ensure!(
        world.line_said("bytes that are no reading")?,
        "noise on a cable left no line in the log"
    );
    correct_by_hand(&pda, job).await?;
    world.say("both agents synchronise");
    synchronised(&world.line_page()).await?;
    synchronised(&world.pda_page()).await?;
    world.all_run()
}

/// The lane must have heard of its task before the first bottle.
async fn wait_for_lane(world: &World) -> Result<()> {
    let session = crate::http::Session::new(&world.line_page())?;
    let patience = std::time::Duration::from_secs(20);
    crate::pda::until(patience, "the lane gets no task", async || {
        let lanes = session.get("/api/lanes").await.ok()?;
        let lane = lanes["rows"].get(0)?;
        (lane["task"].is_object() && lane["reader"] == "connected").then_some(())
    })
    .await
}

async fn run_line(
    world: &mut World,
    job: &Job,
    cases: std::ops::Range<usize>,
) -> Result<Vec<GateAnswer>> {
    let cases = job.cases.get(cases).context("no such cases")?;
    tokio::task::block_in_place(|| {
        let line = &mut world.line;
        let mut answers = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            for (bottle, pass) in case.passes.iter().enumerate() {
                if index % 4 == 3 && bottle == UNITS / 3 {
                    line.noise(b"\x00\xff\xfe power-up \x07\r\n")?;
                }
                line.pass(pass)?;
            }
            answers.push(line.close(&case.label)?);
        }
        Ok(answers)
    })
}

/// One case during which the agent is killed twice, after an acknowledged bottle and with one unacknowledged, and the
/// network comes back.
async fn killed_in_the_middle(world: &mut World, job: &Job) -> Result<GateAnswer> {
    world.say("the line agent is killed in the middle of a case");
    let (index, bottle) = KILLED_IN;
    let case = job.cases.get(index).context("no such case")?;
    let (before, after) = case.passes.split_at_checked(bottle).context("a short case")?;
    let Some((Pass::Read(unanswered), rest)) = after.split_first() else {
        anyhow::bail!("the case to kill in must be a good one");
    };
    tokio::task::block_in_place(|| before.iter().try_for_each(|pass| world.line.pass(pass)))?;
    world.kill_line()?;
    world.revive_line().await?;
    let lanes = crate::http::Session::new(&world.line_page())?.get("/api/lanes").await?;
    let open = &lanes["rows"][0]["open_units"];
    ensure!(*open == bottle, "killed after {bottle} bottles, the lane came back with {open}");
    world.line.pass_unanswered(unanswered)?;
    world.kill_line()?;
    world.revive_line().await?;
    tokio::task::block_in_place(|| world.line.pass(&Pass::Read(unanswered.clone())))?;
    world.say("the network comes back in the middle of that case");
    world.network.restore();
    tokio::task::block_in_place(|| {
        rest.iter().try_for_each(|pass| world.line.pass(pass))?;
        world.line.close(&case.label)
    })
}

async fn pack_by_wedge(pda: &Pda, job: &Job, case: usize) -> Result<()> {
    pda.open("pack", json!({"task": pda.task().await?})).await?;
    for (index, unit) in hand_units(job, case)?.iter().enumerate() {
        pda.scan_green(unit).await?;
        if index == 5 {
            // A bottle scanned twice and one of another product are refused at the scan.
            ensure!(pda.scan_refused(unit).await? == "scanned_twice");
            ensure!(pda.scan_refused(&job.other_unit).await? != "scanned_twice");
        }
    }
    pda.scan_green(&job.hand_labels[case]).await?;
    packed(pda, case).await
}

async fn pack_by_camera(pda: &Pda, job: &Job, case: usize) -> Result<()> {
    pda.open("pack", json!({"task": pda.task().await?})).await?;
    for (index, unit) in hand_units(job, case)?.iter().enumerate() {
        let degrees = [0.0, 7.0, -15.0, 30.0, 90.0, 180.0][index % 6];
        let blur = [0.0, 1.0, 1.8][index % 3];
        pda.photograph(unit, Spoiled { degrees, blur }).await?;
    }
    pda.scan_green(&job.hand_labels[case]).await?;
    packed(pda, case).await
}

/// The case must have closed by itself: the station stands at the beginning of the next.
async fn packed(pda: &Pda, case: usize) -> Result<()> {
    let view = pda.view().await?;
    ensure!(view["count"] == 0, "hand-packed case {case} did not close by itself: {view}");
    Ok(())
}

/// A damaged label replaced, one case opened again, one verified.
async fn correct_by_hand(pda: &Pda, job: &Job) -> Result<()> {
    let [first, second, third, spare] = labels(job)?;
    pda.open("relabel", json!({})).await?;
    pda.scan_green(first).await?;
    pda.scan_green(spare).await?;
    settle(pda).await?;
    pda.open("unpack", json!({})).await?;
    pda.scan_green(third).await?;
    settle(pda).await?;
    pda.open("verify", json!({})).await?;
    pda.scan_green(second).await?;
    for unit in hand_units(job, 1)? {
        pda.scan_green(unit).await?;
    }
    let reply = pda.confirm().await?;
    let difference = &reply["view"]["difference"];
    let none = |list: &serde_json::Value| list.as_array().is_none_or(Vec::is_empty);
    ensure!(none(&difference["missing"]) && none(&difference["foreign"]), "verify said {reply}");
    Ok(())
}

/// Confirms when the screen asks for it; some close by themselves.
pub(super) async fn settle(pda: &Pda) -> Result<()> {
    if pda.view().await?["can"]["confirm"] == true {
        pda.confirm().await?;
    }
    Ok(())
}

/// The hand labels: three cases and the spare.
pub(super) fn labels(job: &Job) -> Result<[&str; HAND_CASES + 1]> {
    let labels: Vec<&str> = job.hand_labels.iter().map(String::as_str).collect();
    labels.try_into().ok().context("four case labels for packing by hand")
}
