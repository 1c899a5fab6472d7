//! The one station of a device: holds the open machine, writes what it says, and only then answers.
//!
//! One scan at a time, in the order they come. What is open is remembered with every answer, so that a restart goes on
//! in the middle of a package.

use sealtrace_protocol::code;
use sealtrace_protocol::ids::{Cursor, DeviceId, OperatorId, SiteId};
use sealtrace_protocol::time::Stamp;
use tokio::sync::{Mutex, watch};

use super::approving::needs_approval;
use super::known::Known;
use super::open::{Open, keep, settle};
use super::pen::{Pen, WORK_KEY, machine};
use super::work::{Kept, Showing, Work};
use super::{Lookup, Machine, Moment, SOURCE, Scanned, Step, Then};
use crate::clock::Clock;
use crate::feedback::{Message, Say, Tone};
use crate::store::outbox::ConfirmError;
use crate::store::{Store, StoreError, journal, settings};

pub use super::commands::Command;
pub use super::open::News;
pub use super::work::{Last, Opened, Person, Shown, Source};

/// One scan that arrives over two listeners arrives within this time.
const ECHO_MS_MAX: u64 = 400;

/// The station.
pub struct Desk {
    pub(super) store: Store,
    clock: Clock,
    /// This device; none before enrolment.
    pub(super) device: Option<DeviceId>,
    pub(super) open: Mutex<Open>,
    news: watch::Receiver<News>,
}

impl Desk {
    /// Finds the work that was open when the program ended.
    pub async fn restore(
        store: Store,
        clock: Clock,
        device: Option<DeviceId>,
    ) -> Result<Self, StoreError> {
        let at = clock.stamp();
        // A page that waited through the restart sees that it is another number.
        let news = News::first(u64::try_from(at.wall.millis()).unwrap_or_default());
        let told = news.subscribe();
        let open = store
            .read(move |conn| {
                let work: Work = settings::get(conn, WORK_KEY)?.unwrap_or_default();
                let mut drafts = Vec::new();
                for row in journal::drafts(conn, SOURCE)? {
                    let (Ok(role), Some(code)) = (row.draft.role.parse(), row.draft.code) else {
                        tracing::error!(
                            journal.id = row.id,
                            journal.role = row.draft.role,
                            "a scan shown green does not read back and is not in the open package: count it again"
                        );
                        continue;
                    };
                    let scanned = Scanned { code, at: row.draft.at.wall };
                    let document = row.draft.document;
                    drafts.push(Kept { id: row.id, role, scanned, document });
                }
                let machine = machine(conn, &work, &drafts, at)?;
                Ok::<_, StoreError>(Open {
                    work,
                    heard: None,
                    machine,
                    lookup: Lookup::default(),
                    drafts,
                    news,
                })
            })
            .await?;
        if !open.drafts.is_empty() {
            tracing::info!(station.drafts = open.drafts.len(), "the station goes on where it was");
        }
        Ok(Self { store, clock, device, open: Mutex::new(open), news: told })
    }

