//! Devices as data: what a scanner, PDA or gate speaks is written in a profile, and read here.
//!
//! A profile is one TOML file, `profiles/<maker>-<model>.toml`. Adding a device means adding a file,
//! not code. The profiles of this folder are built into the program; a site can hand its own to
//! [`Profile::from_toml`]. A bad file is refused with every problem at once, each with its place
//! and the next step.
//!
//! ```
//! use sealtrace_firmware_config::{Frame, Framer, Profile};
//!
//! let profile = Profile::builtin("virtual-line")?;
//! let mut framer = Framer::new(&profile.reader()?.framing);
//! let frames = framer.push(b"LA12345\r\nNoRead\r\n");
//! assert_eq!(frames, [Frame::Read(b"LA12345".to_vec()), Frame::NoRead]);
//! assert_eq!(profile.serial()?.baud, 115_200);
//! # Ok::<(), sealtrace_firmware_config::ProfileError>(())
//! ```
//!
//! # What a profile holds
//!
//! Every profile has `kind` (`reader`, `gate`, `pda` or `printer`), `maker`, `model`, `summary`, and
//! `unverified`: the key paths whose values nobody has confirmed on a real device yet.
//!
//! | Table | In | Keys |
//! | --- | --- | --- |
//! | `[serial]` | reader, gate, printer | `baud`, `data_bits`, `parity`, `stop_bits`, `flow` |
//! | `[tcp]` | reader, gate, printer | `role` (what the *agent* is: `client` or `server`), `port` |
//! | `[framing]` | reader | `start`, `end`, `length_bytes_max`, `inter_byte_timeout_ms`, `separator`, `no_read`, `ignore`, `banner` |
//! | `[presence]` | reader | `silence_ms_max`, `absence_ms_max` |
//! | `[ack]` | reader | `mode` (`none`, `ack_nak`, `pass_rtry`), `good`, `bad` |
//! | `[trigger]` | reader | `mode` (`none`, `command`), `on`, `off` |
//! | `[symbology]` | reader | `aim` (`off`, `keep`, `strip`), `accept`, `gs_sent_as` |
//! | `[output]` | gate | `mode` (`bytes`, `modbus`), `deadline_ms` |
//! | | `bytes` | `accept`, `reject`, `stop`, `go` |
//! | | `modbus` | `unit`, `accept_coil`, `reject_coil`, `stop_coil`, `pulse_ms` |
//! | `[confirm]` | `modbus` gate | `input`, `deadline_ms` |
//! | `[heartbeat]` | gate | `send` (or `coil`, or `register`), `interval_ms`, `silence_ms_max` |
//! | `[broadcast]` | pda | `action`, `extra`, `symbology`, `claim` |
//! | `[printer]` | printer | `language` (`zpl`, `tspl`), `dpi`, `width_mm_max`, `status` (`query`, `none`), `encoding` (`utf-8`, `gb18030`) |
//! | `[font.latin]`, `[font.chinese]` | printer | `name`, `height_dots`: of a bitmap font, which prints in whole multiples |
//!
//! # Labels
//!
//! What printers print is a template of its own, `labels/<name>.toml`, see [`label`].
//!
//! # Byte strings
//!
//! Bytes are written the way scanner manuals print them: printable ASCII stands for itself, a
//! control byte is its name in angle brackets (`<STX>`, `<CR><LF>`, `<GS>`), any byte is
//! `<0xE4>`, and the bracket itself is `<LT>`. There is no second notation: a TOML escape such as
//! `\r` is refused and the error says what to write instead.
//!
//! The patterns in `no_read`, `ignore` and `banner` are byte strings compared with a whole frame; a
//! `*` at either end stands for anything (`"boot*"`), the empty string for an empty frame.

mod ack;
mod builtin;
mod bytes;
mod document;
mod framer;
mod framing;
mod gate;
pub mod label;
mod modbus;
mod pda;
mod presence;
mod printer;
mod profile;
mod reader;
mod serial;
mod summary;
mod symbology;
mod tcp;

pub use ack::Ack;
pub use bytes::{BytesError, parse as parse_bytes, render as render_bytes};
pub use document::Problem;
pub use framer::{Frame, Framer, Why};
pub use framing::{Framing, Pattern};
pub use gate::{ByteStrings, Gate, Heartbeat, Signals};
pub use modbus::{Beat, Confirm, Modbus};
pub use pda::Pda;
pub use presence::Presence;
pub use printer::{Encoding, Font, Language, Printer};
pub use profile::{Device, Profile, ProfileError};
pub use reader::{Reader, Trigger};
pub use serial::{BAUD_RATES, DataBits, Flow, Parity, Serial, StopBits};
pub use symbology::{Aim, AimId, Reading, Symbology, SymbologyError};
pub use tcp::{Role, Tcp};
