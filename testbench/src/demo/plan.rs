//! What the demonstration makes, and what must come out of it.

use anyhow::{Context, Result, ensure};

use super::sale::Sold;
use super::warehouse::Moved;
use super::world::{PASSWORD, PIN, World};
use crate::check::Summary;
use crate::line::{GateAnswer, Pass, PhysicalCase};
use crate::office::Office;

/// Bottles in a case.
pub(super) const UNITS: usize = 24;
/// Cases on a pallet.
const CASES: usize = 10;
/// Pallets the line makes.
const PALLETS: usize = 4;
/// Good cases the line makes.
const GOOD_CASES: usize = PALLETS * CASES;
/// Cases packed by hand.
pub(super) const HAND_CASES: usize = 3;
/// Cases that stand in the end: of those packed by hand one was opened, and its bottles put into another.
pub(super) const MADE_CASES: usize = GOOD_CASES + HAND_CASES;
/// Which physical cases of the line go wrong, counted from 0.
const FAULTY: [(usize, Fault); 5] = [
    (3, Fault::NoRead),
    (9, Fault::Duplicate),
    (15, Fault::OtherProduct),
    (21, Fault::Forged),
    (27, Fault::OneTooFew),
];
/// What is made is of this lot.
pub(super) const LOT: &str = "L20261120";
/// What the PDAs are called.
pub(super) const PDAS: [&str; 2] = ["仓库 PDA 1", "仓库 PDA 2"];
/// Rolls hold more than is needed, as they do.
const SPARE: usize = 60;

#[derive(Clone, Copy)]
enum Fault {
    NoRead,
    Duplicate,
    OtherProduct,
    Forged,
    OneTooFew,
}

/// Everything that was set up.
pub(super) struct Job {
    pub(super) product: u64,
    pub(super) order: u64,
    pub(super) order_number: &'static str,
    pub(super) line_site: u64,
    pub(super) warehouse: u64,
    /// A second warehouse.
    pub(super) annex: u64,
    pub(super) dealers: [Dealer; 3],
    /// The line's cases in the order they pass.
    pub(super) cases: Vec<PhysicalCase>,
    /// Bottles for packing by hand.
    pub(super) hand_units: Vec<String>,
    /// Case labels for packing by hand, and one more for a damaged label.
    pub(super) hand_labels: Vec<String>,
    /// Case labels for what is regrouped and relabelled.
    pub(super) spare_labels: [String; 3],
    /// A pallet's label for what is built by hand.
    pub(super) spare_pallet: String,
    /// A bottle that never left the roll.
    pub(super) unused_unit: String,
    /// A bottle of another product.
    pub(super) other_unit: String,
}

/// A dealer and where it may sell.
pub(super) struct Dealer {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) home: &'static str,
}

/// Sets the brand up and releases one order to the line and to a PDA.
pub(super) async fn release(world: &mut World) -> Result<Job> {
    world.say("brand, product, sites, dealers, operators, accounts");
    let office = &world.office;
    let product = office.product("晨泉啤酒 500 ml", "06901234567892").await?;
    let other = office.product("晨泉苏打水 330 ml", "06901234567809").await?;
    let factory = office.site("晨泉一厂", "factory", None).await?;
    let line_site = office.site("灌装一线", "line", Some(factory)).await?;
    let warehouse = office.site("成品仓库", "warehouse", None).await?;
    let annex = office.site("城东仓库", "warehouse", None).await?;
    office.hold_pending_lots().await?;
    let dealer = async |name, home, regions: &[&str]| -> Result<Dealer> {
        Ok(Dealer { id: office.dealer(name, product, regions).await?, name, home })
    };
    let dealers = [
        dealer("南京金陵商贸", "320100", &["320100", "321100"]).await?,
        dealer("杭州西湖酒业", "330100", &["330100"]).await?,
        dealer("合肥庐阳食品", "340100", &["340100"]).await?,
    ];
    people(office, &[line_site, warehouse, annex]).await?;

    world.say("one order, its codes minted, released to the line and to a PDA");
    let order_number = "PO-2026-1120";
    let line_units = (GOOD_CASES + FAULTY.len()) * UNITS;
    let hand_units = HAND_CASES * UNITS;
    let quantity = u32::try_from(GOOD_CASES * UNITS + hand_units)?;
    let order = office.order(order_number, product, LOT, quantity).await?;
    let labels = GOOD_CASES + FAULTY.len() + HAND_CASES + 4;
    office.mint(order, count(line_units + hand_units + SPARE)?, count(labels)?, 6).await?;
    let hand = count(hand_units)?;
    office
        .release(order, &[(line_site, "line", quantity - hand), (warehouse, "device", hand)])
        .await?;
    let side = office.order("PO-2026-1121", other, "S20261120", 24).await?;
    office.mint(side, 24, 1, 1).await?;

    let mut units = office.roll(order, "unit").await?.into_iter();
    let mut cases = office.roll(order, "case").await?.into_iter();
    let other_unit = office.roll(side, "unit").await?.into_iter().next().context("no roll")?;
    let spare_pallet = office.roll(order, "pallet").await?.pop().context("no roll of pallets")?;
    let line_cases = line_cases(&mut units, &mut cases, &other_unit)?;
    let line_token = office.token("灌装一线网关", &[line_site]).await?;
    let [first, second] = PDAS;
    let pda_tokens = [
        office.token(first, &[warehouse]).await?,
        office.token(second, &[warehouse, annex]).await?,
    ];
    world.say("three agents enrol with one-time tokens and start");
    world.start_line(&line_token, line_site).await?;
    world.start_pdas(&pda_tokens).await?;
    Ok(Job {
        product,
        order,
        order_number,
        line_site,
        warehouse,
        annex,
        dealers,
        cases: line_cases,
        hand_units: units.by_ref().take(hand_units).collect(),
        hand_labels: cases.by_ref().take(HAND_CASES + 1).collect(),
        spare_labels: cases.collect::<Vec<_>>().try_into().ok().context("three labels are left")?,
        spare_pallet,
        unused_unit: units.next().context("the roll is too short")?,
        other_unit,
    })
}