    /// What is answered, to whomever.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<News> {
        self.news.clone()
    }

    /// What is shown now.
    pub async fn shown(&self) -> Shown {
        self.open.lock().await.shown()
    }

    /// Where scans wait for being confirmed or undone.
    pub async fn site_in_work(&self) -> Option<SiteId> {
        let open = self.open.lock().await;
        open.work.site.filter(|_| !open.drafts.is_empty())
    }

    /// Takes what was scanned or typed: a code or a command barcode.
    pub async fn scan(&self, person: &Person, text: &str, source: Source) -> Say {
        if self.is_echo(text, source).await {
            return Say::new(Tone::Ready, Message::new("repeat"));
        }
        if let Some(command) = Command::from_barcode(text) {
            return self.command(person, command).await;
        }
        let mut open = self.open.lock().await;
        if open.work.blocked {
            return Say::refused(Message::new("blocked"));
        }
        let moment = self.moment(person, open.work.approver);
        let result = match (open.work.showing, code::parse(text)) {
            (Showing::Home | Showing::Choice, _) => self.find(&mut open, person, text).await,
            (Showing::Work, _) if let Some(say) = open.is_out_of_reach(person) => Ok(say),
            (_, Err(error)) => {
                let step = Step { say: Say::unreadable(text, &error), then: Then::Nothing };
                self.write(&mut open, moment, text, None, step).await
            }
            (Showing::Lookup, Ok(scan)) => self.look_up(&mut open, scan).await,
            (Showing::Work, Ok(scan)) => self.take(&mut open, moment, text, scan).await,
        };
        settle(&mut open, result)
    }

    /// Does what a button or a command barcode asks for.
    pub async fn command(&self, person: &Person, command: Command) -> Say {
        let mut open = self.open.lock().await;
        if open.work.blocked && !matches!(command, Command::Acknowledge | Command::Switch) {
            return Say::refused(Message::new("blocked"));
        }
        let moment = self.moment(person, open.work.approver);
        let result = match command {
            Command::Acknowledge => self.acknowledge(&mut open).await,
            Command::Back => self.back(&mut open).await,
            Command::Open(screen) => self.ask_for(&mut open, person, screen).await,
            Command::Choose(digit) => self.take_choice(&mut open, person, digit).await,
            Command::Next => self.next_choices(&mut open).await,
            Command::Show(place) => {
                Ok(Say::new(Tone::Ready, Message::new("page").with("page", place.name())))
            }
            Command::Undo | Command::Confirm | Command::Close | Command::Mix | Command::Switch => {
                match open.is_out_of_reach(person) {
                    Some(say) => Ok(say),
                    None => self.act(&mut open, person, moment, command).await,
                }
            }
        };
        settle(&mut open, result)
    }

    /// Does what is asked for with the open work.
    async fn act(
        &self,
        open: &mut Open,
        person: &Person,
        moment: Moment,
        command: Command,
    ) -> Result<Say, StoreError> {
        match command {
            Command::Undo => self.undo(open, moment).await,
            Command::Confirm | Command::Close => {
                let grave = matches!(&open.machine, Machine::Resolve(it) if it.needs_approval());
                if grave && open.machine.face().can.confirm && !person.role.approves() {
                    return self.ask(open, command).await;
                }
                self.finish(open, moment, command).await
            }
            Command::Mix => self.mix(open, person, moment).await,
            Command::Switch => self.switch(open, person, moment).await,
            Command::Back
            | Command::Acknowledge
            | Command::Open(_)
            | Command::Choose(_)
            | Command::Next
            | Command::Show(_) => Ok(Step::not_now().say),
        }
    }

    /// Answers what was no scan: a picture with several codes or none. A refusal that waits comes first.
    pub async fn no_scan(&self, say: Say) -> Say {
        if self.open.lock().await.work.blocked {
            return Say::refused(Message::new("blocked"));
        }
        say
    }

    /// One pull of the trigger that comes in over two listeners counts once.
    async fn is_echo(&self, text: &str, source: Source) -> bool {
        let at_ms = self.clock.monotonic_ms();
        let heard = &mut self.open.lock().await.heard;
        let echo = heard.as_ref().is_some_and(|(earlier, by, earlier_ms)| {
            earlier == text && *by != source && at_ms.saturating_sub(*earlier_ms) <= ECHO_MS_MAX
        });
        *heard = (!echo).then(|| (text.to_owned(), source, at_ms));
        echo
    }

    pub(super) fn now(&self) -> Stamp {
        self.clock.stamp()
    }

    pub(super) fn moment(&self, person: &Person, approver: Option<OperatorId>) -> Moment {
        Moment {
            at: self.clock.stamp(),
            operator: Some(person.operator),
            approver,
            site: person.site,
            // The writer fills it in from the feed it sees.
            basis: Cursor(0),
        }
    }

    async fn look_up(&self, open: &mut Open, scan: code::Scan) -> Result<Say, StoreError> {
        let mut lookup = open.lookup.clone();
        let (lookup, step) = self
            .store
            .read(move |conn| {
                let step = lookup.scan(&scan, &Known(conn))?;
                Ok::<_, StoreError>((lookup, step))
            })
            .await?;
        open.lookup = lookup;
        Ok(step.say)
    }

    /// One scan of the open work: judged and written in one transaction.
    pub(super) async fn take(
        &self,
        open: &mut Open,
        moment: Moment,
        text: &str,
        scan: code::Scan,
    ) -> Result<Say, StoreError> {
        let (work, at) = (open.work.clone(), moment.at);
        let begun = (!open.is_idle()).then(|| open.machine.clone());
        let pen = Pen::of(&open.work, &open.drafts, text, Some(scan.code), moment);
        let result = self
            .store
            .scan(move |tx| {
                let moment = pen.at(tx)?;
                // A package begins with what the feed says by now of its task or document.
                let mut machine = match begun {
                    Some(machine) => machine,
                    None => machine(tx, &work, &[], at)?,
                };
                let step = machine.scan(&scan, &moment, &Known(tx))?;
                let written = pen.write(tx, &moment, step, &machine)?;
                Ok::<_, ConfirmError>((machine, written))
            })
            .await;
        match result {
            Ok((machine, written)) => Ok(keep(open, machine, written)),
            Err(ConfirmError::Refused(rejection)) => {
                let step = Step::rejected(&rejection);
                self.write(open, moment, text, Some(scan.code), step).await
            }
            Err(ConfirmError::Store(error)) => Err(error),
        }
    }

    /// Writes a step that leaves the machine as it is.
    async fn write(
        &self,
        open: &mut Open,
        moment: Moment,
        text: &str,
        code: Option<code::Code>,
        step: Step,
    ) -> Result<Say, StoreError> {
        let machine = open.machine.clone();
        let pen = Pen::of(&open.work, &open.drafts, text, code, moment);
        let written = self
            .store
            .scan(move |tx| {
                let moment = pen.at(tx)?;
                let written = pen.write(tx, &moment, step, &machine)?;
                Ok::<_, ConfirmError>((machine, written))
            })
            .await;
        match written {
            Ok((machine, written)) => Ok(keep(open, machine, written)),
            Err(ConfirmError::Refused(rejection)) => Ok(Say::rejection(&rejection)),
            Err(ConfirmError::Store(error)) => Err(error),
        }
    }

    /// Completes what is open. What only a supervisor may do waits for one.
    pub(super) async fn finish(
        &self,
        open: &mut Open,
        moment: Moment,
        command: Command,
    ) -> Result<Say, StoreError> {
        let mut machine = open.machine.clone();
        let pen = Pen::of(&open.work, &open.drafts, "", None, moment);
        let result = self
            .store
            .scan(move |tx| {
                let moment = pen.at(tx)?;
                let step = match command {
                    Command::Close => machine.close(&moment, &Known(tx))?,
                    Command::Confirm
                    | Command::Undo
                    | Command::Mix
                    | Command::Switch
                    | Command::Back
                    | Command::Acknowledge
                    | Command::Open(_)
                    | Command::Choose(_)
                    | Command::Next
                    | Command::Show(_) => machine.confirm(&moment, &Known(tx))?,
                };
                let written = pen.write(tx, &moment, step, &machine)?;
                Ok::<_, ConfirmError>((machine, written))
            })
            .await;
        match result {
            Ok((machine, written)) => Ok(keep(open, machine, written)),
            Err(ConfirmError::Refused(rejection)) if needs_approval(&rejection) => {
                self.ask(open, command).await
            }
            Err(ConfirmError::Refused(rejection)) => {
                self.told(open, Step::rejected(&rejection).say).await
            }
            Err(ConfirmError::Store(error)) => Err(error),
        }
    }

    /// An answer to a command that changed nothing; a refusal still waits to be acknowledged after a restart.
    pub(super) async fn told(&self, open: &mut Open, say: Say) -> Result<Say, StoreError> {
        if say.tone.blocks() {
            let work = Work { blocked: true, ..open.work.clone() };
            self.remember(open, work).await?;
        }
        Ok(say)
    }

    async fn acknowledge(&self, open: &mut Open) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        work.blocked = false;
        work.offer = None;
        self.remember(open, work).await?;
        Ok(Say::new(Tone::Ready, Message::new("acknowledged")))
    }

    async fn back(&self, open: &mut Open) -> Result<Say, StoreError> {
        let mut work = open.work.clone();
        let begun = work.opened.is_some() && !open.is_idle();
        work.showing = match work.showing {
            Showing::Lookup | Showing::Choice if begun => Showing::Work,
            Showing::Home | Showing::Work | Showing::Lookup | Showing::Choice => Showing::Home,
        };
        work.choosing = None;
        self.remember(open, work).await?;
        open.lookup = Lookup::default();
        Ok(Say::new(Tone::Ready, Message::new("ready")))
    }

    pub(super) async fn remember(&self, open: &mut Open, work: Work) -> Result<(), StoreError> {
        let work =
            self.store.write(move |tx| settings::set(tx, WORK_KEY, &work).map(|()| work)).await?;
        open.work = work;
        Ok(())
    }
}
