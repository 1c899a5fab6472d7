//! Between device and cloud: operations out in sealed batches; receipts, verdicts and the feed in.
//!
//! [`outbox`] decides what is next and knows neither clock nor network; [`driver`] does it, with one file for each
//! larger errand; [`client`] asks the cloud, one request per function.

pub mod client;
pub mod driver;
pub mod export;
mod feed;
pub(crate) mod names;
pub mod outbox;
pub(crate) mod resume;
mod seal;
mod verdicts;
