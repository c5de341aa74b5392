//! Plain text: out of HTML where there is none, and tidied for reading.

/// Elements that stand on lines of their own. The converter below knows only `br` and `p`.
const BLOCKS: &[&str] =
    &["div", "tr", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre"];

/// What a reader would see, without its form.
pub(super) fn from_html(html: &str) -> String {
    let mut broken = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(start) = rest.find("</") {
        let (before, closing) = rest.split_at(start);
        broken.push_str(before);
        let name = closing[2..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name)) {
            broken.push_str("<br>");
        }
        broken.push_str("</");
        rest = &closing[2..];
    }
    broken.push_str(rest);
    let text = mail_parser::decoders::html::html_to_text(&broken);
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Line feeds only, no NUL (databases refuse it), no empty lines at the end.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    text.trim_end().trim_start_matches('\n').to_owned()
}
