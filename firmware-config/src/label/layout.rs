//! A label in dots: a template with its fields filled in, for one printer.

use super::code128::GS;
use super::fields::{Field, Fields};
use super::symbol::{Symbol, SymbolError};
use super::template::{Bar, Barcode, Template, Text};
use super::{svg, tspl, zpl};
use crate::printer::{Font, Language, Printer};

/// A text that does not fit is made smaller down to this share of its height, and then cut.
const SHRINK_PERCENT_MIN: u32 = 60;
/// What a character takes of its height, wide ones (中) and others.
const WIDE_PERCENT: u32 = 100;
const NARROW_PERCENT: u32 = 60;

/// Why a label cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A symbol without its field would be another symbol.
    #[error(
        "the label {template} needs the {field}, and this one has none: choose another template"
    )]
    Missing {
        /// The template.
        template: String,
        /// What is missing.
        field: Field,
    },
    /// What stands in the symbol is not GS1 data.
    #[error("{text} is not GS1 data: correct the template {template}")]
    NotGs1 {
        /// The template.
        template: String,
        /// What was to be in the symbol.
        text: String,
    },
    /// Too much for a symbol.
    #[error("the label {template}")]
    Symbol {
        /// The template.
        template: String,
        /// What is wrong.
        #[source]
        source: SymbolError,
    },
    /// A symbol with its quiet zone goes over the label's edge.
    #[error(
        "a symbol of {template} goes over the label's edge by {dots} dots: make its modules smaller"
    )]
    OverTheEdge {
        /// The template.
        template: String,
        /// By how much.
        dots: u32,
    },
    /// The printer is narrower than the label.
    #[error("{template} is wider than the printer prints: load it into a wider one")]
    TooWide {
        /// The template.
        template: String,
    },
    /// The printer has no font for a text.
    #[error("the printer's profile names no font for {text:?}: add [font.chinese] to it")]
    NoFont {
        /// The text.
        text: String,
    },
}

/// A label in dots, from its upper left corner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// From one label to the next.
    pub gap: u32,
    /// Dots in an inch.
    pub dpi: u32,
    /// What is on it.
    pub marks: Vec<Mark>,
}

/// One thing on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A text.
    Text {
        /// From the left.
        x: u32,
        /// Its upper edge.
        y: u32,
        /// Of a character, as printed.
        height: u32,
        /// In this font of the printer.
        font: Font,
        /// What it says.
        text: String,
    },
    /// A symbol, without its quiet zone.
    Symbol {
        /// From the left.
        x: u32,
        /// Its upper edge.
        y: u32,
        /// Of a module.
        module: u32,
        /// Of all of it.
        height: u32,
        /// Which.
        symbol: Symbol,
    },
    /// A black rectangle.
    Bar {
        /// From the left.
        x: u32,
        /// Its upper edge.
        y: u32,
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
}

impl Template {
    /// Lays a label out. A text whose field is missing is left out; a symbol must be whole.
    ///
    /// `element_string` turns GS1 data in brackets into what a symbol holds: FNC1 in front and between, written as GS.
    pub fn lay_out(
        &self,
        printer: &Printer,
        fields: &Fields,
        element_string: impl Fn(&str) -> Option<String>,
    ) -> Result<Layout, LabelError> {
        let scale = Scale(printer.dpi);
        if self.width_um > printer.width_um_max {
            return Err(LabelError::TooWide { template: self.name.clone() });
        }
        let (width, height) = (scale.dots(self.width_um), scale.dots(self.height_um));
        let mut layout = Layout {
            width,
            height,
            gap: scale.dots(self.gap_um),
            dpi: printer.dpi,
            marks: Vec::new(),
        };
        for bar in &self.bars {
            layout.marks.push(bar.laid_out(scale));
        }
        for text in &self.texts {
            if let Ok(words) = text.value.filled(fields) {
                layout.marks.push(text.laid_out(scale, printer, words)?);
            }
        }
        for barcode in &self.symbols {
            layout.marks.push(self.symbol(barcode, scale, &layout, fields, &element_string)?);
        }
        Ok(layout)
    }

    fn symbol(
        &self,
        barcode: &Barcode,
        scale: Scale,
        label: &Layout,
        fields: &Fields,
        element_string: impl Fn(&str) -> Option<String>,
    ) -> Result<Mark, LabelError> {
        let template = self.name.clone();
        let text = match barcode.value.filled(fields) {
            Ok(text) => text,
            Err(field) => return Err(LabelError::Missing { template, field }),
        };
        let text = if barcode.symbology.is_gs1() {
            match element_string(&text).filter(|elements| elements.starts_with(GS)) {
                Some(elements) => elements,
                None => return Err(LabelError::NotGs1 { template, text }),
            }
        } else {
            text
        };
        let symbol = match Symbol::new(barcode.symbology, &text) {
            Ok(symbol) => symbol,
            Err(source) => return Err(LabelError::Symbol { template, source }),
        };
        let (x, y) = (scale.dots(barcode.x_um), scale.dots(barcode.y_um));
        let module = scale.dots(barcode.module_um).max(1);
        let is_bars = symbol.modules.height == 1;
        let height =
            if is_bars { scale.dots(barcode.height_um) } else { symbol.modules.height * module };
        let right = x + (symbol.modules.width + barcode.symbology.quiet_zone()) * module;
        let over = right.saturating_sub(label.width).max((y + height).saturating_sub(label.height));
        if over > 0 {
            return Err(LabelError::OverTheEdge { template, dots: over });
        }
        Ok(Mark::Symbol { x, y, module, height, symbol })
    }
}

