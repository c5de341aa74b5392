//! Plain text: out of HTML where there is none, and tidied for reading.

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "div",
    "p",
    "tr",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "blockquote",
    "pre",
    "hr",
    "dt",
    "dd",
    "section",
    "article",
    "header",
    "footer",
    "center",
];

/// What a reader would see, without its form.
pub(super) fn from_html(html: &str) -> String {
    let bare = crate::html::bare(html);
    let mut text = String::with_capacity(bare.len());
    let mut rest = bare.as_str();
    let mut is_behind_space = false;
    while !rest.is_empty() {
        let (before, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        add_words(&mut text, before, &mut is_behind_space);
        let name = tag
            .get(1..)
            .unwrap_or_default()
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next();
        match name.unwrap_or_default() {
            "br" => text.push('\n'),
            "td" | "th" => is_behind_space = true,
            name if BLOCKS.contains(&name) && !text.is_empty() && !text.ends_with('\n') => text.push('\n'),
            _ => {}
        }
        rest = &tag[tag.find('>').map_or(tag.len(), |end| end + 1)..];
    }
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Words of one piece between tags; a space stands between two where one stood in the letter, tags or not.
fn add_words(text: &mut String, piece: &str, is_behind_space: &mut bool) {
    let is_space = |character: char| character.is_ascii_whitespace();
    for word in piece.split_inclusive(is_space) {
        let bare = word.trim_end_matches(is_space);
        if !bare.is_empty() {
            if *is_behind_space && !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            add_word(text, bare);
            *is_behind_space = false;
        }
        *is_behind_space |= bare.len() < word.len();
    }
}

/// With its entities as the characters that they stand for.
fn add_word(text: &mut String, word: &str) {
    const LONGEST: usize = 34;
    let mut rest = word;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        text.push_str(before);
        let end = entity.bytes().take(LONGEST).position(|byte| byte == b';').map_or(1, |end| end + 1);
        mail_parser::decoders::html::add_html_token(text, &entity.as_bytes()[..end], false);
        rest = &entity[end..];
    }
    text.push_str(rest);
}

/// Line feeds only, no NUL (databases refuse it), no empty lines at the end.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    text.trim_end().trim_start_matches('\n').to_owned()
}
