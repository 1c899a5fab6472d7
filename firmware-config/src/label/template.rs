//! A label template: one TOML file, or everything that is wrong with it.

use crate::document::{Document, Section};
use crate::label::fields::Wording;
use crate::label::symbol::Symbology;
use crate::profile::ProfileError;

/// The words for what a label can be stuck on.
pub const LEVELS: [&str; 4] = ["unit", "box", "case", "pallet"];

/// Micrometres on a label at most, each way: half a metre.
const LENGTH_UM_MAX: u32 = 500_000;
/// Texts, symbols and bars of one label.
pub(super) const MARKS_MAX: usize = 100;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each, sorted by name.
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../labels/", $name, ".toml")))),+];
    };
}

// A test compares this list with the folder, so a forgotten file does not go unnoticed.
templates!["case-100x60", "pallet-100x150", "replacement-50x30", "unit-40x20"];

/// Where what goes on a label. Lengths are micrometres.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Template {
    /// The file's name without `.toml`.
    pub name: String,
    /// One sentence for the person who chooses.
    pub summary: String,
    /// What it can be stuck on, as [`LEVELS`] names it.
    pub levels: Vec<String>,
    /// The label's width …
    pub width_um: u32,
    /// … and height.
    pub height_um: u32,
    /// From one label to the next.
    pub gap_um: u32,
    pub(super) texts: Vec<Text>,
    pub(super) symbols: Vec<Barcode>,
    pub(super) bars: Vec<Bar>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) x_um: u32,
    pub(super) y_um: u32,
    pub(super) height_um: u32,
    pub(super) width_um_max: u32,
    pub(super) value: Wording,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Barcode {
    pub(super) x_um: u32,
    pub(super) y_um: u32,
    pub(super) symbology: Symbology,
    pub(super) module_um: u32,
    /// Of the bars; a square is as high as it is.
    pub(super) height_um: u32,
    pub(super) value: Wording,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x_um: u32,
    pub(super) y_um: u32,
    pub(super) width_um: u32,
    pub(super) height_um: u32,
}

impl Template {
    /// The built-in template of this name.
    pub fn builtin(name: &str) -> Result<Self, ProfileError> {
        match TEMPLATES.iter().find(|(known, _)| *known == name) {
            Some((known, text)) => Self::from_toml(&format!("{known}.toml"), text),
            None => Err(ProfileError::UnknownTemplate {
                name: name.to_owned(),
                known: Self::builtin_names().collect(),
            }),
        }
    }

    /// The names of all built-in templates, sorted.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        TEMPLATES.iter().map(|(name, _)| *name)
    }

    /// Reads a template. `file_name` appears in messages, and without folders and `.toml` it becomes its name.
    pub fn from_toml(file_name: &str, text: &str) -> Result<Self, ProfileError> {
        let document = Document::new(file_name, text);
        let template = {
            let root = document.parse();
            root.as_ref().and_then(|root| read(file_name, Section::root(&document, root)))
        };
        let problems = document.into_problems();
        match template {
            Some(template) if problems.is_empty() => Ok(template),
            _ => Err(ProfileError::Invalid { file: file_name.to_owned(), problems }),
        }
    }

    /// Whether it can be stuck on this level.
    #[must_use]
    pub fn is_for(&self, level: &str) -> bool {
        self.levels.iter().any(|known| known == level)
    }
}

