//! Where scans come from: serial readers, pictures, and what the page sends on.

mod board;
mod looks;
pub mod picture;
pub mod port;
pub mod reader;
