//! Does what [`super::outbox`] decides: asks the cloud, stores what came, reports back.

use std::sync::Arc;

use sealtrace_protocol::ids::{BatchNo, Epoch};
use sealtrace_protocol::link::Delivery;
use sealtrace_protocol::signing::{SealedBatch, VerifyError};
use sealtrace_protocol::wire::WireError;
use tokio_util::sync::CancellationToken;

use super::client::{Client, ClientError, receipt};
use super::feed::{self, Between};
use super::outbox::{Action, Outbox, Outcome, Standing};
use super::{resume, seal, verdicts};
use crate::agent::{Agent, Link};
use crate::identity::{HexHash, Identity, IdentityError, Mark};
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::{StoreError, outbox, stream};

/// How often it is looked whether labels to print run low.
const LABELS_INTERVAL_MS: u64 = 10_000;
/// Commits that come together wake the driver once.
const SETTLE_MS: u64 = 20;

/// Why something with the cloud did not work.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The request failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What came is not signed by the cloud, or our own seal does not verify.
    #[error("the {0} does not verify")]
    Verify(&'static str, #[source] VerifyError),
    /// A batch could not be sealed.
    #[error("a batch could not be sealed")]
    Seal(#[source] WireError),
    /// The receipt is about something else.
    #[error("the receipt for batch {0} is about another batch; nothing was marked as delivered")]
    Receipt(BatchNo),
    /// A batch the cloud asks for is not here any more.
    #[error("batch {0} is not in this store")]
    NoBatch(BatchNo),
    /// The granted epoch is no new one.
    #[error("the cloud granted epoch {granted}, which is not behind {known}")]
    Epoch {
        /// What came.
        granted: Epoch,
        /// What we are in.
        known: Epoch,
    },
}

/// Keeps device and cloud together until `stop`.
pub async fn run(agent: Agent, identity: Arc<Identity>, stop: CancellationToken) {
    let client = match Client::new(&identity, &agent.clock, &agent.config.nameservers) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "nothing can be synchronised"
            );
            agent.link.send_replace(Link { online: false, error: Some(error.to_string()) });
            return;
        }
    };
    Driver { agent, identity, client, told: None, labels_at_ms: 0 }.run(stop).await;
}

struct Driver {
    agent: Agent,
    identity: Arc<Identity>,
    client: Client,
    told: Option<(BatchNo, String)>,
    /// When it is next looked whether labels run low.
    labels_at_ms: u64,
}

