//! Our own operations on top of the cloud's word, whatever comes in which order.

use std::collections::VecDeque;

use proptest::prelude::*;
use sealtrace_agent::store::outbox::ConfirmError;
use sealtrace_agent::store::{Store, feed, items};
use sealtrace_protocol::code::{Code, Sscc};
use sealtrace_protocol::ids::{DealerId, DeviceId, DocumentId, Epoch, OperationId, Seq};
use sealtrace_protocol::ledger::{
    Action, AddTo, Commission, Correct, Correction, Destroy, DestroyReason, Document, DocumentLine,
    Item, Level, Operation, Pack, Receive, Relabel, RelabelReason, Return, Sample, SampleReason,
    Ship, Unpack, Verdict, VerifyPack,
};
use sealtrace_protocol::link::{DocumentRow, FeedRow, Lease, Share};
use sealtrace_protocol::time::{Stamp, Timestamp};

use crate::naive::{Device, INBOUND, Ledger, OUTBOUND, SHARE, route};
use crate::store::{
    DEVICE, NOW, PRODUCT, SITE, applied, case, confirm, judged, made, operation, page, ready,
    task_row, unit,
};

const UNITS: u64 = 8;
const CASES: u64 = 4;
const PALLETS: u64 = 2;

fn pallet(n: u64) -> Code {
    Code::Sscc(Sscc::from_body(6_901_234_500_000_050 + n).unwrap())
}

fn codes() -> Vec<Code> {
    let units = (0..UNITS).map(unit);
    units.chain((0..CASES).map(case)).chain((0..PALLETS).map(pallet)).collect()
}

async fn hear(store: &Store, said: Vec<Item>) {
    store.write(move |tx| feed::store_goods(tx, SITE, &said, None, NOW)).await.unwrap();
}

/// Documents under which this device may ship [`SHARE`] units, and receive many.
fn documents() -> Vec<FeedRow> {
    let document = |id: DocumentId, shares| {
        let lines = vec![DocumentLine { product: PRODUCT, units: 1_000, moved: 0 }];
        let document = Document { id, route: route(id), open: true, lines, sets: Vec::new() };
        FeedRow::Document(DocumentRow { document, number: id.to_string(), shares })
    };
    let share = Share { device: DEVICE, product: PRODUCT, units: SHARE, moved: 0 };
    vec![document(OUTBOUND, vec![share]), document(INBOUND, Vec::new())]
}

async fn with_documents(folder: &std::path::Path) -> Store {
    let store = ready(folder).await;
    let mut rows = documents();
    let mut task = task_row();
    let lease = task.leases[0];
    task.leases = [(Level::Case, 0), (Level::Pallet, 50)]
        .map(|(level, first)| Lease { level, first_body: lease.first_body + first, count: 50 })
        .into();
    rows.push(FeedRow::Task(task));
    let page = page(5, rows);
    store.write(move |tx| feed::store_desk(tx, SITE, &page, NOW)).await.unwrap();
    store
}

