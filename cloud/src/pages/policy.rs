//! The content security policy of a page: what it brings itself, inline scripts and styles named by their hash.

use data_encoding::BASE64;
use sealtrace_protocol::signing::Hash;

/// The policy for this page.
pub(super) fn of(html: &str) -> String {
    let scripts = hashes(html, "script");
    let styles = hashes(html, "style");
    format!(
        "default-src 'self'; script-src 'self'{scripts}; style-src 'self'{styles}; \
         style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The hash of the text of each element with this name, as a policy's source list.
fn hashes(html: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut sources = String::new();
    let mut rest = html;
    while let Some((_, tail)) = rest.split_once(&open) {
        let Some((_, body)) = tail.split_once('>') else { break };
        let Some((text, after)) = body.split_once(&close) else { break };
        if !text.is_empty() {
            let hash = BASE64.encode(&Hash::of(text.as_bytes()).0);
            sources.push_str(&format!(" 'sha256-{hash}'"));
        }
        rest = after;
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_named_by_their_hash_and_linked_ones_are_not() {
        let policy = of(
            "<head><script type=\"module\" src=\"/a.js\"></script></head><script>alert(1)</script>",
        );
        assert!(
            policy.contains(
                "script-src 'self' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';"
            ),
            "{policy}"
        );
        assert!(policy.contains("style-src 'self';"), "{policy}");
    }

    #[test]
    fn an_element_without_an_end_is_left_alone() {
        assert_eq!(hashes("<style>a{}", "style"), "");
        assert_eq!(hashes("<style", "style"), "");
    }
}
