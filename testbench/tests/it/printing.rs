//! Every label on every kind of printer, sent over TCP, drawn by the virtual printer, photographed badly, and read back.

use std::io::{Cursor, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use anyhow::{Context, Result, ensure};
use image::{GrayImage, ImageFormat, Luma, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};
use imageproc::noise::gaussian_noise_mut;
use sealtrace_agent::input::picture;
use sealtrace_firmware_config::label::{Field, Fields, Layout, Mark, Template};
use sealtrace_firmware_config::{Printer as Kind, Profile};
use sealtrace_protocol::code;
use sealtrace_protocol::code::gs1::{Associations, ElementString, GS};
use sealtrace_testbench::printer::{Label, Language, Printer, print};

const PRINTERS: [(&str, Language); 2] =
    [("virtual-zpl", Language::Zpl), ("virtual-tspl", Language::Tspl)];
const SSCC: &str = "106141412345678908";
const URL: &str = "HTTPS://T.EXAMPLE/7KQ2Z00000000000A";

fn fields() -> Fields {
    Fields::default()
        .with(Field::Product, "金樽 \"52°\" ^白酒~")
        .with(Field::Gtin, "06901234567892")
        .with(Field::Lot, "B-2026/11")
        .with(Field::Date, "2026-11-20")
        .with(Field::Count, 12)
        .with(Field::Code, URL)
        .with(Field::Sscc, SSCC)
}

fn element_string(text: &str) -> Option<String> {
    let elements = ElementString::parse_with(text, Associations::Excluded).ok()?;
    Some(elements.unbracketed(GS))
}

fn kind(profile: &str) -> Result<Kind> {
    Ok(Profile::builtin(profile)?.printer()?.clone())
}

fn layout(template: &str, kind: &Kind) -> Result<Layout> {
    Ok(Template::builtin(template)?.lay_out(kind, &fields(), element_string)?)
}

/// Turned by some degrees, out of focus, noisy and faded, with a margin of table around it.
fn photographed(label: &GrayImage, degrees: f32, blur: f32) -> GrayImage {
    let side = label.width().max(label.height()) * 3 / 2 + 80;
    let mut table = GrayImage::from_pixel(side, side, Luma([235]));
    let place = |whole: u32, part: u32| i64::from((whole - part) / 2);
    let (x, y) = (place(side, label.width()), place(side, label.height()));
    imageops::overlay(&mut table, label, x, y);
    let border = Border::Constant(Luma([235]));
    let turned = rotate_about_center(&table, degrees.to_radians(), Interpolation::Bilinear, border);
    let mut seen = imageops::blur(&turned, blur);
    for pixel in seen.pixels_mut() {
        pixel.0[0] = 50 + pixel.0[0] / 2;
    }
    gaussian_noise_mut(&mut seen, 0.0, 4.0, 7);
    seen
}

fn read(picture: &GrayImage) -> Result<Vec<String>> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    let found = picture::decode(&png.into_inner(), &|| false)?;
    Ok(found.into_iter().map(|found| found.scanned().into_owned()).collect())
}

/// The symbol alone, with the quiet zone it has on its label.
fn cut(label: &Label, mark: &Mark) -> Option<(GrayImage, String)> {
    let Mark::Symbol { x, y, module, height, symbol } = mark else { return None };
    let quiet = symbol.symbology.quiet_zone() * module;
    let (left, top) = (x.saturating_sub(quiet), y.saturating_sub(2 * module));
    let right = (x + symbol.modules.width * module + quiet).min(label.picture.width());
    let bottom = (y + height + 2 * module).min(label.picture.height());
    let cut = imageops::crop_imm(&label.picture, left, top, right - left, bottom - top).to_image();
    Some((cut, symbol.text.clone()))
}