/// What happens to a device, its colleagues and the cloud.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody does something with this device, if it is green.
    Here(Action),
    /// This device takes back one of its operations.
    Undo(usize),
    /// Somebody does something elsewhere.
    There(Action),
    /// The cloud judges the next operation of this device.
    Judge,
    /// The next verdict comes.
    Verdict,
    /// The cloud makes a page of so many items.
    Page(usize),
    /// The page comes.
    Feed,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => action().prop_map(Step::Here),
        1 => (0..10_usize).prop_map(Step::Undo),
        3 => action().prop_map(Step::There),
        4 => Just(Step::Judge),
        3 => Just(Step::Verdict),
        3 => (1..6_usize).prop_map(Step::Page),
        3 => Just(Step::Feed),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let unit = (0..UNITS).prop_map(unit);
    let case = (0..CASES).prop_map(case);
    let pallet = (0..PALLETS).prop_map(pallet);
    let item = prop_oneof![1 => unit.clone(), 3 => case.clone(), 1 => pallet.clone()];
    let packed = |parent: Code, level, children, made| {
        Action::Pack(Pack { parent, level, children, made, partial: None, mixed_lots: false })
    };
    let pair = (0..UNITS / 2).prop_map(|n| vec![self::unit(2 * n), self::unit(2 * n + 1)]);
    let pack_case = (case.clone(), pair)
        .prop_map(move |(parent, children)| packed(parent, Level::Case, children, Some(made())));
    let some_cases = prop::collection::vec(case.clone(), 1..3);
    let pack_pallet = (pallet.clone(), some_cases)
        .prop_map(move |(parent, children)| packed(parent, Level::Pallet, children, None));
    let package = prop_oneof![2 => case.clone(), 1 => pallet];
    let some = prop::collection::vec(item.clone(), 1..3);
    let more = (case.clone(), unit.clone(), any::<bool>()).prop_map(|(parent, child, new)| {
        let (children, made) = (vec![child], new.then(made));
        Action::AddTo(AddTo { parent, children, made, mixed_lots: false })
    });
    let (parent, pair) =
        (case.clone(), prop::sample::subsequence((0..UNITS).collect::<Vec<_>>(), 2));
    let regroup = (parent, pair).prop_map(|(parent, pair)| {
        let children = pair.into_iter().map(self::unit).collect();
        let (level, made) = (Level::Case, Some(made()));
        Action::Regroup(Pack { parent, level, children, made, partial: None, mixed_lots: false })
    });
    let back = (some.clone(), any::<bool>()).prop_map(|(codes, opened)| {
        Action::Return(Return { codes, from: DealerId(2), document: None, opened })
    });
    let reason = RelabelReason::Damaged;
    prop_oneof![
        6 => pack_case,
        3 => pack_pallet,
        2 => more,
        2 => regroup,
        2 => back,
        1 => unit.clone().prop_map(|code| Action::Sample(Sample { codes: vec![code], reason: SampleReason::Retained })),
        1 => item.clone().prop_map(|code| Action::Destroy(Destroy { codes: vec![code], reason: DestroyReason::Broken })),
        1 => unit.clone().prop_map(|code| Action::Commission(Commission { codes: vec![code], made: made() })),
        2 => package.clone().prop_map(|code| Action::Unpack(Unpack::Whole(code))),
        2 => item.clone().prop_map(|code| Action::Unpack(Unpack::Child(code))),
        2 => (case.clone(), case.clone()).prop_map(move |(old, new)| Action::Relabel(Relabel { old, new, reason })),
        3 => some.clone().prop_map(|codes| Action::Ship(Ship { codes, document: OUTBOUND })),
        1 => (some, any::<bool>()).prop_map(|(codes, with)| {
            Action::Receive(Receive { codes, document: with.then_some(INBOUND) })
        }),
        1 => (package, unit).prop_map(|(parent, one)| Action::VerifyPack(VerifyPack { parent, seen: vec![one] })),
    ]
}

/// In memory, where there is such a place: a disk is not what this is about.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A device with a real store beside the plain one, and the cloud they talk to.
struct World {
    store: Store,
    device: Device,
    cloud: Ledger,
    unsent: VecDeque<(OperationId, Operation)>,
    verdicts: VecDeque<(OperationId, Verdict)>,
    /// Verdicts that have come.
    judged: usize,
    /// A page on its way, and how many verdicts had been given when it was made.
    page: Option<(Vec<Item>, usize)>,
    /// As the driver does it: a page has just what the verdicts know, or it is asked for again.
    in_order: bool,
    done: Vec<OperationId>,
    at: i64,
    strangers: u64,
}

impl World {
    async fn new(folder: &std::path::Path, in_order: bool) -> Self {
        Self {
            store: with_documents(folder).await,
            device: Device::default(),
            cloud: Ledger::default(),
            unsent: VecDeque::new(),
            verdicts: VecDeque::new(),
            judged: 0,
            page: None,
            in_order,
            done: Vec::new(),
            at: 0,
            strangers: 0,
        }
    }

