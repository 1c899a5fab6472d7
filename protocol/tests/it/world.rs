//! A small world for random histories: a ledger in memory, fetched exactly as `needs` asks, and histories to play.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sealtrace_protocol::code::{Code, Minted, Sscc};
use sealtrace_protocol::ids::{
    Cursor, DealerId, DeviceId, DocumentId, Epoch, OperationId, OperatorId, OrderId, ProductId,
    Revision, Seq, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, AddTo, Commission, Correct, Correction, Count, Destroy, DestroyReason, Document,
    DocumentLine, Effects, Facts, Fate, Issued, Item, Level, Made, Need, Operation, Outcome, Pack,
    PartialReason, Past, Plan, PostCount, Presence, Reassign, Receive, Rejection, Relabel,
    RelabelReason, Return, Role, Route, Sample, SampleReason, Settle, Ship, State, Step, Task,
    Touched, Transfer, Unpack, VerifyPack, Worker, WriteOff, dispute, judge,
};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};

pub(crate) const PRODUCT: ProductId = ProductId(1);
pub(crate) const UNITS: u64 = 12;
pub(crate) const CASES: u64 = 5;
pub(crate) const PALLETS: u64 = 3;
pub(crate) const SITES: u64 = 2;
/// Shipments leave under documents 1 to 3 …
pub(crate) const OUTBOUND: u64 = 3;
/// … goods come in under the next two, go to the other site under the next, come back from the first dealer under the
/// next, and are counted under the last.
pub(crate) const INBOUND: u64 = 5;
pub(crate) const TRANSFERS: u64 = 7;
pub(crate) const RETURNS: u64 = 9;
pub(crate) const DOCUMENTS: u64 = 11;
/// What each document asks for.
pub(crate) const DEMAND: u32 = 7;
pub(crate) const REVISION: Revision = Revision(1);
/// Codes of one world do not meet codes of another.
pub(crate) const WORLD: u64 = 1_000;

pub(crate) fn lot() -> Lot {
    Lot::new("L1").unwrap()
}

pub(crate) fn unit(n: u64) -> Code {
    Code::Minted(Minted::new(9, 0xabcd_0000_0000 + u128::from(n)).unwrap())
}

pub(crate) fn case(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(10_000_000_000 + n).unwrap())
}

pub(crate) fn pallet(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(20_000_000_000 + n).unwrap())
}

pub(crate) fn plan() -> Plan {
    Plan::new(vec![Step::new(Level::Case, 3), Step::new(Level::Pallet, 2)]).unwrap()
}

pub(crate) fn issued(code: Code) -> Presence {
    let level = match code {
        Code::Minted(_) => Level::Unit,
        Code::Sscc(sscc) if sscc.body() < 20_000_000_000 => Level::Case,
        Code::Sscc(_) => Level::Pallet,
        Code::Sgtin(_) => return Presence::Foreign,
    };
    Presence::Absent(Issued { level, product: Some(PRODUCT), carrier: is_carrier(code) })
}

/// The last pallet is loaded again and again.
pub(crate) fn is_carrier(code: Code) -> bool {
    matches!(code, Code::Sscc(sscc) if sscc.body() % WORLD == PALLETS - 1 && sscc.body() >= 20_000_000_000)
}

fn task(id: TaskId) -> Task {
    Task {
        id,
        order: OrderId(1),
        site: SiteId(id.get()),
        product: PRODUCT,
        lot: lot(),
        plan: plan(),
        revision: REVISION,
    }
}

/// Items, their history, and what moved under documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) items: BTreeMap<Code, Item>,
    pub(crate) moved: BTreeMap<DocumentId, u32>,
    pasts: BTreeMap<OperationId, Past>,
    /// Labels that are accounted for, and by which operation.
    pub(crate) written: BTreeMap<Code, (Fate, OperationId)>,
}

