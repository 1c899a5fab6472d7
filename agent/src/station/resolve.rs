//! 异常处理: one exception, resolved in at most three scans by operations that are done now. Nothing is deleted, and no
//! verdict changes: the last operation names the one that did not count.

use sealtrace_protocol::code::{Code, Scan};
use sealtrace_protocol::ids::DealerId;
use sealtrace_protocol::ledger::{
    Action, AddTo, Correct, Correction, Custody, Destroy, DestroyReason, Outcome, Pack,
    PartialReason, Presence, Receive, Rejection, Return, Settle, Unpack,
};

use super::{
    Can, Face, Ledger, Matter, Moment, Resolution, Role, Scanned, Step, Then, scanned_before,
};
use crate::feedback::{Message, Say, Tone};
use crate::store::exceptions::Kind;

/// Packages above an item that are looked at.
const DEPTH_MAX: usize = 8;

/// What resolves an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolving {
    /// Which one.
    pub exception: i64,
    /// How.
    pub resolution: Resolution,
    /// Why nothing else is done.
    pub reason: Option<Outcome>,
    /// What is done, in order; all of it or nothing.
    pub actions: Vec<Action>,
}

/// The machine of the resolving screen.
#[derive(Clone, Debug)]
pub struct Resolve {
    matter: Box<Matter>,
    resolution: Resolution,
    reason: Option<Outcome>,
    scans: Vec<Scanned>,
    done: bool,
}

impl Resolve {
    /// Nothing scanned yet.
    #[must_use]
    pub fn new(matter: Matter, resolution: Resolution, reason: Option<Outcome>) -> Self {
        let (scans, done) = (Vec::new(), matter.resolved);
        let matter = Box::new(matter);
        Self { matter, resolution, reason, scans, done }
    }

