//! Delivering batches: stored once, in order, or refused with a word for why; forks frozen; streams resumed.

use data_encoding::BASE64;
use futures_util::future::join_all;
use sealtrace_cloud::devices::listener::Peer;
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, OperationId, OwnerId, Seq};
use sealtrace_protocol::ledger::{Rejection, Verdict};
use sealtrace_protocol::signing::{Hash, Sealed};
use sealtrace_protocol::wire::v1::{BATCH_WIRE_BYTES_MAX, Receipt, Record, ResumeRequest};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::engines::on_both_databases;
use crate::world::{TestDevice, World, code, logged};

fn receipt(world: &World, answer: &Value) -> Receipt {
    let text = answer["stored"]["receipt"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let sealed = Sealed::from_bytes(&BASE64.decode(text.as_bytes()).unwrap()).unwrap();
    sealed.verify_receipt(&world.cloud.keys.receipt.public()).unwrap().into_inner()
}

async fn count(world: &World, table: &str) -> i64 {
    let mut tx = world.cloud.store.read().await.unwrap();
    let sql = format!("select count(*) from {table}");
    tx.query_one(&sql, &[]).await.unwrap().get(0).unwrap()
}

fn is_applied(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Applied { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_receipted_and_the_same_bytes_get_the_same_receipt() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let bytes = device.next(&[world.pack(0)], now);
        let (status, first) = device.deliver(&bytes).await;
        assert_eq!(status, 200, "{first}");
        let said = receipt(&world, &first);
        assert_eq!((said.device, said.batch, said.stored_at), (device.id, BatchNo(1), now));
        assert_eq!(said.batch_hash, device.head.hash);
        world.clock.advance_ms(5_000);
        let (status, again) = device.deliver(&bytes).await;
        assert_eq!((status, &again), (200, &first));
        assert_eq!(count(&world, "batches").await, 1);
        world.judge().await;
        let verdicts = device.verdicts().await;
        assert_eq!(verdicts.len(), 1);
        assert!(is_applied(&verdicts[0].2), "{verdicts:?}");
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_early_is_parked_and_follows_by_itself() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let batches: Vec<Vec<u8>> =
            (0..4).map(|case| device.next(&[world.pack(case)], now)).collect();
        for late in [2, 3, 1] {
            let (status, answer) = device.deliver(&batches[late]).await;
            assert_eq!((status, answer), (200, json!({ "parked": { "expected": 1 } })));
        }
        world.judge().await;
        assert!(device.verdicts().await.is_empty());
        let (_, answer) = device.deliver(&batches[0]).await;
        assert_eq!(receipt(&world, &answer).batch, BatchNo(1));
        for (number, bytes) in (1..).zip(&batches) {
            let (_, answer) = device.deliver(bytes).await;
            assert_eq!(receipt(&world, &answer).batch, BatchNo(number));
        }
        world.judge().await;
        let seqs: Vec<u64> = device.verdicts().await.iter().map(|(_, seq, _)| *seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_kept_frozen_and_judged_no_more() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let other_side = device.seal(&[world.pack(5)], now).to_bytes();
        let bytes = device.next(&[world.pack(0)], now);
        device.deliver(&bytes).await;
        world.judge().await;
        let (status, answer) = device.deliver(&other_side).await;
        assert_eq!((status, code(&answer)), (409, "forked"));
        assert!(logged(&["ERROR", "signed two different batches 1.1"]));
        assert_eq!((count(&world, "batches").await, count(&world, "forks").await), (1, 1));

        // Asking for a new epoch does not thaw it.
        let (status, answer) = device.post("resume", resume_request(&device, [9; 16])).await;
        assert_eq!((status, code(&answer)), (409, "frozen"));
        assert_eq!(answer["error"]["params"]["epoch"], 1);

        // Delivered again it is still one fork; what continues the first side is kept and not judged.
        let (status, _) = device.deliver(&other_side).await;
        assert_eq!((status, count(&world, "forks").await), (409, 1));
        let bytes = device.next(&[world.pack(1)], now);
        let (status, answer) = device.deliver(&bytes).await;
        assert_eq!(status, 200, "{answer}");
        world.judge().await;
        let verdicts = device.verdicts().await;
        assert!(is_applied(&verdicts[0].2));
        assert_eq!(verdicts[1].2, Verdict::Frozen);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_batch_of_another_past_is_a_fork_when_its_turn_comes() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let start = device.head;
        device.next(&[world.pack(0)], now);
        let second_of_one_past = device.next(&[world.pack(1)], now);
        device.head = start;
        let first_of_another = device.next(&[world.pack(2)], now);
        device.deliver(&second_of_one_past).await;
        let (status, _) = device.deliver(&first_of_another).await;
        assert_eq!(status, 200);
        assert_eq!((count(&world, "batches").await, count(&world, "forks").await), (1, 1));
        world.judge().await;
        assert_eq!(device.verdicts().await[0].2, Verdict::Frozen);
        world.stop().await;
    })
    .await;
}

/// Damaged, foreign and misplaced deliveries with the answers they must get.
fn bad_deliveries(
    world: &World,
    device: &TestDevice,
    good: &[u8],
) -> Vec<(Vec<u8>, (u16, &'static str))> {
    let now = world.clock.now();
    let mut trailing = good.to_vec();
    trailing.push(0);
    let mut flipped_header = good.to_vec();
    flipped_header[40] ^= 1;
    let mut flipped_payload = good.to_vec();
    *flipped_payload.last_mut().unwrap() ^= 1;
    let as_other = device.seal_as(&[world.pack(0)], now, DeviceId(77), OwnerId(1)).to_bytes();
    let other_owner = device.seal_as(&[world.pack(0)], now, device.id, OwnerId(9)).to_bytes();
    vec![
        (Vec::new(), (400, "malformed")),
        (b"garbage".to_vec(), (400, "malformed")),
        (good[..good.len() - 1].to_vec(), (400, "malformed")),
        (trailing, (400, "not_canonical")),
        (flipped_header, (422, "bad_signature")),
        (flipped_payload, (422, "payload_differs")),
        (vec![0; BATCH_WIRE_BYTES_MAX + 1], (413, "too_large")),
        (as_other, (403, "other_device")),
        (other_owner, (403, "other_owner")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_delivery_says_what_is_wrong_and_changes_nothing() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let thief = world.device("thief").await;
        let now = world.clock.now();
        let good = device.seal(&[world.pack(0)], now).to_bytes();
        for (bytes, expected) in bad_deliveries(&world, &device, &good) {
            let (status, answer) = device.deliver(&bytes).await;
            assert_eq!((status, code(&answer)), expected);
            let (_, word) = expected;
            let line = if word == "too_large" { "a body is too large" } else { word };
            assert!(logged(&["WARN", line]), "no log line for {word}");
        }
        // Every single bit counts.
        for at in (0..good.len()).step_by(7) {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << (at % 8);
            let (status, answer) = device.deliver(&flipped).await;
            assert!((400..=422).contains(&status), "byte {at}: {status} {answer}");
        }
        let (status, answer) = thief.deliver(&good).await;
        assert_eq!((status, code(&answer)), (422, "bad_signature"));
        let head = device.head;
        device.head.epoch = Epoch(8);
        let wrong_epoch = device.seal(&[world.pack(0)], now).to_bytes();
        let (status, answer) = device.deliver(&wrong_epoch).await;
        assert_eq!((status, code(&answer)), (409, "other_epoch"));
        assert_eq!(answer["error"]["params"]["expected"], 1);
        device.head = head;
        device.head.batch = BatchNo(1_000);
        let far = device.seal(&[world.pack(0)], now).to_bytes();
        let (status, answer) = device.deliver(&far).await;
        assert_eq!((status, code(&answer)), (409, "too_far_ahead"));
        assert_eq!((count(&world, "batches").await, count(&world, "forks").await), (0, 0));

        let (status, _) = device.deliver(&good).await;
        assert_eq!(status, 200);
        world.stop().await;
    })
    .await;
}

fn resume_request(device: &TestDevice, boot: [u8; 16]) -> Vec<u8> {
    let request = ResumeRequest {
        device: device.id,
        epoch: device.head.epoch,
        last_batch: BatchNo(0),
        last_hash: Hash::ZERO,
        boot,
    };
    device.keys.signing.seal_resume(&request).to_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_device_gets_one_new_epoch_per_start_and_repeats_itself_harmlessly() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let delivered = device.next(&[world.pack(0)], now);
        device.deliver(&delivered).await;

        for _ in 0..2 {
            let (status, answer) = device.post("resume", resume_request(&device, [2; 16])).await;
            assert_eq!((status, &answer), (200, &json!({ "epoch": 2 })));
        }
        // It does not know whether its first operation arrived, so it tells again; the second is new.
        device.starts_over(Epoch(2));
        let first = OperationId { device: device.id, epoch: Epoch(1), seq: Seq(1) };
        let second = OperationId { seq: Seq(2), ..first };
        let again =
            |id, case| Record::Reemitted { id, operation: world.pack(case).operation().clone() };
        let records = [again(first, 0), again(second, 1), world.pack(2), again(second, 1)];
        let bytes = device.next(&records, now);
        let (status, answer) = device.deliver(&bytes).await;
        assert_eq!(status, 200, "{answer}");
        world.judge().await;
        let verdicts = device.verdicts().await;
        let places: Vec<(u32, u64)> =
            verdicts.iter().map(|(epoch, seq, _)| (*epoch, *seq)).collect();
        assert_eq!(places, [(1, 1), (2, 1), (2, 2), (2, 3), (2, 4)]);
        assert!(is_applied(&verdicts[0].2));
        assert_eq!(verdicts[1].2, Verdict::Duplicate { of: first });
        assert!(is_applied(&verdicts[2].2), "{verdicts:?}");
        assert!(is_applied(&verdicts[3].2));
        let place = OperationId { device: device.id, epoch: Epoch(2), seq: Seq(2) };
        assert_eq!(verdicts[4].2, Verdict::Duplicate { of: place });

        // An old start asking again, and another device's request, get nothing.
        device.post("resume", resume_request(&device, [3; 16])).await;
        let (status, answer) = device.post("resume", resume_request(&device, [2; 16])).await;
        assert_eq!((status, code(&answer)), (409, "stale_resume"));
        let other = world.device("other").await;
        let (status, answer) = other.post("resume", resume_request(&device, [4; 16])).await;
        assert_eq!((status, code(&answer)), (422, "bad_signature"));
        assert_eq!(device.head_is(), BatchNo(1));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_speaks_for_itself_only_when_it_repeats() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let operation = world.pack(0).operation().clone();
        let elsewhere = OperationId { device: DeviceId(99), epoch: Epoch(0), seq: Seq(1) };
        let future = OperationId { device: device.id, epoch: Epoch(1), seq: Seq(9) };
        let records =
            [elsewhere, future].map(|id| Record::Reemitted { id, operation: operation.clone() });
        let bytes = device.next(&records, world.clock.now());
        device.deliver(&bytes).await;
        world.judge().await;
        for (_, _, verdict) in device.verdicts().await {
            assert!(matches!(verdict, Verdict::Quarantined { .. }), "{verdict:?}");
        }
        assert_eq!(count(&world, "items").await, 0);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_operation_under_a_known_name_is_kept_and_said_to_be_another() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let delivered = device.next(&[world.pack(0)], now);
        device.deliver(&delivered).await;
        world.judge().await;
        device.post("resume", resume_request(&device, [2; 16])).await;
        device.starts_over(Epoch(2));
        let id = OperationId { device: device.id, epoch: Epoch(1), seq: Seq(1) };
        let other = Record::Reemitted { id, operation: world.pack(1).operation().clone() };
        let bytes = device.next(&[other], now);
        device.deliver(&bytes).await;
        world.judge().await;
        let (_, _, verdict) = device.verdicts().await.pop().unwrap();
        let rejection = Rejection::NameTaken { names: id };
        assert_eq!(verdict, Verdict::Quarantined { rejection });
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_streams_on_without_saying_its_length_is_cut_off() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let device = world.device("line").await;
        let piece = bytes::Bytes::from(vec![0; 64 * 1024]);
        let endless = futures_util::stream::iter(std::iter::repeat_with(move || {
            Ok::<_, std::convert::Infallible>(piece.clone())
        }));
        let certificate = device.certificate();
        let mut request = axum::http::Request::post("/device/v1/batches")
            .body(axum::body::Body::from_stream(endless))
            .unwrap();
        request.extensions_mut().insert(Peer(certificate));
        let router = sealtrace_cloud::http::device(world.cloud.clone());
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 413);
        assert!(logged(&["WARN", "a body is too large"]));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_delivered_many_times_at_once_is_stored_once_with_one_receipt() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let first = device.next(&[world.pack(0)], now);
        let second = device.next(&[world.pack(1)], now);
        for (bytes, batches) in [(&second, 1), (&first, 2)] {
            let answers = join_all((0..6).map(|_| device.deliver(bytes))).await;
            for answer in &answers {
                assert_eq!(answer, &answers[0]);
                assert_eq!(answer.0, 200);
            }
            assert_eq!(count(&world, "batches").await, batches);
        }
        let (_, answer) = device.deliver(&second).await;
        assert_eq!(receipt(&world, &answer).batch, BatchNo(2));
        world.judge().await;
        let seqs: Vec<u64> = device.verdicts().await.iter().map(|(_, seq, _)| *seq).collect();
        assert_eq!(seqs, [1, 2]);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_resume_the_old_epoch_keeps_its_receipts_and_takes_nothing_more() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let mut device = world.device("line").await;
        let now = world.clock.now();
        let stored = device.next(&[world.pack(0)], now);
        let missing = device.next(&[world.pack(1)], now);
        let parked = device.next(&[world.pack(2)], now);
        let (_, receipted) = device.deliver(&stored).await;
        device.deliver(&parked).await;
        let (status, _) = device.post("resume", resume_request(&device, [2; 16])).await;
        assert_eq!(status, 200);

        // Nothing was judged yet. What had a receipt keeps it, what had none is told where the stream is now.
        assert_eq!(device.deliver(&stored).await, (200, receipted));
        for late in [&missing, &parked] {
            let (status, answer) = device.deliver(late).await;
            assert_eq!((status, code(&answer)), (409, "other_epoch"));
            assert_eq!(answer["error"]["params"]["expected"], 2);
        }
        device.starts_over(Epoch(2));
        let at = |seq| OperationId { device: device.id, epoch: Epoch(1), seq: Seq(seq) };
        let again = |seq, case| Record::Reemitted {
            id: at(seq),
            operation: world.pack(case).operation().clone(),
        };
        let records = [again(1, 0), again(2, 1), again(3, 2)];
        let bytes = device.next(&records, now);
        assert_eq!(device.deliver(&bytes).await.0, 200);
        world.judge().await;
        let verdicts: Vec<Verdict> =
            device.verdicts().await.into_iter().map(|(_, _, verdict)| verdict).collect();
        assert!(is_applied(&verdicts[0]) && is_applied(&verdicts[2]) && is_applied(&verdicts[3]));
        assert_eq!(
            verdicts[1],
            Verdict::Duplicate {
                of: OperationId { device: device.id, epoch: Epoch(1), seq: Seq(1) }
            }
        );
        assert_eq!(verdicts.len(), 4);
        world.stop().await;
    })
    .await;
}
