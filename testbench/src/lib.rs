//! The world, simulated: a production line on virtual serial ports, people with PDAs, a network that can be cut, and
//! a market. Everything in it talks to the real programs.

pub mod check;
pub mod demo;
pub mod http;
pub mod label;
pub mod line;
pub mod market;
pub mod network;
pub mod office;
pub mod pda;
pub mod port;
pub mod program;