impl Ledger {
    /// Judges and stores, as the cloud does. Checks on the way that `needs` asked for enough.
    pub(crate) fn accept(
        &mut self,
        id: OperationId,
        operation: &Operation,
    ) -> Result<Effects, Rejection> {
        let facts = self.facts(operation);
        let outcome = judge(operation, &facts);
        assert_eq!(
            outcome,
            judge(operation, &self.all_facts(operation)),
            "needs() asked for too little"
        );
        match &outcome {
            Ok(effects) => self.store(Some((id, operation)), effects),
            Err(rejection) => {
                let disputed = dispute(operation, rejection, &facts);
                let knowing_all = dispute(operation, rejection, &self.all_facts(operation));
                assert_eq!(disputed, knowing_all, "needs() asked for too little");
                self.store(None, &disputed);
            }
        }
        outcome
    }

    fn store(&mut self, by: Option<(OperationId, &Operation)>, effects: &Effects) {
        let mut touched = Vec::new();
        for item in &effects.items {
            let before = self.items.insert(item.code, item.clone());
            assert_eq!(
                item.version.get(),
                before.as_ref().map_or(0, |item| item.version.get()) + 1
            );
            touched.push(Touched { before, after: item.clone() });
        }
        for moved in &effects.moves {
            let units = self.moved.entry(moved.document).or_default();
            *units = units.saturating_add(moved.on.units()).checked_sub(moved.off.units()).unwrap();
        }
        if let Some((id, operation)) = by {
            self.write_off(id, operation);
            let moves = effects.moves.clone();
            self.pasts.insert(id, Past { site: operation.site, touched, moves });
        }
    }

    pub(crate) fn facts(&self, operation: &Operation) -> Facts {
        let mut facts = self.context(operation);
        let mut wanted: Vec<(Code, Need)> = operation.needs();
        if let Some(past) = &facts.past {
            wanted.extend(past.touched.iter().map(|touched| (touched.after.code, Need::Item)));
        }
        while let Some((code, need)) = wanted.pop() {
            if let Some((fate, _)) = self.written.get(&code) {
                facts.set_written_off(code, *fate);
            }
            let Some(item) = self.items.get(&code) else {
                facts.set(code, issued(code));
                continue;
            };
            facts.set(code, Presence::Present(item.clone()));
            if let Presence::Absent(issued) = issued(code) {
                facts.set_issued(code, issued);
            }
            if let State::Replaced { by, .. } = item.state {
                wanted.push((by, need));
            }
            if need >= Need::Ancestors
                && let Some(parent) = item.parent
            {
                wanted.push((parent, Need::Ancestors));
            }
            if need == Need::Children {
                let children = self.children(code);
                for child in &children {
                    facts.set(*child, Presence::Present(self.items[child].clone()));
                }
                facts.set_children(code, children);
            }
        }
        facts
    }

    fn all_facts(&self, operation: &Operation) -> Facts {
        let mut facts = self.context(operation);
        for (code, _) in operation.needs() {
            facts.set(code, issued(code));
        }
        for (code, (fate, _)) in &self.written {
            facts.set_written_off(*code, *fate);
        }
        for (code, item) in &self.items {
            facts.set(*code, Presence::Present(item.clone()));
            facts.set_children(*code, self.children(*code));
            if let Presence::Absent(issued) = issued(*code) {
                facts.set_issued(*code, issued);
            }
        }
        facts
    }

    pub(crate) fn context(&self, operation: &Operation) -> Facts {
        let mut facts = Facts::new();
        facts.task = operation.task().map(|(id, _)| task(id));
        for id in operation.documents() {
            facts.set_document(self.document(id));
        }
        facts.strip = operation.strip().and_then(|strip| self.strip(strip.first, strip.last));
        // Somebody is a supervisor; a line by itself is nobody.
        facts.worker =
            operation.operator.map(|_| Worker { role: Role::Supervisor, permitted: true });
        facts.past = operation.corrects().and_then(|id| self.pasts.get(&id)).cloned();
        facts
    }