#[test]
fn every_label_of_every_printer_is_read_back_from_a_bad_photograph() -> Result<()> {
    for (profile, language) in PRINTERS {
        let kind = kind(profile)?;
        for name in Template::builtin_names() {
            let layout = layout(name, &kind)?;
            let labels = print(language, &layout.commands(&kind, 2))?;
            let [label] = labels.as_slice() else { panic!("{} labels", labels.len()) };
            assert_eq!(
                (label.picture.dimensions(), label.copies),
                ((layout.width, layout.height), 2)
            );
            for mark in &layout.marks {
                let Some((symbol, text)) = cut(label, mark) else { continue };
                for (degrees, blur) in [(0.0, 0.4), (4.0, 0.8), (-8.0, 1.0)] {
                    let found = read(&photographed(&symbol, degrees, blur))?;
                    let [found] = found.as_slice() else {
                        panic!("{profile} {name} {degrees}°: {found:?} instead of {text:?}")
                    };
                    let expected =
                        if text.starts_with(GS) { format!("(00){SSCC}") } else { URL.to_owned() };
                    let is_same = code::parse(found).ok().map(|scan| scan.code)
                        == code::parse(&expected).ok().map(|scan| scan.code);
                    assert!(is_same && code::parse(found).is_ok(), "{profile} {name}: {found}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_whole_label_is_read_back_from_a_bad_photograph() -> Result<()> {
    for (profile, language) in PRINTERS {
        let kind = kind(profile)?;
        for name in Template::builtin_names() {
            let layout = layout(name, &kind)?;
            let labels = print(language, &layout.commands(&kind, 1))?;
            let has_unit = Template::builtin(name)?.is_for("unit");
            let expected = if has_unit { URL.to_owned() } else { format!("(00){SSCC}") };
            let expected = code::parse(&expected).ok().map(|scan| scan.code);
            for (degrees, blur) in [(0.0, 0.4), (5.0, 0.7), (-12.0, 0.9)] {
                let found = read(&photographed(&labels[0].picture, degrees, blur))?;
                let codes: Vec<_> =
                    found.iter().map(|text| code::parse(text).ok().map(|scan| scan.code)).collect();
                assert_eq!(codes, [expected], "{profile} {name} {degrees}°: {found:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_label_says_on_paper_what_its_layout_says() -> Result<()> {
    for (profile, language) in PRINTERS {
        let kind = kind(profile)?;
        for name in Template::builtin_names() {
            let layout = layout(name, &kind)?;
            let labels = print(language, &layout.commands(&kind, 1))?;
            let texts: Vec<_> = layout
                .marks
                .iter()
                .filter_map(|mark| {
                    if let Mark::Text { text, .. } = mark { Some(text.clone()) } else { None }
                })
                .collect();
            assert_eq!(labels[0].texts, texts, "{profile} {name}");
            let dark = |x: u32, y: u32| labels[0].picture.get_pixel(x, y).0[0] == 0;
            for mark in &layout.marks {
                let Mark::Symbol { x, y, module, height, symbol } = mark else { continue };
                let high = height / symbol.modules.height;
                for row in 0..symbol.modules.height {
                    for column in 0..symbol.modules.width {
                        let (left, top) = (x + column * module, y + row * high);
                        let shown = symbol.modules.is_dark(column, row);
                        assert_eq!(dark(left, top), shown, "{profile} {name} {column},{row}");
                        assert_eq!(dark(left + module - 1, top + high - 1), shown);
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_printer_on_the_network_prints_and_answers() -> Result<()> {
    for (profile, language) in PRINTERS {
        let kind = kind(profile)?;
        let printer = Printer::start(language)?;
        let mut stream = TcpStream::connect(printer.address)?;
        stream.write_all(&layout("case-100x60", &kind)?.commands(&kind, 1))?;
        let question: &[u8] = if language == Language::Zpl { b"~HS\r\n" } else { b"\x1b!?" };
        stream.write_all(question)?;
        let mut answer = [0; 8];
        let count = stream.read(&mut answer).context("no answer")?;
        ensure!(count > 0, "it hung up");
        stream.shutdown(Shutdown::Both)?;
        assert_eq!(printer.labels()?.len(), 1);
    }
    Ok(())
}

#[test]
fn a_printer_refuses_what_no_agent_of_ours_sends() {
    for sent in [
        "^XA^ZZ^XZ",
        "^XA^PW100^LL100",
        "^FO1,1",
        "^XA^PW100^LL100^FO90,1^BQN,2,9,M,7^FH_^FDMA,HELLO^FS^XZ",
    ] {
        assert!(print(Language::Zpl, sent.as_bytes()).is_err(), "{sent}");
    }
    for sent in [
        "TEXT 1,1,\"0\",0,9,9,\"x\"\r\n",
        "SIZE 9 mm,9 mm\r\n",
        "SIZE 90 dot,90 dot\r\nCLS\r\nBEEP 1,1\r\n",
    ] {
        assert!(print(Language::Tspl, sent.as_bytes()).is_err(), "{sent}");
    }
}
