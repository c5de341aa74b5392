//! Replies as the common programs write them, in HTML.

use proptest::prelude::*;

use super::*;

/// What a reader sees, words only.
fn words(html: &str) -> String {
    crate::parse::text_of_html(html).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_split(name: &str, html: &str, new: &str, quoted: &str) {
    let parts = split_html(html);
    assert_eq!(words(&parts.new), new, "{name}: {parts:#?}");
    assert_eq!(parts.quoted.as_deref().map(words).as_deref(), Some(quoted), "{name}: {parts:#?}");
}

const HEADERS: &str = "<b>From:</b> Jane &lt;jane@example.com&gt;<br><b>Sent:</b> Monday, November 16, 2026 10:00<br><b>To:</b> Joe<br><b>Subject:</b> x";
const HEADER_WORDS: &str =
    "From: Jane <jane@example.com> Sent: Monday, November 16, 2026 10:00 To: Joe Subject: x";
const ON: &str = "On Mon, Nov 16, 2026 at 10:00 AM Jane &lt;<a href=\"mailto:jane@example.com\">jane@example.com</a>&gt; wrote:";
const ON_WORDS: &str = "On Mon, Nov 16, 2026 at 10:00 AM Jane <jane@example.com> wrote:";

#[test]
fn replies_of_the_common_programs_are_split() {
    let quoted = format!("{ON_WORDS} Shall we?");
    for (name, html) in [
        (
            "Gmail",
            format!(
                "<div dir=\"ltr\">Yes.</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">{ON}<br></div><blockquote class=\"gmail_quote\" style=\"margin:0\"><div>Shall we?</div></blockquote></div>"
            ),
        ),
        (
            "old Gmail",
            format!(
                "<div dir=\"ltr\">Yes.</div><div class=\"gmail_extra\"><br><div class=\"gmail_quote\">{ON}<br><blockquote class=\"gmail_quote\">Shall we?</blockquote></div><br></div>"
            ),
        ),
        (
            "Apple Mail",
            format!(
                "<html><head></head><body>Yes.<br><div><br><blockquote type=\"cite\"><div>{ON}</div><br class=\"Apple-interchange-newline\"><div><p>Shall we?</p></div></blockquote></div><br></body></html>"
            ),
        ),
        (
            "iPhone",
            format!(
                "<div dir=\"ltr\">Yes.</div><div dir=\"ltr\"><br><blockquote type=\"cite\">{ON}<br><br></blockquote></div><blockquote type=\"cite\"><div dir=\"ltr\">Shall we?</div></blockquote>"
            ),
        ),
        (
            "Thunderbird",
            format!(
                "<p>Yes.</p><div class=\"moz-cite-prefix\">{ON}<br></div><blockquote type=\"cite\" cite=\"mid:1@example.com\"><p>Shall we?</p></blockquote>"
            ),
        ),
        (
            "Yahoo",
            format!(
                "<div class=\"yahoo-style-wrap\"><div>Yes.</div></div><div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div><div>{ON}</div><div><br></div><div>Shall we?</div></div></div>"
            ),
        ),
        (
            "Proton",
            format!(
                "<div>Yes.</div><div class=\"protonmail_quote\">{ON}<br><blockquote class=\"protonmail_quote\" type=\"cite\">Shall we?</blockquote></div>"
            ),
        ),
        (
            "Zoho",
            format!(
                "<div>Yes.</div><div class=\"zmail_extra_hr\" style=\"border-top: 1px solid\"></div><div class=\"zmail_extra\">{ON}<blockquote>Shall we?</blockquote></div>"
            ),
        ),
        (
            "Spark",
            format!(
                "<div name=\"messageBodySection\">Yes.</div><div name=\"messageReplySection\">{ON}<br><blockquote type=\"cite\">Shall we?</blockquote></div>"
            ),
        ),
        (
            "Roundcube",
            format!(
                "<p>Yes.</p><p id=\"reply-intro\">{ON}</p><blockquote type=\"cite\">Shall we?</blockquote>"
            ),
        ),
        ("unmarked", format!("<div>Yes.</div><div>{ON}</div><blockquote>Shall we?</blockquote>")),
        ("no elements", format!("<p>Yes.</p><p>{ON}</p><p>Shall we?</p>")),
        (
            "marks in the text",
            format!("<pre>Yes.\n</pre><div>{ON}</div>&gt; Shall we?")
                .replace("&gt; Shall we?", "<span>Shall we?</span>"),
        ),
    ] {
        assert_split(name, &html, "Yes.", &quoted);
    }
}

#[test]
fn replies_of_outlook_are_split() {
    let quoted = format!("{HEADER_WORDS} Shall we?");
    for (name, html) in [
        (
            "desktop",
            format!(
                "<html xmlns:o=\"x\"><body><div class=WordSection1><p class=MsoNormal>Yes.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{HEADERS}<o:p></o:p></p></div></div><p class=MsoNormal>Shall we?</p></div></body></html>"
            ),
        ),
        (
            "old desktop",
            format!(
                "<div><p>Yes.</p><div style='border:none;border-top:solid #B5C4DF 1.0pt'><p>{HEADERS}</p></div><p>Shall we?</p></div>"
            ),
        ),
        (
            "web",
            format!(
                "<div>Yes.</div><div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font>{HEADERS}</font><div>&nbsp;</div></div><div>Shall we?</div>"
            ),
        ),
        (
            "phone",
            format!(
                "<div>Yes.</div><div id=\"ms-outlook-mobile-body-separator-line\"><br></div><div id=\"mail-editor-reference-message-container\"><hr><div>{HEADERS}</div><div>Shall we?</div></div>"
            ),
        ),
        ("bare headers", format!("<p>Yes.</p><p>{HEADERS}</p><p>Shall we?</p>")),
    ] {
        assert_split(name, &html, "Yes.", &quoted);
    }
    let french = "<p>Oui.</p><p><b>De&nbsp;:</b> Jane<br><b>Envoyé&nbsp;:</b> lundi<br><b>À&nbsp;:</b> Joe<br><b>Objet&nbsp;:</b> x</p><p>On y va ?</p>";
    assert_eq!(words(&split_html(french).new), "Oui.");
    let unknown = "<p>Jā.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>Aa:</b> Jane<br><b>Bb:</b> x<br><b>Cc:</b> y</p></div><p>Vai?</p>";
    assert_eq!(words(&split_html(unknown).new), "Jā.");
}

#[test]
fn forwarded_messages_are_split_below_a_comment_only() {
    let forwarded = "<div class=\"gmail_quote\"><div class=\"gmail_attr\">---------- Forwarded message ---------<br>From: Jane &lt;jane@example.com&gt;<br>Date: x<br>Subject: y<br></div><blockquote>old</blockquote><p>hello</p><blockquote>older</blockquote></div>";
    let with_comment = split_html(&format!("<div>Please look.</div>{forwarded}"));
    assert_eq!(words(&with_comment.new), "Please look.");
    assert!(words(&with_comment.quoted.unwrap()).contains("hello"));
    let alone = split_html(forwarded);
    assert_eq!((alone.new.as_str(), alone.quoted), (forwarded, None));
}

#[test]
fn answers_between_the_lines_stay_whole() {
    for html in [
        "<p>See below.</p><blockquote type=\"cite\">Shall we?</blockquote><p>Yes.</p><blockquote type=\"cite\">When?</blockquote><p>Now.</p>".to_owned(),
        format!("<div class=\"gmail_quote\"><div class=\"gmail_attr\">{ON}</div><blockquote class=\"gmail_quote\">Shall we?</blockquote><div>Yes.</div><blockquote class=\"gmail_quote\">When?</blockquote><div>Now.</div></div>"),
        "<blockquote type=\"cite\">Shall we?</blockquote><p>Yes.</p><blockquote type=\"cite\">When?</blockquote>".to_owned(),
        "<p>He said:</p><blockquote>Be quick.</blockquote><p>And I was.</p>".to_owned(),
        "<p>a</p><blockquote type=\"cite\">b</blockquote><p>c</p>".to_owned(),
        "<p>Just text.</p>".to_owned(),
    ] {
        assert_eq!(split_html(&html), HtmlSplit { new: html.clone(), quoted: None });
    }
}

#[test]
fn an_answer_below_the_quote_is_found() {
    let html = format!(
        "<div class=\"moz-cite-prefix\">{ON}</div><blockquote type=\"cite\">Shall we?</blockquote><p>Yes.</p>"
    );
    assert_split("below", &html, "Yes.", &format!("{ON_WORDS} Shall we?"));
}

#[test]
fn a_picture_is_something_new() {
    let parts =
        split_html("<img src=\"cid:a\"><div class=\"gmail_quote\"><blockquote>old</blockquote></div>");
    assert!(parts.new.contains("cid:a") && parts.quoted.is_some());
}

#[test]
fn signatures_are_taken_off() {
    for (name, html) in [
        (
            "Gmail",
            "<div>Yes.</div><div><br clear=\"all\"><span class=\"gmail_signature_prefix\">-- </span><br><div class=\"gmail_signature\" data-smartmail=\"gmail_signature\"><b>Jane</b><br>ACME</div></div>",
        ),
        ("Outlook", "<div>Yes.</div><div id=\"Signature\"><p>Jane</p><p>ACME</p></div>"),
        ("Thunderbird", "<p>Yes.</p><div class=\"moz-signature\">-- <br>Jane<br>ACME</div>"),
        ("dashes", "<p>Yes.</p><p>-- </p><p>Jane</p><p>ACME</p>"),
    ] {
        let parts = split_html(html);
        assert_eq!(words(&parts.new), "Yes.", "{name}: {parts:#?}");
        assert!(words(&parts.quoted.unwrap()).ends_with("Jane ACME"), "{name}");
    }
    let phone = split_html(
        "<div>Yes.</div><br><div>Sent from my iPhone</div><div class=\"gmail_quote\"><blockquote>x</blockquote></div>",
    );
    assert_eq!(
        (words(&phone.new).as_str(), phone.quoted.as_deref().map(words).as_deref()),
        ("Yes.", Some("Sent from my iPhone x"))
    );
    let below = split_html(
        "<div>Yes.</div><div class=\"gmail_quote\"><blockquote>x</blockquote></div><div>-- <br></div><div class=\"gmail_signature\">Jane</div>",
    );
    assert_eq!((words(&below.new).as_str(), words(&below.quoted.unwrap()).as_str()), ("Yes.", "-- Jane x"));
    let only = "<div class=\"gmail_signature\">Jane</div>";
    assert_eq!(split_html(only), HtmlSplit { new: only.to_owned(), quoted: None });
}

#[test]
fn both_halves_stand_alone() {
    let parts = split_html(&format!(
        "<table><tr><td><div><b>Yes.</b><div>{HEADERS}</div><p>Shall we?</p></div></td></tr></table>"
    ));
    assert_eq!(parts.new, "<table><tr><td><div><b>Yes.</b></div></td></tr></table>");
    let quoted = parts.quoted.unwrap();
    assert!(quoted.starts_with("<table><tr><td><div><div><b>From:</b>"), "{quoted}");
    assert!(quoted.ends_with("<p>Shall we?</p></div></td></tr></table>"), "{quoted}");
}

#[test]
fn long_letters_take_no_longer_than_they_are() {
    for piece in [
        "<blockquote type=cite>a</blockquote>",
        "<div class=gmail_quote>",
        "</div>",
        "<p>On 16 Nov 2026 Jane wrote:</p>",
        "<p>From: x</p>",
        "</b><b>",
        "<td><tr>",
    ] {
        // A walk over all for each of them would not come to an end here.
        let parts = split_html(&piece.repeat(20_000));
        assert!(!parts.new.is_empty() || parts.quoted.is_some(), "{piece}");
    }
}

proptest! {
    #[test]
    fn no_word_is_lost(pieces in prop::collection::vec(prop::sample::select(vec![
        "<div>", "</div>", "<p>", "</p>", "<br>", "<blockquote type=\"cite\">", "<blockquote>", "</blockquote>", "yes", "no", "&gt;", "&nbsp;",
        "<div class=\"gmail_quote\">", "<div class=moz-cite-prefix>", "<div id=divRplyFwdMsg>", "<div class=\"gmail_signature\">", "<b>", "</b>",
        "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<img src=x>", "<hr>", "<p>-- </p>", "<p>Sent from my iPhone</p>",
        "<p>On 16 Nov 2026, Jane &lt;jane@example.com&gt; wrote:</p>", "<p>From: a</p><p>Sent: b</p><p>To: c</p>", "<li>", "<a href=\"x>y\">", "</a>", "<span",
    ]), 0..40)) {
        let html = pieces.concat();
        let parts = split_html(&html);
        let count = |html: &str| {
            let mut words: Vec<String> = crate::html::bare(&html.replace('<', " <")).split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
            words.sort();
            words.retain(|word| ["yes", "no", "Sent", "Jane", "From"].contains(&word.as_str()));
            words
        };
        let together = [Some(&parts.new), parts.quoted.as_ref()].into_iter().flatten().map(|part| crate::html::rewritten(part)).collect::<Vec<_>>().join(" ");
        // As it is rewritten: a tag that no reader knows does not keep two words apart. What has no quote is given back as it came.
        prop_assert_eq!(count(&together), count(&crate::html::rewritten(&html)));
        let seen = |html: &str| !words(html).is_empty();
        prop_assert!(seen(&parts.new) || !seen(&html) || parts.new.contains("<img"));
    }

    #[test]
    fn no_html_makes_it_panic(html in "[<>/a-c \"'=&;!-]{0,200}|\\PC{0,200}") {
        let _ = split_html(&html);
    }
}
