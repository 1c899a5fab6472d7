//! Pictures rendered here: turned, blurred, faint, inverted, several at once, and broken ones.

use std::io::Cursor;

use image::imageops;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use qrcode::QrCode;

use super::*;

const TEXT: &str = "https://seal.example/7KQ2ABCDEFGHJKMNP";

fn label(text: &str, module_pixels: u32) -> GrayImage {
    QrCode::new(text)
        .unwrap()
        .render::<Luma<u8>>()
        .module_dimensions(module_pixels, module_pixels)
        .build()
}

/// A label on a larger sheet.
fn sheet(labels: &[(&GrayImage, i64, i64)], width: u32, height: u32) -> GrayImage {
    let mut sheet = GrayImage::from_pixel(width, height, Luma([235]));
    for (label, x, y) in labels {
        imageops::overlay(&mut sheet, *label, *x, *y);
    }
    sheet
}

fn bytes(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture.clone()).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn texts(bytes: &[u8]) -> Vec<String> {
    decode(bytes, &|| false).unwrap().into_iter().map(|found| found.text).collect()
}

/// Turns by any angle around the middle; nearest pixel, so edges fray as in a bad photo.
fn turned(picture: &GrayImage, degrees: f64) -> GrayImage {
    let (width, height) = picture.dimensions();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (mid_x, mid_y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    GrayImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - mid_x, f64::from(y) - mid_y);
        let (from_x, from_y) = (mid_x + dx * cos + dy * sin, mid_y - dx * sin + dy * cos);
        let inside = from_x >= 0.0
            && from_y >= 0.0
            && from_x < f64::from(width)
            && from_y < f64::from(height);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be inside the picture"
        )]
        if inside { *picture.get_pixel(from_x as u32, from_y as u32) } else { Luma([235]) }
    })
}

#[test]
fn a_clean_label_is_read_from_png_jpeg_and_pgm() {
    let picture = sheet(&[(&label(TEXT, 6), 100, 60)], 480, 400);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Pnm] {
        assert_eq!(texts(&bytes(&picture, format)), [TEXT], "{format:?}");
    }
}

#[test]
fn a_turned_and_blurred_label_is_read() {
    let picture = sheet(&[(&label(TEXT, 6), 120, 120)], 520, 520);
    for degrees in [7.0, 33.0, 45.0, 90.0, 161.0, 270.0] {
        let seen = imageops::fast_blur(&turned(&picture, degrees), 1.5);
        assert_eq!(texts(&bytes(&seen, ImageFormat::Png)), [TEXT], "{degrees} degrees");
    }
}

#[test]
fn a_label_printed_white_on_black_is_read() {
    let mut picture = label(TEXT, 5);
    imageops::invert(&mut picture);
    let mut dark = GrayImage::from_pixel(420, 420, Luma([15]));
    imageops::overlay(&mut dark, &picture, 60, 60);
    assert_eq!(texts(&bytes(&dark, ImageFormat::Png)), [TEXT]);
}

#[test]
fn a_faint_label_half_in_shadow_is_read() {
    let mut picture = sheet(&[(&label(TEXT, 6), 80, 80)], 440, 440);
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        let [grey] = pixel.0;
        let shadow = if x > 200 { 90 } else { 0 };
        pixel.0 = [(150 + grey / 5).saturating_sub(shadow)];
    }
    assert_eq!(texts(&bytes(&picture, ImageFormat::Png)), [TEXT]);
}

#[test]
fn tiny_modules_are_read() {
    let picture = sheet(&[(&label(TEXT, 2), 30, 30)], 140, 140);
    assert_eq!(texts(&bytes(&picture, ImageFormat::Png)), [TEXT]);
}

#[test]
fn several_codes_are_listed_from_the_top_left() {
    let (a, b, c) = (label("A-1", 5), label("B-2", 5), label("C-3", 5));
    let picture = sheet(&[(&c, 40, 300), (&b, 300, 42), (&a, 40, 40)], 560, 560);
    assert_eq!(texts(&bytes(&picture, ImageFormat::Png)), ["A-1", "B-2", "C-3"]);
}

#[test]
fn gs_stays_a_control_character() {
    let text = "0106901234567892\u{1d}10L1\u{1d}21ABC";
    let picture = sheet(&[(&label(text, 5), 40, 40)], 300, 300);
    assert_eq!(texts(&bytes(&picture, ImageFormat::Png)), [text]);
}

#[test]
fn what_is_transparent_is_paper() {
    let ink = label(TEXT, 6);
    let picture = image::ImageBuffer::from_fn(ink.width(), ink.height(), |x, y| {
        let [grey] = ink.get_pixel(x, y).0;
        image::LumaA([0_u8, 255 - grey])
    });
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageLumaA8(picture).write_to(&mut png, ImageFormat::Png).unwrap();
    assert_eq!(texts(&png.into_inner()), [TEXT]);
}

