//! Golden vectors: bytes written down once and read for ever. A difference here is a broken promise to devices in the
//! field, unless the format has not been released yet; then the new file content is printed to be put in place by hand.

use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::{
    BatchNo, Cursor, DealerId, DeviceId, DocumentId, Epoch, OperationId, OperatorId, OwnerId,
    ProductId, Revision, Seq, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, AddTo, Commission, Correct, Correction, Count, Destroy, DestroyReason, Fate, Finding,
    Inspect, Level, Made, OpenTask, Operation, Outcome, Pack, PartialReason, PostCount, Reassign,
    Receive, Relabel, RelabelReason, Return, Sample, SampleReason, Settle, Ship, Transfer, Unpack,
    VerifyPack, WriteOff,
};
use sealtrace_protocol::signing::{Sealed, SealedBatch};
use sealtrace_protocol::text::Lot;
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::{Receipt, Record};
use sealtrace_protocol::wire::{decode, encode};
use serde_json::{Value, json};

use crate::signing::{key, sealed};

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

/// One operation of every kind.
pub(crate) fn operations() -> Vec<Operation> {
    let made = Made {
        task: TaskId(300),
        product: ProductId(2),
        lot: Lot::new("L20261120").unwrap(),
        plan: Revision(3),
    };
    let unit = code("9A0BCDEFGH1234567");
    let other = code("9A0BCDEFGH1234568");
    let case = code("376104250021234569");
    let foreign = code("(01)06901234567892(21)SN-77");
    let actions = [
        Action::Commission(Commission { codes: vec![unit, other], made }),
        Action::Pack(Pack {
            parent: case,
            level: Level::Case,
            children: vec![unit, other],
            made: Some(made),
            partial: Some(PartialReason::EndOfTask),
            mixed_lots: false,
        }),
        Action::Pack(Pack {
            parent: case,
            level: Level::Pallet,
            children: vec![unit],
            made: None,
            partial: None,
            mixed_lots: true,
        }),
        Action::AddTo(AddTo { parent: case, children: vec![unit], made: None, mixed_lots: false }),
        Action::Regroup(Pack {
            parent: case,
            level: Level::Case,
            children: vec![unit, other],
            made: None,
            partial: Some(PartialReason::Shortage),
            mixed_lots: false,
        }),
        Action::Unpack(Unpack::Whole(case)),
        Action::Unpack(Unpack::Child(unit)),
        Action::Relabel(Relabel { old: unit, new: other, reason: RelabelReason::Unreadable }),
        Action::VerifyPack(VerifyPack { parent: case, seen: vec![unit, foreign] }),
    ];
    let operation = |action| Operation {
        at: Stamp { wall: Timestamp(1_800_000_000_000), uncertainty_ms: 250 },
        operator: Some(OperatorId(5)),
        approver: None,
        site: SiteId(4),
        basis: Cursor(1_000),
        action,
    };
    actions.into_iter().chain(movements(unit, case, foreign)).map(operation).collect()
}

fn other_unit() -> Code {
    code("9A0BCDEFGH1234568")
}

