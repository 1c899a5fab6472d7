//! Letting devices in and knowing them again, over real TLS.

use data_encoding::BASE64;
use futures_util::future::join_all;
use sealtrace_cloud::devices::tokens;
use sealtrace_cloud::organisations::Sites;
use sealtrace_cloud::resource;
use sealtrace_cloud::store::{StoreError, devices as stored};
use sealtrace_cloud::writing;
use sealtrace_protocol::ids::SiteId;
use sealtrace_protocol::link::Enrolled;

use crate::engines::on_both_databases;
use crate::world::{DeviceKeys, World, client, code, logged};

async fn devices(world: &World) -> i64 {
    let mut tx = world.cloud.store.read().await.unwrap();
    tx.query_one("select count(*) from devices", &[]).await.unwrap().get(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_one_device_in_once() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let token = world.token("PDA 7").await;
        let keys = DeviceKeys::new("PDA 7");
        let (status, answer) = world.post_enrol(&keys.request(&token)).await;
        assert_eq!(status, 200, "{answer}");
        let enrolled: Enrolled = serde_json::from_value(answer).unwrap();
        assert_eq!(enrolled.name, "PDA 7");
        assert_eq!(enrolled.sites.len(), 1);
        assert_eq!(enrolled.epoch.get(), 1);
        let receipt_key = BASE64.encode(&world.cloud.keys.receipt.public().0);
        assert_eq!(enrolled.receipt_key, receipt_key);

        let again = DeviceKeys::new("a thief");
        let (status, answer) = world.post_enrol(&again.request(&token)).await;
        assert_eq!((status, code(&answer)), (401, "used_token"));
        assert_eq!(devices(&world).await, 1);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_devices_with_one_token_one_is_let_in() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let token = world.token("PDA").await;
        let requests: Vec<_> = (0..6)
            .map(|number| DeviceKeys::new(&format!("PDA {number}")).request(&token))
            .collect();
        let answers = join_all(requests.iter().map(|request| world.post_enrol(request))).await;
        let (let_in, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|(status, _)| *status == 200);
        assert_eq!(let_in.len(), 1);
        for (status, answer) in refused {
            assert_eq!((*status, code(answer)), (401, "used_token"));
        }
        assert_eq!(devices(&world).await, 1);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_enrolment_says_what_is_wrong_and_changes_nothing() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let token = world.token("PDA").await;
        let keys = DeviceKeys::new("PDA");
        let good = keys.request(&token);

        let mut unknown = keys.request("NOSUCHTOKEN");
        let mut other_proof = good.clone();
        other_proof.proof = DeviceKeys::new("other").request(&token).proof;
        let mut short_key = good.clone();
        short_key.signing_key = BASE64.encode(&[1; 31]);
        unknown.token = "NOSUCHTOKEN".to_owned();
        let mut broken = good.csr_pem.clone();
        let middle = broken.len() / 2;
        let other = if broken.as_bytes()[middle] == b'A' { "B" } else { "A" };
        broken.replace_range(middle..=middle, other);
        let mut bad_request = good.clone();
        bad_request.proof = BASE64.encode(
            &keys.signing.prove(&sealtrace_protocol::link::enrolment_challenge(&token, &broken)),
        );
        bad_request.csr_pem = broken;

        for (request, expected) in [
            (&unknown, (401, "unknown_token")),
            (&other_proof, (422, "bad_proof")),
            (&short_key, (422, "bad_signing_key")),
            (&bad_request, (422, "bad_certificate_request")),
        ] {
            let (status, answer) = world.post_enrol(request).await;
            assert_eq!((status, code(&answer)), expected);
        }
        assert!(logged(&["WARN", "a device was not let in", "this token is not known"]));
        assert!(logged(&["WARN", "a device was not let in", "proof of possession"]));
        assert_eq!(devices(&world).await, 0);

        world.clock.advance_ms(tokens::LIFETIME_MS + 1);
        let (status, answer) = world.post_enrol(&good).await;
        assert_eq!((status, code(&answer)), (401, "expired_token"));
        assert!(logged(&["WARN", "a device was not let in", "this token expired"]));
        assert_eq!(devices(&world).await, 0);

        // What was refused did not use the token up.
        world.clock.advance_ms(-tokens::LIFETIME_MS);
        let (status, answer) = world.post_enrol(&good).await;
        assert_eq!(status, 200, "{answer}");
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_names_a_device_and_existing_sites() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let store = &world.cloud.store;
        let now = world.clock.now();
        for (name, sites) in [(" ", vec![world.site]), ("PDA", vec![]), ("PDA", vec![SiteId(99)])] {
            assert!(tokens::issue(store, name, &sites, now).await.is_err());
        }
        let mut tx = store.read().await.unwrap();
        let count = tx.query_one("select count(*) from tokens", &[]).await.unwrap();
        assert_eq!(count.get::<i64>(0).unwrap(), 0);
        drop(tx);
        // A site that is deleted takes its tokens along.
        let sites = [world.site, world.other_site];
        let token = tokens::issue(store, "PDA", &sites, now).await.unwrap();
        resource::delete::<Sites>(store, world.other_site.get(), None, now).await.unwrap();
        let request = DeviceKeys::new("PDA").request(&token.text);
        let (status, answer) = world.post_enrol(&request).await;
        assert_eq!((status, code(&answer)), (401, "unknown_token"));
        assert_eq!(devices(&world).await, 0);
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_listener_answers_nobody_it_does_not_know() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let device = world.device("PDA").await;
        let (status, _) = device.get("verdicts").await;
        assert_eq!(status, 200);

        // No certificate, and one of another authority: no connection.
        let bare = client(&device.enrolled.authority_pem, None);
        assert!(bare.get(device.url("verdicts")).send().await.is_err());
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let stranger = client(&device.enrolled.authority_pem, Some((&own.pem(), &key)));
        assert!(stranger.get(device.url("verdicts")).send().await.is_err());

        // A certificate of ours that the registry does not know, and a revoked one: a clear answer.
        let forget: Result<(), StoreError> = writing!(world.cloud.store, |tx| {
            tx.execute("delete from certificates", &[]).await?;
            Ok(())
        });
        forget.unwrap();
        let (status, answer) = device.get("verdicts").await;
        assert_eq!((status, code(&answer)), (401, "unknown_device"));
        assert!(logged(&["WARN", "an unknown device asks"]));
        assert!(logged(&["WARN", "a connection to the device listener was refused"]));

        let other = world.device("PDA 2").await;
        let now = world.clock.now();
        let revoked: Result<bool, StoreError> =
            writing!(world.cloud.store, |tx| { stored::revoke(tx, other.id, now).await });
        assert!(revoked.unwrap());
        let (status, answer) = other.get("verdicts").await;
        assert_eq!((status, code(&answer)), (403, "device_revoked"));
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_survive_a_restart() {
    on_both_databases(async |database| {
        let world = World::start(database).await;
        let before = (world.cloud.keys.receipt.public(), world.cloud.keys.authority.pem());
        let codes = world.codes(sealtrace_protocol::ledger::Level::Unit);
        let (clock, config) = (world.clock.clone(), (*world.cloud.config).clone());
        world.stop().await;
        let again = sealtrace_cloud::serve::start(config, clock).await.unwrap();
        let after = (again.cloud.keys.receipt.public(), again.cloud.keys.authority.pem());
        assert_eq!(before, after);
        for code in codes {
            let found = again.cloud.codebook.resolve(&code);
            assert!(matches!(found, sealtrace_cloud::codes::Resolved::Ours { .. }));
        }
        again.stop().await;
    })
    .await;
}
