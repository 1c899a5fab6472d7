//! How a screen is opened: as it was asked for, or after choosing what it needs by numbers alone.

use sealtrace_protocol::code;
use sealtrace_protocol::ids::DeviceId;

use super::choosing::{self, Choice, Choosing};
use super::commands::Digit;
use super::desk::Desk;
use super::open::Open;
use super::pen::{WORK_KEY, machine};
use super::work::{Opened, Person, Showing, Work};
use super::{Entry, Lookup, OpenError, Screen, Step, What, opening};
use crate::feedback::{Message, Say, Tone};
use crate::store::{StoreError, settings};

impl Desk {
    /// Opens a screen. Home and look-up open in front of what is in work; anything else needs that to be finished.
    ///
    /// Another document of the same kind opens too: what was scanned under the first waits there.
    pub async fn open(&self, person: &Person, opened: Opened) -> Result<(), OpenError> {
        let mut open = self.open.lock().await;
        self.enter(&mut open, person, opened).await?;
        open.tell(Say::new(Tone::Ready, Message::new("ready")));
        Ok(())
    }

    async fn enter(
        &self,
        open: &mut Open,
        person: &Person,
        opened: Opened,
    ) -> Result<(), OpenError> {
        let opened = opening::trimmed(opened);
        opening::is_for(opened.screen, person.role).map_err(OpenError::Refused)?;
        let mut work = open.work.clone();
        work.choosing = None;
        match opened.screen {
            Screen::Home => work.showing = Showing::Home,
            Screen::Lookup => work.showing = Showing::Lookup,
            Screen::Commission
            | Screen::Pack
            | Screen::AddTo
            | Screen::Regroup
            | Screen::Relabel
            | Screen::Unpack
            | Screen::Rework
            | Screen::Verify
            | Screen::Receive
            | Screen::Ship
            | Screen::Return
            | Screen::Transfer
            | Screen::Count
            | Screen::Sample
            | Screen::Destroy
            | Screen::WriteOff
            | Screen::Resolve => {
                if is_in_the_way(open, person, &opened) {
                    return Err(OpenError::PackageOpen);
                }
                // What was begun may be finished, whatever has become of its task or document; and how an exception was
                // resolved may be taken back.
                let begun = open.drafts.iter().any(|kept| kept.document == opened.document);
                let resolved =
                    opened.exception.is_some() && open.work.has_done(&opened, person.site);
                if !begun && !resolved {
                    let (person, device) = (*person, self.device);
                    let check = move |conn: &_| opening::check(conn, opened, person, device);
                    self.store.read(check).await?;
                }
                work.begin(opened, person.site);
            }
        }
        let at = self.now();
        let drafts = open.drafts.clone();
        let (work, machine) = self
            .store
            .write(move |tx| {
                settings::set(tx, WORK_KEY, &work)?;
                let machine = machine(tx, &work, &drafts, at)?;
                Ok::<_, StoreError>((work, machine))
            })
            .await?;
        open.lookup = Lookup::default();
        open.work = work;
        open.machine = machine;
        Ok(())
    }

    /// The command of a screen: what was begun with it is shown again; otherwise it opens, once it is known what for.
    pub(super) async fn ask_for(
        &self,
        open: &mut Open,
        person: &Person,
        screen: Screen,
    ) -> Result<Say, StoreError> {
        let begun = open.work.opened.filter(|opened| opened.screen == screen && !open.is_idle());
        match begun.filter(|_| open.work.showing != Showing::Work) {
            Some(opened) => self.entered(open, person, opened).await,
            None => self.choose(open, person, Choosing::new(Opened::of(screen))).await,
        }
    }

    /// Chooses one of those that are shown.
    pub(super) async fn take_choice(
        &self,
        open: &mut Open,
        person: &Person,
        digit: Digit,
    ) -> Result<Say, StoreError> {
        let Some(choosing) = open.choosing() else { return Ok(Step::not_now().say) };
        let choice = self.choice(choosing, person).await?;
        match choice.and_then(|choice| choosing.chosen(&choice, digit)) {
            Some(choosing) => self.choose(open, person, choosing).await,
            None => Ok(Say::new(Tone::Warning, Message::new("nothing_to_choose"))),
        }
    }