#[test]
fn a_picture_without_a_code_is_an_empty_list() {
    let picture =
        GrayImage::from_fn(200, 200, |x, y| Luma([u8::try_from((x * 7 + y * 13) % 256).unwrap()]));
    assert!(texts(&bytes(&picture, ImageFormat::Png)).is_empty());
}

#[test]
fn when_the_time_is_up_after_a_look_the_answer_is_what_was_found_until_then() {
    let picture = sheet(&[(&label(TEXT, 6), 100, 60)], 480, 400);
    // Asked often within the first look, and once after it.
    let asked = std::cell::Cell::new(0);
    let once_through = || {
        asked.set(asked.get() + 1);
        asked.get() > 4
    };
    assert_eq!(decode(&bytes(&picture, ImageFormat::Png), &once_through).unwrap().len(), 1);
    assert!(decode(&bytes(&picture, ImageFormat::Png), &|| true).unwrap().is_empty());
}

#[test]
fn broken_files_are_named_for_what_they_are() {
    let picture = sheet(&[(&label(TEXT, 6), 100, 60)], 480, 400);
    let png = bytes(&picture, ImageFormat::Png);
    let jpeg = bytes(&picture, ImageFormat::Jpeg);
    let pgm = bytes(&picture, ImageFormat::Pnm);
    let error = |bytes: &[u8]| decode(bytes, &|| false).unwrap_err();
    assert!(matches!(error(&[]), PictureError::Empty));
    assert!(matches!(error(b"%PDF-1.7 no picture"), PictureError::Format));
    assert!(matches!(error(&png[..png.len() / 2]), PictureError::Broken(_)));
    assert!(matches!(error(&png[..9]), PictureError::Broken(_)));
    assert!(matches!(error(&pgm[..pgm.len() / 2]), PictureError::Broken(_)));
    assert!(matches!(error(&jpeg[..jpeg.len() * 2 / 3]), PictureError::CutShort));
    assert!(matches!(error(&vec![0; PICTURE_BYTES_MAX + 1]), PictureError::TooLarge { .. }));
}

#[test]
fn a_picture_that_claims_enormous_sides_is_refused_unread() {
    let bomb = b"P5\n100000 100000\n255\n".to_vec();
    assert!(matches!(decode(&bomb, &|| false).unwrap_err(), PictureError::TooManyPixels(_)));
}

#[test]
fn a_sheet_full_of_finder_patterns_ends_in_reasonable_time() {
    // Rings as in a code's corner, everywhere, and no code: the worst a decoder can be shown.
    let picture = GrayImage::from_fn(1_200, 1_200, |x, y| {
        let (x, y) = ((x / 3) % 10, (y / 3) % 10);
        let ring = |low, high| (low..=high).contains(&x) && (low..=high).contains(&y);
        let ink = (ring(0, 6) && !ring(1, 5)) || ring(2, 4);
        Luma([if ink { 0 } else { 255 }])
    });
    let clock = crate::clock::Clock::new();
    let found = decode(&bytes(&picture, ImageFormat::Png), &|| clock.monotonic_ms() > 500).unwrap();
    assert!(found.is_empty());
    assert!(clock.monotonic_ms() < 20_000, "{} ms", clock.monotonic_ms());
}

#[test]
fn an_animated_png_is_its_first_picture_and_an_animated_gif_is_refused() {
    let png = bytes(&sheet(&[(&label(TEXT, 6), 100, 60)], 480, 400), ImageFormat::Png);
    // Behind the header: two pictures are announced, and the first is the usual one.
    let animation: [&[u8]; 2] = [
        b"\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00\xf3\x8d\x93p",
        b"\x00\x00\x00\x1afcTL\x00\x00\x00\x00\x00\x00\x01\xe0\x00\x00\x01\x90\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x0a\x00\x00\x04\x11\xec/",
    ];
    let (header, rest) = png.split_at(33);
    let animated = [header, animation[0], animation[1], rest].concat();
    assert_eq!(texts(&animated), [TEXT]);
    let gif = b"GIF89a\x01\0\x01\0\0\0\0!\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0;";
    assert!(matches!(decode(gif, &|| false).unwrap_err(), PictureError::Format));
}

