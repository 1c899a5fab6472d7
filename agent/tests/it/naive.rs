//! What a device should believe, said as plainly as it can be: the cloud's word on each item, and on top of it every
//! operation without a verdict, judged again from the first to the last whenever anything changes.

use std::collections::BTreeMap;

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{DealerId, DocumentId, OperationId, Version};
use sealtrace_protocol::ledger::{
    Action, Document, DocumentLine, Effects, Facts, Issued, Item, Level, Need, Operation, Past,
    Presence, Rejection, Route, State, Task, Touched, dispute, judge,
};

use crate::store::{ORDER, PRODUCT, SITE, lot, made, plan};

pub(crate) type Items = BTreeMap<Code, Item>;
type Pasts = BTreeMap<OperationId, Past>;

/// What a device may ship under its document.
pub(crate) const SHARE: u32 = 4;
pub(crate) const OUTBOUND: DocumentId = DocumentId(11);
pub(crate) const INBOUND: DocumentId = DocumentId(12);

pub(crate) fn issued(code: Code) -> Issued {
    let level = match code {
        Code::Sscc(sscc) if sscc.body() < 6_901_234_500_000_050 => Level::Case,
        Code::Sscc(_) => Level::Pallet,
        Code::Minted(_) | Code::Sgtin(_) => Level::Unit,
    };
    Issued { level, product: Some(PRODUCT), carrier: false }
}

pub(crate) fn route(id: DocumentId) -> Route {
    if id == OUTBOUND {
        Route::Outbound { from: SITE, to: DealerId(2) }
    } else {
        Route::Inbound { from: None, to: SITE }
    }
}

/// What can be looked at: all there is, or what a device holds.
struct Sight<'a> {
    items: &'a Items,
    pasts: &'a Pasts,
    /// Units asked for and moved under any document.
    line: (u32, u32),
    is_device: bool,
}

impl Sight<'_> {
    fn facts(&self, operation: &Operation) -> Facts {
        let mut facts = Facts::new();
        facts.task = operation.made().map(|made| Task {
            id: made.task,
            order: ORDER,
            site: SITE,
            product: PRODUCT,
            lot: lot(),
            plan: plan(),
            revision: self::made().plan,
        });
        for id in operation.documents() {
            let (units, moved) = if id == OUTBOUND { self.line } else { (1_000, 0) };
            let lines = vec![DocumentLine { product: PRODUCT, units, moved }];
            let sets = Vec::new();
            facts.set_document(Document { id, route: route(id), open: true, lines, sets });
        }
        facts.past = operation.corrects().and_then(|id| self.pasts.get(&id)).cloned();
        let past = facts.past.iter().flat_map(|past| &past.touched);
        let mut wanted: Vec<_> =
            past.map(|touched| (touched.after.code, Need::Ancestors)).collect();
        wanted.extend(operation.needs());
        let looks_inside = matches!(
            operation.action,
            Action::Unpack(_) | Action::Relabel(_) | Action::VerifyPack(_)
        );
        for (code, need) in wanted {
            self.state(&mut facts, code, need, looks_inside);
        }
        facts
    }

    fn state(&self, facts: &mut Facts, code: Code, need: Need, looks_inside: bool) {
        let Some(item) = self.items.get(&code) else {
            let issued = issued(code);
            let untold = if self.is_device { Presence::Untold } else { Presence::Absent };
            return facts.set(code, untold(issued));
        };
        facts.set(code, Presence::Present(item.clone()));
        if item.state != State::Active || item.level != Level::Unit {
            facts.set_issued(code, issued(code));
        }
        if let State::Replaced { by, .. } = item.state {
            return self.state(facts, by, need, looks_inside);
        }
        if need >= Need::Ancestors
            && let Some(parent) = item.parent
        {
            self.state(facts, parent, Need::Ancestors, looks_inside);
        }
        if need == Need::Children {
            let inside: Vec<&Item> =
                self.items.values().filter(|child| child.parent == Some(code)).collect();
            if inside.len() != item.children as usize {
                assert!(self.is_device, "the cloud knows what is inside {code}");
                if looks_inside {
                    return facts.set(code, Presence::Unknown);
                }
            }
            facts.set_children(code, inside.iter().map(|child| child.code).collect());
            for child in inside {
                facts.set(child.code, Presence::Present(child.clone()));
            }
        }
    }
}

fn past(operation: &Operation, items: &Items, effects: &Effects) -> Past {
    let touched = effects.items.iter().map(|after| {
        let before = items.get(&after.code).cloned();
        Touched { before, after: after.clone() }
    });
    let moves = effects.moves.clone();
    Past { site: operation.site, touched: touched.collect(), moves }
}

/// Everything, and what has changed since it was last told.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) items: Items,
    pasts: Pasts,
    /// In the order they changed, each once.
    pub(crate) untold: Vec<Code>,
}