/// Who works on the floor, and who looks at it from elsewhere.
async fn people(office: &Office, sites: &[u64]) -> Result<()> {
    for staff in [
        ("li", "李师傅", "operator"),
        ("zhou", "周师傅", "operator"),
        ("sun", "孙班长", "supervisor"),
    ] {
        office.operator(staff, PIN, sites).await?;
    }
    office.account("auditor", "审计员", "auditor", PASSWORD).await?;
    office.account("inspector", "稽查员", "inspector", PASSWORD).await?;
    Ok(())
}

fn line_cases(
    units: &mut impl Iterator<Item = String>,
    labels: &mut impl Iterator<Item = String>,
    other_unit: &str,
) -> Result<Vec<PhysicalCase>> {
    let mut cases: Vec<PhysicalCase> = Vec::new();
    for index in 0..GOOD_CASES + FAULTY.len() {
        let mut passes: Vec<Pass> = units.by_ref().take(UNITS).map(Pass::Read).collect();
        ensure!(passes.len() == UNITS, "the roll is too short");
        let fault = FAULTY.iter().find(|(at, _)| *at == index).map(|(_, fault)| *fault);
        let middle = passes.get_mut(UNITS / 2).context("an empty case")?;
        match fault {
            None => {}
            Some(Fault::NoRead) => *middle = Pass::NoRead,
            Some(Fault::Duplicate) => {
                let earlier = cases.first().and_then(|case| case.passes.first());
                *middle = earlier.context("no earlier case")?.clone();
            }
            Some(Fault::OtherProduct) => *middle = Pass::Read(other_unit.to_owned()),
            Some(Fault::Forged) => {
                *middle = Pass::Read("HTTPS://T.EXAMPLE/9ZZZZZZZZZZZZZZZZ".to_owned());
            }
            Some(Fault::OneTooFew) => drop(passes.pop()),
        }
        let label = labels.next().context("too few case labels")?;
        cases.push(PhysicalCase { passes, label, faulty: fault.is_some() });
    }
    Ok(cases)
}

impl Job {
    /// The gate must have let exactly the good cases through.
    pub(super) fn check_gate(&self, answers: &[GateAnswer]) -> Result<()> {
        for (index, (case, answer)) in self.cases.iter().zip(answers).enumerate() {
            let expected = if case.faulty { GateAnswer::Reject } else { GateAnswer::Accept };
            ensure!(
                *answer == expected,
                "case {index} ({}) should be {expected:?}, the gate was told {answer:?}",
                case.label
            );
        }
        ensure!(answers.len() == self.cases.len(), "the gate answered {} times", answers.len());
        Ok(())
    }

    /// The line's good cases in order.
    pub(super) fn good_cases(&self) -> impl Iterator<Item = &PhysicalCase> {
        self.cases.iter().filter(|case| !case.faulty)
    }

    /// The texts read in the line's good case at `index`.
    pub(super) fn bottles(&self, index: usize) -> Result<Vec<&str>> {
        let case = self.good_cases().nth(index).context("no such case")?;
        Ok(texts(case))
    }
}

/// The bottles of one case that is packed by hand.
pub(super) fn hand_units(job: &Job, case: usize) -> Result<&[String]> {
    job.hand_units.get(case * UNITS..(case + 1) * UNITS).context("too few bottles")
}

/// The texts read in a case.
pub(super) fn texts(case: &PhysicalCase) -> Vec<&str> {
    case.passes
        .iter()
        .filter_map(|pass| match pass {
            Pass::Read(text) => Some(text.as_str()),
            Pass::NoRead => None,
        })
        .collect()
}

/// The figures must be what was physically made, shipped and seen.
pub(super) fn expect(job: &Job, sold: &Sold, moved: &Moved, summary: &Summary) -> Result<()> {
    let units = i64::try_from(GOOD_CASES * UNITS + HAND_CASES * UNITS)?;
    ensure!(job.good_cases().count() == GOOD_CASES);
    let cases = i64::try_from(MADE_CASES)?;
    ensure!(summary.units == units, "{} units in the ledger, {units} were made", summary.units);
    ensure!(summary.cases == cases, "{} cases in the ledger, {cases} stand", summary.cases);
    // The line's, and one built by hand.
    let pallets = i64::try_from(PALLETS + 1)?;
    ensure!(summary.pallets == pallets, "{} pallets in the ledger", summary.pallets);
    ensure!(summary.lost == 0, "{} greens lost", summary.lost);
    ensure!(summary.doubled == 0, "{} units doubled", summary.doubled);
    let quarantined = summary.quarantined;
    ensure!(quarantined == moved.quarantined, "{quarantined} operations quarantined");
    let shipped = i64::try_from(sold.shipped_units + moved.shipped_units)?;
    ensure!(summary.shipped_units == shipped, "{} units shipped", summary.shipped_units);
    let suspected = i64::try_from(sold.suspected.len())?;
    ensure!(
        summary.suspected == suspected,
        "{} suspected, {suspected} were seen outside",
        summary.suspected
    );
    Ok(())
}

fn count(number: usize) -> Result<u32> {
    Ok(u32::try_from(number)?)
}
