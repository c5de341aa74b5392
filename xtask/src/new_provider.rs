//! `cargo xtask new-provider NAME`: a folder that compiles and passes its tests, and the lines that make it known. The
//! templates are a whole provider for a vendor that does not exist, so that what is to be replaced can be read.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::console;
use crate::workspace::Workspace;

/// The vendor of the templates.
const TEMPLATE_NAME: &str = "acme";
const TEMPLATE_TITLE: &str = "Acme";

const TEMPLATES: [(&str, &str); 10] = [
    ("mod.rs", include_str!("../templates/provider/mod.rs")),
    ("config.rs", include_str!("../templates/provider/config.rs")),
    ("send.rs", include_str!("../templates/provider/send.rs")),
    ("failures.rs", include_str!("../templates/provider/failures.rs")),
    ("webhook.rs", include_str!("../templates/provider/webhook.rs")),
    ("tests.rs", include_str!("../templates/provider/tests.rs")),
    ("samples/accepted.json", include_str!("../templates/provider/samples/accepted.json")),
    ("samples/refused.json", include_str!("../templates/provider/samples/refused.json")),
    ("samples/events.json", include_str!("../templates/provider/samples/events.json")),
    ("README.md", include_str!("../templates/provider/README.md")),
];

#[derive(Args)]
pub struct Options {
    /// The word for the provider in settings and addresses: small letters and digits, such as `postmark`
    name: String,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let name = &options.name;
    write_provider(&workspace.root.join("crates/providers"), name)?;
    workspace.cargo().args(["fmt", "--package", "chancery-providers"]).run()?;
    console::confirm(format_args!(
        "crates/providers/src/{name}/ is written, known in lib.rs and held to the conformance suite"
    ));
    println!(
        "It compiles and passes as it is, for a vendor that does not exist. Now replace that vendor's facts by the real\n\
         ones, file by file: config.rs, send.rs, failures.rs, webhook.rs, then the samples and README.md.\n\
         Then: cargo test --package chancery-providers"
    );
    Ok(())
}

fn write_provider(providers: &Path, name: &str) -> Result<()> {
    ensure!(
        is_a_name(name),
        "{name:?} is no name for a provider: use small letters and digits, such as `postmark`"
    );
    let folder = providers.join("src").join(name);
    if folder.exists() {
        bail!("{} is there already", folder.display());
    }
    let list = providers.join("src/lib.rs");
    let suite = providers.join("tests/conformance.rs");
    // First decided, then written: nothing is left half done when one of the two has changed its form.
    let known = with_provider(&read(&list)?, name)?;
    let tested = with_settings(&read(&suite)?, name)?;
    for (file, template) in TEMPLATES {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("it lies in the folder"))?;
        write(&path, &filled(template, name))?;
    }
    write(&list, &known)?;
    write(&suite, &tested)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn is_a_name(name: &str) -> bool {
    let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    begins_well && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn filled(template: &str, name: &str) -> String {
    template.replace(TEMPLATE_TITLE, &title(name)).replace(TEMPLATE_NAME, name)
}

/// `postmark` becomes `Postmark`: good enough for a type, and a start for the title.
fn title(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// The text of the conformance suite with the least settings of the templates.
fn with_settings(suite: &str, name: &str) -> Result<String> {
    const LAST: &str = "        other => panic!(\"add settings for";
    let place =
        suite.find(LAST).context("tests/conformance.rs has no arm `other => panic!(\"add settings for …`")?;
    let arm = format!("        \"{name}\" => json!({{ \"api_key\": \"not-a-real-key\" }}),\n");
    Ok(format!("{}{arm}{}", &suite[..place], &suite[place..]))
}

/// The text of lib.rs with a module line in its place in the alphabet, and the manifest at the end of the list.
fn with_provider(known: &str, name: &str) -> Result<String> {
    let module = format!("mod {name};");
    ensure!(!known.lines().any(|line| line == module), "lib.rs has a module {name} already");
    let mut lines: Vec<String> = known.lines().map(ToOwned::to_owned).collect();
    let is_module = |line: &String| line.starts_with("mod ") || line.starts_with("pub mod ");
    let after = |line: &String| is_module(line) && line.trim_start_matches("pub ") > module.as_str();
    let place = match lines.iter().position(after) {
        Some(place) => place,
        None => lines.iter().rposition(is_module).context("lib.rs has no module line")? + 1,
    };
    lines.insert(place, module);
    let text = lines.join("\n") + "\n";
    let end = text.rfind("::MANIFEST]").context("lib.rs has no list that ends in `::MANIFEST]`")?
        + "::MANIFEST".len();
    let text = format!("{}, &{name}::MANIFEST{}", &text[..end], &text[end..]);
    Ok(with_one_more(&text))
}

/// `[&Manifest; 3]` becomes `[&Manifest; 4]`.
fn with_one_more(text: &str) -> String {
    const OPENING: &str = "[&Manifest; ";
    let Some(start) = text.find(OPENING).map(|start| start + OPENING.len()) else { return text.to_owned() };
    let digits = text[start..].chars().take_while(char::is_ascii_digit).count();
    match text[start..start + digits].parse::<u32>() {
        Ok(count) => format!("{}{}{}", &text[..start], count + 1, &text[start + digits..]),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{filled, is_a_name, with_provider, with_settings};

    const KNOWN: &str = "//! Providers.\n\nmod console;\npub mod settings;\nmod smtp;\n\n\
        pub fn all() {\n    static ALL: [&Manifest; 2] = [&smtp::MANIFEST, &console::MANIFEST];\n}\n";

    #[test]
    fn a_provider_becomes_known_by_two_lines() {
        let known = with_provider(KNOWN, "postmark").unwrap();
        assert!(known.contains("mod console;\nmod postmark;\npub mod settings;\n"), "{known}");
        assert!(
            known.contains("[&Manifest; 3] = [&smtp::MANIFEST, &console::MANIFEST, &postmark::MANIFEST];"),
            "{known}"
        );
        assert!(with_provider(&known, "postmark").is_err(), "it is not added twice");
        assert!(with_provider(KNOWN, "twilio").unwrap().contains("mod smtp;\nmod twilio;\n"));
    }

    #[test]
    fn a_provider_is_held_to_the_conformance_suite() {
        let suite =
            "        \"console\" => json!({}),\n        other => panic!(\"add settings for {other}\"),\n";
        let tested = with_settings(suite, "postmark").unwrap();
        let expected = "json!({}),\n        \"postmark\" => json!({ \"api_key\": \"not-a-real-key\" }),\n        other =>";
        assert!(tested.contains(expected), "{tested}");
    }

    #[test]
    fn names_are_words_of_settings() {
        assert!(is_a_name("smtp2go") && is_a_name("postmark"));
        assert!(!is_a_name("") && !is_a_name("2go") && !is_a_name("Postmark") && !is_a_name("a_b"));
        assert_eq!(filled("struct Acme; \"acme\"", "postmark"), "struct Postmark; \"postmark\"");
    }
}
