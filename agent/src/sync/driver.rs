//! Does what [`super::outbox`] decides: asks the cloud, stores what came, reports back.

use std::sync::Arc;

use sealtrace_protocol::ids::{BatchNo, Epoch, SiteId};
use sealtrace_protocol::link::{DIGEST_BYTES, Delivery, Roll};
use sealtrace_protocol::signing::chain::StreamHead;
use sealtrace_protocol::signing::{Hash, SealedBatch, Sealing, VerifyError};
use sealtrace_protocol::wire::WireError;
use sealtrace_protocol::wire::v1::{BatchHeader, Record, ResumeRequest};
use tokio_util::sync::CancellationToken;

use super::client::{Client, ClientError, receipt};
use super::outbox::{Action, Outbox, Outcome, Standing};
use crate::agent::{Agent, Link};
use crate::identity::{HexHash, Identity, IdentityError, Mark};
use crate::store::exceptions::{self, Exception, Kind};
use crate::store::{StoreError, feed, outbox, stream};

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
    let client = match Client::new(&identity) {
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
    if let Err(error) = notice_lost(&agent, &identity).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "whether this store is an old copy could not be found out"
        );
    }
    Driver { agent, identity, client, marked: None }.run(stop).await;
}

/// A store older than the newest batch ever sent was restored from a copy: it must not go on as if nothing had been.
async fn notice_lost(agent: &Agent, identity: &Identity) -> Result<(), SyncError> {
    let Some(mark) = identity.mark()? else { return Ok(()) };
    let (known, hash) = agent
        .store
        .read(move |conn| {
            let known = stream::read(conn)?;
            Ok::<_, StoreError>((known, outbox::batch_hash(conn, mark.epoch, mark.batch)?))
        })
        .await?;
    let Some(known) = known else { return Ok(()) };
    if known.lost || known.head.epoch > mark.epoch || hash == Some(mark.hash.0) {
        return Ok(());
    }
    tracing::warn!(
        batch.epoch = mark.epoch.get(),
        batch.no = mark.batch.get(),
        "this store does not know a batch this device has sent: it is an old copy, a new epoch is asked for"
    );
    agent.store.write(stream::lose).await?;
    Ok(())
}

