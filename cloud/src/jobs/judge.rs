//! Judges what was delivered: when a delivery rings, and each second for what other processes took in.

use std::time::Duration;

use crate::cloud::Cloud;
use crate::http::error::chain;
use crate::ingest::judging::judge_round;

const TICK: Duration = Duration::from_secs(1);

/// Runs until the task is dropped.
pub async fn run(cloud: Cloud) {
    loop {
        match judge_round(&cloud.store, &cloud.codebook, cloud.clock.now()).await {
            Ok(0) => wait(&cloud).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = chain(&error), "operations could not be judged");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn wait(cloud: &Cloud) {
    // Both ends are the same to us: rung, or a second has passed.
    let _ = tokio::time::timeout(TICK, cloud.to_judge.notified()).await;
    if let Err(error) = cloud.codebook.refresh(&cloud.store).await {
        tracing::warn!(error = chain(&error), "code orders could not be looked up");
    }
}
