//! The dashboard's files, embedded in the binary. Knows nothing of HTTP servers: the api crate serves what is here.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CHANCERY_UI_DIR"]
struct Files;

/// One file, ready to be served.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// A complete `Content-Type` value.
    pub content_type: String,
    /// The name carries a hash of the content, so a browser may keep it for a year. Everything else is `no-cache`.
    pub immutable: bool,
    /// A quoted strong validator, for `ETag` and `If-None-Match`.
    pub etag: String,
}

/// The page that starts the dashboard. Serve it for every path below `/app/` that is no file and not in `assets/`.
pub fn index() -> Asset {
    asset("index.html").expect("build.rs always leaves an index.html")
}

/// The file at a path below `/app/`, without a leading slash, such as `assets/index-Bx3.js`. `None`: there is none.
pub fn asset(path: &str) -> Option<Asset> {
    let file = Files::get(path)?;
    Some(Asset {
        content_type: content_type(path),
        immutable: path.starts_with("assets/"),
        etag: quoted_hex(&file.metadata.sha256_hash()[..16]),
        bytes: file.data,
    })
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = guess.type_() == mime_guess::mime::TEXT || guess.subtype() == mime_guess::mime::JAVASCRIPT;
    if is_text { format!("{}; charset=utf-8", guess.essence_str()) } else { guess.essence_str().to_owned() }
}

fn quoted_hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_a_page_that_is_always_asked_for_again() {
        let page = index();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert!(!page.immutable);
        assert!(page.bytes.starts_with(b"<!doctype html>"));
    }

    #[test]
    fn an_unknown_asset_is_nothing_and_never_the_index() {
        assert!(asset("assets/gone.js").is_none());
        assert!(asset("../Cargo.toml").is_none());
    }

    #[test]
    fn an_etag_is_quoted_and_follows_the_content() {
        let etag = index().etag;
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() == 34);
        assert_eq!(etag, index().etag);
    }
}
