//! Which package may depend on which. A crate exists because an arrow must be impossible; this table is where it is.

use super::Finding;
use crate::workspace::{Dependency, Package};

/// What each of our packages may build on. A new package needs a row, and a reason in ARCHITECTURE.md.
const ARROWS: [(&str, &[&str]); 12] = [
    ("chancery-domain", &[]),
    ("chancery-mail", &["chancery-domain"]),
    ("chancery-net", &["chancery-domain", "chancery-mail"]),
    ("chancery-providers", &["chancery-domain", "chancery-mail", "chancery-net"]),
    ("chancery-store", &["chancery-domain"]),
    (
        "chancery-engine",
        &["chancery-domain", "chancery-mail", "chancery-net", "chancery-providers", "chancery-store"],
    ),
    ("chancery-dashboard", &[]),
    ("chancery-api", &["chancery-domain", "chancery-mail", "chancery-engine", "chancery-dashboard"]),
    (
        "chancery",
        &[
            "chancery-domain",
            "chancery-mail",
            "chancery-net",
            "chancery-providers",
            "chancery-store",
            "chancery-engine",
            "chancery-api",
            // The simulated providers and customers of `chancery demo`.
            "chancery-testkit",
        ],
    ),
    (
        "chancery-testkit",
        &[
            "chancery-domain",
            "chancery-mail",
            "chancery-net",
            "chancery-providers",
            "chancery-store",
            "chancery-engine",
            "chancery-dashboard",
            "chancery-api",
        ],
    ),
    // The yardstick must not share code with what it measures.
    ("chancery-bench", &[]),
    ("xtask", &[]),
];

/// Packages beside the product.
const TOOLS: [&str; 2] = ["chancery-bench", "xtask"];

/// Libraries that have a home: who else names them walks around the one who guards them.
const HOMES: [(&str, &[&str], &str); 6] = [
    ("rusqlite", &["chancery-store", "chancery-bench"], "only the store names a database driver"),
    ("tokio-postgres", &["chancery-store"], "only the store names a database driver"),
    ("reqwest", &["chancery-net", "chancery-testkit"], "net is the only door out"),
    ("rustls-platform-verifier", &["chancery-net", "chancery-store"], "net is the only door out"),
    ("aide", &["chancery-api"], "the OpenAPI document is made in the api"),
    ("maud", &["chancery-api"], "pages are served by the api"),
];

/// Packages that decide and never act: no I/O, no waiting.
const PURE: [&str; 2] = ["chancery-domain", "chancery-mail"];
const ACTING: [&str; 7] = ["tokio", "futures-util", "hyper", "axum", "reqwest", "rusqlite", "tokio-postgres"];

pub fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(|package| breaches(package, packages)).collect()
}

fn breaches(package: &Package, packages: &[Package]) -> Vec<Finding> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
        let sentence = "this package has no row in xtask/src/tidy/arrows.rs: say what it may build on";
        return vec![Finding::breach(&package.name, sentence)];
    };
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        if ours(&dependency.name) && !may_point_at(package, allowed, dependency) {
            findings.push(Finding::breach(&package.name, forbidden_arrow(dependency, allowed)));
        }
        if let Some(reason) = walks_around(package, dependency) {
            findings.push(Finding::breach(
                &package.name,
                format!("must not depend on {}: {reason}", dependency.name),
            ));
        }
    }
    findings
}

/// Whoever is part of the product may test with the testkit, and set up what it stands on, however far below; the tools
/// beside it may not know the product at all.
fn may_point_at(package: &Package, allowed: &[&str], dependency: &Dependency) -> bool {
    let tests = dependency.kind.as_deref() == Some("dev") && !TOOLS.contains(&package.name.as_str());
    let name = dependency.name.as_str();
    allowed.contains(&name) || (tests && (name == "chancery-testkit" || stands_on(allowed, name)))
}

fn stands_on(allowed: &[&str], name: &str) -> bool {
    let below =
        |one: &&str| ARROWS.iter().find(|(package, _)| package == one).map_or(&[][..], |(_, below)| below);
    allowed.contains(&name) || allowed.iter().any(|one| stands_on(below(one), name))
}

fn forbidden_arrow(dependency: &Dependency, allowed: &[&str]) -> String {
    let kind = dependency.kind.as_deref().map(|kind| format!("{kind}-")).unwrap_or_default();
    match allowed {
        [] => format!("{kind}depends on {}, and may depend on none of our packages", dependency.name),
        _ => format!("{kind}depends on {}, and may depend on {} only", dependency.name, allowed.join(", ")),
    }
}

fn walks_around(package: &Package, dependency: &Dependency) -> Option<&'static str> {
    // Tests may look from outside with whatever they need.
    if dependency.kind.as_deref() == Some("dev") {
        return None;
    }
    let name = dependency.name.as_str();
    if PURE.contains(&package.name.as_str()) && ACTING.contains(&name) {
        return Some("it decides and never acts: no I/O, no waiting");
    }
    let (_, homes, reason) = HOMES.iter().find(|(library, ..)| *library == name)?;
    (!homes.contains(&package.name.as_str())).then_some(*reason)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::workspace::{Dependency, Package};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(ToOwned::to_owned),
        };
        Package { name: name.to_owned(), dependencies: dependencies.iter().map(dependency).collect() }
    }

    fn told(tested: Package) -> Vec<String> {
        let others = ["chancery-store", "chancery-testkit", "chancery-engine", "chancery-api"];
        let mut packages = vec![tested];
        packages.extend(others.map(|name| package(name, &[])));
        check(&packages).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_arrows_of_the_design_are_allowed() {
        assert!(told(package("chancery-engine", &[("chancery-store", None), ("tokio", None)])).is_empty());
        assert!(told(package("chancery-providers", &[("chancery-testkit", Some("dev"))])).is_empty());
        assert!(told(package("chancery", &[("chancery-testkit", None)])).is_empty());
        assert!(told(package("chancery-api", &[("chancery-store", Some("dev"))])).is_empty());
    }

    #[test]
    fn every_other_arrow_is_told() {
        let cases = [
            (package("chancery-api", &[("chancery-store", None)]), "chancery-api: depends on chancery-store"),
            (
                package("chancery-engine", &[("chancery-testkit", None)]),
                "chancery-engine: depends on chancery-testkit",
            ),
            (
                package("chancery-bench", &[("chancery-testkit", Some("dev"))]),
                "chancery-bench: dev-depends on",
            ),
            (
                package("chancery-engine", &[("reqwest", None)]),
                "must not depend on reqwest: net is the only door out",
            ),
            (
                package("chancery-store", &[("chancery-engine", Some("dev"))]),
                "chancery-store: dev-depends on chancery-engine",
            ),
            (package("chancery-domain", &[("tokio", None)]), "must not depend on tokio"),
            (package("chancery-queue", &[]), "has no row"),
        ];
        for (tested, expected) in cases {
            let told = told(tested);
            assert!(told.len() == 1 && told[0].contains(expected), "{told:?} should say {expected:?}");
        }
    }
}
