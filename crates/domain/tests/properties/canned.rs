//! Filling in canned responses, and finding mentions.

use domain::canned::{Template, Variable, first_name};
use domain::file_name::clean;
use domain::mention::mentioned;
use proptest::prelude::*;

/// Texts that are mostly braces, bars, names and line breaks.
fn text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{{",
        "}}",
        "{",
        "}",
        "|",
        "contact.first_name",
        "contact.attributes.plan",
        "agent.name",
        "nobody",
        " ",
        "\n",
        "Hello",
        "ü",
        "{{business.name}}",
        "{{ contact.name | there }}",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_text_without_braces_stays_as_it_is(words in "[^{}]{0,200}") {
        let rendered = Template::parse(&words).unwrap().render(|_| None);
        prop_assert_eq!(rendered.text, words);
        prop_assert!(rendered.missing.is_empty());
    }

    #[test]
    fn where_nothing_is_known_and_nothing_is_by_default_the_text_stays_and_says_what_is_missing(text in text()) {
        let Ok(template) = Template::parse(&text) else { return Ok(()) };
        let rendered = template.render(|_| None);
        if !text.contains('|') {
            prop_assert_eq!(&rendered.text, &text);
        }
        for name in &rendered.missing {
            prop_assert!(rendered.text.contains(name.as_str()));
        }
    }

    #[test]
    fn a_value_is_never_read_as_a_template(text in text(), value in "[a-z{}|. ]{1,20}") {
        let Ok(template) = Template::parse(&text) else { return Ok(()) };
        let value = format!("{{{{contact.name}}}}{value}");
        let marked = template.render(|_| Some("\u{1}".to_owned()));
        let rendered = template.render(|_| Some(value.clone()));
        prop_assert_eq!(rendered.text, marked.text.replace('\u{1}', &value));
        prop_assert!(rendered.missing.is_empty());
    }

    #[test]
    fn an_unknown_name_is_refused_by_name(name in "[a-z]{1,12}") {
        let refused = Template::parse(&format!("Dear {{{{ {name} }}}},")).unwrap_err();
        prop_assert_eq!(refused.0, vec![name]);
    }

    #[test]
    fn a_variable_reads_back(attribute in "[a-z_]{1,12}") {
        let variable = Variable::ContactAttribute(attribute);
        prop_assert_eq!(Variable::of_name(&variable.name()), Some(variable));
    }

    #[test]
    fn nothing_panics(text in ".{0,300}", name in ".{0,40}") {
        let _ = Template::parse(&text).map(|template| template.render(|_| Some(name.clone())));
        let found = mentioned(&text, &[&name, &text]);
        prop_assert!(found.len() <= 2);
        prop_assert!(name.contains(first_name(&name)));
    }

    #[test]
    fn a_name_that_is_mentioned_is_found(name in "[A-Za-zäöü]{2,10}( [A-Z][a-z]{2,8})?", before in "[ .,(\n]{0,3}") {
        let names = ["Somebody Else".to_owned(), name.clone()];
        let (noted, written) = (format!("{before}@{name}, look"), format!("{name} x@{name}"));
        prop_assert!(mentioned(&noted, &names).contains(&1));
        prop_assert!(mentioned(&written, &names).is_empty());
    }

    #[test]
    fn a_cleaned_file_name_is_one_short_harmless_line(given in ".{0,400}") {
        let kept = clean(&given);
        prop_assert!(!kept.is_empty() && kept.len() <= 255);
        prop_assert!(!kept.contains(['/', '\\']) && !kept.chars().any(char::is_control));
        prop_assert_eq!(clean(&kept), kept);
    }
}