fn read(file_name: &str, root: Section<'_>) -> Option<Template> {
    let summary = root.text("summary").map(str::to_owned);
    let levels = root.list("levels", |level| Ok(level.to_owned()));
    let unknown = |level: &String| !LEVELS.contains(&level.as_str());
    if levels.as_ref().is_some_and(|levels| levels.is_empty() || levels.iter().any(unknown)) {
        let next = format!("list one or more of {}", LEVELS.join(", "));
        root.problem("levels", "does not say what it is stuck on", &next);
    }
    let width_um = length(&root, "width_mm");
    let height_um = length(&root, "height_mm");
    let gap_um = root.length_um("gap_mm", 0..=50_000, Some(2_000));
    let size = width_um.zip(height_um);
    let texts = root.tables("text").into_iter().map(|section| Text::read(section, size));
    let texts: Vec<_> = texts.collect();
    let symbols = root.tables("barcode").into_iter().map(|section| Barcode::read(section, size));
    let symbols: Vec<_> = symbols.collect();
    let bars = root.tables("bar").into_iter().map(|section| Bar::read(section, size));
    let bars: Vec<_> = bars.collect();
    if symbols.is_empty() {
        root.problem(
            "barcode",
            "is missing",
            "add a [[barcode]]: a label without one is only paper",
        );
    }
    if texts.len() + symbols.len() + bars.len() > MARKS_MAX {
        root.problem("text", "is too often there", "put at most 100 things on a label");
    }
    root.finish();
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    Some(Template {
        name: name.strip_suffix(".toml").unwrap_or(name).to_owned(),
        summary: summary?,
        levels: levels?,
        width_um: width_um?,
        height_um: height_um?,
        gap_um: gap_um?,
        texts: texts.into_iter().collect::<Option<_>>()?,
        symbols: symbols.into_iter().collect::<Option<_>>()?,
        bars: bars.into_iter().collect::<Option<_>>()?,
    })
}

impl Text {
    fn read(section: Section<'_>, size: Option<(u32, u32)>) -> Option<Self> {
        let place = place(&section, size);
        let height_um = section.length_um("height_mm", 1_000..=100_000, None);
        let rest =
            size.zip(place).map_or(LENGTH_UM_MAX, |((width, _), (x, _))| width.saturating_sub(x));
        let width_um_max = section.length_um("width_mm_max", 1_000..=LENGTH_UM_MAX, Some(rest));
        let value = wording(&section);
        section.finish();
        let (x_um, y_um) = place?;
        let (height_um, width_um_max) = (height_um?, width_um_max?.min(rest));
        Some(Self { x_um, y_um, height_um, width_um_max, value: value? })
    }
}

impl Barcode {
    fn read(section: Section<'_>, size: Option<(u32, u32)>) -> Option<Self> {
        let place = place(&section, size);
        let symbology = section.choice("symbology", &Symbology::NAMES, None);
        let module_um = section.length_um("module_mm", 100..=2_000, None);
        let height_um = match symbology {
            Some(Symbology::Gs1128) => section.length_um("height_mm", 3_000..=100_000, None),
            Some(Symbology::Gs1DataMatrix | Symbology::Qr) | None => Some(0),
        };
        let value = wording(&section);
        if symbology.is_some() {
            section.finish();
        }
        let (x_um, y_um) = place?;
        let (symbology, module_um, height_um) = (symbology?, module_um?, height_um?);
        Some(Self { x_um, y_um, symbology, module_um, height_um, value: value? })
    }
}

impl Bar {
    fn read(section: Section<'_>, size: Option<(u32, u32)>) -> Option<Self> {
        let place = place(&section, size);
        let width_um = section.length_um("width_mm", 100..=LENGTH_UM_MAX, None);
        let height_um = section.length_um("height_mm", 100..=LENGTH_UM_MAX, None);
        section.finish();
        let (x_um, y_um) = place?;
        Some(Self { x_um, y_um, width_um: width_um?, height_um: height_um? })
    }
}

fn length(section: &Section<'_>, key: &'static str) -> Option<u32> {
    section.length_um(key, 5_000..=LENGTH_UM_MAX, None)
}

fn place(section: &Section<'_>, size: Option<(u32, u32)>) -> Option<(u32, u32)> {
    let x_um = section.length_um("x_mm", 0..=LENGTH_UM_MAX, None);
    let y_um = section.length_um("y_mm", 0..=LENGTH_UM_MAX, None);
    for (key, at, end) in
        [("x_mm", x_um, size.map(|size| size.0)), ("y_mm", y_um, size.map(|size| size.1))]
    {
        if at.zip(end).is_some_and(|(at, end)| at >= end) {
            section.problem(key, "is not on the label", "write less than the label's own size");
        }
    }
    x_um.zip(y_um)
}

fn wording(section: &Section<'_>) -> Option<Wording> {
    match Wording::parse(section.text("value")?) {
        Ok(wording) => Some(wording),
        Err(what) => {
            let names: Vec<_> =
                super::Field::ALL.iter().map(|field| format!("{{{field}}}")).collect();
            section.problem("value", &what, &format!("use {}", names.join(" ")));
            None
        }
    }
}
