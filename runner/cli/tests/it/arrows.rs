//! Checks which package may depend on which, with `cargo metadata`.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// The framework's rooms; each may use those before it.
const FRAMEWORK: [&str; 10] =
    ["fault", "scenario", "verdict", "proxy", "engine", "fleet", "simulation", "explore", "report", "runner"];
/// The shop's rooms; each may use those before it, and those of one line nothing of each other.
const SHOP: [&[&str]; 3] = [&["breaker"], &["chassis"], &["users", "orders", "payments"]];
/// Packages that may use both.
const BOTH: [&str; 3] = ["simulated", "scenarios", "bugs"];
/// Rooms without clock, file, thread or hash map, and what they may stand on besides each other.
const PURE: [&str; 4] = ["fault", "scenario", "verdict", "breaker"];

/// Every package of the workspace, with the packages of the workspace and the others it depends on.
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

/// The rooms that a room may use.
fn allowed(room: &str) -> Vec<&'static str> {
    if let Some(place) = FRAMEWORK.iter().position(|name| *name == room) {
        return FRAMEWORK[..place].to_vec();
    }
    if let Some(place) = SHOP.iter().position(|line| line.contains(&room)) {
        return SHOP[..place].concat();
    }
    assert!(BOTH.contains(&room), "{room} is in no list: say in tests/it/arrows.rs whom it may use");
    FRAMEWORK.into_iter().chain(SHOP.concat()).chain(BOTH).filter(|name| *name != room).collect()
}

#[test]
fn arrows_point_one_way() {
    let packages = packages();
    for (room, dependencies) in &packages {
        let allowed = allowed(room);
        for used in dependencies.iter().filter(|name| packages.contains_key(*name)) {
            assert!(allowed.contains(&used.as_str()), "{room} may not use {used}");
        }
    }
    for room in FRAMEWORK.into_iter().chain(SHOP.concat()) {
        assert!(packages.contains_key(room), "{room} is gone");
    }
}

#[test]
fn pure_rooms_stand_on_no_runtime() {
    let packages = packages();
    for room in PURE {
        for banned in ["tokio", "hyper", "reqwest", "rand", "redb", "poem", "tracing"] {
            assert!(
                !packages[room].iter().any(|used| used == banned),
                "{room} is pure: it may not use {banned}"
            );
        }
        let lints =
            std::fs::read_to_string(format!("../../{}/clippy.toml", folder(room))).expect("a clippy.toml");
        assert!(lints.contains("std::time::Instant"), "{room}'s clippy.toml bans the clock");
    }
}

fn folder(room: &str) -> String {
    if room == "breaker" { format!("services/{room}") } else { format!("runner/{room}") }
}
