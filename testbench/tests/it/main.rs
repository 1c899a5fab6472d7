//! What holds for the whole repository, and what the simulated world is made of.

mod paper;
mod printing;
mod tidy;
