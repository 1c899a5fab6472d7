//! Labels as PDF, drawn by a program that reads PDF (pdftoppm) and read back by the agent.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use image::{GrayImage, ImageFormat, imageops};
use sealtrace_agent::input::picture;
use sealtrace_cloud::codes::pdf::{self, Grid};
use sealtrace_firmware_config::label::{Layout, Symbol, Symbology};
use sealtrace_protocol::code::gs1::{ElementString, GS};

/// As office printers have it.
const DPI: u32 = 300;

fn label(symbology: Symbology, text: &str) -> Result<Layout> {
    let held = match symbology {
        Symbology::Qr => text.to_owned(),
        Symbology::Gs1128 | Symbology::Gs1DataMatrix => ElementString::parse(text)
            .map_err(|error| anyhow::anyhow!("{error:?}"))?
            .unbracketed(GS),
    };
    Ok(Layout::of_symbol(Symbol::new(symbology, &held)?, text, 600))
}

/// The first page on paper.
fn page(pdf: &[u8]) -> Result<GrayImage> {
    let folder = tempfile::tempdir()?;
    let (file, out) = (folder.path().join("labels.pdf"), folder.path().join("page"));
    fs::write(&file, pdf)?;
    let done = Command::new("pdftoppm")
        .args(["-gray", "-singlefile", "-r", &DPI.to_string()])
        .args([&file, &out])
        .output()
        .context("pdftoppm is missing: apt-get install poppler-utils")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    ensure!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    let bytes = fs::read(out.with_extension("pgm"))?;
    Ok(image::load_from_memory_with_format(&bytes, ImageFormat::Pnm)?.into_luma8())
}

fn read(picture: &GrayImage) -> Result<Vec<String>> {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    let found = picture::decode(&png.into_inner(), &|| false)?;
    Ok(found.into_iter().map(|found| found.scanned().into_owned()).collect())
}

#[test]
fn every_symbology_is_read_back_from_a_page_of_its_size() -> Result<()> {
    let unit = "(01)06901234567892(21)7KQ2Z00000000000A";
    let labels = [
        (
            Symbology::Qr,
            "HTTPS://T.EXAMPLE/7KQ2Z00000000000A",
            "HTTPS://T.EXAMPLE/7KQ2Z00000000000A",
        ),
        (Symbology::Gs1128, "(00)106141412345678908", "]C100106141412345678908"),
        (Symbology::Gs1128, unit, "]C10106901234567892217KQ2Z00000000000A"),
        (Symbology::Gs1DataMatrix, unit, "]d20106901234567892217KQ2Z00000000000A"),
    ];
    for (symbology, text, scanned) in labels {
        let label = label(symbology, text)?;
        let page = page(&pdf::single(&label))?;
        // 600 dots an inch on the label, 300 on paper; a page may end in the middle of a dot.
        ensure!(
            page.width().abs_diff(label.width / 2) <= 1,
            "{symbology:?}: {:?}",
            page.dimensions()
        );
        ensure!(
            page.height().abs_diff(label.height / 2) <= 1,
            "{symbology:?}: {:?}",
            page.dimensions()
        );
        assert_eq!(read(&page)?, [scanned], "{symbology:?}");
    }
    Ok(())
}

#[test]
fn every_label_of_a_sheet_stands_in_its_place() -> Result<()> {
    let codes: Vec<_> =
        (0..30).map(|n| format!("HTTPS://T.EXAMPLE/7KQ2Z000000000{n:03}")).collect();
    let labels = codes.iter().map(|code| label(Symbology::Qr, code)).collect::<Result<Vec<_>>>()?;
    let grid = Grid::of(&labels).context("a label is larger than a sheet")?;
    let sheet = page(&pdf::sheets(&labels).context("no sheet")?)?;
    ensure!(sheet.width().abs_diff(2_480) <= 1 && sheet.height().abs_diff(3_508) <= 1, "A4");
    for (n, code) in codes.iter().enumerate().take(grid.a_sheet()) {
        let (left, top) = grid.place(n);
        let (x, y) = (dots(left), dots(top));
        let (wide, high) = (dots(grid.cell().width), dots(grid.cell().height));
        let cut = imageops::crop_imm(&sheet, x, y, wide, high).to_image();
        assert_eq!(read(&cut)?, [code.as_str()], "label {n}");
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places on a sheet of some thousand dots"
)]
fn dots(points: f32) -> u32 {
    (points * 300.0 / 72.0) as u32
}
