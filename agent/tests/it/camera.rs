//! Frames of a camera's stream: what they show is answered and nothing is done; what is no picture is refused in time.

use std::io::Cursor;

use axum_test::TestResponse;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};
use qrcode::QrCode;
use sealtrace_agent::config::{Config, Ui};
use serde_json::{Value, json};

use crate::floor::{agent, printed, unit};
use crate::page::{Floor, page, signed_in};

fn label(text: &str) -> GrayImage {
    QrCode::new(text).unwrap().render::<Luma<u8>>().module_dimensions(5, 5).build()
}

/// Labels side by side on a carton.
fn frame(texts: &[String], format: ImageFormat) -> Vec<u8> {
    let mut carton = GrayImage::from_pixel(640, 320, Luma([190]));
    for (n, text) in (0_i64..).zip(texts) {
        imageops::overlay(&mut carton, &label(text), 40 + n * 300, 60);
    }
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(carton).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn look(floor: &Floor, bytes: Vec<u8>, kind: &str) -> TestResponse {
    floor.page.post("/api/camera").bytes(bytes.into()).content_type(kind).await
}

#[tokio::test]
async fn a_frame_says_what_is_where_and_the_station_hears_nothing() {
    let floor = signed_in().await;
    floor.pack().await;
    let before = floor.get("station").await;
    let texts = [printed(unit(0)), printed(unit(1))];
    let answer = look(&floor, frame(&texts, ImageFormat::Jpeg), "image/jpeg").await;
    let decoded = answer.json::<Value>()["decoded"].as_array().unwrap().clone();
    let shown: Vec<_> = decoded.iter().map(|one| one["scan"].as_str().unwrap()).collect();
    assert_eq!(shown, texts);
    let place = |at: usize| decoded[at]["place"][0].as_u64().unwrap();
    assert!(place(0) < 300 && (450..900).contains(&place(1)), "{decoded:?}");
    assert_eq!(floor.get("station").await, before);
    let nothing = look(&floor, frame(&[], ImageFormat::Png), "image/png").await;
    assert_eq!(nothing.json::<Value>(), json!({"decoded": []}));
}

#[tokio::test]
async fn what_a_file_is_called_does_not_matter_and_what_is_none_is_refused() {
    let floor = signed_in().await;
    let texts = [printed(unit(0))];
    let png = frame(&texts, ImageFormat::Png);
    for kind in ["image/jpeg", "image/gif", "application/octet-stream"] {
        let answer = look(&floor, png.clone(), kind).await.json::<Value>();
        assert_eq!(answer["decoded"][0]["scan"], texts[0], "{kind}");
    }
    let gif = b"GIF89a\x01\0\x01\0\0\0\0!\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0;".to_vec();
    let huge = b"P5\n10000 10000\n255\n".to_vec();
    let refused = [
        (png.clone(), "text/plain", 415, "not_a_picture"),
        (Vec::new(), "image/png", 422, "bad_picture"),
        (gif, "image/gif", 422, "bad_picture"),
        (huge, "image/png", 422, "bad_picture"),
        (png[..png.len() / 2].to_vec(), "image/png", 422, "bad_picture"),
        (b"%PDF-1.7".to_vec(), "image/png", 422, "bad_picture"),
        (vec![0; 3 * 1024 * 1024], "image/png", 413, "too_large"),
    ];
    for (bytes, kind, status, code) in refused {
        for path in ["/api/camera", "/api/station/picture"] {
            if code == "too_large" && path.ends_with("picture") {
                continue;
            }
            let asked = floor.page.post(path).bytes(bytes.clone().into()).content_type(kind).await;
            let error = asked.json::<Value>()["error"]["code"].clone();
            assert_eq!((asked.status_code().as_u16(), error), (status, json!(code)), "{path}");
        }
    }
}

#[tokio::test]
async fn one_frame_is_looked_at_at_a_time() {
    let floor = signed_in().await;
    let blank = || frame(&[], ImageFormat::Png);
    let (first, second) =
        tokio::join!(look(&floor, blank(), "image/png"), look(&floor, blank(), "image/png"));
    let mut answers = [first.status_code().as_u16(), second.status_code().as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 503]);
    assert_eq!(look(&floor, blank(), "image/png").await.status_code(), 200, "and then the next");
}

#[tokio::test]
async fn a_stream_that_runs_does_not_keep_the_page_unlocked() {
    const LOCK_MS: u64 = 1_500;
    let folder = tempfile::tempdir().unwrap();
    let ui = Ui { lock_after_ms: Some(LOCK_MS), ..Ui::default() };
    let agent = agent(folder.path(), Config { ui, ..Config::default() }).await;
    let floor = Floor { page: page(&agent).await, agent, folder };
    floor.log_in("li").await;
    for _ in 0..100 {
        if look(&floor, frame(&[], ImageFormat::Png), "image/png").await.status_code() == 423 {
            return;
        }
    }
    panic!("a hundred frames, and nobody locked the page");
}

#[tokio::test]
async fn nobody_looks_who_is_not_signed_in() {
    let floor = crate::page::floor().await;
    let answer = look(&floor, frame(&[], ImageFormat::Png), "image/png").await;
    assert_eq!(answer.status_code().as_u16(), 401);
}
