//! Plain text: out of HTML where there is none, and tidied for reading.

/// Elements that stand on lines of their own. The converter below knows only `br` and `p`.
const BLOCKS: &[&str] =
    &["div", "tr", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre"];

/// What a reader would see, without its form.
pub(super) fn from_html(html: &str) -> String {
    // The converter takes the first `>` for the end of a tag, also one inside an attribute.
    let bare = crate::html::bare(html);
    let mut broken = String::with_capacity(bare.len() + bare.len() / 8);
    let mut rest = bare.as_str();
    let mut begins_line = true;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        broken.push_str(before);
        begins_line = begins_line && before.trim().is_empty();
        let name = tag[1..].trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default();
        if BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name)) && !begins_line {
            broken.push_str("<br>");
            begins_line = true;
        }
        begins_line = begins_line || ["br", "p"].iter().any(|breaks| breaks.eq_ignore_ascii_case(name));
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        broken.push_str(&tag[..end]);
        rest = &tag[end..];
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
