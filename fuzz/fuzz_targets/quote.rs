//! Whatever somebody writes, it is shown, and every line of it is in one of the parts.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parts = mail::quote::split_text(text);
    assert_eq!(parts.new.is_empty(), text.trim().is_empty(), "all that was written is folded away: {text:?}");
    let mut kept: Vec<&str> = Vec::new();
    for part in
        [Some(parts.new.as_str()), parts.signature.as_deref(), parts.quoted.as_deref()].into_iter().flatten()
    {
        kept.extend(lines(part));
    }
    let mut all: Vec<&str> = lines(text).collect();
    kept.sort_unstable();
    all.sort_unstable();
    assert_eq!(kept, all, "lines are lost or made up in {text:?}");
});

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
