//! Tells sites of the goods that will arrive there: each second, and on without a pause while there is more to tell.

use std::time::Duration;

use crate::cloud::Cloud;
use crate::feed::prefetch::round;
use crate::http::error::chain;

const TICK: Duration = Duration::from_secs(1);
/// Between two steps, so that what was delivered gets its turn.
const BREATH: Duration = Duration::from_millis(5);

/// Runs until the task is dropped.
pub async fn run(cloud: Cloud) {
    loop {
        let pause = match round(&cloud.store, &cloud.codebook).await {
            Ok(0) => TICK,
            Ok(_) => BREATH,
            Err(error) => {
                tracing::error!(error = chain(&error), "prefetches could not be looked up");
                TICK
            }
        };
        tokio::time::sleep(pause).await;
    }
}