    async fn play(&mut self, step: Step) {
        self.at += 1_000;
        let done = |action| Operation {
            at: Stamp { wall: Timestamp(NOW.millis() + self.at), uncertainty_ms: 5 },
            ..operation(action)
        };
        match step {
            Step::Here(action) => self.do_here(done(action)).await,
            Step::Undo(which) => {
                let Some(names) = self.done.get(which).copied() else { return };
                let correct = Correct { names, correction: Correction::Undo };
                self.do_here(done(Action::Correct(correct))).await;
            }
            Step::There(action) => {
                self.strangers += 1;
                let (device, epoch, seq) = (DeviceId(8), Epoch(1), Seq(self.strangers));
                let _ = self.cloud.accept(OperationId { device, epoch, seq }, &done(action));
            }
            Step::Judge => {
                let Some((id, operation)) = self.unsent.pop_front() else { return };
                let verdict = match self.cloud.accept(id, &operation) {
                    Ok(()) => applied(),
                    Err(rejection) => Verdict::Quarantined { rejection },
                };
                self.verdicts.push_back((id, verdict));
            }
            Step::Verdict => self.hear_verdict().await,
            Step::Page(count) => {
                let given = self.judged + self.verdicts.len();
                self.page.get_or_insert_with(|| (self.cloud.tell(count), given));
            }
            Step::Feed => {
                let Some((mut told, given)) = self.page.take() else { return };
                if self.in_order {
                    while !self.verdicts.is_empty() {
                        self.hear_verdict().await;
                    }
                    if self.judged != given {
                        self.cloud.untell(&told);
                        told = self.cloud.tell(told.len());
                    }
                }
                self.device.hear(&told);
                hear(&self.store, told).await;
            }
        }
    }

    async fn hear_verdict(&mut self) {
        let Some((id, verdict)) = self.verdicts.pop_front() else { return };
        self.judged += 1;
        self.device.judged(matches!(verdict, Verdict::Applied { .. }));
        judged(&self.store, id.seq.get(), verdict).await;
    }

    async fn do_here(&mut self, operation: Operation) {
        let expected = self.device.judge(&operation);
        match (confirm(&self.store, operation.clone(), Vec::new()).await, expected) {
            (Ok(confirmed), Ok(expected)) => {
                assert_eq!(confirmed.effects, expected);
                self.device.confirm(confirmed.id, &operation);
                self.done.push(confirmed.id);
                self.unsent.push_back((confirmed.id, operation));
            }
            (Err(ConfirmError::Refused(rejection)), Err(expected)) => {
                assert_eq!(rejection, expected);
            }
            (found, expected) => panic!("{operation:?}: {found:?}, not {expected:?}"),
        }
    }

    /// Everything still on its way arrives.
    async fn settle(&mut self) {
        while !self.unsent.is_empty() {
            self.play(Step::Judge).await;
        }
        while !self.verdicts.is_empty() {
            self.play(Step::Verdict).await;
        }
        self.play(Step::Feed).await;
        while !self.cloud.untold.is_empty() {
            self.play(Step::Page(5)).await;
            self.play(Step::Feed).await;
        }
    }

    async fn check(&self) {
        let seen = self
            .store
            .read(|conn| {
                codes()
                    .into_iter()
                    .map(|code| items::item(conn, code))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await
            .unwrap();
        for (code, seen) in codes().into_iter().zip(seen) {
            assert_eq!(seen.as_ref(), self.device.view.get(&code), "{code}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases))]

    #[test]
    fn a_device_believes_the_clouds_word_and_its_own_operations_on_top(
        steps in prop::collection::vec(step(), 1..50),
        in_order in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = scratch();
            let mut world = World::new(folder.path(), in_order).await;
            for step in steps {
                world.play(step).await;
                world.check().await;
            }
            world.settle().await;
            world.check().await;
            for code in codes().into_iter().filter(|_| in_order) {
                let (cloud, device) = (&world.cloud.items, &world.device.view);
                // Units of a package others took some out of may be forgotten; they are never known wrongly.
                let forgotten = matches!(code, Code::Minted(_)) && !device.contains_key(&code);
                assert!(forgotten || device.get(&code) == cloud.get(&code), "{code} is not what the cloud says: {:?}, {:?}", device.get(&code), cloud.get(&code));
            }
        });
    }
}