    /// Shows the next of what there is to choose from.
    pub(super) async fn next_choices(&self, open: &mut Open) -> Result<Say, StoreError> {
        let Some(mut choosing) = open.choosing() else { return Ok(Step::not_now().say) };
        choosing.turn();
        let work = Work { choosing: Some(choosing), ..open.work.clone() };
        self.remember(open, work).await?;
        Ok(Say::new(Tone::Ready, Message::new("choose")))
    }

    /// A text where no screen is open: the number of a document or an order, or the code of an exception to choose.
    pub(super) async fn find(
        &self,
        open: &mut Open,
        person: &Person,
        text: &str,
    ) -> Result<Say, StoreError> {
        let (site, device, number) = (person.site, self.device, text.to_owned());
        let found =
            self.store.read(move |conn| choosing::numbered(conn, &number, site, device)).await?;
        if let Some(choosing) = found {
            return self.choose(open, person, choosing).await;
        }
        let excepted = match (open.choosing(), code::parse(text)) {
            (Some(choosing), Ok(scan)) => {
                let choice = self.choice(choosing, person).await?;
                choice.and_then(|choice| with_code(choosing, &choice, scan.code))
            }
            (_, _) => None,
        };
        match excepted {
            Some(choosing) => self.choose(open, person, choosing).await,
            None => Ok(Step::not_now().say),
        }
    }

    /// Goes on choosing, or opens the screen when nothing is missing any more.
    async fn choose(
        &self,
        open: &mut Open,
        person: &Person,
        mut choosing: Choosing,
    ) -> Result<Say, StoreError> {
        if let Err(no) = opening::is_for(choosing.screen(), person.role) {
            return Ok(Say::rejection(&no).at_most_warning());
        }
        loop {
            let Some(choice) = self.choice(choosing, person).await? else {
                return self.entered(open, person, choosing.wanted).await;
            };
            match (choice.entries.is_empty(), choice.none) {
                (true, true) => choosing = choosing.left_out(),
                (true, false) => {
                    let what = Message::new("nothing_to_choose").with("what", choice.what);
                    return Ok(Say::new(Tone::Warning, what));
                }
                (false, _) => break,
            }
        }
        if is_in_the_way(open, person, &choosing.wanted) && !open.is_beside(choosing.screen()) {
            return Ok(Say::new(Tone::Warning, OpenError::PackageOpen.message()));
        }
        let (choosing, showing) = (Some(choosing), Showing::Choice);
        let work = Work { choosing, showing, ..open.work.clone() };
        self.remember(open, work).await?;
        Ok(Say::new(Tone::Ready, Message::new("choose")))
    }

    /// Opens, and says why when that cannot be.
    async fn entered(
        &self,
        open: &mut Open,
        person: &Person,
        opened: Opened,
    ) -> Result<Say, StoreError> {
        match self.enter(open, person, opened).await {
            Ok(()) => Ok(Say::new(Tone::Ready, Message::new("ready"))),
            Err(OpenError::Store(error)) => Err(error),
            Err(no) => Ok(Say::new(Tone::Warning, no.message())),
        }
    }

    async fn choice(
        &self,
        choosing: Choosing,
        person: &Person,
    ) -> Result<Option<Choice>, StoreError> {
        let (site, device): (_, Option<DeviceId>) = (person.site, self.device);
        self.store.read(move |conn| choosing.choice(conn, site, device)).await
    }
}

/// True when something was begun that must be finished before this opens.
fn is_in_the_way(open: &Open, person: &Person, opened: &Opened) -> bool {
    let before = open.work.opened;
    let other = before.is_none_or(|before| before != *opened && !before.is_beside(opened));
    (other || open.is_elsewhere(person)) && !open.drafts.is_empty()
}

/// With the exception about this code, when that is what is chosen.
fn with_code(choosing: Choosing, choice: &Choice, code: code::Code) -> Option<Choosing> {
    if choice.what != What::Exception {
        return None;
    }
    choice.entries.iter().find_map(|entry| match entry {
        Entry::Exception(row) if row.code == Some(code) => {
            let wanted = Opened { exception: Some(row.id), ..choosing.wanted };
            Some(Choosing::new(wanted))
        }
        Entry::Task(_)
        | Entry::Document(_)
        | Entry::Dealer(_)
        | Entry::Opened(_)
        | Entry::Reason(_)
        | Entry::Exception(_)
        | Entry::Resolution(_) => None,
    })
}
