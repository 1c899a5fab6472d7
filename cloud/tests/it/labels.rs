//! Labels that devices print by themselves: leased a block at a time, never twice, known at their sites.

use sealtrace_cloud::codes::leasing::{self, BLOCK_LABELS};
use sealtrace_cloud::devices::Device;
use sealtrace_cloud::store::{StoreError, streams};
use sealtrace_cloud::writing;
use sealtrace_protocol::code::Code;
use sealtrace_protocol::ids::Epoch;
use sealtrace_protocol::ledger::{Action, Level, Pack};
use sealtrace_protocol::link::{FeedRow, Labels, LabelsWanted, Lease};
use serde_json::json;

use crate::engines::on_both_databases;
use crate::office::{Line, get, goods, heard, in_both_offices};
use crate::rules::word;
use crate::world::{TestDevice, World, code};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_leased_the_next_block_once_it_has_the_last_one() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let (pda, other) = (world.device("PDA 1").await, world.device("PDA 2").await);
        let ask = async |device: &TestDevice, level: &str, newest: Option<u64>| {
            let body = json!({ "level": level, "newest": newest });
            let request = device.http.post(device.url("labels")).json(&body).send().await.unwrap();
            let status = request.status().as_u16();
            (status, request.json::<serde_json::Value>().await.unwrap())
        };
        let leased = async |device: &TestDevice, level: &str, newest: Option<u64>| {
            let (status, body) = ask(device, level, newest).await;
            assert_eq!(status, 200, "{body}");
            let labels: Labels = serde_json::from_value(body).unwrap();
            assert_eq!((labels.device, labels.lease.count), (device.id, BLOCK_LABELS));
            labels.lease
        };
        let first = leased(&pda, "case", None).await;
        assert_eq!(leased(&pda, "case", None).await, first, "the answer was lost: the same again");
        let second = leased(&pda, "case", Some(first.first_body)).await;
        assert_eq!(leased(&pda, "case", Some(first.first_body)).await, second);
        let others = leased(&other, "case", None).await;
        let pallets = leased(&pda, "pallet", None).await;
        let mut blocks = [first, second, others, pallets].map(|lease| lease.first_body);
        blocks.sort_unstable();
        let apart = |pair: &[u64]| pair[1] - pair[0] >= u64::from(BLOCK_LABELS);
        assert!(blocks.windows(2).all(apart), "{blocks:?}");
        let (status, refused) = ask(&pda, "unit", None).await;
        assert_eq!((status, code(&refused)), (422, "invalid"));
        let (status, refused) = ask(&pda, "crate", None).await;
        assert_eq!((status, code(&refused)), (400, "unreadable_json"));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_hears_of_its_devices_labels_and_a_package_under_one_counts() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let mut line = Line::enrolled(&office, 7, goods.site).await;
        let wanted = LabelsWanted { level: Level::Case, newest: None };
        let labels = leasing::lease(&office.cloud, &line.device, wanted).await.unwrap();
        let rows = heard(&office, goods.site.get()).await;
        let told = rows.contains(&FeedRow::Labels(labels));
        assert!(told, "{labels:?} is not among what the site was told");
        let label = Code::Sscc(labels.lease.sscc(0).unwrap());
        let trace = office.get(&format!("/trace?text={}", label.canonical())).await;
        assert_eq!((&trace["state"], &trace["level"]), (&json!("issued"), &json!("case")));
        let Action::Pack(pack) = goods.pack_case(0, 0..3) else { panic!("a case is packed") };
        let pack = Action::Pack(Pack { parent: label, ..pack });
        assert_eq!(word(&line.tries(&office, pack).await), "applied");
        let listed = office.get("/codes/carriers").await;
        assert_eq!(listed["total"], 0, "they are no carriers");
        let behind = Lease { first_body: labels.lease.first_body + 200, ..labels.lease };
        let unissued = Code::Sscc(behind.sscc(0).unwrap());
        let (status, _) = get(
            &office.signed_in("manager").await,
            &format!("/trace?text={}", unissued.canonical()),
        )
        .await;
        assert_eq!(status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_device_never_sees_the_blocks_of_its_earlier_life_again() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let pda = world.device("PDA 1").await;
        let device = Device {
            id: pda.id,
            name: "PDA 1".to_owned(),
            key: pda.keys.signing.public(),
            sites: vec![world.site],
        };
        let lease = async |newest| {
            let wanted = LabelsWanted { level: Level::Case, newest };
            leasing::lease(&world.cloud, &device, wanted)
                .await
                .map(|labels| labels.lease.first_body)
        };
        let first = lease(None).await.unwrap();
        let now = world.clock.now();
        let made: Result<(), StoreError> = writing!(world.cloud.store, |tx| {
            streams::close(tx, pda.id, Epoch(1), now).await?;
            streams::start(tx, pda.id, Epoch(2), &[9; 16], now).await
        });
        made.unwrap();
        let second = lease(None).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(lease(None).await.unwrap(), second);
        // Nobody sticks ten thousand labels on in a day.
        let mut newest = second;
        let refused = loop {
            match lease(Some(newest)).await {
                Ok(next) => newest = next,
                Err(error) => break error,
            }
        };
        assert!(refused.to_string().contains("50 blocks"), "{refused}");
        world.clock.advance_ms(DAY_MS + 1);
        assert_ne!(lease(Some(newest)).await.unwrap(), newest);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_gets_a_code_as_a_picture() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let manager = office.signed_in("manager").await;
        let picture = async |code: &Code, symbology: &str| {
            let path =
                format!("/api/v1/codes/{}/label.svg?symbology={symbology}", code.canonical());
            let answer = manager.get(&path).await;
            (answer.status_code().as_u16(), answer.text())
        };
        for symbology in ["qr", "gs1_128", "gs1_datamatrix"] {
            for code in [&goods.units[0], &goods.cases[0]] {
                let (status, svg) = picture(code, symbology).await;
                assert_eq!(
                    (status, svg.starts_with("<svg ")),
                    (200, true),
                    "{code} {symbology} {svg}"
                );
                assert!(svg.contains("<path d=\"M"), "{svg}");
            }
        }
        let (_, svg) = picture(&goods.units[0], "gs1_datamatrix").await;
        assert!(svg.contains(&format!("(01)06901234567892(21){}</text>", goods.units[0])), "{svg}");
        assert_eq!(picture(&goods.units[0], "aztec").await.0, 422);
        let forged: Code = "(00)000000000000000000".parse().unwrap();
        assert_eq!(picture(&forged, "qr").await.0, 404);
        let auditor = office.signed_in("auditor").await;
        let path = format!("/codes/{}/label.svg?symbology=qr", goods.cases[0].canonical());
        assert_eq!(get(&auditor, &path).await.0, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_gets_codes_as_pdf_one_by_one_and_on_sheets() {
    in_both_offices(async |office| {
        let goods = goods(&office).await;
        let manager = office.signed_in("manager").await;
        let pdf = async |path: &str| {
            let answer = manager.get(&format!("/api/v1{path}")).await;
            let kind = answer.header("content-type").to_str().unwrap().to_owned();
            let bytes = answer.as_bytes().to_vec();
            (answer.status_code().as_u16(), kind, String::from_utf8_lossy(&bytes).into_owned())
        };
        for symbology in ["qr", "gs1_128", "gs1_datamatrix"] {
            let code = goods.units[0].canonical();
            let (status, kind, page) =
                pdf(&format!("/codes/{code}/label.pdf?symbology={symbology}")).await;
            assert_eq!((status, kind.as_str()), (200, "application/pdf"), "{symbology} {page}");
            assert!(page.starts_with("%PDF-") && page.contains(&code), "{symbology} {page}");
            let sheets =
                format!("/orders/{}/labels.pdf?level=unit&symbology={symbology}", goods.order);
            let (status, _, all) = pdf(&sheets).await;
            assert_eq!(status, 200, "{all}");
            assert!(goods.units.iter().all(|unit| all.contains(&unit.canonical())));
            let (_, _, some) = pdf(&format!("{sheets}&first=2&count=2")).await;
            let shown = |at: usize| some.contains(&goods.units[at].canonical());
            assert_eq!((shown(0), shown(1), shown(2), shown(3)), (false, true, true, false));
        }
        let wrong = [
            ("level=unit&symbology=qr&first=0", 422),
            ("level=unit&symbology=qr&count=501", 422),
            ("level=unit&symbology=aztec", 422),
            ("level=box&symbology=qr", 404),
            ("level=unit&symbology=qr&first=4000000000", 404),
        ];
        for (query, expected) in wrong {
            let (status, _, body) =
                pdf(&format!("/orders/{}/labels.pdf?{query}", goods.order)).await;
            assert_eq!(status, expected, "{query} {body}");
        }
        let auditor = office.signed_in("auditor").await;
        let path = format!("/orders/{}/labels.pdf?level=unit&symbology=qr", goods.order);
        assert_eq!(get(&auditor, &path).await.0, 403);
    })
    .await;
}
