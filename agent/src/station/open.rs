//! What is open at the station: the machine, its drafts, and what the screen shows of them.

use sealtrace_protocol::ids::DocumentId;
use tokio::sync::watch;

use super::choosing::Choosing;
use super::pen::Written;
use super::work::{Kept, Person, Showing, Shown, Source, Work};
use super::{Lookup, Machine, Screen, opening};
use crate::feedback::{Message, Say, Tone};
use crate::store::StoreError;

/// What is open, and what it was made of.
pub(super) struct Open {
    pub(super) work: Work,
    /// The last text, how and when it came.
    pub(super) heard: Option<(String, Source, u64)>,
    pub(super) machine: Machine,
    pub(super) lookup: Lookup,
    pub(super) drafts: Vec<Kept>,
    /// What was answered last, for pages that wait for it.
    pub(super) news: watch::Sender<News>,
}

/// The newest answer of the station.
#[derive(Clone, Debug)]
pub struct News {
    /// Grows with every answer; begins elsewhere after a restart.
    pub revision: u64,
    /// The answer.
    pub say: Say,
}

impl News {
    /// What is told to whoever comes after a restart.
    pub(super) fn first(revision: u64) -> watch::Sender<Self> {
        watch::Sender::new(Self { revision, say: Say::new(Tone::Ready, Message::new("ready")) })
    }
}

impl Open {
    /// The scans of what is open now; those made under another document wait.
    pub(super) fn active(&self) -> Vec<Kept> {
        self.drafts.iter().filter(|kept| self.work.is_of(kept)).cloned().collect()
    }

    /// True when nothing is scanned for what is open now.
    pub(super) fn is_idle(&self) -> bool {
        !self.drafts.iter().any(|kept| self.work.is_of(kept))
    }

    /// True when the work was opened at another site than this person is signed in at.
    pub(super) fn is_elsewhere(&self, person: &Person) -> bool {
        self.work.site.is_some_and(|site| site != person.site)
    }

    /// The answer when the open work is not on the screen, not here, or nothing for somebody in this person's role:
    /// it is not finished or taken back by a stray command barcode.
    pub(super) fn is_out_of_reach(&self, person: &Person) -> Option<Say> {
        let opened = self.work.opened.filter(|_| self.work.showing == Showing::Work);
        let Some(opened) = opened else {
            return Some(Say::new(Tone::Warning, Message::new("not_open")));
        };
        if self.is_elsewhere(person) {
            return Some(self.not_here());
        }
        opening::is_for(opened.screen, person.role).err().map(|no| Say::rejection(&no))
    }

    /// What is chosen now.
    pub(super) fn choosing(&self) -> Option<Choosing> {
        self.work.choosing.filter(|_| self.work.showing == Showing::Choice)
    }

    /// True when documents of this screen lie side by side with the one that is open.
    pub(super) fn is_beside(&self, screen: Screen) -> bool {
        let opened = self.work.opened.filter(|opened| opened.document.is_some());
        opened.is_some_and(|opened| opened.screen == screen)
    }

    fn scans(&self) -> Vec<(Option<DocumentId>, usize)> {
        let mut scans: Vec<(Option<DocumentId>, usize)> = Vec::new();
        for kept in &self.drafts {
            match scans.iter_mut().find(|(document, _)| *document == kept.document) {
                Some((_, count)) => *count += 1,
                None => scans.push((kept.document, 1)),
            }
        }
        scans
    }

    fn not_here(&self) -> Say {
        let code = if self.drafts.is_empty() { "not_open" } else { "package_open" };
        Say::new(Tone::Warning, Message::new(code))
    }

    pub(super) fn shown(&self) -> Shown {
        let (screen, mut face) = match (self.work.showing, self.work.opened) {
            (Showing::Work, Some(opened)) => (opened.screen, self.machine.face()),
            (Showing::Lookup, _) => (Screen::Lookup, self.lookup.face()),
            (Showing::Choice, _) if let Some(choosing) = self.work.choosing => {
                (choosing.screen(), Machine::Home.face())
            }
            (Showing::Home | Showing::Choice, _) | (Showing::Work, None) => {
                (Screen::Home, Machine::Home.face())
            }
        };
        let working = self.work.showing == Showing::Work;
        face.can.undo = working && (!self.is_idle() || self.work.last_done().is_some());
        face.can.mix = working
            && self.work.opened.is_some_and(|opened| opened.task.is_some())
            && matches!(self.machine, Machine::Pack(_) | Machine::AddTo(_));
        face.can.back = screen != Screen::Home;
        if self.work.blocked {
            face.prompt = Message::new("acknowledge");
        }
        Shown {
            screen,
            opened: self.work.opened.filter(|_| working),
            face,
            blocked: self.work.blocked,
            asks: self.work.asks.filter(|_| working),
            offer: self.work.offer.as_ref().filter(|_| working).map(|offer| offer.document),
            choosing: self.choosing(),
            scans: self.scans(),
            last: self.work.last.clone(),
            revision: self.news.borrow().revision,
        }
    }

    /// Tells an answer to whoever waits for news.
    pub(super) fn tell(&self, mut say: Say) -> Say {
        self.news.send_modify(|news| {
            news.revision = news.revision.wrapping_add(1);
            say.revision = news.revision;
            news.say = say.clone();
        });
        say
    }
}

pub(super) fn keep(open: &mut Open, machine: Machine, written: Written) -> Say {
    open.machine = machine;
    open.work = written.work;
    open.drafts = written.drafts;
    written.say
}

/// The answer, or what a failure of the store means to the person: nothing was saved.
pub(super) fn settle(open: &mut Open, result: Result<Say, StoreError>) -> Say {
    let say = match result {
        Ok(say) => say,
        Err(error) if error.is_full() => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a scan was refused: the disk is full"
            );
            Say::new(Tone::Critical, Message::new("storage_full").with("percent", error.percent()))
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a scan could not be stored");
            Say::new(Tone::Critical, Message::new("internal"))
        }
    };
    open.work.blocked |= say.tone.blocks();
    open.tell(say)
}