impl Ledger {
    pub(crate) fn accept(
        &mut self,
        id: OperationId,
        operation: &Operation,
    ) -> Result<(), Rejection> {
        let sight =
            Sight { items: &self.items, pasts: &self.pasts, line: (u32::MAX, 0), is_device: false };
        let facts = sight.facts(operation);
        let judged = judge(operation, &facts);
        let effects = match &judged {
            Ok(effects) => {
                self.pasts.insert(id, past(operation, &self.items, effects));
                effects.clone()
            }
            Err(rejection) => dispute(operation, rejection, &facts),
        };
        for item in effects.items {
            self.untold.retain(|code| *code != item.code);
            self.untold.push(item.code);
            self.items.insert(item.code, item);
        }
        judged.map(|_| ())
    }

    /// They were not told after all.
    pub(crate) fn untell(&mut self, told: &[Item]) {
        for item in told.iter().rev() {
            if !self.untold.contains(&item.code) {
                self.untold.insert(0, item.code);
            }
        }
    }

    /// The next few items that changed, as they are now.
    pub(crate) fn tell(&mut self, count: usize) -> Vec<Item> {
        let told = self.untold.drain(..count.min(self.untold.len()));
        told.map(|code| self.items[&code].clone()).collect()
    }
}

struct Open {
    id: OperationId,
    operation: Operation,
    counts_here: bool,
}

/// A device, said plainly.
#[derive(Default)]
pub(crate) struct Device {
    base: Items,
    /// The version last told of each.
    told: BTreeMap<Code, Version>,
    open: Vec<Open>,
    /// What each operation that was not rejected did.
    pasts: Pasts,
    moved: BTreeMap<OperationId, i64>,
    counted: i64,
    pub(crate) view: Items,
}

impl Device {
    pub(crate) fn confirm(&mut self, id: OperationId, operation: &Operation) {
        self.open.push(Open { id, operation: operation.clone(), counts_here: false });
        self.replay();
        assert!(self.open.last().unwrap().counts_here, "{operation:?} was green");
    }

    /// Whether an operation would be green now.
    pub(crate) fn judge(&self, operation: &Operation) -> Result<Effects, Rejection> {
        let unjudged: i64 = self.moved.values().sum();
        judge(operation, &self.sight(self.counted + unjudged).facts(operation))
    }

    fn sight(&self, moved: i64) -> Sight<'_> {
        let line = (SHARE, u32::try_from(moved.max(0)).unwrap());
        Sight { items: &self.view, pasts: &self.pasts, line, is_device: true }
    }

    pub(crate) fn judged(&mut self, counts: bool) {
        let open = self.open.remove(0);
        let moved = self.moved.remove(&open.id).unwrap_or_default();
        if counts {
            self.counted += moved;
            for touched in &self.pasts[&open.id].touched {
                self.base.insert(touched.after.code, touched.after.clone());
            }
        } else {
            self.pasts.remove(&open.id);
        }
        self.replay();
    }

    pub(crate) fn hear(&mut self, told: &[Item]) {
        for said in told {
            self.believe(said);
        }
        self.replay();
    }

    fn believe(&mut self, said: &Item) {
        let known = self.base.get(&said.code).cloned();
        if self.told.get(&said.code).is_some_and(|told| said.version <= *told) {
            return;
        }
        self.told.insert(said.code, said.version);
        self.base.insert(said.code, said.clone());
        let replaced = matches!(said.state, State::Replaced { .. });
        if said.level > Level::Unit && (known.is_some() || replaced) {
            self.follow(said);
        }
    }

    fn follow(&mut self, package: &Item) {
        let mut inside: Vec<Item> = self.base.values().cloned().collect();
        inside.retain(|item| item.parent == Some(package.code));
        if let State::Replaced { mut by, .. } = package.state {
            for _ in 0..16 {
                let Some(State::Replaced { by: next, .. }) =
                    self.base.get(&by).map(|item| item.state)
                else {
                    break;
                };
                by = next;
            }
            for child in inside {
                self.base.insert(child.code, Item { parent: Some(by), ..child });
            }
        } else if inside.len() > package.children as usize {
            for child in inside.iter().filter(|child| child.level == Level::Unit) {
                self.base.remove(&child.code);
                self.told.remove(&child.code);
            }
        }
    }

    fn replay(&mut self) {
        self.view = self.base.clone();
        self.moved.clear();
        for at in 0..self.open.len() {
            let Open { id, operation, .. } = &self.open[at];
            let (id, judged) = (*id, self.judge(operation));
            let counts_here = judged.is_ok();
            let nothing = past(operation, &self.view, &Effects::default());
            self.pasts.insert(id, nothing);
            if let Ok(effects) = judged {
                self.pasts.insert(id, past(operation, &self.view, &effects));
                for item in effects.items {
                    self.view.insert(item.code, item);
                }
                for moved in effects.moves.iter().filter(|moved| moved.document == OUTBOUND) {
                    let units = i64::from(moved.on.units()) - i64::from(moved.off.units());
                    *self.moved.entry(id).or_default() += units;
                }
            }
            self.open[at].counts_here = counts_here;
        }
    }
}
