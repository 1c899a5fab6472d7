//! Where scans come from: serial readers, pictures, and what the page sends on.

mod looks;
pub mod picture;
pub mod serial;