impl Layout {
    /// One symbol with its quiet zone and what it holds below it, as large as that takes.
    #[must_use]
    pub fn of_symbol(symbol: Symbol, caption: &str, dpi: u32) -> Self {
        let module = Scale(dpi).dots(500).max(1);
        let quiet = symbol.symbology.quiet_zone().max(4) * module;
        let width = symbol.modules.width * module + 2 * quiet;
        let square = symbol.modules.height * module;
        let height = if symbol.modules.height == 1 { width / 4 } else { square };
        let wanted = Scale(dpi).dots(3_500);
        let text_height = fitting(wanted, width - quiet, units(caption)).min(wanted);
        let text = Mark::Text {
            x: quiet,
            y: quiet + height + text_height / 2,
            height: text_height,
            font: Font { name: "0".to_owned(), height_dots: None },
            text: caption.to_owned(),
        };
        let height_all = quiet + height + 2 * text_height + quiet / 2;
        let symbol = Mark::Symbol { x: quiet, y: quiet, module, height, symbol };
        Self { width, height: height_all, gap: 0, dpi, marks: vec![symbol, text] }
    }

    /// What is sent to a printer to print it so many times.
    #[must_use]
    pub fn commands(&self, printer: &Printer, copies: u32) -> Vec<u8> {
        match printer.language {
            Language::Zpl => zpl::commands(self, copies),
            Language::Tspl => tspl::commands(self, printer, copies),
        }
    }

    /// The label as a picture.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::picture(self)
    }
}

impl Text {
    fn laid_out(&self, scale: Scale, printer: &Printer, text: String) -> Result<Mark, LabelError> {
        let font = match printer.font_for(&text) {
            Some(font) => font.clone(),
            None => return Err(LabelError::NoFont { text }),
        };
        let (x, y) = (scale.dots(self.x_um), scale.dots(self.y_um));
        let width_max = scale.dots(self.width_um_max);
        let wanted = scale.dots(self.height_um);
        let shrunk = fitting(wanted, width_max, units(&text)).min(wanted);
        let least = wanted * SHRINK_PERCENT_MIN / 100;
        // A bitmap font grows in whole steps, and has no smaller one.
        let height = match font.height_dots {
            Some(step) => step * (shrunk.max(least) / step).clamp(1, 10),
            None => shrunk.max(least).max(1),
        };
        Ok(Mark::Text { x, y, height, font, text: cut(&text, height, width_max) })
    }
}

impl Bar {
    fn laid_out(&self, scale: Scale) -> Mark {
        let (x, y) = (scale.dots(self.x_um), scale.dots(self.y_um));
        let (width, height) = (scale.dots(self.width_um).max(1), scale.dots(self.height_um).max(1));
        Mark::Bar { x, y, width, height }
    }
}

/// Dots in an inch.
#[derive(Clone, Copy)]
struct Scale(u32);

impl Scale {
    /// Rounded to the nearest.
    fn dots(self, um: u32) -> u32 {
        let dots = (u64::from(um) * u64::from(self.0) + 12_700) / 25_400;
        u32::try_from(dots).unwrap_or(u32::MAX)
    }
}

const fn percent(one: char) -> u32 {
    // From the first CJK block on characters are as wide as they are high.
    if one as u32 >= 0x2E80 { WIDE_PERCENT } else { NARROW_PERCENT }
}

/// How wide a text is, in hundredths of its height.
fn units(text: &str) -> u32 {
    text.chars().map(percent).fold(0, u32::saturating_add)
}

/// The height at which a text of these units fits.
fn fitting(wanted: u32, width_max: u32, units: u32) -> u32 {
    width_max.saturating_mul(100).checked_div(units).unwrap_or(wanted)
}

/// As much of a text as fits, with an ellipsis of ASCII where something was cut.
fn cut(text: &str, height: u32, width_max: u32) -> String {
    let fits = |units: u32| u64::from(units) * u64::from(height) <= u64::from(width_max) * 100;
    if fits(units(text)) {
        return text.to_owned();
    }
    let mut used = units("..");
    let kept = text.chars().take_while(|one| {
        used = used.saturating_add(percent(*one));
        fits(used)
    });
    kept.collect::<String>() + ".."
}
