//! Labels: what is printed as data, laid out in dots, and written in a printer's language.
//!
//! A [`Template`] says in millimetres where what goes. Laid out for a printer with the fields of one label it becomes a
//! [`Layout`] in dots, which is the only thing that [`zpl`](Layout::commands), [`tspl`](Layout::commands) and the
//! [preview](Layout::svg) read: what is shown is what is printed. Which modules a symbol has is decided here as well
//! (the code sets of GS1-128, the size of a DataMatrix), not left to the printer.

mod code128;
mod fields;
mod layout;
mod svg;
mod symbol;
mod template;
mod tspl;
mod zpl;

pub use fields::{Field, Fields};
pub use layout::{LabelError, Layout, Mark};
pub use symbol::{Modules, Symbol, SymbolError, Symbology};
pub use template::{LEVELS, Template};
