//! File names that strangers and browsers give: one line, no path, nothing that shows as something else.

/// The most bytes of a name; file systems take no more.
const LONGEST: usize = 255;

/// The name as it is kept and shown; `file` when nothing is left of it.
#[must_use]
pub fn clean(given: &str) -> String {
    // Some browsers send the whole path, and some attackers hope that it is used.
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|character| !is_deceptive(*character)).collect();
    let shown = shorten(shown.trim());
    if shown.is_empty() || shown.chars().all(|character| character == '.') {
        return "file".to_owned();
    }
    shown
}

/// Control characters, and marks that turn the direction of what follows: `invoice\u{202e}fdp.exe` shows as a PDF.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Cuts in the middle, so that the extension stays.
fn shorten(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).filter(|text| text.len() <= 16);
    let end = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let begin = name.floor_char_boundary(LONGEST - end.len());
    format!("{}{end}", name[..begin].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_a_harmless_one() {
        for (given, kept) in [
            ("invoice.pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\jane\\Rechnung Müller.pdf", "Rechnung Müller.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\r\nSet-Cookie: x\0.txt", "aSet-Cookie: x.txt"),
            ("", "file"),
            ("..", "file"),
            ("folder/", "file"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
        }
        let long = clean(&format!("{}.pdf", "ü".repeat(300)));
        assert!(long.len() <= LONGEST && long.ends_with("ü.pdf"), "{long}");
    }
}
