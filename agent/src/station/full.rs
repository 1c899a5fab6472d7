//! A package that is full and waits for its label: what a printer needs to know of it.

use sealtrace_protocol::ids::TaskId;
use sealtrace_protocol::ledger::Level;

use super::desk::Desk;
use super::{Machine, Role};

/// A package whose children are all scanned and whose label is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullPackage {
    /// Its first child's draft: names the package until it is confirmed.
    pub first_draft: i64,
    /// The task it is made under.
    pub task: Option<TaskId>,
    /// Its level.
    pub level: Level,
}

impl Desk {
    /// The open package, when it is full and has no label.
    pub async fn full_package(&self) -> Option<FullPackage> {
        let open = self.open.lock().await;
        let Machine::Pack(pack) = &open.machine else { return None };
        let level = pack.full_without_label()?;
        let drafts = open.active();
        let first = drafts.iter().find(|kept| matches!(kept.role, Role::Child(_)))?;
        let task = open.work.opened.and_then(|opened| opened.task);
        Some(FullPackage { first_draft: first.id, task, level })
    }
}
