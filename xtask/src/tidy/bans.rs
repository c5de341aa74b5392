//! Crates that `deny.toml` bans are not in the build. cargo-deny says the same and more, where it is installed.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Finding, Sources};
use crate::workspace::Workspace;

pub fn check(workspace: &Workspace, sources: &Sources) -> Result<Vec<Finding>> {
    let rules = sources.files.iter().find(|file| file.path == "deny.toml");
    let rules = rules.map(|file| file.text.as_str()).unwrap_or_default();
    // The lock file would not do: it also lists crates that no feature of ours switches on.
    let tree =
        workspace.cargo().args(["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}"]);
    Ok(breaches(rules, &tree.answer()?))
}

fn breaches(rules: &str, tree: &str) -> Vec<Finding> {
    let built: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let banned = banned(rules).filter(|name| built.contains(name));
    let sentence = |name| {
        format!("is banned by deny.toml, which says why; `cargo tree --invert {name}` says who wants it")
    };
    banned.map(|name| Finding::breach(name, sentence(name))).collect()
}

/// The names in lines such as `{ crate = "openssl", reason = "…" },`.
fn banned(rules: &str) -> impl Iterator<Item = &str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::breaches;

    #[test]
    fn a_banned_crate_in_the_build_is_told() {
        let rules = "deny = [\n    { crate = \"openssl\", reason = \"no\" },\n    { crate = \"ring\", reason = \"no\" },\n]";
        let told =
            breaches(rules, "chancery v0.1.0\nopenssl-probe v0.2.1\nring v0.17.14\nring v0.17.14 (*)\n");
        assert_eq!(told.len(), 1);
        assert!(told[0].to_string().starts_with("ring: is banned"), "{}", told[0]);
    }
}
