//! What the cloud tells a site, as stored: the desk (people, products, lots, tasks, documents, codes issued) and, in a
//! stream of their own, goods. Each stream of each site has its cursor and goes on where it was.

mod desk;
mod documents;
mod goods;
mod pages;
mod rolls;

pub use desk::{
    closed_tasks, dealer, dealers, last_task_between, may_work, open_tasks, operator,
    operator_by_login, product, products, site, store_opened, task,
};
pub use documents::{document, open_documents, whole_document};
pub use goods::{GOODS_PART_ITEMS, store_goods};
pub use pages::{basis, counted, cursor, forget_counted, last_at, says_nothing, store_desk};
pub use rolls::{DIGEST_PART_CODES, digest_stored, digests_missing, store_digest};

pub(super) use desk::{is_other_gtin, ledger_task, permit, rules, terms, void_opened};
pub(super) use documents::document_before;
pub(super) use rolls::{all_codes_known, issued_by_digest, issued_by_range};
