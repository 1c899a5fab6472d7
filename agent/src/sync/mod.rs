//! Between device and cloud: operations out in sealed batches; receipts, verdicts and the feed in.
//!
//! [`outbox`] decides what is next and knows neither clock nor network; [`driver`] does it; [`client`] asks.

pub mod client;
pub mod driver;
pub mod outbox;
