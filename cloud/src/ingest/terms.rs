//! What operations of one batch are judged against besides items: tasks, documents, people, rules, lots, permits.
//! Each is looked up once, however many operations ask for it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sealtrace_protocol::ids::{
    DeviceId, DocumentId, OperatorId, OrderId, ProductId, Revision, SiteId, TaskId,
};
use sealtrace_protocol::ledger::{
    Action, Document, Facts, LotTerms, OpenTask, Operation, Party, Permit, Role, Rules, Task,
    Worker,
};
use sealtrace_protocol::text::Lot;

use crate::devices;
use crate::organisations::WorkTerms;
use crate::store::documents::Standing;
use crate::store::{self, StoreError, Tx, catalog, documents, organisations, settings, tasks};

/// What has been looked up so far.
#[derive(Default)]
pub(super) struct Terms {
    /// Whose operations they are.
    signer: Option<DeviceId>,
    /// Where the device may work; none for the office, whose people are permitted at the console.
    sites: Option<Vec<SiteId>>,
    tasks: BTreeMap<(TaskId, Revision), Option<Task>>,
    documents: BTreeMap<DocumentId, Option<Document>>,
    rules: BTreeMap<SiteId, Rules>,
    lots: BTreeMap<(ProductId, Lot), LotTerms>,
    permits: BTreeMap<ProductId, Permit>,
    workers: BTreeMap<(OperatorId, SiteId), Option<WorkTerms>>,
}

impl Terms {
    /// Nothing looked up but where the signer of the batch may work.
    pub(super) async fn of(tx: &mut Tx, signer: DeviceId) -> Result<Self, StoreError> {
        let mut terms = Self { signer: Some(signer), ..Self::default() };
        if signer != devices::OFFICE {
            let sites = store::devices::named_sites(tx, signer).await?;
            terms.sites = Some(sites.into_iter().map(|site| site.id).collect());
        }
        Ok(terms)
    }

    /// Goods have just moved under a document.
    pub(super) fn moved(&mut self, document: DocumentId, standing: Standing) {
        if let Some(Some(document)) = self.documents.get_mut(&document) {
            let Standing { open, lines } = standing;
            (document.open, document.lines) = (open, lines);
        }
    }

    /// A document stands otherwise now.
    pub(super) fn forget_document(&mut self, document: DocumentId) {
        self.documents.remove(&document);
    }

    /// A task was opened, or withdrawn.
    pub(super) fn forget_task(&mut self, task: TaskId) {
        self.tasks.retain(|(known, _), _| *known != task);
    }

    /// States everything but items and pasts; those must be stated before.
    pub(super) async fn state(
        &mut self,
        tx: &mut Tx,
        facts: &mut Facts,
        operation: &Operation,
    ) -> Result<(), StoreError> {
        facts.device = self.signer;
        facts.sites.clone_from(&self.sites);
        facts.worker = self.worker(tx, operation).await?;
        if let Some(approver) = operation.approver {
            facts.approver = Some(self.operator(tx, operation, approver).await?);
        }
        facts.rules = self.rules(tx, operation.site).await?;
        if let Action::OpenTask(open) = &operation.action {
            facts.task = tasks::taken(tx, open.task).await?;
            facts.set_permit(open.product, may_begin(tx, open, operation.site).await?);
        } else if let Some(made) = operation.made() {
            facts.task = self.task(tx, made.task, made.plan).await?;
        }
        for id in operation.documents() {
            if let Some(document) = self.document(tx, id).await? {
                facts.set_document(document);
            }
        }
        self.state_lots(tx, facts).await?;
        self.state_permits(tx, facts).await
    }

    /// Whoever did it. The console has made sure that its people are managers.
    async fn worker(
        &mut self,
        tx: &mut Tx,
        operation: &Operation,
    ) -> Result<Option<Worker>, StoreError> {
        match operation.operator {
            None if self.sites.is_none() => {
                Ok(Some(Worker { role: Role::Manager, permitted: true }))
            }
            None => Ok(None),
            Some(operator) => self.operator(tx, operation, operator).await.map(Some),
        }
    }

