//! Labels as PDF, the same rectangles as on the printer: each on a page of its own size, or side by side on sheets of A4.
#![expect(clippy::cast_precision_loss, reason = "a label has less than 2^23 dots on a side")]

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};
use sealtrace_firmware_config::label::{Layout, Mark};

/// Points in an inch.
const INCH: f32 = 72.0;
const A4: Size = Size { width: 595.276, height: 841.89 };
/// White around a sheet, and between its labels: 10 and 4 millimetres.
const MARGIN: f32 = 28.346;
const GAP: f32 = 11.339;
/// One of the fonts every reader of PDF has; its letters are as wide as layouts reckon.
const FONT: &[u8] = b"Courier";
const FONT_NAME: Name<'static> = Name(b"F1");

/// In points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

impl Size {
    fn of(layout: &Layout) -> Self {
        let points = |dots: u32| dots as f32 * INCH / layout.dpi.max(1) as f32;
        Self { width: points(layout.width), height: points(layout.height) }
    }
}

/// Where labels of one size stand on sheets.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    cell: Size,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// As many labels as fit; none when one is larger than a sheet.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some dozens, and not below zero"
    )]
    pub fn of(labels: &[Layout]) -> Option<Self> {
        let largest =
            |a: Size, b: Size| Size { width: a.width.max(b.width), height: a.height.max(b.height) };
        let cell = labels.iter().map(Size::of).reduce(largest)?;
        let fit = |sheet: f32, one: f32| ((sheet - 2.0 * MARGIN + GAP) / (one + GAP)) as usize;
        let (columns, rows) = (fit(A4.width, cell.width), fit(A4.height, cell.height));
        (columns > 0 && rows > 0).then_some(Self { cell, columns, rows })
    }

    /// Labels on a sheet.
    #[must_use]
    pub const fn a_sheet(&self) -> usize {
        self.columns * self.rows
    }

    /// The upper left corner of a sheet's label, in points from that of the sheet.
    #[must_use]
    pub fn place(&self, label: usize) -> (f32, f32) {
        let (column, row) = (label % self.columns, label / self.columns);
        let at = |place: usize, one: f32| MARGIN + place as f32 * (one + GAP);
        (at(column, self.cell.width), at(row, self.cell.height))
    }

    /// The room of each label.
    #[must_use]
    pub const fn cell(&self) -> Size {
        self.cell
    }
}

/// One label on a page of its size.
#[must_use]
pub fn single(label: &Layout) -> Vec<u8> {
    let mut document = Document::new();
    document.page(Size::of(label), &[(label, (0.0, 0.0))]);
    document.finish()
}

/// Labels on as many sheets as they take; none when one is larger than a sheet.
#[must_use]
pub fn sheets(labels: &[Layout]) -> Option<Vec<u8>> {
    let grid = Grid::of(labels)?;
    let mut document = Document::new();
    for sheet in labels.chunks(grid.a_sheet()) {
        let placed: Vec<_> =
            sheet.iter().enumerate().map(|(at, label)| (label, grid.place(at))).collect();
        document.page(A4, &placed);
    }
    Some(document.finish())
}

struct Document {
    pdf: Pdf,
    /// Numbers given out so far.
    last: i32,
    pages: Vec<Ref>,
    tree: Ref,
    font: Ref,
}

