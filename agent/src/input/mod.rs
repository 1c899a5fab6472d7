//! Where scans come from: serial readers, pictures, and what the page sends on.

mod labels;
pub mod picture;
pub mod port;
pub mod reader;
mod terminal;
