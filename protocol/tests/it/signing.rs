//! Seals: what was signed is believed, anything else is refused for its own reason.

use sealtrace_protocol::ids::{BatchNo, Cursor, DeviceId, Epoch, OperationId, OwnerId, Seq};
use sealtrace_protocol::signing::chain::{Placement, StreamHead};
use sealtrace_protocol::signing::{Hash, Sealed, SealedBatch, Sealing, SigningKey, VerifyError};
use sealtrace_protocol::time::{Stamp, Timestamp};
use sealtrace_protocol::wire::v1::{
    BATCH_OPERATIONS_MAX, BATCH_WIRE_BYTES_MAX, Receipt, Record, pack_payload, unpack_payload,
};
use sealtrace_protocol::wire::{WireError, decode, encode};

use crate::vectors::operations;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

pub(crate) fn sealing() -> Sealing {
    Sealing {
        owner: OwnerId(1),
        device: DeviceId(7),
        last_receipt: Hash::ZERO,
        boot: [3; 16],
        monotonic_ms: 1_234,
        sealed_at: Stamp { wall: Timestamp(1_800_000_000_000), uncertainty_ms: 250 },
        software: "0.1.0".into(),
        configuration: 1,
    }
}

pub(crate) fn records() -> Vec<Record> {
    operations().into_iter().map(Record::Made).collect()
}

pub(crate) fn sealed() -> SealedBatch {
    SealedBatch::seal(&key(1), &StreamHead::start(Epoch(1)), &records(), sealing()).unwrap()
}

#[test]
fn a_sealed_batch_verifies_and_reads_back() {
    let bytes = sealed().to_bytes();
    let batch = SealedBatch::from_bytes(&bytes).unwrap().verify(&key(1).public()).unwrap();
    assert_eq!(batch.records, records());
    assert_eq!(batch.hash, batch.header.hash());
    let places: Vec<u64> = batch.operations().map(|(id, _)| id.seq.get()).collect();
    assert_eq!(places, (1..=records().len() as u64).collect::<Vec<_>>());
}

#[test]
fn no_flipped_bit_is_believed() {
    let bytes = sealed().to_bytes();
    let public = key(1).public();
    for at in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[at / 8] ^= 1 << (at % 8);
        let outcome = SealedBatch::from_bytes(&broken).and_then(|sealed| sealed.verify(&public));
        assert!(outcome.is_err(), "bit {at} flipped and nobody noticed");
    }
}

#[test]
fn each_defect_has_its_own_error() {
    let bytes = sealed().to_bytes();
    let public = key(1).public();
    let outcome =
        |bytes: &[u8]| SealedBatch::from_bytes(bytes).and_then(|s| s.verify(&public)).map(|_| ());

    assert_eq!(
        SealedBatch::from_bytes(&bytes).unwrap().verify(&key(2).public()),
        Err(VerifyError::Signature)
    );
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(outcome(&flipped), Err(VerifyError::Payload));
    let trailing = [bytes.as_slice(), &[0]].concat();
    assert_eq!(outcome(&trailing), Err(VerifyError::Wire(WireError::NotCanonical("sealed batch"))));
    assert_eq!(outcome(&bytes[..20]), Err(VerifyError::Wire(WireError::Malformed("sealed batch"))));
    assert!(matches!(
        outcome(&vec![0; BATCH_WIRE_BYTES_MAX + 1]),
        Err(VerifyError::Wire(WireError::TooLarge { .. }))
    ));
}

#[test]
fn a_receipt_is_no_batch_header() {
    let receipt = Receipt {
        owner: OwnerId(1),
        device: DeviceId(7),
        epoch: Epoch(1),
        batch: BatchNo(1),
        batch_hash: sealed().hash(),
        stored_at: Timestamp(5),
    };
    let sealed = key(9).seal_receipt(&receipt);
    let read = Sealed::from_bytes(&sealed.to_bytes()).unwrap();
    assert_eq!(read.verify_receipt(&key(9).public()).unwrap().into_inner(), receipt);
    assert_eq!(read.verify_resume(&key(9).public()), Err(VerifyError::Signature));
    assert_eq!(read.verify_receipt(&key(8).public()), Err(VerifyError::Signature));
}

#[test]
fn overlong_integers_are_refused() {
    let id = OperationId { device: DeviceId(1), epoch: Epoch(1), seq: Seq(1) };
    assert_eq!(encode(&id), [1, 1, 1]);
    assert_eq!(decode::<OperationId>(&[1, 1, 1], "id"), Ok(id));
    assert_eq!(decode::<OperationId>(&[0x81, 0, 1, 1], "id"), Err(WireError::NotCanonical("id")));
}

#[test]
fn a_payload_is_bounded_before_it_is_unpacked() {
    let bomb = zstd_of_zeros();
    let declared = 1024 * 1024;
    assert!(matches!(unpack_payload(&bomb, declared), Err(WireError::TooLarge { .. })));
    assert!(matches!(unpack_payload(&bomb, declared + 1), Err(WireError::TooLarge { .. })));
    assert_eq!(unpack_payload(&bomb, 100), Err(WireError::Compression));
    assert_eq!(unpack_payload(b"garbage that is no zstd", 100), Err(WireError::Compression));
}