fn movements(unit: Code, case: Code, foreign: Code) -> Vec<Action> {
    vec![
        Action::Receive(Receive { codes: vec![case], document: None }),
        Action::Receive(Receive { codes: vec![case], document: Some(DocumentId(78)) }),
        Action::Ship(Ship { codes: vec![case, unit], document: DocumentId(77) }),
        Action::Reassign(Reassign { codes: vec![case], from: DocumentId(77), to: DocumentId(79) }),
        Action::Return(Return {
            codes: vec![unit],
            from: DealerId(12),
            document: Some(DocumentId(80)),
            opened: true,
        }),
        Action::Transfer(Transfer { codes: vec![case], document: DocumentId(81) }),
        Action::Count(Count { codes: vec![case], document: DocumentId(82) }),
        Action::PostCount(PostCount {
            document: DocumentId(82),
            found: vec![unit],
            lost: vec![case],
        }),
        Action::Sample(Sample { codes: vec![unit], reason: SampleReason::Retained }),
        Action::Destroy(Destroy { codes: vec![case], reason: DestroyReason::Expired }),
        Action::WriteOff(WriteOff {
            first: unit,
            last: other_unit(),
            count: 2,
            fate: Fate::Returned,
        }),
        Action::Inspect(Inspect {
            code: foreign,
            region: 320_100,
            accuracy_m: 30,
            finding: Finding::Diverted,
        }),
        Action::Correct(Correct {
            names: OperationId { device: DeviceId(7), epoch: Epoch(1), seq: Seq(2) },
            correction: Correction::Undo,
        }),
        Action::OpenTask(OpenTask {
            task: TaskId::local(DeviceId(7), 1).unwrap(),
            product: ProductId(2),
            lot: Lot::new("L20261120").unwrap(),
            plan: Revision(3),
            quantity: 2_400,
            date: Some(Lot::new("2026-11-20").unwrap()),
            shift: None,
        }),
        Action::Settle(Settle {
            names: Some(OperationId { device: DeviceId(7), epoch: Epoch(1), seq: Seq(2) }),
            codes: vec![case],
            outcome: Outcome::SetApart,
        }),
    ]
}

fn receipt() -> Receipt {
    Receipt {
        owner: OwnerId(1),
        device: DeviceId(7),
        epoch: Epoch(1),
        batch: BatchNo(1),
        batch_hash: sealed().hash(),
        stored_at: Timestamp(1_800_000_000_500),
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn unhex(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// What this program would write today.
fn today() -> Value {
    let codes = ["9A0BCDEFGH1234567", "376104250021234569", "(01)06901234567892(21)SN-77"];
    let operations = operations();
    json!({
        "codes": codes.map(|text| json!({"canonical": code(text).canonical(), "wire": hex(&encode(&code(text)))})),
        "operations": operations.iter().map(|operation| json!({
            "kind": operation.action.kind(),
            "wire": hex(&encode(operation)),
            "json": operation,
        })).collect::<Vec<_>>(),
        "reemitted": hex(&encode(&Record::Reemitted {
            id: OperationId { device: DeviceId(7), epoch: Epoch(1), seq: Seq(2) },
            operation: operations[3].clone(),
        })),
        "batch": {
            "signing_seed": hex(&[1; 32]),
            "public_key": hex(&key(1).public().0),
            "sealed": hex(&sealed().to_bytes()),
            "hash": sealed().hash(),
        },
        "receipt": {
            "public_key": hex(&key(9).public().0),
            "sealed": hex(&key(9).seal_receipt(&receipt()).to_bytes()),
            "json": receipt(),
        },
    })
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../../vectors/v1.json")).unwrap()
}

#[test]
fn what_is_written_today_is_what_was_written_then() {
    let today = today();
    assert_eq!(golden(), today, "vectors/v1.json would have to be:\n{today:#}");
}

#[test]
fn golden_operations_are_read_back() {
    let golden = golden();
    for (vector, operation) in golden["operations"].as_array().unwrap().iter().zip(operations()) {
        let read: Operation = decode(&unhex(&vector["wire"]), "operation").unwrap();
        assert_eq!(read, operation);
        assert_eq!(serde_json::from_value::<Operation>(vector["json"].clone()).unwrap(), operation);
    }
}

#[test]
fn golden_seals_still_verify() {
    let golden = golden();
    let batch = SealedBatch::from_bytes(&unhex(&golden["batch"]["sealed"])).unwrap();
    let batch = batch.verify(&key(1).public()).unwrap();
    assert_eq!(
        batch.records.iter().map(|r| r.operation().clone()).collect::<Vec<_>>(),
        operations()
    );
    let sealed = Sealed::from_bytes(&unhex(&golden["receipt"]["sealed"])).unwrap();
    assert_eq!(*sealed.verify_receipt(&key(9).public()).unwrap(), receipt());
}