    pub(crate) fn document(&self, id: DocumentId) -> Document {
        let moved = self.moved.get(&id).copied().unwrap_or_default();
        let lines = vec![DocumentLine { product: PRODUCT, units: DEMAND, moved }];
        Document { id, route: route(id), open: true, lines, sets: vec![] }
    }

    pub(crate) fn children(&self, parent: Code) -> Vec<Code> {
        let inside = self.items.values().filter(|item| item.parent == Some(parent));
        inside.map(|item| item.code).collect()
    }
}

/// Documents belong to the sites in turn.
pub(crate) fn route(id: DocumentId) -> Route {
    let site = SiteId(1 + (id.get() - 1) % SITES);
    let number = id.get();
    if number <= OUTBOUND {
        Route::Outbound { from: site, to: DealerId(number) }
    } else if number <= INBOUND {
        Route::Inbound { from: None, to: site }
    } else if number <= TRANSFERS {
        Route::Transfer { from: site, to: SiteId(3 - site.get()) }
    } else if number <= RETURNS {
        Route::Return { from: DealerId(1), to: site }
    } else {
        Route::Count { at: site }
    }
}

pub(crate) fn id(seq: u64) -> OperationId {
    OperationId { device: DeviceId(1), epoch: Epoch(1), seq: Seq(seq) }
}

/// Random operations on the codes of one world, in the order they are accepted: any, and now and then some that make
/// sense after each other, because chance alone hardly ever ships a case that it has packed.
pub(crate) fn history(world: u64, length: usize) -> impl Strategy<Value = Vec<Operation>> {
    let chapter = prop_oneof![
        5 => action(world).prop_map(|action| vec![action]),
        1 => life(world),
    ];
    let chapters = prop::collection::vec(at_a_site(chapter), 1..length);
    chapters.prop_map(move |chapters| chapters.into_iter().flatten().take(length).collect())
}

fn at_a_site(actions: impl Strategy<Value = Vec<Action>>) -> impl Strategy<Value = Vec<Operation>> {
    let operator = prop::option::weighted(0.7, Just(OperatorId(1)));
    (1..=SITES, 0_i64..100, operator, actions).prop_map(|(site, at, operator, actions)| {
        let operation = |mut action: Action| {
            match &mut action {
                Action::Commission(Commission { made, .. })
                | Action::AddTo(AddTo { made: Some(made), .. })
                | Action::Regroup(Pack { made: Some(made), .. })
                | Action::Pack(Pack { made: Some(made), .. }) => made.task = TaskId(site),
                _ => {}
            }
            let at = Stamp { wall: Timestamp(at), uncertainty_ms: 5 };
            let site = SiteId(site);
            Operation { at, operator, approver: None, site, basis: Cursor(0), action }
        };
        actions.into_iter().map(operation).collect()
    })
}

/// A case is packed short and filled up, or packed, shipped, and then goes elsewhere or comes back.
fn life(world: u64) -> impl Strategy<Value = Vec<Action>> {
    let base = world * WORLD;
    let made = Made { task: TaskId(1), product: PRODUCT, lot: lot(), plan: REVISION };
    let pack = move |parent, children: Vec<Code>| {
        let partial = (children.len() < 3).then_some(PartialReason::EndOfTask);
        let made = Some(made);
        Action::Pack(Pack {
            parent,
            level: Level::Case,
            children,
            made,
            partial,
            mixed_lots: false,
        })
    };
    (0..CASES, 0..UNITS - 2, 1..=OUTBOUND, 1..=OUTBOUND, 0..4_u8).prop_map(
        move |(n, first, from, to, end)| {
            let parent = case(base + n);
            let units: Vec<Code> = (first..first + 3).map(|n| unit(base + n)).collect();
            let (from, to) = (DocumentId(from), DocumentId(to));
            let codes = vec![parent];
            let ship = Action::Ship(Ship { codes: codes.clone(), document: from });
            match end {
                0 => {
                    let (inside, more) = units.split_at(1);
                    let (children, made) = (more.to_vec(), Some(made));
                    let add = AddTo { parent, children, made, mixed_lots: false };
                    vec![pack(parent, inside.to_vec()), Action::AddTo(add)]
                }
                1 => {
                    let reassign = Action::Reassign(Reassign { codes, from, to });
                    vec![pack(parent, units), ship, reassign]
                }
                2 => {
                    let (dealer, document) = (DealerId(from.get()), None);
                    let back = Return { codes, from: dealer, document, opened: false };
                    vec![pack(parent, units), ship, Action::Return(back)]
                }
                _ => {
                    let undo = Correct { names: id(from.get()), correction: Correction::Undo };
                    vec![pack(parent, units), ship, Action::Correct(undo)]
                }
            }
        },
    )
}