/// A payload is one zstd frame that says how long its content is: anything else zstd would take is refused.
#[test]
fn only_one_frame_of_known_size_is_unpacked() {
    use zstd::bulk::Compressor;
    use zstd::zstd_safe::CParameter;

    let (payload, raw_bytes) = pack_payload(&records()).unwrap();
    assert_eq!(unpack_payload(&payload, raw_bytes).unwrap(), records());
    let refused = |payload: &[u8]| {
        assert_eq!(unpack_payload(payload, raw_bytes), Err(WireError::Compression));
    };

    let skippable = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7];
    let empty = zstd::bulk::compress(&[], 3).unwrap();
    for other in [&skippable[..], &empty, b"x"] {
        refused(&[&payload, other].concat());
        refused(&[other, &payload].concat());
    }
    refused(&payload[..payload.len() - 1]);
    assert!(unpack_payload(&payload, raw_bytes + 1).is_err());

    let raw = encode(&records());
    let with = |parameter| {
        let mut compressor = Compressor::new(3).unwrap();
        compressor.set_parameter(parameter).unwrap();
        compressor.compress(&raw).unwrap()
    };
    refused(&with(CParameter::ContentSizeFlag(false)));
    let with_dictionary =
        Compressor::with_dictionary(3, &raw[..200]).unwrap().compress(&raw).unwrap();
    refused(&with_dictionary);
}

#[test]
fn records_so_alike_that_they_would_seem_a_bomb_still_travel() {
    let alike: Vec<Record> = std::iter::repeat_n(records()[3].clone(), 2_000).collect();
    let start = StreamHead::start(Epoch(1));
    let sealed = SealedBatch::seal(&key(1), &start, &alike, sealing()).unwrap();
    assert_eq!(sealed.verify(&key(1).public()).unwrap().records, alike);
    // Long enough for more than one block.
    let long = vec![records()[1].clone(); 2_000];
    let (payload, raw_bytes) = pack_payload(&long).unwrap();
    assert!(raw_bytes > 128 * 1024, "{raw_bytes}");
    assert_eq!(unpack_payload(&payload, raw_bytes).unwrap(), long);
}

#[test]
fn the_last_place_of_a_stream_does_not_overflow() {
    let head = StreamHead { seq: Seq(u64::MAX - 1), ..StreamHead::start(Epoch(1)) };
    let one = &records()[..1];
    let sealed = SealedBatch::seal(&key(1), &head, one, sealing()).unwrap();
    let batch = sealed.verify(&key(1).public()).unwrap();
    assert_eq!(batch.operations().last().unwrap().0.seq, Seq(u64::MAX));
}

#[test]
fn another_signature_made_from_a_signature_is_refused() {
    // The group's order, little-endian: adding it to a signature's scalar changes the bytes and not the equation.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut proof = key(4).prove(b"challenge");
    assert!(key(4).public().proves(b"challenge", &proof));
    let mut carry = 0;
    for (byte, order) in proof[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert!(!key(4).public().proves(b"challenge", &proof));
}

#[test]
fn a_hash_is_read_from_any_json() {
    let hash = Hash::of(b"x");
    let value = serde_json::to_value(hash).unwrap();
    assert_eq!(serde_json::from_value::<Hash>(value).unwrap(), hash);
    assert!(serde_json::from_str::<Hash>("\"00\"").is_err());
}

#[test]
fn more_operations_than_allowed_are_refused_on_both_sides() {
    let many: Vec<Record> = records().into_iter().cycle().take(BATCH_OPERATIONS_MAX + 1).collect();
    let is_too_many = |error| matches!(error, WireError::TooLarge { what: "number of operations", size, .. } if size == many.len());
    assert!(is_too_many(pack_payload(&many).unwrap_err()));
    let mut various = many.clone();
    for (n, record) in (0_u32..).zip(&mut various) {
        let mut operation = operations()[7].clone();
        operation.basis =
            Cursor(u64::from_le_bytes(Hash::of(&n.to_le_bytes()).0[..8].try_into().unwrap()));
        *record = Record::Made(operation);
    }
    let raw = encode(&various);
    let payload = zstd::bulk::compress(&raw, 3).unwrap();
    let error = unpack_payload(&payload, u32::try_from(raw.len()).unwrap()).unwrap_err();
    assert!(is_too_many(error), "{error}");
}

fn zstd_of_zeros() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 1024 * 1024], 3).unwrap()
}

#[test]
fn a_stream_tells_next_gap_and_fork_apart() {
    let public = key(1).public();
    let start = StreamHead::start(Epoch(1));
    let first = sealed().verify(&public).unwrap();
    assert_eq!(start.place(&first.header), Placement::Next);
    let head = StreamHead::after(&first.header, first.hash);
    let second = SealedBatch::seal(&key(1), &head, &records(), sealing()).unwrap();
    let second = second.verify(&public).unwrap();
    assert_eq!(head.place(&second.header), Placement::Next);
    assert_eq!(start.place(&second.header), Placement::Ahead { expected: BatchNo(1) });
    assert_eq!(head.place(&first.header), Placement::Earlier);
    let elsewhere = StreamHead { hash: Hash::of(b"another history"), ..head };
    assert_eq!(elsewhere.place(&second.header), Placement::Fork);
    let shifted = StreamHead { seq: Seq(99), ..head };
    assert_eq!(shifted.place(&second.header), Placement::Fork);
    assert_eq!(
        StreamHead::start(Epoch(2)).place(&first.header),
        Placement::OtherEpoch { expected: Epoch(2) }
    );
}

#[test]
fn possession_is_proved_for_one_challenge_only() {
    let proof = key(4).prove(b"token and request");
    assert!(key(4).public().proves(b"token and request", &proof));
    assert!(!key(4).public().proves(b"another token", &proof));
    assert!(!key(5).public().proves(b"token and request", &proof));
}
