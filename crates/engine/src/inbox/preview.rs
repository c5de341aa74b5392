//! The first words of a message, for lists.

const LONGEST: usize = 160;

/// One line from the text, or from the HTML when there is none.
pub(crate) fn preview(text: Option<&str>, html: Option<&str>) -> String {
    match (text, html) {
        (Some(text), _) if !text.trim().is_empty() => one_line(text),
        (_, Some(html)) => one_line(&without_tags(html)),
        _ => String::new(),
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(LONGEST);
    let mut length = 0;
    for word in text.split_whitespace() {
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length + 1 >= LONGEST {
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
            line.push(character);
            length += 1;
        }
    }
    line
}

/// Only for a glance: what is between tags, with tags as white space. Never shown as HTML.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars().take(4_000) {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(preview(Some("Hello\n\n  Jane,\r\nhow are you?"), None), "Hello Jane, how are you?");
        assert_eq!(preview(None, Some("<p>Hello <b>Jane</b> &amp; Joe</p>")), "Hello Jane & Joe");
        let long = preview(Some(&"word ".repeat(100)), None);
        assert!(long.chars().count() <= LONGEST && long.ends_with('…'));
        assert!(preview(Some(&"x".repeat(1_000)), None).chars().count() <= LONGEST);
    }
}
