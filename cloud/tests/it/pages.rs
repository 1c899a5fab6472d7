//! Pages: which address shows which, and the headers that keep them to themselves.

use axum_test::TestResponse;

use crate::office::{Office, answer, in_both_offices};

async fn page(office: &Office, path: &str) -> TestResponse {
    office.nobody().get(path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_address_shows_its_page() {
    in_both_offices(async |office| {
        for (path, to) in
            [("/", "/console/"), ("/console", "/console/"), ("/inspector", "/inspector/")]
        {
            let response = page(&office, path).await;
            assert_eq!(
                (response.status_code().as_u16(), response.header("location").to_str().unwrap()),
                (303, to)
            );
        }
        let consumer = page(&office, "/9A000000000000001").await;
        consumer.assert_status_ok();
        for path in ["/console/", "/console/orders/5", "/inspector/", "/inspector/anything"] {
            let response = page(&office, path).await;
            response.assert_status_ok();
            assert_eq!(response.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(response.header("cache-control"), "no-cache");
            assert!(response.text().contains("<html lang=\"zh-CN\">"), "{path}");
        }
        for path in ["/01/06901234567892/21/9A000000000000001", "/00/069012345678901234"] {
            assert_eq!(page(&office, path).await.text(), consumer.text());
        }
        for path in ["/robots.txt", "/console/assets/none.js", "/consumer/none.js"] {
            assert_eq!(page(&office, path).await.status_code().as_u16(), 404, "{path}");
        }
        let (status, body) = answer(office.nobody().get("/api/v1/none")).await;
        assert_eq!((status, body["error"]["code"].as_str()), (404, Some("no_such_address")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_keep_to_themselves_and_say_when_nothing_changed() {
    in_both_offices(async |office| {
        let response = page(&office, "/console/").await;
        let policy = response.header("content-security-policy").to_str().unwrap().to_owned();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
        for path in ["/console/", "/healthz", "/api/v1/session"] {
            let response = page(&office, path).await;
            assert_eq!(response.header("x-content-type-options"), "nosniff");
            assert_eq!(response.header("x-frame-options"), "DENY");
        }
        let tag = response.header("etag");
        let again = office.nobody().get("/console/").add_header("if-none-match", tag).await;
        assert_eq!(again.status_code().as_u16(), 304);
        assert!(again.as_bytes().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_that_it_is_well() {
    in_both_offices(async |office| {
        let (status, body) = answer(office.nobody().get("/healthz")).await;
        assert_eq!((status, body["ok"].as_bool()), (200, Some(true)));
        assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    })
    .await;
}
