//! A backlog from a file: imported like what comes over the network, twice, in any order, up to where it is damaged.

use std::path::Path;
use std::process::{Command, Output};

use sealtrace_cloud::ingest::backlog::{BacklogError, Import, Imported, Outcome, Summary};
use sealtrace_cloud::ingest::judging::judge_round;
use sealtrace_cloud::ingest::{accept, judging};
use sealtrace_cloud::store::{Database, StoreError, devices};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::{BatchNo, DeviceId, Epoch, Seq};
use sealtrace_protocol::ledger::Verdict;
use sealtrace_protocol::signing::backlog::{DamageKind, END, entry, head};
use serde_json::{Value, json};

use crate::office::{Line, Office, goods, in_both_offices};

/// What an agent exports.
fn file(device: DeviceId, batches: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = head(device);
    for batch in batches {
        bytes.extend(entry(batch).unwrap());
    }
    bytes.extend(END);
    bytes
}

/// A device with three batches, one case packed in each, that it could not send.
async fn unsent(office: &Office) -> (Line, Vec<Vec<u8>>) {
    let goods = goods(office).await;
    let mut line = Line::enrolled(office, 7, goods.site).await;
    let packs = (0..3).map(|case| goods.pack_case(case, 3 * case..3 * case + 3));
    let batches = packs.map(|pack| line.seals_doing(office, vec![pack])).collect();
    (line, batches)
}

async fn import(office: &Office, bytes: &[u8]) -> (Vec<Outcome>, Summary) {
    let mut import = Import::open(&office.cloud, bytes).await.unwrap();
    let mut imported: Vec<Imported> = Vec::new();
    while let Some(next) = import.next().await.unwrap() {
        imported.push(next);
    }
    (imported.iter().map(|one| one.outcome).collect(), import.finish().await.unwrap())
}

