//! The world, simulated: a production line on virtual serial ports, people with PDAs, a network that can be cut, and
//! a market. Everything in it talks to the real programs.
#![expect(
    clippy::indexing_slicing,
    reason = "JSON answers null for what it lacks, and a check that was given too little should stop"
)]

pub mod check;
pub mod clock;
pub mod demo;
pub mod figures;
pub mod film;
pub mod http;
pub mod label;
pub mod line;
pub mod market;
pub mod network;
pub mod office;
pub mod pda;
pub mod pictures;
pub mod port;
pub mod printer;
pub mod program;