struct Driver {
    agent: Agent,
    identity: Arc<Identity>,
    client: Client,
    marked: Option<Mark>,
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
            Action::Resume => self.resume().await,
            Action::Seal => self.seal().await,
            Action::Send { batch } => self.send(batch).await,
            Action::FetchVerdicts => self.fetch_verdicts().await,
            Action::FetchFeed => self.fetch_feed().await,
            Action::WaitUntil(_) => return Outcome::Failed,
        };
        match result {
            Ok(outcome) => outcome,
            Err(error) => {
                self.failed(action, &error);
                Outcome::Failed
            }
        }
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

    async fn seal(&self) -> Result<Outcome, SyncError> {
        let gathered = self
            .agent
            .store
            .read(|conn| Ok::<_, StoreError>((outbox::to_seal(conn)?, stream::read(conn)?)))
            .await?;
        let (Some((head, mut records)), Some(known)) = gathered else { return Ok(Outcome::Sealed) };
        let (sealed, header) = loop {
            match self.seal_records(&head, &records, known.receipt_hash) {
                Ok(sealed) => break sealed,
                // Too large or too well compressed for one batch: fewer at once.
                Err(_) if records.len() > 1 => records.truncate(records.len() / 2),
                Err(error) => return Err(error),
            }
        };
        let after = StreamHead::after(&header, sealed.hash());
        let at = self.agent.clock.now();
        self.agent
            .store
            .write(move |tx| outbox::store_sealed(tx, &head, &after, &sealed, at))
            .await?;
        tracing::debug!(
            batch.no = header.batch.get(),
            batch.operations = header.count,
            "a batch is sealed"
        );
        Ok(Outcome::Sealed)
    }

    fn seal_records(
        &self,
        head: &StreamHead,
        records: &[Record],
        last_receipt: Hash,
    ) -> Result<(SealedBatch, BatchHeader), SyncError> {
        let sealing = Sealing {
            owner: self.identity.device.owner,
            device: self.identity.device.device,
            last_receipt,
            boot: self.agent.boot,
            monotonic_ms: self.agent.clock.monotonic_ms(),
            sealed_at: self.agent.clock.stamp(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
            configuration: self.agent.config.version,
        };
        let key = &self.identity.signing;
        let sealed = SealedBatch::seal(key, head, records, sealing).map_err(SyncError::Seal)?;
        let batch = sealed
            .verify(&key.public())
            .map_err(|error| SyncError::Verify("batch just sealed", error))?
            .into_inner();
        Ok((sealed, batch.header))
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
        let first_time = self.mark(Mark { epoch, batch, hash: HexHash(hash) })?;
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
        let at = self.agent.clock.now();
        self.agent
            .store
            .write(move |tx| outbox::store_receipt(tx, epoch, batch, &sealed, at))
            .await?;
        tracing::info!(batch.epoch = epoch.get(), batch.no = batch.get(), "a batch is delivered");
        Ok(Outcome::Stored)
    }

    /// Remembers a batch outside the store before it leaves for the first time; false when it left before.
    fn mark(&mut self, mark: Mark) -> Result<bool, SyncError> {
        if self.marked.is_none() {
            self.marked = self.identity.mark()?;
        }
        let place = |mark: &Mark| (mark.epoch, mark.batch);
        if self.marked.as_ref().is_some_and(|marked| place(marked) >= place(&mark)) {
            return Ok(false);
        }
        self.identity.set_mark(&mark)?;
        self.marked = Some(mark);
        Ok(true)
    }

    async fn refused(
        &self,
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
            _ => Err(ClientError::Refused { status, code }.into()),
        }
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

    async fn fetch_verdicts(&self) -> Result<Outcome, SyncError> {
        let Some(known) = self.agent.store.read(stream::read).await? else {
            return Ok(Outcome::Verdicts { count: 0, more: false });
        };
        let (epoch, seq) = known.verdicts;
        let answer = self.client.verdicts(epoch, seq).await?;
        let (count, more) = (answer.verdicts.len(), answer.more);
        let (device, at) = (self.identity.device.device, self.agent.clock.now());
        if count > 0 {
            self.agent
                .store
                .write(move |tx| outbox::store_verdicts(tx, device, &answer.verdicts, at))
                .await?;
        }
        Ok(Outcome::Verdicts { count, more: more && count > 0 })
    }

    /// Every site is asked, also when one is refused; the first refusal is what is reported.
    async fn fetch_feed(&self) -> Result<Outcome, SyncError> {
        let mut more = false;
        let mut refused = None;
        for site in self.identity.device.sites.iter().map(|site| site.id) {
            match self.fetch_page(site).await {
                Ok(page_follows) => more |= page_follows,
                Err(error @ SyncError::Client(ClientError::Refused { .. })) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        self.fetch_digests().await?;
        refused.map_or(Ok(Outcome::Feed { more }), Err)
    }

    async fn fetch_page(&self, site: SiteId) -> Result<bool, SyncError> {
        let after = self.agent.store.read(move |conn| feed::cursor(conn, site)).await?;
        let page = self.client.feed(site, after).await?;
        let more = page.more && page.cursor > after;
        let at = self.agent.clock.now();
        self.agent.store.write(move |tx| feed::store_page(tx, site, &page, at)).await?;
        Ok(more)
    }

    async fn fetch_digests(&self) -> Result<(), SyncError> {
        for Roll { order, level, count, .. } in self.agent.store.read(feed::digests_missing).await?
        {
            let bytes = self.client.digest(order, level).await?;
            let mut codes = 0_u64;
            for part in bytes.chunks(feed::DIGEST_PART_CODES * DIGEST_BYTES) {
                let (first, part) = (codes, part.to_vec());
                codes = codes
                    .saturating_add(u64::try_from(part.len() / DIGEST_BYTES).unwrap_or_default());
                self.agent
                    .store
                    .write(move |tx| feed::store_digest(tx, order, level, first, &part))
                    .await?;
            }
            self.agent.store.write(move |tx| feed::digest_stored(tx, order, level, codes)).await?;
            tracing::info!(
                order.id = order.get(),
                roll.level = level.name(),
                roll.codes = codes,
                roll.wanted = count,
                "a roll's codes are known here"
            );
        }
        Ok(())
    }

    async fn resume(&self) -> Result<Outcome, SyncError> {
        let device = self.identity.device.device;
        let known = self
            .agent
            .store
            .read(|conn| {
                let Some(known) = stream::read(conn)? else { return Ok::<_, StoreError>(None) };
                let last = outbox::last_receipted(conn, known.head.epoch)?;
                Ok(Some((known.head.epoch, last.unwrap_or((BatchNo(0), Hash::ZERO)))))
            })
            .await?;
        let (epoch, (last_batch, last_hash)) =
            known.unwrap_or((Epoch(0), (BatchNo(0), Hash::ZERO)));
        let request = ResumeRequest { device, epoch, last_batch, last_hash, boot: self.agent.boot };
        let granted = self.client.resume(&self.identity.signing.seal_resume(&request)).await?.epoch;
        if granted <= epoch {
            return Err(SyncError::Epoch { granted, known: epoch });
        }
        let again = self.agent.store.write(move |tx| outbox::resume(tx, device, granted)).await?;
        tracing::warn!(
            stream.epoch = granted.get(),
            stream.operations_again = again,
            "a new epoch began; what was never receipted travels again"
        );
        Ok(Outcome::Resumed)
    }
}
