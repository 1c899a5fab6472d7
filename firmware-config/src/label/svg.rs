//! A layout as SVG, one unit a dot: what the printer makes of it, with another typeface.

use std::fmt::Write as _;

use super::layout::{Layout, Mark};

pub(super) fn picture(layout: &Layout) -> String {
    let mut out = String::new();
    let (width, height) = (layout.width, layout.height);
    let (wide, high) = (inches(width, layout.dpi), inches(height, layout.dpi));
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}in\" height=\"{high}in\" \
         viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"
    );
    for mark in &layout.marks {
        match mark {
            Mark::Text { x, y, height, text, .. } => {
                // From the upper edge to where letters stand.
                let base = y + height * 4 / 5;
                let text = escaped(text);
                let _ = write!(
                    out,
                    "<text x=\"{x}\" y=\"{base}\" font-size=\"{height}\" \
                     font-family=\"sans-serif\">{text}</text>"
                );
            }
            Mark::Symbol { x, y, module, height, symbol } => {
                let _ = write!(out, "<path d=\"");
                let modules = &symbol.modules;
                let high = height / modules.height.max(1);
                for (column, row, count) in modules.runs() {
                    let (left, top) = (x + column * module, y + row * high);
                    let wide = count * module;
                    let _ = write!(out, "M{left} {top}h{wide}v{high}h-{wide}z");
                }
                let _ = write!(out, "\"/>");
            }
            Mark::Bar { x, y, width, height } => {
                let _ = write!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
                );
            }
        }
    }
    out + "</svg>"
}

/// Thousandths are enough.
fn inches(dots: u32, dpi: u32) -> String {
    let thousandths = u64::from(dots) * 1_000 / u64::from(dpi.max(1));
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
