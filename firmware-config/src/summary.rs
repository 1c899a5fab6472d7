//! A profile in words, for the person who checks it against the device's manual.

use std::fmt::{self, Display, Formatter};

use crate::ack::Ack;
use crate::bytes::render;
use crate::framing::{Framing, Pattern};
use crate::gate::{Gate, Heartbeat, Signals};
use crate::modbus::{Beat, Confirm};
use crate::presence::Presence;
use crate::printer::{Font, Printer};
use crate::profile::{Device, Profile};
use crate::reader::{Reader, Trigger};
use crate::symbology::{Aim, Symbology};

impl Display for Profile {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {} {} ({})", self.name, self.maker, self.model, self.kind())?;
        writeln!(out, "  {}", self.summary)?;
        if let Ok(serial) = self.serial() {
            writeln!(out, "  serial      {serial}")?;
        }
        if let Ok(tcp) = self.tcp() {
            writeln!(out, "  tcp         {tcp}")?;
        }
        match &self.device {
            Device::Reader(one) => reader(out, one)?,
            Device::Gate(one) => gate(out, one)?,
            Device::Pda(one) => {
                writeln!(out, "  broadcast   {}", one.action)?;
                writeln!(out, "  extra       {}", one.extra)?;
                for (name, value) in [("symbology", &one.symbology), ("claim", &one.claim)] {
                    if let Some(value) = value {
                        writeln!(out, "  {name:<11} {value}")?;
                    }
                }
            }
            Device::Printer(one) => printer(out, one)?,
        }
        if self.unverified.is_empty() {
            return Ok(());
        }
        writeln!(out, "  unverified  {}", self.unverified.join(", "))
    }
}

fn reader(out: &mut Formatter<'_>, reader: &Reader) -> fmt::Result {
    framing(out, &reader.framing)?;
    match &reader.ack {
        Ack::None => writeln!(out, "  answer      none")?,
        Ack::AckNak { good, bad } | Ack::PassRtry { good, bad } => {
            writeln!(out, "  answer      {} or {}", render(good), render(bad))?;
        }
    }
    match &reader.trigger {
        Trigger::None => writeln!(out, "  trigger     its own")?,
        Trigger::Command { on, off } => {
            writeln!(out, "  trigger     on {} off {}", render(on), word(off))?;
        }
    }
    symbology(out, &reader.symbology)?;
    let Presence { silence_max, absence_max } = reader.presence;
    match silence_max {
        Some(silence) => writeln!(
            out,
            "  presence    lost after {silence:?} of silence, stops the lane after {absence_max:?}"
        ),
        None => writeln!(out, "  presence    stops the lane when gone for {absence_max:?}"),
    }
}

fn framing(out: &mut Formatter<'_>, framing: &Framing) -> fmt::Result {
    let Framing { start, end, length_bytes_max, inter_byte_timeout, .. } = framing;
    writeln!(out, "  frame       start {} end {}", word(start), word(end))?;
    writeln!(out, "  limits      {length_bytes_max} bytes, pause {inter_byte_timeout:?}")?;
    if !framing.separator.is_empty() {
        writeln!(out, "  picture     codes separated by {}", render(&framing.separator))?;
    }
    patterns(out, "no read", &framing.no_read)?;
    patterns(out, "ignored", &framing.ignore)?;
    patterns(out, "banner", &framing.banner)
}

fn patterns(out: &mut Formatter<'_>, name: &str, patterns: &[Pattern]) -> fmt::Result {
    if patterns.is_empty() {
        return Ok(());
    }
    let quoted: Vec<_> = patterns.iter().map(|pattern| format!("\"{pattern}\"")).collect();
    writeln!(out, "  {name:<11} {}", quoted.join(", "))
}

fn symbology(out: &mut Formatter<'_>, symbology: &Symbology) -> fmt::Result {
    let aim = match symbology.aim {
        Aim::Off => "not sent",
        Aim::Keep => "kept",
        Aim::Strip => "taken off",
    };
    write!(out, "  AIM prefix  {aim}")?;
    for (index, accepted) in symbology.accept.iter().enumerate() {
        write!(out, "{}{accepted}", if index == 0 { ", only " } else { " " })?;
    }
    writeln!(out)?;
    if symbology.gs_sent_as.is_empty() {
        return Ok(());
    }
    writeln!(out, "  GS sent as  {}", render(&symbology.gs_sent_as))
}

fn gate(out: &mut Formatter<'_>, gate: &Gate) -> fmt::Result {
    writeln!(out, "  deadline    {:?}", gate.deadline)?;
    match &gate.signals {
        Signals::Bytes(words) => {
            writeln!(out, "  accept      {}", render(&words.accept))?;
            writeln!(out, "  reject      {}", render(&words.reject))?;
            if !words.stop.is_empty() {
                writeln!(out, "  stop        {} go {}", render(&words.stop), render(&words.go))?;
            }
            let sign = words.heartbeat.as_ref().map(|beat| render(&beat.sign));
            heartbeat(out, words.heartbeat.as_ref().zip(sign))
        }
        Signals::Modbus(modbus) => {
            writeln!(out, "  Modbus      unit {}, pulse {:?}", modbus.unit, modbus.pulse)?;
            writeln!(out, "  accept      coil {}", modbus.accept_coil)?;
            for (name, coil) in [("reject", modbus.reject_coil), ("stop", modbus.stop_coil)] {
                if let Some(coil) = coil {
                    writeln!(out, "  {name:<11} coil {coil}")?;
                }
            }
            if let Some(Confirm { input, deadline }) = modbus.confirm {
                writeln!(out, "  confirmed   input {input} within {deadline:?}")?;
            }
            let sign = modbus.heartbeat.as_ref().map(|beat| match beat.sign {
                Beat::Coil(coil) => format!("coil {coil}"),
                Beat::Register(register) => format!("register {register}"),
            });
            heartbeat(out, modbus.heartbeat.as_ref().zip(sign))
        }
    }
}

fn heartbeat<S>(
    out: &mut Formatter<'_>,
    heartbeat: Option<(&Heartbeat<S>, String)>,
) -> fmt::Result {
    match heartbeat {
        None => writeln!(out, "  heartbeat   none"),
        Some((Heartbeat { interval, silence_max, .. }, sign)) => {
            writeln!(out, "  heartbeat   {sign} every {interval:?}, rejects after {silence_max:?}")
        }
    }
}

fn printer(out: &mut Formatter<'_>, printer: &Printer) -> fmt::Result {
    let (language, dpi) = (printer.language.name(), printer.dpi);
    let width_mm = printer.width_um_max / 1_000;
    writeln!(out, "  prints      {language}, {dpi} dpi, labels up to {width_mm} mm wide")?;
    writeln!(out, "  status      {}", if printer.answers { "asked for" } else { "not told" })?;
    font(out, "latin font", &printer.latin)?;
    printer.chinese.iter().try_for_each(|one| font(out, "中文 font", one))
}

fn font(out: &mut Formatter<'_>, what: &str, font: &Font) -> fmt::Result {
    match font.height_dots {
        None => writeln!(out, "  {what:<11} {}", font.name),
        Some(dots) => writeln!(out, "  {what:<11} {}, multiples of {dots} dots", font.name),
    }
}

fn word(bytes: &[u8]) -> String {
    if bytes.is_empty() { "none".to_owned() } else { render(bytes) }
}