    /// True when somebody who may approve must agree.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.resolution == Resolution::Seen && self.matter.is_grave()
    }

    pub(super) fn scan<L: Ledger>(
        &mut self,
        scan: &Scan,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let code = scan.code;
        if self.done {
            return Ok(Step::not_now());
        }
        if let Some(step) = scanned_before(&self.scans, code) {
            return Ok(step);
        }
        let scanned = Scanned { code, at: now.at.wall };
        match (self.resolution, self.asks_for_it()) {
            (Resolution::PackAgain, _) => Ok(self.take_package(scanned)),
            (Resolution::FoundIn, _) if self.scans.is_empty() => Ok(self.take_it(scanned)),
            (Resolution::FoundIn, _) => {
                self.scans.push(scanned);
                self.complete(Some(Role::Seen), now, ledger)
            }
            (Resolution::Destroyed, _) => Ok(self.take_it(scanned)),
            (_, true) => {
                if !self.is_it(code) {
                    return Ok(self.not_of_it(code));
                }
                let presence = ledger.presence(code)?;
                let idle = presence
                    .item()
                    .map_or(matches!(presence, Presence::Absent(_)), |item| !item.is_in_use());
                if self.resolution == Resolution::Repacked && idle {
                    return Ok(Step::rejected(&Rejection::NotInUse { code }));
                }
                self.scans.push(scanned);
                self.complete(Some(Role::Seen), now, ledger)
            }
            (_, false) => Ok(Step::told(Say::new(Tone::Warning, Message::new("confirm")))),
        }
    }

    pub(super) fn confirm<L: Ledger>(
        &mut self,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        if self.face().can.confirm { self.complete(None, now, ledger) } else { Ok(Step::not_now()) }
    }

    pub(super) fn replay(&mut self, scanned: Scanned) {
        self.scans.push(scanned);
    }

    pub(super) fn face(&self) -> Face {
        let count = self.scans.len();
        let package = self.scans.first().filter(|_| self.resolution == Resolution::PackAgain);
        let (prompt, confirm) = match self.resolution {
            _ if self.done => ("resolved", false),
            Resolution::PackAgain if count == 0 => ("scan_package_again", false),
            Resolution::PackAgain => ("scan_out_or_confirm", true),
            Resolution::FoundIn if count == 0 => ("scan_it", false),
            Resolution::FoundIn => ("scan_parent", false),
            Resolution::Destroyed => (if count == 0 { "scan_it" } else { "confirm" }, count > 0),
            Resolution::Again
            | Resolution::Unpack
            | Resolution::Returned
            | Resolution::Received
            | Resolution::Stands
            | Resolution::Undo
            | Resolution::Repacked
            | Resolution::Seen => {
                if self.asks_for_it() {
                    ("scan_it", false)
                } else {
                    ("confirm", true)
                }
            }
        };
        Face {
            parent: package.map(|package| (package.code, None)),
            count,
            of: self.goods_wanted(),
            can: Can { confirm, ..Can::default() },
            ..Face::asking(Message::new(prompt).with("code", self.matter.code))
        }
    }

    /// Goods to scan; none when that is for the person to say, or nothing is.
    fn goods_wanted(&self) -> Option<u32> {
        match self.resolution {
            Resolution::FoundIn => Some(2),
            Resolution::Destroyed => Some(1),
            Resolution::Again
            | Resolution::PackAgain
            | Resolution::Unpack
            | Resolution::Returned
            | Resolution::Received
            | Resolution::Stands
            | Resolution::Undo
            | Resolution::Repacked
            | Resolution::Seen => self.asks_for_it().then_some(1),
        }
    }

    /// True when the goods themselves are scanned: they were refused, or set aside, and are at hand.
    fn asks_for_it(&self) -> bool {
        let at_hand = matches!(self.matter.kind, Kind::Refused | Kind::SetAside);
        let by_hand = match self.resolution {
            Resolution::Unpack | Resolution::Repacked | Resolution::FoundIn => true,
            Resolution::Returned | Resolution::Received | Resolution::Stands => at_hand,
            Resolution::Again
            | Resolution::PackAgain
            | Resolution::Undo
            | Resolution::Destroyed
            | Resolution::Seen => false,
        };
        by_hand && !self.done
    }

    /// True for what the exception is about: its code, or any code of its operation; anything where nobody could read it.
    fn is_it(&self, code: Code) -> bool {
        let of_operation = self.codes();
        match self.matter.code {
            None => of_operation.is_empty() || of_operation.contains(&code),
            Some(known) => known == code || of_operation.contains(&code),
        }
    }

    /// What its operation speaks of.
    fn codes(&self) -> Vec<Code> {
        let needs = self.matter.done.iter().flat_map(|(_, operation)| operation.needs());
        needs.map(|(code, _)| code).collect()
    }

    fn not_of_it(&self, code: Code) -> Step {
        let message =
            Message::new("not_of_it").with("code", code).with("expected", self.matter.code);
        Step::told(Say::refused(message))
    }

    fn take_it(&mut self, scanned: Scanned) -> Step {
        if !self.is_it(scanned.code) {
            return self.not_of_it(scanned.code);
        }
        self.scans.push(scanned);
        let say = Say::accepted(Message::new("accepted").with("code", scanned.code));
        Step { say, then: Then::Draft(Role::Seen) }
    }

    /// The package first; then what is not in it.
    fn take_package(&mut self, scanned: Scanned) -> Step {
        let code = scanned.code;
        let packing = self.packing();
        let Some((parent, children)) = packing else { return Step::not_now() };
        let message = match self.scans.first() {
            None if code == parent => Message::new("accepted").with("code", code),
            Some(_) if children.contains(&code) => Message::new("left_out").with("code", code),
            None | Some(_) => return self.not_of_it(code),
        };
        self.scans.push(scanned);
        Step { say: Say::accepted(message), then: Then::Draft(Role::Seen) }
    }

    /// The package its operation filled, and what was to go in.
    fn packing(&self) -> Option<(Code, &[Code])> {
        match &self.matter.done.as_ref()?.1.action {
            Action::Pack(pack) | Action::Regroup(pack) => Some((pack.parent, &pack.children)),
            Action::AddTo(add) => Some((add.parent, &add.children)),
            Action::OpenTask(_)
            | Action::Commission(_)
            | Action::Unpack(_)
            | Action::Relabel(_)
            | Action::VerifyPack(_)
            | Action::Receive(_)
            | Action::Ship(_)
            | Action::Return(_)
            | Action::Transfer(_)
            | Action::Reassign(_)
            | Action::Count(_)
            | Action::PostCount(_)
            | Action::Sample(_)
            | Action::Destroy(_)
            | Action::WriteOff(_)
            | Action::Inspect(_)
            | Action::Correct(_)
            | Action::Settle(_) => None,
        }
    }

    fn complete<L: Ledger>(
        &mut self,
        role: Option<Role>,
        now: &Moment,
        ledger: &L,
    ) -> Result<Step, L::Error> {
        let actions = self.actions(now, ledger)?;
        if actions.is_empty() && self.resolution != Resolution::Seen {
            return Ok(Step::told(Say::new(Tone::Warning, Message::new("nothing_to_do"))));
        }
        self.done = true;
        self.scans.clear();
        let message = Message::new("resolved")
            .with("how", self.resolution.name())
            .with("code", self.matter.code)
            .with("count", actions.len());
        let (exception, resolution, reason) = (self.matter.exception, self.resolution, self.reason);
        let resolving = Resolving { exception, resolution, reason, actions };
        Ok(Step { say: Say::accepted(message), then: Then::Resolve { role, resolving } })
    }

    /// What is done now.
    fn actions<L: Ledger>(&self, now: &Moment, ledger: &L) -> Result<Vec<Action>, L::Error> {
        let it = self.scans.first().map(|scan| scan.code).or(self.matter.code);
        let one = |code: Option<Code>| code.into_iter().collect::<Vec<_>>();
        Ok(match self.resolution {
            Resolution::Again => {
                [self.again(), vec![self.settled(Vec::new(), Outcome::Redone)]].concat()
            }
            Resolution::PackAgain => self.packed_again(ledger)?,
            Resolution::FoundIn => self.found_in(ledger)?,
            Resolution::Unpack => {
                it.map(|code| Action::Unpack(Unpack::Child(code))).into_iter().collect()
            }
            Resolution::Returned => {
                let back = self.returns(ledger)?;
                self.and_then_again(back)
            }
            Resolution::Received => {
                let arrived = self.receipts(now, ledger)?;
                self.and_then_again(arrived)
            }
            Resolution::Stands => {
                let codes = match self.matter.kind {
                    Kind::Refused | Kind::SetAside => one(it),
                    Kind::Verdict | Kind::Notice | Kind::Critical => self.disputed(ledger)?,
                };
                vec![self.settled(codes, Outcome::Stands)]
            }
            Resolution::Undo => {
                let undo = |names| Correct { names, correction: Correction::Undo };
                self.matter.done.iter().map(|(id, _)| Action::Correct(undo(*id))).collect()
            }
            Resolution::Repacked => vec![self.settled(one(it), Outcome::Redone)],
            Resolution::Destroyed => {
                vec![Action::Destroy(Destroy { codes: one(it), reason: DestroyReason::Rejected })]
            }
            Resolution::Seen => {
                let outcome = self.reason.unwrap_or(Outcome::NoFault);
                let known = it.map(|code| ledger.presence(code)).transpose()?;
                let known = known.is_some_and(|presence| presence.item().is_some());
                let codes = one(it.filter(|_| known && self.matter.kind == Kind::Refused));
                let says = self.matter.done.is_some() || !codes.is_empty();
                if says { vec![self.settled(codes, outcome)] } else { Vec::new() }
            }
        })
    }

    fn settled(&self, codes: Vec<Code>, outcome: Outcome) -> Action {
        let names = self.matter.done.as_ref().map(|(id, _)| *id);
        Action::Settle(Settle { names, codes, outcome })
    }

    fn again(&self) -> Vec<Action> {
        self.matter.done.iter().map(|(_, operation)| operation.action.clone()).collect()
    }

    /// These first; where an operation did not count for want of them, that once more.
    fn and_then_again(&self, mut actions: Vec<Action>) -> Vec<Action> {
        if self.matter.done.is_some() {
            actions.extend(self.again());
            actions.push(self.settled(Vec::new(), Outcome::Redone));
        }
        actions
    }

    /// What of its operation is disputed, as far as this device knows, and what the rejection named.
    fn disputed<L: Ledger>(&self, ledger: &L) -> Result<Vec<Code>, L::Error> {
        let named = self.matter.code;
        let mut codes = Vec::new();
        for code in self.codes() {
            let presence = ledger.presence(code)?;
            let item = presence.item().filter(|item| item.is_in_use());
            if item.is_some_and(|item| item.disputed || named == Some(code)) {
                codes.push(code);
            }
        }
        Ok(codes)
    }

    /// All but what was scanned as being elsewhere goes into the package, out of whatever it is in.
    fn packed_again<L: Ledger>(&self, ledger: &L) -> Result<Vec<Action>, L::Error> {
        let out: Vec<Code> = self.scans.iter().skip(1).map(|scan| scan.code).collect();
        let left = |children: &[Code]| -> Vec<Code> {
            children.iter().copied().filter(|child| !out.contains(child)).collect()
        };
        let mut actions = vec![self.settled(self.disputed(ledger)?, Outcome::Redone)];
        match self.matter.done.as_ref().map(|(_, operation)| &operation.action) {
            Some(Action::Pack(pack) | Action::Regroup(pack)) => {
                let short =
                    (!out.is_empty() && pack.made.is_some()).then_some(PartialReason::Shortage);
                let (children, partial) = (left(&pack.children), pack.partial.or(short));
                actions.push(Action::Regroup(Pack { children, partial, ..pack.clone() }));
            }
            Some(Action::AddTo(add)) => {
                let children = left(&add.children);
                for child in &children {
                    if self.package_of(*child, ledger)?.is_some() {
                        actions.push(Action::Unpack(Unpack::Child(*child)));
                    }
                }
                actions.push(Action::AddTo(AddTo { children, ..add.clone() }));
            }
            Some(_) | None => {}
        }
        Ok(actions)
    }

    /// The child stays where the ledger has it, or goes to the package it was found in.
    fn found_in<L: Ledger>(&self, ledger: &L) -> Result<Vec<Action>, L::Error> {
        let mut scans = self.scans.iter().map(|scan| scan.code);
        let (Some(child), Some(parent)) = (scans.next(), scans.next()) else {
            return Ok(Vec::new());
        };
        let inside = self.package_of(child, ledger)?;
        if inside == Some(parent) {
            return Ok(vec![self.settled(vec![child], Outcome::Stands)]);
        }
        let mut actions = vec![self.settled(vec![child], Outcome::Redone)];
        actions.extend(inside.map(|_| Action::Unpack(Unpack::Child(child))));
        let children = vec![child];
        actions.push(Action::AddTo(AddTo { parent, children, made: None, mixed_lots: false }));
        Ok(actions)
    }

    /// The package a child is in: by the ledger, and where that does not know it, by whoever said no.
    fn package_of<L: Ledger>(&self, child: Code, ledger: &L) -> Result<Option<Code>, L::Error> {
        if let Some(item) = ledger.presence(child)?.item() {
            return Ok(item.parent);
        }
        Ok(match self.matter.rejection {
            Some(Rejection::AlreadyPacked { code, parent }) if code == child => Some(parent),
            Some(_) | None => None,
        })
    }

    /// One return for each dealer that goods of it are with.
    fn returns<L: Ledger>(&self, ledger: &L) -> Result<Vec<Action>, L::Error> {
        let mut by_dealer: Vec<(DealerId, Vec<Code>)> = Vec::new();
        for code in self.concerned() {
            let to = match self.custody(code, ledger)? {
                Some(Custody::Shipped { to, .. }) => Some(to),
                Some(
                    Custody::At(_)
                    | Custody::Sent { .. }
                    | Custody::Lost { .. }
                    | Custody::Gone { .. },
                )
                | None => match self.matter.rejection {
                    Some(Rejection::AlreadyShipped { code: named, to, .. }) if named == code => {
                        Some(to)
                    }
                    Some(_) | None => None,
                },
            };
            if let Some(to) = to {
                group(&mut by_dealer, to, code);
            }
        }
        let back =
            |(from, codes)| Action::Return(Return { codes, from, document: None, opened: false });
        Ok(by_dealer.into_iter().map(back).collect())
    }

    /// What stands elsewhere or is on its way has come here.
    fn receipts<L: Ledger>(&self, now: &Moment, ledger: &L) -> Result<Vec<Action>, L::Error> {
        let mut codes = Vec::new();
        for code in self.concerned() {
            let came = match self.custody(code, ledger)? {
                Some(Custody::At(site)) => site != now.site,
                Some(Custody::Sent { .. }) => true,
                Some(Custody::Shipped { .. } | Custody::Lost { .. } | Custody::Gone { .. }) => {
                    false
                }
                None => self.matter.code == Some(code),
            };
            if came {
                codes.push(code);
            }
        }
        let receive = Receive { codes, document: None };
        Ok(if receive.codes.is_empty() { Vec::new() } else { vec![Action::Receive(receive)] })
    }

    /// What was refused, or everything its operation speaks of.
    fn concerned(&self) -> Vec<Code> {
        let codes = self.codes();
        if codes.is_empty() { self.matter.code.into_iter().collect() } else { codes }
    }

    /// Whose custody something is in: its root's.
    fn custody<L: Ledger>(&self, code: Code, ledger: &L) -> Result<Option<Custody>, L::Error> {
        let mut presence = ledger.presence(code)?;
        for _ in 0..DEPTH_MAX {
            let Some(parent) = presence.item().and_then(|item| item.parent) else { break };
            presence = ledger.presence(parent)?;
        }
        Ok(presence.item().and_then(|item| item.custody))
    }
}

fn group<K: PartialEq>(groups: &mut Vec<(K, Vec<Code>)>, key: K, code: Code) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, codes)) => codes.push(code),
        None => groups.push((key, vec![code])),
    }
}
