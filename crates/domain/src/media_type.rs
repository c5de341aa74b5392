//! Media types as clients name them, such as `application/pdf`.

/// Whether a text is a media type that can stand in a header, with or without parameters.
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    text.len() <= 255
        && text.bytes().all(|b| (32..127).contains(&b))
        && essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// Whether a media type says nothing of the content: what clients send that do not know better.
#[must_use]
pub fn is_generic(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // curl sends the last one with every `--data-binary`.
    matches!(
        essence.as_str(),
        "" | "application/octet-stream" | "binary/octet-stream" | "application/x-www-form-urlencoded"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_two_tokens_and_nothing_that_breaks_a_header() {
        for sound in ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml"] {
            assert!(is_media_type(sound), "{sound}");
        }
        for odd in ["", "pdf", "text/", "/html", "text/plain\r\nX: y", "text/pl ain", "a/b\u{e9}"] {
            assert!(!is_media_type(odd), "{odd}");
        }
        assert!(is_generic("Application/Octet-Stream") && !is_generic("image/png"));
    }
}
