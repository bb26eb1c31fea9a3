//! A text of each format with most of what the format has, beside what it is turned into.

use import::Format;

use crate::{imported, shown};

#[track_caller]
fn check(format: Format, name: &str, text: &str, expected: &str) {
    let found = shown(&imported(format, name, text));
    assert_eq!(found, expected, "\n{found}");
}

#[test]
fn commands_of_curl_are_steps() {
    check(
        Format::Curl,
        "commands",
        include_str!("cases/commands.curl"),
        include_str!("cases/commands.curl.expected"),
    );
}

#[test]
fn a_recording_is_steps_without_what_pages_are_made_of() {
    check(
        Format::Har,
        "recording",
        include_str!("cases/recording.har"),
        include_str!("cases/recording.har.expected"),
    );
}

#[test]
fn entries_of_hurl_are_steps() {
    check(
        Format::Hurl,
        "session",
        include_str!("cases/session.hurl"),
        include_str!("cases/session.hurl.expected"),
    );
}

#[test]
fn groups_of_operations_are_scenarios() {
    let text = include_str!("cases/shop.openapi.yaml");
    check(Format::Openapi, "shop", text, include_str!("cases/shop.openapi.yaml.expected"));
}

#[test]
fn a_collection_of_postman_is_a_scenario() {
    let text = include_str!("cases/collection.postman.json");
    check(Format::Postman, "collection", text, include_str!("cases/collection.postman.json.expected"));
}
