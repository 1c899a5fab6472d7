//! A layout in ZPL II. Texts are UTF-8 (`^CI28`); what could be a command is written in hexadecimal (`^FH`).

use std::fmt::Write as _;

use super::code128::{self, GS, Unit};
use super::layout::{Layout, Mark};
use super::symbol::{Symbol, Symbology};

pub(super) fn commands(layout: &Layout, copies: u32) -> Vec<u8> {
    let mut out = String::new();
    let Layout { width, height, .. } = layout;
    // Writing to a String cannot fail.
    let _ = writeln!(out, "^XA^CI28^PW{width}^LL{height}^LH0,0");
    for mark in &layout.marks {
        match mark {
            Mark::Text { x, y, height, font, text } => {
                let named = match font.name.as_str() {
                    letter if letter.len() == 1 => format!("^A{letter}N,{height},{height}"),
                    file => format!("^A@N,{height},{height},{file}"),
                };
                let _ = writeln!(out, "^FO{x},{y}{named}^FH_^FD{}^FS", escaped(text));
            }
            Mark::Symbol { x, y, module, height, symbol } => {
                let drawn = drawn(symbol, *module, *height);
                let _ = writeln!(out, "^FO{x},{y}{drawn}^FS");
            }
            Mark::Bar { x, y, width, height } => {
                let thick = width.min(height);
                let _ = writeln!(out, "^FO{x},{y}^GB{width},{height},{thick}^FS");
            }
        }
    }
    let _ = writeln!(out, "^PQ{copies}^XZ");
    out.into_bytes()
}

fn drawn(symbol: &Symbol, module: u32, height: u32) -> String {
    match symbol.symbology {
        // Mode N: the code sets are ours.
        Symbology::Gs1128 => {
            format!(
                "^BY{module},2.0,{height}^BCN,{height},N,N,N,N^FH_^FD{}",
                code_sets(&symbol.text)
            )
        }
        Symbology::Gs1DataMatrix => {
            let (columns, rows) = (symbol.modules.width, symbol.modules.height);
            let elements = symbol.text.replace(GS, "~1");
            format!("^BXN,{module},200,{columns},{rows},,~^FH_^FD{}", escaped_but_tilde(&elements))
        }
        Symbology::Qr => format!("^BQN,2,{module},M,7^FH_^FDMA,{}", escaped(&symbol.text)),
    }
}

fn code_sets(text: &str) -> String {
    let written = |unit| match unit {
        Unit::StartB => ">:".to_owned(),
        Unit::StartC => ">;".to_owned(),
        Unit::ToB => ">6".to_owned(),
        Unit::ToC => ">5".to_owned(),
        Unit::Fnc1 => ">8".to_owned(),
        Unit::Character('>') => ">0".to_owned(),
        Unit::Character('~') => ">=".to_owned(),
        Unit::Character(one) => escaped(&one.to_string()),
        Unit::Pair(tens, ones) => format!("{tens}{ones}"),
    };
    code128::plan(text).into_iter().flatten().map(written).collect()
}

/// `^`, `~` and `_` as hexadecimal, and no control characters.
fn escaped(text: &str) -> String {
    escaped_but_tilde(text).replace('~', "_7E")
}

fn escaped_but_tilde(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars().filter(|one| !one.is_control()) {
        match one {
            '_' => out.push_str("_5F"),
            '^' => out.push_str("_5E"),
            other => out.push(other),
        }
    }
    out
}
