//! A label printer: which language it speaks, how fine and wide it prints, which fonts are in it.

use crate::document::Section;

/// A label printer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Printer {
    /// What it is told in.
    pub language: Language,
    /// Dots in an inch.
    pub dpi: u32,
    /// The widest label it prints, in micrometres.
    pub width_um_max: u32,
    /// Whether it answers how it is: `~HS` in ZPL, `<ESC>!?` in TSPL.
    pub answers: bool,
    /// How texts are encoded; ZPL is always UTF-8.
    pub encoding: Encoding,
    /// For texts of ASCII.
    pub latin: Font,
    /// For all others. It lies in the printer: fonts are not sent.
    pub chinese: Option<Font>,
}

/// What a printer is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Zebra's, understood by many.
    Zpl,
    /// TSC's, understood by most of the printers made in China.
    Tspl,
}

/// How texts are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// What the resident Chinese fonts of TSPL printers expect.
    Gb18030,
}

/// A font that is in the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Font {
    /// What the printer calls it: a letter, or a file such as `E:SIMSUN.FNT`.
    pub name: String,
    /// Of a character of a bitmap font, printed in whole multiples; none = it is scalable.
    pub height_dots: Option<u32>,
}

impl Language {
    /// Its name in profiles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zpl => "zpl",
            Self::Tspl => "tspl",
        }
    }
}

impl Printer {
    /// The font this text can be printed in, if there is one.
    #[must_use]
    pub fn font_for(&self, text: &str) -> Option<&Font> {
        if text.is_ascii() { Some(&self.latin) } else { self.chinese.as_ref() }
    }

    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let section = root.required_table("printer")?;
        let languages = [Language::Zpl, Language::Tspl].map(|one| (one.name(), one));
        let language = section.choice("language", &languages, None);
        let dpi = section.integer("dpi", 150..=600, None);
        let width_um_max = section.length_um("width_mm_max", 20_000..=300_000, None);
        let answers = section.choice("status", &[("query", true), ("none", false)], None);
        let encodings = [("utf-8", Encoding::Utf8), ("gb18030", Encoding::Gb18030)];
        let encoding = section.choice("encoding", &encodings, Some(Encoding::Utf8));
        if language == Some(Language::Zpl) && encoding == Some(Encoding::Gb18030) {
            section.problem("encoding", "is not for ZPL", "leave it out: ZPL is sent as UTF-8");
        }
        section.finish();
        let fonts = root.required_table("font")?;
        let latin = fonts.required_table("latin").and_then(|section| Font::read(section, language));
        let chinese = match fonts.table("chinese") {
            Some(section) => Font::read(section, language).map(Some),
            None => Some(None),
        };
        fonts.finish();
        Some(Self {
            language: language?,
            dpi: dpi?,
            width_um_max: width_um_max?,
            answers: answers?,
            encoding: encoding?,
            latin: latin?,
            chinese: chinese?,
        })
    }
}

impl Font {
    fn read(section: Section<'_>, language: Option<Language>) -> Option<Self> {
        let name = section.text("name").map(str::to_owned);
        let odd =
            |one: char| !(one.is_ascii_alphanumeric() || matches!(one, '.' | ':' | '-' | '_'));
        if name.as_ref().is_some_and(|name| name.contains(odd)) {
            section.problem(
                "name",
                "has characters that no font's name has",
                "write it as the printer does",
            );
        }
        let height_dots = match section.has_path("height_dots") {
            true => section.integer("height_dots", 8..=96, None).map(Some),
            false => Some(None),
        };
        if language == Some(Language::Zpl) && section.has_path("height_dots") {
            section.problem("height_dots", "is not for ZPL", "name a scalable font");
        }
        section.finish();
        Some(Self { name: name?, height_dots: height_dots? })
    }
}