fn action(world: u64) -> impl Strategy<Value = Action> {
    prop_oneof![
        31 => packing(world),
        20 => moving(world),
        3 => (1..40_u64).prop_map(|seq| {
            Action::Correct(Correct { names: id(seq), correction: Correction::Undo })
        }),
    ]
}

fn item(world: u64) -> impl Strategy<Value = Code> + Clone {
    let base = world * WORLD;
    prop_oneof![
        1 => (0..UNITS).prop_map(move |n| unit(base + n)),
        2 => (0..CASES).prop_map(move |n| case(base + n)),
        1 => (0..PALLETS).prop_map(move |n| pallet(base + n)),
    ]
}

/// Putting together, taking apart, labels.
fn packing(world: u64) -> impl Strategy<Value = Action> {
    let base = world * WORLD;
    let made = Made { task: TaskId(1), product: PRODUCT, lot: lot(), plan: REVISION };
    let unit = (0..UNITS).prop_map(move |n| unit(base + n));
    let case = (0..CASES).prop_map(move |n| case(base + n));
    let pallet = (0..PALLETS).prop_map(move |n| pallet(base + n));
    let item = item(world);
    let run = (0..UNITS - 2, prop::bool::weighted(0.7)).prop_map(move |(first, straight)| {
        let step = if straight { 1 } else { 5 };
        (0..3).map(|n| self::unit(base + (first + n * step) % UNITS)).collect::<Vec<_>>()
    });
    let pack_case = (case.clone(), run.clone(), prop::bool::weighted(0.8)).prop_map(
        move |(parent, children, with_plan)| {
            let made = with_plan.then_some(made);
            let (level, partial, mixed_lots) = (Level::Case, None, false);
            Pack { parent, level, children, made, partial, mixed_lots }
        },
    );
    let loose = prop_oneof![5 => case.clone(), 1 => unit.clone()];
    let some_cases = prop::collection::vec(loose, 1..3);
    let pack_pallet = (pallet.clone(), some_cases.clone(), any::<bool>()).prop_map(
        move |(parent, children, with_plan)| Pack {
            parent,
            level: Level::Pallet,
            children,
            made: with_plan.then_some(made),
            partial: with_plan.then_some(PartialReason::EndOfTask),
            mixed_lots: false,
        },
    );
    let short_case = (case.clone(), unit.clone()).prop_map(move |(parent, child)| Pack {
        parent,
        level: Level::Case,
        children: vec![child],
        made: Some(made),
        partial: Some(PartialReason::Shortage),
        mixed_lots: false,
    });
    let package = prop_oneof![2 => pack_case, 2 => pack_pallet, 1 => short_case];
    let some_units = prop::collection::vec(unit.clone(), 1..3);
    let add =
        prop_oneof![(case.clone(), some_units.clone()), (pallet.clone(), some_cases.clone()),];
    let add = (add, any::<bool>()).prop_map(move |((parent, children), with_plan)| AddTo {
        parent,
        children,
        made: with_plan.then_some(made),
        mixed_lots: false,
    });
    let seen = prop::collection::vec(item.clone(), 0..4);
    prop_oneof![
        2 => run.prop_map(move |codes| Action::Commission(Commission { codes, made })),
        11 => package.clone().prop_map(Action::Pack),
        4 => package.prop_map(Action::Regroup),
        4 => add.prop_map(Action::AddTo),
        2 => item.clone().prop_map(|code| Action::Unpack(Unpack::Whole(code))),
        2 => item.clone().prop_map(|code| Action::Unpack(Unpack::Child(code))),
        3 => (item.clone(), item.clone()).prop_map(|(old, new)| {
            Action::Relabel(Relabel { old, new, reason: RelabelReason::Damaged })
        }),
        1 => (item, seen).prop_map(|(parent, seen)| {
            Action::VerifyPack(VerifyPack { parent, seen })
        }),
    ]
}

