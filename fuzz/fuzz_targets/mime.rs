//! Whatever a stranger sends, a message can be read, and what is shown of it does nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::RemoteImages;

fuzz_target!(|raw: &[u8]| {
    let parsed = mail::parse(raw);
    for id in parsed.message_id.iter().chain(&parsed.in_reply_to).chain(&parsed.references) {
        assert!(!id.contains(['<', '>', '\r', '\n']), "an id keeps its brackets or a line break: {id:?}");
    }
    for part in &parsed.parts {
        assert!(!part.filename.is_empty(), "a file without a name");
        assert!(
            !part.filename.contains(['/', '\\', '\0']),
            "a file name that leaves its folder: {:?}",
            part.filename
        );
    }
    if let Some(text) = &parsed.text {
        assert!(!text.contains(['\0', '\r']), "a text that no database takes: {text:?}");
    }
    if let Some(results) = &parsed.authentication {
        assert!(
            !results.server.is_empty() && !results.server.contains(['=', ';']),
            "whose word is it: {results:?}"
        );
    }
    assert_eq!(parsed.auto.any(), parsed.auto.strongest().is_some());
    if let Some(html) = &parsed.html {
        let clean = mail::sanitise_html(html, RemoteImages::Block).html.to_lowercase();
        assert!(!clean.contains("<img src=\"http"), "a picture is fetched: {clean:?}");
        for act in ["<script", "<iframe", "<form", "javascript:alert", " onload=", " onerror="] {
            assert!(!clean.contains(act) || !is_markup(&clean, act), "{act} is left in {clean:?}");
        }
    }
});

/// Whether the words stand in a tag. As text between tags they are harmless.
fn is_markup(html: &str, act: &str) -> bool {
    if act.starts_with('<') {
        return true;
    }
    html.match_indices(act).any(|(start, _)| {
        let before = &html[..start];
        let quoted = before.rsplit('<').next().unwrap_or_default().matches('"').count() % 2 == 1;
        before.rfind('<') > before.rfind('>') && !quoted
    })
}