    async fn operator(
        &mut self,
        tx: &mut Tx,
        operation: &Operation,
        operator: OperatorId,
    ) -> Result<Worker, StoreError> {
        let at = (operator, operation.site);
        let terms = match self.workers.entry(at) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(organisations::work_terms(tx, at.0, at.1).await?),
        };
        // Nobody known: not permitted, whatever they may be.
        let nobody = Worker { role: Role::Operator, permitted: false };
        Ok(terms.as_ref().map_or(nobody, |terms| terms.worker(operation.at)))
    }

    async fn rules(&mut self, tx: &mut Tx, site: SiteId) -> Result<Rules, StoreError> {
        match self.rules.get(&site) {
            Some(rules) => Ok(*rules),
            None => Ok(*self.rules.entry(site).or_insert(settings::rules(tx, site).await?)),
        }
    }

    async fn task(
        &mut self,
        tx: &mut Tx,
        id: TaskId,
        plan: Revision,
    ) -> Result<Option<Task>, StoreError> {
        match self.tasks.get(&(id, plan)) {
            Some(task) => Ok(task.clone()),
            None => {
                let task = tasks::task(tx, id, plan).await?;
                Ok(self.tasks.entry((id, plan)).or_insert(task).clone())
            }
        }
    }

    /// The order a task belongs to.
    pub(super) async fn order(
        &mut self,
        tx: &mut Tx,
        id: TaskId,
        plan: Revision,
    ) -> Result<Option<OrderId>, StoreError> {
        Ok(self.task(tx, id, plan).await?.map(|task| task.order))
    }

    async fn document(
        &mut self,
        tx: &mut Tx,
        id: DocumentId,
    ) -> Result<Option<Document>, StoreError> {
        match self.documents.get(&id) {
            Some(document) => Ok(document.clone()),
            None => {
                let document = documents::document(tx, id).await?;
                Ok(self.documents.entry(id).or_insert(document).clone())
            }
        }
    }

    async fn state_lots(&mut self, tx: &mut Tx, facts: &mut Facts) -> Result<(), StoreError> {
        let lots = facts.lots();
        let is_missing = |pair: &&(ProductId, Lot)| !self.lots.contains_key(pair);
        let missing: BTreeSet<_> = lots.iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            // What nobody has spoken of is not asked for again either.
            self.lots.extend(missing.iter().map(|pair| (*pair, LotTerms::default())));
            self.lots.extend(catalog::lot_terms(tx, &missing).await?);
        }
        for (product, lot) in lots {
            let terms = self.lots.get(&(product, lot)).copied();
            facts.set_lot(product, lot, terms.unwrap_or_default());
        }
        Ok(())
    }

    async fn state_permits(&mut self, tx: &mut Tx, facts: &mut Facts) -> Result<(), StoreError> {
        let products = facts.products();
        let is_missing = |product: &&ProductId| !self.permits.contains_key(product);
        let missing: BTreeSet<_> = products.iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            self.permits.extend(missing.iter().map(|product| (*product, Permit::default())));
            self.permits.extend(catalog::permits(tx, &missing).await?);
        }
        for product in products {
            let permit = self.permits.get(&product).cloned();
            facts.set_permit(product, permit.unwrap_or_default());
        }
        Ok(())
    }
}

/// Who may begin to make a product without an order: everybody, when it may be made at `site` by the plan that is named.
async fn may_begin(tx: &mut Tx, open: &OpenTask, site: SiteId) -> Result<Permit, StoreError> {
    const NOBODY: Permit = Permit { sites: Some(Vec::new()), dealers: Some(Vec::new()) };
    let product = catalog::product(tx, open.product).await?;
    let plan = catalog::plan(tx, open.product, open.plan).await?;
    let (Some(product), Some(plan)) = (product.filter(|product| product.enabled), plan) else {
        return Ok(NOBODY);
    };
    let parts = plan.parts().iter().map(|part| part.product).collect();
    let mut permits = catalog::permits(tx, &parts).await?;
    permits.insert(open.product, product.permit);
    let permitted = permits.values().all(|permit| permit.allows(Party::Site(site)));
    Ok(if permitted { Permit::default() } else { NOBODY })
}