async fn applied(office: &Office, device: DeviceId) -> usize {
    let cloud = &office.cloud;
    while judge_round(&cloud.store, &cloud.codebook, cloud.clock.now()).await.unwrap() > 0 {}
    let verdicts = judging::verdicts(&cloud.store, device, (Epoch(0), Seq(0))).await.unwrap();
    let verdicts = verdicts.verdicts.iter().map(|judged| &judged.verdict);
    verdicts.filter(|verdict| matches!(verdict, Verdict::Applied { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_sent_is_imported_once_however_often_and_in_whatever_order() {
    in_both_offices(async |office| {
        let (line, batches) = unsent(&office).await;
        let device = line.device.id;
        let last = file(device, &batches[2..]);
        let (outcomes, summary) = import(&office, &last).await;
        assert_eq!(outcomes, [Outcome::Parked { expected: BatchNo(1) }]);
        assert_eq!((summary.parked, summary.awaited), (1, Some(BatchNo(1))));
        assert!(summary.is_whole());
        assert_eq!(applied(&office, device).await, 0);

        // The first comes over the network, the others from a file that has all of them.
        accept(&office.cloud, &line.device, &batches[0]).await.unwrap();
        let all = file(device, &batches);
        let (outcomes, summary) = import(&office, &all).await;
        // The third was waiting for the second, and is stored together with it.
        assert_eq!(outcomes, [Outcome::Known, Outcome::Stored, Outcome::Known]);
        assert_eq!((summary.stored, summary.known, summary.parked), (1, 2, 0));
        assert_eq!(applied(&office, device).await, 3);
        let (outcomes, summary) = import(&office, &all).await;
        assert_eq!(outcomes, [Outcome::Known; 3]);
        assert_eq!(
            summary.to_string(),
            "device 7 (device 7): 0 stored, 3 known already, 0 refused"
        );
        assert_eq!(applied(&office, device).await, 3);
        let backwards: Vec<Vec<u8>> = batches.iter().rev().cloned().collect();
        assert_eq!(import(&office, &file(device, &backwards)).await.0, [Outcome::Known; 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_front_of_the_damage_is_imported_and_the_damage_is_named() {
    in_both_offices(async |office| {
        let (line, batches) = unsent(&office).await;
        let device = line.device.id;
        let whole = file(device, &batches);
        let second = head(device).len() + 4 + batches[0].len();
        let third = second + 4 + batches[1].len();
        // A bit of the second was lost: it is not taken, the third waits for it.
        let mut rotten = whole.clone();
        rotten[third - 1] ^= 1;
        let (outcomes, summary) = import(&office, &rotten).await;
        assert_eq!(outcomes[0], Outcome::Stored);
        assert!(matches!(outcomes[1], Outcome::Refused { .. }), "{outcomes:?}");
        assert_eq!(outcomes[2], Outcome::Parked { expected: BatchNo(2) });
        assert!(!summary.is_whole());
        assert_eq!((summary.refused, summary.damaged_at), (1, None));
        // The end of the second was lost.
        let (outcomes, summary) = import(&office, &whole[..third - 1]).await;
        let (kind, reason) = (DamageKind::Truncated, "truncated");
        assert_eq!(outcomes, [Outcome::Known, Outcome::Damaged { kind, reason }]);
        assert_eq!(summary.damaged_at, Some(second));
        assert!(!summary.is_whole());
        assert_eq!(applied(&office, device).await, 1);
        // A whole one makes up for it.
        let (outcomes, summary) = import(&office, &whole).await;
        assert_eq!(outcomes, [Outcome::Known, Outcome::Stored, Outcome::Known]);
        assert!(summary.is_whole() && summary.parked == 0);
        assert_eq!(applied(&office, device).await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_trusted_is_not_believed_and_forks_are_found() {
    in_both_offices(async |office| {
        let (line, batches) = unsent(&office).await;
        let device = line.device.id;
        // Another device's batches under this one's name, and this one's under another's.
        let mut other = Line::enrolled(&office, 8, line.device.sites[0]).await;
        let forged = other.seals(&office, vec![other.operation(office.now(), nothing())]);
        let (outcomes, _) = import(&office, &file(device, &[forged])).await;
        assert_eq!(outcomes, [Outcome::Refused { reason: "bad_signature" }]);
        let (outcomes, _) = import(&office, &file(other.device.id, &batches[..1])).await;
        assert_eq!(outcomes, [Outcome::Refused { reason: "bad_signature" }]);
        for unknown in [DeviceId(99), sealtrace_cloud::devices::OFFICE] {
            let bytes = file(unknown, &batches);
            let refused = Import::open(&office.cloud, &bytes).await.err();
            assert!(matches!(refused, Some(BacklogError::UnknownDevice { .. })), "{unknown}");
        }
        let refused = Import::open(&office.cloud, b"PK").await.err();
        assert!(matches!(refused, Some(BacklogError::Unreadable(_))));

        // Two first batches: the device was copied.
        import(&office, &file(device, &batches[..1])).await;
        let mut copy = Line::restored(&line);
        let second = copy.seals(&office, vec![copy.operation(office.now(), nothing())]);
        let (outcomes, _) = import(&office, &file(device, &[second])).await;
        assert_eq!(outcomes, [Outcome::Refused { reason: "forked" }]);
        assert_eq!(applied(&office, device).await, 0, "the stream is frozen");

        let (store, now) = (&office.cloud.store, office.now());
        let revoked: Result<bool, StoreError> =
            writing!(store, |tx| { devices::revoke(tx, DeviceId(8), now).await });
        assert!(revoked.unwrap());
        let bytes = file(DeviceId(8), &[]);
        let refused = Import::open(&office.cloud, &bytes).await.err();
        assert!(matches!(refused, Some(BacklogError::Revoked { .. })));
    })
    .await;
}

fn nothing() -> sealtrace_protocol::ledger::Action {
    crate::rules::receive("9A000000000000001".parse().unwrap(), None)
}

fn program(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealtrace-cloud"));
    command.current_dir(data).arg("import-backlog").args(["--data", "data"]).args(arguments);
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_what_became_of_each_batch_and_ends_accordingly() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::Sqlite { folder: folder.path().join("data") };
    let office = Office::open(&database).await;
    let (line, batches) = unsent(&office).await;
    let whole = file(line.device.id, &batches);
    std::fs::write(folder.path().join("whole"), &whole).unwrap();
    std::fs::write(folder.path().join("half"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.path().join("picture"), b"\x89PNG").unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();

    let half = program(folder.path(), &["half"]);
    assert_eq!(half.status.code(), Some(1));
    let said = text(&half.stdout);
    assert!(said.starts_with("batch 1.1 of 1 operations: stored\nbyte "), "{said}");
    assert!(said.contains("the file ends too early"), "{said}");
    assert!(text(&half.stderr).contains("not all of the file was taken"), "{}", text(&half.stderr));

    let whole = program(folder.path(), &["whole", "--json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    let said = text(&whole.stdout);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let offset = head(line.device.id).len();
    let first =
        json!({ "offset": offset, "epoch": 1, "batch": 1, "operations": 1, "outcome": "known" });
    assert_eq!(lines[0], first);
    assert_eq!(lines[2]["outcome"], "stored");
    let summary = json!({
        "device": 7, "name": "device 7", "stored": 2, "known": 1, "parked": 0, "awaited": null,
        "refused": 0, "damaged_at": null,
    });
    assert_eq!(lines[3], summary);
    assert_eq!(applied(&office, line.device.id).await, 3);

    for (name, expected) in [("nowhere", "cannot read nowhere"), ("picture", "not a backlog")] {
        let output = program(folder.path(), &[name]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    let gone = file(DeviceId(99), &batches);
    std::fs::write(folder.path().join("gone"), gone).unwrap();
    let output = program(folder.path(), &["gone"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("device 99 is not known"), "{}", text(&output.stderr));
}