impl Document {
    fn new() -> Self {
        let (catalogue, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
        let mut pdf = Pdf::new();
        pdf.catalog(catalogue).pages(tree);
        pdf.type1_font(font).base_font(Name(FONT)).encoding_predefined(Name(b"WinAnsiEncoding"));
        Self { pdf, last: font.get(), pages: Vec::new(), tree, font }
    }

    fn next(&mut self) -> Ref {
        self.last += 1;
        Ref::new(self.last)
    }

    fn page(&mut self, size: Size, labels: &[(&Layout, (f32, f32))]) {
        let (id, drawing) = (self.next(), self.next());
        let mut content = Content::new();
        for (label, place) in labels {
            draw(&mut content, label, *place, size.height);
        }
        self.pdf.stream(drawing, &content.finish());
        let mut page = self.pdf.page(id);
        page.parent(self.tree).media_box(Rect::new(0.0, 0.0, size.width, size.height));
        page.contents(drawing);
        page.resources().fonts().pair(FONT_NAME, self.font);
        page.finish();
        self.pages.push(id);
    }

    fn finish(mut self) -> Vec<u8> {
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        self.pdf.pages(self.tree).kids(self.pages).count(count);
        self.pdf.finish()
    }
}

/// A PDF's pages grow upwards, labels downwards.
fn draw(content: &mut Content, label: &Layout, (left, top): (f32, f32), page_height: f32) {
    let points = |dots: u32| dots as f32 * INCH / label.dpi.max(1) as f32;
    let fill = |content: &mut Content, x: u32, y: u32, width: u32, height: u32| {
        let bottom = page_height - top - points(y + height);
        content.rect(left + points(x), bottom, points(width), points(height));
    };
    for mark in &label.marks {
        match mark {
            Mark::Text { x, y, height, text, .. } => {
                let base = page_height - top - points(y + height * 4 / 5);
                let ascii: Vec<u8> = text.chars().map(in_font).collect();
                content.begin_text().set_font(FONT_NAME, points(*height));
                content.next_line(left + points(*x), base).show(Str(&ascii)).end_text();
            }
            Mark::Symbol { x, y, module, height, symbol } => {
                let high = height / symbol.modules.height.max(1);
                for (column, row, count) in symbol.modules.runs() {
                    fill(content, x + column * module, y + row * high, count * module, high);
                }
                content.fill_nonzero();
            }
            Mark::Bar { x, y, width, height } => {
                fill(content, *x, *y, *width, *height);
                content.fill_nonzero();
            }
        }
    }
}

/// What stands below a symbol is a code: ASCII.
fn in_font(one: char) -> u8 {
    if one.is_ascii_graphic() || one == ' ' { u8::try_from(one).unwrap_or(b'?') } else { b'?' }
}

#[cfg(test)]
mod tests {
    use sealtrace_firmware_config::label::{Symbol, Symbology};

    use super::*;

    fn label(text: &str) -> Layout {
        Layout::of_symbol(Symbol::new(Symbology::Qr, text).unwrap(), text, 600)
    }

    fn text(pdf: &[u8]) -> String {
        String::from_utf8_lossy(pdf).into_owned()
    }

    #[test]
    fn a_label_has_a_page_of_its_size_with_a_rectangle_for_each_run_of_modules() {
        let label = label("HTTPS://T.EXAMPLE/7KQ2Z00000000000A");
        let pdf = text(&single(&label));
        let (wide, high) = (label.width as f32 * 0.12, label.height as f32 * 0.12);
        assert!(pdf.starts_with("%PDF-"), "{pdf}");
        assert!(pdf.contains(&format!("/MediaBox [0 0 {wide} {high}]")), "{pdf}");
        let [Mark::Symbol { symbol, .. }, Mark::Text { .. }] = label.marks.as_slice() else {
            panic!("{:?}", label.marks)
        };
        assert_eq!(pdf.matches(" re\n").count(), symbol.modules.runs().count());
        assert!(pdf.contains("(HTTPS://T.EXAMPLE/7KQ2Z00000000000A) Tj"), "{pdf}");
    }

    #[test]
    fn a_sheet_takes_what_fits_and_the_next_takes_the_rest() {
        let labels: Vec<_> = (0..250).map(|n| label(&format!("CODE {n:03}"))).collect();
        let grid = Grid::of(&labels).unwrap();
        let pdf = text(&sheets(&labels).unwrap());
        let pages = labels.len().div_ceil(grid.a_sheet());
        assert!(pages > 1, "{grid:?}");
        assert_eq!(pdf.matches("/Type /Page\n").count(), pages);
        assert!(pdf.contains(&format!("/Count {pages}")), "{pdf}");
        for n in 0..250 {
            assert_eq!(pdf.matches(&format!("(CODE {n:03}) Tj")).count(), 1);
        }
        let (right, bottom) = grid.place(grid.a_sheet() - 1);
        assert!(right + grid.cell().width <= A4.width - MARGIN + 0.01);
        assert!(bottom + grid.cell().height <= A4.height - MARGIN + 0.01);
    }

    #[test]
    fn what_is_larger_than_a_sheet_is_on_none() {
        let huge = Layout { width: 6_000, ..label("A") };
        assert!(sheets(&[huge]).is_none());
        assert!(sheets(&[]).is_none());
    }

    #[test]
    fn a_text_cannot_leave_its_string() {
        let pdf = text(&single(&label("A) Tj (B\\")));
        assert!(pdf.contains("(A\\) Tj \\(B\\\\) Tj"), "{pdf}");
    }
}