impl Driver {
    async fn run(mut self, stop: CancellationToken) {
        let [a, b, c, d, e, f, g, h, ..] = self.agent.boot;
        let mut machine = Outbox::new(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        let mut commits = self.agent.store.commits();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            match self.standing().await {
                Ok(standing) => machine.observe(standing, self.agent.clock.monotonic_ms()),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what is on its way could not be counted"
                ),
            }
            let action = machine.next(self.agent.clock.monotonic_ms());
            if let Action::WaitUntil(at) = action {
                tokio::select! {
                    () = self.agent.clock.sleep_until_ms(at) => {}
                    changed = commits.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        self.agent.clock.sleep_ms(SETTLE_MS).await;
                    }
                    () = stop.cancelled() => return,
                }
                continue;
            }
            let outcome = tokio::select! {
                outcome = self.act(action) => outcome,
                () = stop.cancelled() => return,
            };
            machine.on(action, outcome, self.agent.clock.monotonic_ms());
            self.tell(&machine);
        }
    }

    fn tell(&self, machine: &Outbox) {
        let online = machine.is_online();
        self.agent.link.send_if_modified(|link| {
            let changed = link.online != online;
            if changed && online {
                tracing::info!("the cloud answers");
            }
            link.online = online;
            if online {
                link.error = None;
            }
            changed
        });
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        let (known, backlog) = self
            .agent
            .store
            .read(|conn| Ok::<_, StoreError>((stream::read(conn)?, outbox::backlog(conn)?)))
            .await?;
        Ok(Standing {
            lost: known.is_none_or(|stream| stream.lost),
            frozen: known.is_some_and(|stream| stream.frozen),
            unsealed: backlog.unsealed,
            unsent: backlog.next_batch,
            unjudged: backlog.unjudged,
        })
    }

    async fn act(&mut self, action: Action) -> Outcome {
        let result = match action {
            Action::Resume => resume::ask(&self.agent, &self.identity, &self.client).await,
            Action::Seal => seal::next(&self.agent, &self.identity).await,
            Action::Send { batch } => self.send(batch).await,
            Action::FetchVerdicts => verdicts::fetch(self.between())
                .await
                .map(|(count, more)| Outcome::Verdicts { count, more }),
            Action::FetchDesk => self.fetch_desk().await,
            Action::FetchGoods => feed::fetch_goods(self.between()).await,
            Action::WaitUntil(_) => return Outcome::Failed,
        };
        match result {
            Ok(outcome) => outcome,
            Err(error) => {
                self.failed(action, &error);
                if matches!(error, SyncError::Client(ClientError::Unreachable { .. })) {
                    Outcome::Unreachable
                } else {
                    Outcome::Failed
                }
            }
        }
    }

    async fn fetch_desk(&mut self) -> Result<Outcome, SyncError> {
        let outcome = feed::fetch_desk(self.between()).await?;
        let now_ms = self.agent.clock.monotonic_ms();
        if now_ms >= self.labels_at_ms {
            self.labels_at_ms = now_ms.saturating_add(LABELS_INTERVAL_MS);
            feed::fetch_labels(self.between()).await?;
        }
        Ok(outcome)
    }

    fn between(&self) -> Between<'_> {
        Between { agent: &self.agent, identity: &self.identity, client: &self.client }
    }

    fn failed(&self, action: Action, error: &SyncError) {
        let text = error.to_string();
        let news = self.agent.link.borrow().error.as_ref() != Some(&text);
        if news {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                sync.action = ?action,
                "the cloud and this device did not get through; it is tried again"
            );
        }
        self.agent.link.send_modify(|link| link.error = Some(text));
    }

    async fn send(&mut self, batch: BatchNo) -> Result<Outcome, SyncError> {
        let (known, sealed) = self
            .agent
            .store
            .read(move |conn| {
                Ok::<_, StoreError>((stream::read(conn)?, outbox::sealed(conn, batch)?))
            })
            .await?;
        let (Some(known), Some(bytes)) = (known, sealed) else {
            return Err(SyncError::NoBatch(batch));
        };
        let epoch = known.head.epoch;
        let hash = SealedBatch::from_bytes(&bytes)
            .map_err(|error| SyncError::Verify("stored batch", error))?
            .hash();
        let mark = Mark { epoch, batch, hash: HexHash(hash) };
        let first_time = self.agent.mark_left(&self.identity, mark).await?;
        let asked_at = self.agent.clock.monotonic_ms();
        let delivery = match self.client.deliver(bytes).await {
            Ok(delivery) => delivery,
            Err(ClientError::Refused { status, code }) => {
                return self.refused(batch, status, code).await;
            }
            Err(error) => return Err(error.into()),
        };
        let text = match delivery {
            Delivery::Stored { receipt } => receipt,
            Delivery::Parked { expected } => return Ok(Outcome::Parked { expected }),
        };
        let sealed = receipt(&text)?;
        let said = sealed
            .verify_receipt(&self.identity.receipt_key)
            .map_err(|error| SyncError::Verify("receipt", error))?;
        if (said.device, said.epoch, said.batch, said.batch_hash)
            != (self.identity.device.device, epoch, batch, hash)
        {
            return Err(SyncError::Receipt(batch));
        }
        if first_time {
            let took = self.agent.clock.monotonic_ms().saturating_sub(asked_at);
            self.agent.clock.learn(said.stored_at, took);
        }
        // By the cloud, whatever the wall clock says: by this it is pruned, and the next start knows the time.
        let at = self.agent.clock.best();
        self.agent
            .store
            .write(move |tx| outbox::store_receipt(tx, epoch, batch, &sealed, at))
            .await?;
        tracing::info!(batch.epoch = epoch.get(), batch.no = batch.get(), "a batch is delivered");
        Ok(Outcome::Stored)
    }

    async fn refused(
        &mut self,
        batch: BatchNo,
        status: u16,
        code: String,
    ) -> Result<Outcome, SyncError> {
        match code.as_str() {
            "forked" => {
                tracing::error!(
                    batch.no = batch.get(),
                    "the cloud holds another batch under this number: the stream is frozen until a supervisor resolves it"
                );
                let exception = self.critical("forked");
                self.agent
                    .store
                    .write(move |tx| {
                        stream::freeze(tx)?;
                        exceptions::add(tx, &exception)
                    })
                    .await?;
                Ok(Outcome::Forked)
            }
            "other_epoch" => {
                tracing::warn!(
                    batch.no = batch.get(),
                    "the cloud is in another epoch: a new one is asked for"
                );
                self.agent.store.write(stream::lose).await?;
                Err(ClientError::Refused { status, code }.into())
            }
            _ => {
                self.report(batch, status, &code).await?;
                Err(ClientError::Refused { status, code }.into())
            }
        }
    }

    /// A batch the cloud will not take does not get better by itself: a person is told, once, and it is tried on.
    async fn report(&mut self, batch: BatchNo, status: u16, code: &str) -> Result<(), SyncError> {
        let passing = !(400..500).contains(&status) || matches!(status, 408 | 429);
        let told = self.told.as_ref().is_some_and(|(no, word)| *no == batch && word == code);
        if passing || told {
            return Ok(());
        }
        tracing::error!(
            batch.no = batch.get(),
            http.status = status,
            error.code = code,
            "the cloud refuses a batch; nothing behind it can be delivered until that is resolved"
        );
        let exception = self.critical(code);
        self.agent.store.write(move |tx| exceptions::add(tx, &exception)).await?;
        self.told = Some((batch, code.to_owned()));
        Ok(())
    }

    fn critical(&self, detail: &str) -> Exception {
        Exception {
            at: self.agent.clock.now(),
            kind: Kind::Critical,
            code: None,
            lane: None,
            operation: None,
            rejection: None,
            detail: detail.to_owned(),
        }
    }
}
