//! A truck holds several documents: a scan that does not fit the open one but another goes there, with everything that
//! was scanned under each staying where it is.

use sealtrace_protocol::code;

use super::desk::Desk;
use super::open::Open;
use super::pen::{WORK_KEY, machine};
use super::work::{Offer, Opened, Person};
use super::{Moment, OpenError, Step, opening};
use crate::feedback::{Say, Tone};
use crate::store::{StoreError, settings};

impl Desk {
    /// Goes on with the document that was offered, and takes the scan it was offered for.
    pub(super) async fn switch(
        &self,
        open: &mut Open,
        person: &Person,
        moment: Moment,
    ) -> Result<Say, StoreError> {
        let (Some(Offer { document, text }), Some(opened)) =
            (open.work.offer.clone(), open.work.opened)
        else {
            return Ok(Step::not_now().say);
        };
        let opened = Opened { document: Some(document), ..opened };
        let (person, device) = (*person, self.device);
        let may = self.store.read(move |conn| opening::check(conn, opened, person, device)).await;
        match may {
            Ok(()) => {}
            Err(OpenError::Store(error)) => return Err(error),
            Err(no) => return Ok(Say::new(Tone::Warning, no.message())),
        }
        let (mut work, drafts, at) = (open.work.clone(), open.drafts.clone(), moment.at);
        work.begin(opened, person.site);
        work.blocked = false;
        let (work, machine) = self
            .store
            .write(move |tx| {
                settings::set(tx, WORK_KEY, &work)?;
                let machine = machine(tx, &work, &drafts, at)?;
                Ok::<_, StoreError>((work, machine))
            })
            .await?;
        open.work = work;
        open.machine = machine;
        match code::parse(&text) {
            Ok(scan) => self.take(open, moment, &text, scan).await,
            Err(error) => Ok(Say::unreadable(&text, &error)),
        }
    }
}