/// Coming and going, counting, ending.
fn moving(world: u64) -> impl Strategy<Value = Action> {
    let item = item(world);
    let under = |first: u64, last: u64| (first..=last).prop_map(DocumentId);
    let outbound = under(1, OUTBOUND);
    let arrivals = prop::option::of(under(OUTBOUND + 1, TRANSFERS));
    let back = prop::option::of(under(TRANSFERS + 1, RETURNS));
    let some = prop::collection::vec(item.clone(), 1..3);
    let few = prop::collection::vec(item.clone(), 0..2);
    let strip =
        (0..UNITS, 0..4_u64, 0..8_u8, any::<bool>()).prop_map(move |(n, more, odd, cases)| {
            let base = world * WORLD;
            let (end, label): (u64, fn(u64) -> Code) =
                if cases { (CASES, case) } else { (UNITS, unit) };
            let (first, last) = (n.min(end - 1), (n + more).min(end - 1));
            let count = u32::try_from(last - first + 1).unwrap() + u32::from(odd == 7);
            let (first, last) = if odd == 6 { (last, first) } else { (first, last) };
            let fate = Fate::ALL[usize::from(odd % 3)];
            let (first, last) = (label(base + first), label(base + last));
            Action::WriteOff(WriteOff { first, last, count, fate })
        });
    prop_oneof![
        4 => (some.clone(), arrivals)
            .prop_map(|(codes, document)| Action::Receive(Receive { codes, document })),
        4 => (some.clone(), outbound.clone())
            .prop_map(|(codes, document)| Action::Ship(Ship { codes, document })),
        3 => (some.clone(), 1..=2_u64, back, any::<bool>()).prop_map(|(codes, from, document, opened)| {
            Action::Return(Return { codes, from: DealerId(from), document, opened })
        }),
        3 => (some.clone(), under(INBOUND + 1, TRANSFERS))
            .prop_map(|(codes, document)| Action::Transfer(Transfer { codes, document })),
        2 => (some.clone(), outbound.clone(), outbound)
            .prop_map(|(codes, from, to)| Action::Reassign(Reassign { codes, from, to })),
        2 => (some.clone(), under(RETURNS + 1, DOCUMENTS))
            .prop_map(|(codes, document)| Action::Count(Count { codes, document })),
        2 => (few.clone(), few, under(RETURNS + 1, DOCUMENTS)).prop_map(|(found, lost, document)| {
            Action::PostCount(PostCount { document, found, lost })
        }),
        2 => strip,
        1 => some.clone().prop_map(|codes| {
            Action::Sample(Sample { codes, reason: SampleReason::Inspection })
        }),
        1 => some.clone().prop_map(|codes| {
            Action::Destroy(Destroy { codes, reason: DestroyReason::Broken })
        }),
        1 => some.prop_map(|codes| {
            Action::Settle(Settle { names: None, codes, outcome: Outcome::Stands })
        }),
    ]
}

/// The codes an operation speaks of.
pub(crate) fn codes(operation: &Operation) -> BTreeSet<Code> {
    operation.needs().into_iter().map(|(code, _)| code).collect()
}
