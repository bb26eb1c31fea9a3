//! Checks which package may depend on which, with `cargo metadata`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The framework's packages; each may use those before it.
const FRAMEWORK: [&str; 11] = [
    "fault",
    "scenario",
    "verdict",
    "proxy",
    "engine",
    "fleet",
    "simulation",
    "explore",
    "report",
    "import",
    "runner",
];
/// The shop's packages; each group may use those before it, and packages of one group don't use each other.
const SHOP: [&[&str]; 3] = [&["breaker", "values"], &["chassis"], &["users", "orders", "payments"]];
/// Packages that may use both.
const BOTH: [&str; 3] = ["simulated", "scenarios", "bugs"];
/// Packages without clock, file, thread or hash map.
const PURE: [&str; 6] = ["fault", "scenario", "verdict", "import", "breaker", "values"];

/// Every package of the workspace, with its direct dependencies.
fn packages() -> BTreeMap<String, Vec<String>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo metadata is JSON");
    let names = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        dependencies.filter_map(|dependency| dependency["name"].as_str().map(String::from)).collect()
    };
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.map(|package| (package["name"].as_str().expect("a name").into(), names(package))).collect()
}

/// The packages of the workspace that a package may use.
fn allowed(package: &str) -> Vec<&'static str> {
    if let Some(place) = FRAMEWORK.iter().position(|name| *name == package) {
        return FRAMEWORK[..place].to_vec();
    }
    if let Some(place) = SHOP.iter().position(|line| line.contains(&package)) {
        return SHOP[..place].concat();
    }
    assert!(BOTH.contains(&package), "{package} is in no list: add it to one in tests/it/arrows.rs");
    FRAMEWORK.into_iter().chain(SHOP.concat()).chain(BOTH).filter(|name| *name != package).collect()
}

#[test]
fn packages_depend_only_on_those_before_them() {
    let packages = packages();
    for (package, dependencies) in &packages {
        let allowed = allowed(package);
        for used in dependencies.iter().filter(|name| packages.contains_key(*name)) {
            assert!(allowed.contains(&used.as_str()), "{package} may not use {used}");
        }
    }
    for package in FRAMEWORK.into_iter().chain(SHOP.concat()) {
        assert!(packages.contains_key(package), "{package} is in a list and not in the workspace");
    }
}

#[test]
fn pure_packages_use_no_runtime() {
    let packages = packages();
    for package in PURE {
        for banned in ["tokio", "hyper", "reqwest", "rand", "redb", "poem", "tracing"] {
            assert!(
                !packages[package].iter().any(|used| used == banned),
                "{package} is pure: it may not use {banned}"
            );
        }
        let lints =
            std::fs::read_to_string(format!("../../{}/clippy.toml", folder(package))).expect("a clippy.toml");
        assert!(lints.contains("std::time::Instant"), "{package}'s clippy.toml bans the clock");
    }
}

fn folder(package: &str) -> String {
    if SHOP.concat().contains(&package) { format!("services/{package}") } else { format!("runner/{package}") }
}

/// The dependencies of `values`: to serialise, to hash, to derive errors.
const UNDER_VALUES: [&str; 4] = ["serde", "serde_json", "siphasher", "thiserror"];
/// Crates that a domain may use.
const UNDER_DOMAINS: [&str; 5] = ["values", "serde", "std", "crate", "super"];
/// Parts of the standard library that no domain may name: clocks, IO, threads, and maps in random order.
const IMPURE: [&str; 10] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
];

#[test]
fn values_use_small_pure_crates() {
    let values = &packages()["values"];
    let others: Vec<_> = values.iter().filter(|name| !UNDER_VALUES.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "values is pure: it may not use {others:?}");
}

/// The files of a service's domain: `src/domain.rs`, or those in `src/domain/`.
fn domain(service: &str) -> Vec<PathBuf> {
    let source = Path::new("../..").join(folder(service)).join("src");
    let mut files: Vec<PathBuf> = std::fs::read_dir(source.join("domain"))
        .map(|entries| entries.map(|entry| entry.expect("an entry").path()).collect())
        .unwrap_or_default();
    files.extend([source.join("domain.rs")].into_iter().filter(|file| file.exists()));
    files
}

/// A domain is a module and has no manifest, so its text is searched for paths, which begin with a crate.
#[test]
fn domains_use_nothing_but_values_and_serde() {
    let packages = packages();
    for service in SHOP[2] {
        let files = domain(service);
        assert!(!files.is_empty(), "{service} has no domain");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for (number, line) in code.enumerate() {
                if let Some(wrong) = forbidden_in_a_domain(line, &packages[*service]) {
                    panic!(
                        "{}: a domain may not use {wrong}: {line} (line {} of code)",
                        file.display(),
                        number + 1
                    );
                }
            }
        }
    }
}

/// The part of this line that a domain may not use.
fn forbidden_in_a_domain(line: &str, dependencies: &[String]) -> Option<String> {
    let words: Vec<_> =
        line.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter))).collect();
    let named = |name: &str| words.iter().any(|word| *word == name || word.starts_with(&format!("{name}::")));
    let dependency = dependencies.iter().map(|name| name.replace('-', "_"));
    let foreign = dependency.filter(|name| !UNDER_DOMAINS.contains(&name.as_str())).find(|name| named(name));
    let used = line.trim_start().strip_prefix("use ").and_then(|path| path.split([':', ';', ' ']).next());
    // A path may also begin with a type of the domain.
    let unknown = used.filter(|root| root.chars().all(|letter| letter.is_lowercase() || letter == '_'));
    let unknown = unknown.filter(|root| !UNDER_DOMAINS.contains(root));
    let outside =
        (line.contains("crate::") && !line.contains("crate::domain")) || line.contains("super::super::");
    let impure = IMPURE.into_iter().find(|part| line.contains(part));
    foreign
        .or(unknown.map(String::from))
        .or(outside.then(|| "another module of its service".into()))
        .or(impure.map(String::from))
}

#[test]
fn what_a_domain_may_not_use_is_found() {
    let dependencies = ["chassis", "serde", "values", "futures-util"].map(String::from);
    let check = |line: &str, wrong: Option<&str>| {
        assert_eq!(forbidden_in_a_domain(line, &dependencies).as_deref(), wrong, "{line}");
    };
    check("use values::{Id, Money};", None);
    check("use serde::{Deserialize, Serialize};", None);
    check("use std::collections::BTreeSet;", None);
    check("use super::step::Event;", None);
    check("    use crate::domain::UserId;", None);
    check("    use Command::{Cancel, Charge};", None);
    check("use chassis::Money;", Some("chassis"));
    check("    let now = chassis::Timestamp::now();", Some("chassis"));
    check("#[derive(Debug, futures_util::Some)]", Some("futures_util"));
    check("use redb::Value;", Some("redb"));
    check("use crate::store::Orders;", Some("another module of its service"));
    check("    let store = super::super::store::open();", Some("another module of its service"));
    check("    let now = std::time::Instant::now();", Some("Instant"));
    check("use std::fs;", Some("std::fs"));
}