#[test]
fn a_hundred_megapixels_are_refused_before_they_are_unpacked() {
    let mut png = bytes(&GrayImage::new(1, 1), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
    png[29..33].copy_from_slice(&[0x9F, 0x25, 0x3D, 0xFB]);
    assert!(matches!(decode(&png, &|| false).unwrap_err(), PictureError::TooManyPixels(_)));
}

#[test]
fn the_largest_picture_that_is_opened_ends_in_reasonable_time_and_memory() {
    let picture = sheet(&[(&label(TEXT, 40), 2_000, 2_000)], SIDE_PIXELS_MAX, SIDE_PIXELS_MAX);
    let png = bytes(&picture, ImageFormat::Png);
    drop(picture);
    assert!(png.len() < PICTURE_BYTES_MAX, "{} bytes", png.len());
    let clock = crate::clock::Clock::new();
    decode(&png, &|| clock.monotonic_ms() > LOOKING_MS_MAX).unwrap();
    assert!(clock.monotonic_ms() < 20_000, "{} ms", clock.monotonic_ms());
    // Since this process began; one byte a pixel and what is made of it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 1_200_000, "{kilobytes} kB");
}

#[test]
fn a_thousand_codes_in_one_picture_end_in_reasonable_time_with_as_many_as_anybody_can_choose_from()
{
    let mut picture = GrayImage::from_pixel(1_600, 1_600, Luma([255]));
    for at in 0..1_024_u32 {
        let code = label(&format!("N{at}"), 1);
        let (x, y) = ((at % 32) * 50, (at / 32) * 50);
        imageops::overlay(&mut picture, &code, i64::from(x), i64::from(y));
    }
    let clock = crate::clock::Clock::new();
    let time_is_up = || clock.monotonic_ms() > LOOKING_MS_MAX;
    let found = decode(&bytes(&picture, ImageFormat::Png), &time_is_up).unwrap();
    assert!((1..=64).contains(&found.len()), "{} codes", found.len());
    assert!(clock.monotonic_ms() < 20_000, "{} ms", clock.monotonic_ms());
}

/// Code 128 and DataMatrix need the reader that is built in with the feature.
#[cfg(feature = "labels")]
mod gs1 {
    use zxingcpp::BarcodeFormat;

    use super::*;

    const SSCC: &str = "00106901234500000010";
    const BATCH: &str = "010690123456789210L1\u{1d}21ABC";

    fn printed(format: BarcodeFormat, written: &str, scale: i32) -> GrayImage {
        let code = zxingcpp::create(format).options("gs1").from_str(written).unwrap();
        let writer = zxingcpp::write().scale(scale).add_quiet_zones(true).add_hrt(false);
        let drawn = code.to_image_with(&writer).unwrap();
        let side = |length: i32| u32::try_from(length).unwrap();
        GrayImage::from_raw(side(drawn.width()), side(drawn.height()), drawn.data()).unwrap()
    }

    fn found(picture: &GrayImage) -> Vec<Found> {
        decode(&bytes(picture, ImageFormat::Png), &|| false).unwrap()
    }

    #[test]
    fn each_gs1_symbology_is_announced_as_a_scanner_would() {
        let labels = [
            (BarcodeFormat::Code128, "[00]106901234500000010", "]C1", SSCC),
            (BarcodeFormat::DataMatrix, "[01]06901234567892[10]L1[21]ABC", "]d2", BATCH),
            (BarcodeFormat::QRCode, "[01]06901234567892[10]L1[21]ABC", "]Q3", BATCH),
        ];
        for (format, written, identifier, text) in labels {
            let picture = sheet(&[(&printed(format, written, 4), 60, 60)], 800, 480);
            let found = found(&picture);
            let scanned: Vec<_> = found.iter().map(Found::scanned).collect();
            assert_eq!(scanned, [format!("{identifier}{text}")], "{format}");
            assert!(sealtrace_protocol::code::parse(&scanned[0]).is_ok(), "{}", scanned[0]);
        }
    }

    #[test]
    fn bars_are_read_at_any_angle() {
        let code = printed(BarcodeFormat::Code128, "[00]106901234500000010", 3);
        let picture = sheet(&[(&code, 150, 320)], 760, 760);
        for degrees in [0.0, 20.0, 35.0, 45.0, 60.0, 90.0, 130.0, 180.0] {
            let texts: Vec<_> =
                found(&turned(&picture, degrees)).into_iter().map(|found| found.text).collect();
            assert_eq!(texts, [SSCC], "{degrees} degrees");
        }
    }

    #[test]
    fn what_a_label_says_twice_is_one_code() {
        let bars = printed(BarcodeFormat::Code128, "[00]106901234500000010", 3);
        let matrix = printed(BarcodeFormat::DataMatrix, "[00]106901234500000010", 6);
        let picture = sheet(&[(&bars, 60, 60), (&matrix, 60, 300)], 800, 560);
        assert_eq!(found(&picture).len(), 1);
    }
}
