//! Whatever a letter is made of, cutting it loses no word and makes nothing act that did not before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::{RemoteImages, sanitise_html};

fuzz_target!(|html: &str| {
    let parts = mail::quote::split_html(html);
    let Some(quoted) = &parts.quoted else {
        assert_eq!(parts.new, html, "nothing was cut, and yet it changed");
        return;
    };
    for part in [&parts.new, quoted] {
        let clean = sanitise_html(part, RemoteImages::Block).html;
        for act in ["<script", "<iframe", "<form", "<svg", "<style"] {
            assert!(!clean.contains(act), "{act} is left in {clean:?}");
        }
    }
    let seen = |html: &str| letters(&sanitise_html(html, RemoteImages::Block).html);
    let (before, after) = (seen(html), seen(&parts.new) + seen(quoted));
    assert!(after >= before, "{before} letters became {after} in {html:?}");
});

/// How many letters and digits a reader sees.
fn letters(html: &str) -> usize {
    let mut count = 0;
    let mut depth = 0_u32;
    let mut is_entity = false;
    for character in html.chars() {
        match character {
            '<' => depth = 1,
            '>' => depth = 0,
            '&' => is_entity = true,
            ';' => is_entity = false,
            _ => count += usize::from(depth == 0 && !is_entity && character.is_alphanumeric()),
        }
    }
    count
}
