//! A layout in TSPL2. Texts are in the encoding of the printer's fonts.

use std::fmt::Write as _;

use encoding_rs::GB18030;

use super::code128::{self, GS, Unit};
use super::layout::{Layout, Mark};
use super::symbol::{Symbol, Symbology};
use crate::printer::{Encoding, Font, Printer};

/// Points in an inch: scalable fonts are given in them.
const POINTS_PER_INCH: u32 = 72;

pub(super) fn commands(layout: &Layout, printer: &Printer, copies: u32) -> Vec<u8> {
    let mut out = String::new();
    let Layout { width, height, gap, .. } = layout;
    // Writing to a String cannot fail.
    let _ = write!(out, "SIZE {width} dot,{height} dot\r\nGAP {gap} dot,0 dot\r\nDIRECTION 1\r\n");
    if let Encoding::Utf8 = printer.encoding {
        out.push_str("CODEPAGE UTF-8\r\n");
    }
    out.push_str("CLS\r\n");
    for mark in &layout.marks {
        match mark {
            Mark::Text { x, y, height, font, text } => {
                let size = size(font, *height, layout.dpi);
                let (name, text) = (&font.name, quoted(text));
                let _ = write!(out, "TEXT {x},{y},\"{name}\",0,{size},{size},\"{text}\"\r\n");
            }
            Mark::Symbol { x, y, module, height, symbol } => {
                let _ = write!(out, "{}\r\n", drawn(symbol, (*x, *y), *module, *height));
            }
            Mark::Bar { x, y, width, height } => {
                let _ = write!(out, "BAR {x},{y},{width},{height}\r\n");
            }
        }
    }
    let _ = write!(out, "PRINT {copies},1\r\n");
    match printer.encoding {
        Encoding::Utf8 => out.into_bytes(),
        Encoding::Gb18030 => GB18030.encode(&out).0.into_owned(),
    }
}

/// Bitmap fonts grow in whole steps, scalable ones are given in points.
fn size(font: &Font, height: u32, dpi: u32) -> u32 {
    match font.height_dots {
        Some(step) => height / step.max(1),
        None => (height * POINTS_PER_INCH / dpi.max(1)).max(1),
    }
}

fn drawn(symbol: &Symbol, (x, y): (u32, u32), module: u32, height: u32) -> String {
    let (columns, rows) = (symbol.modules.width, symbol.modules.height);
    match symbol.symbology {
        // 128M: the code sets are ours.
        Symbology::Gs1128 => format!(
            "BARCODE {x},{y},\"128M\",{height},0,0,{module},{module},\"{}\"",
            code_sets(&symbol.text)
        ),
        Symbology::Gs1DataMatrix => {
            let (wide, high) = (columns * module, rows * module);
            let elements = symbol.text.replace(GS, "~1");
            format!(
                "DMATRIX {x},{y},{wide},{high},c126,x{module},{rows},{columns},\"{}\"",
                quoted(&elements)
            )
        }
        Symbology::Qr => {
            format!("QRCODE {x},{y},M,{module},A,0,M2,\"{}\"", quoted(&symbol.text))
        }
    }
}

fn code_sets(text: &str) -> String {
    let written = |unit| match unit {
        Unit::StartB => "!104".to_owned(),
        Unit::StartC => "!105".to_owned(),
        Unit::ToB => "!100".to_owned(),
        Unit::ToC => "!099".to_owned(),
        Unit::Fnc1 => "!102".to_owned(),
        // What begins a number is written as its own number.
        Unit::Character('!') => "!001".to_owned(),
        Unit::Character(one) => quoted(&one.to_string()),
        Unit::Pair(tens, ones) => format!("{tens}{ones}"),
    };
    code128::plan(text).into_iter().flatten().map(written).collect()
}

/// Without what would end the text or the line.
fn quoted(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).collect::<String>().replace('"', "\\[\"]")
}
