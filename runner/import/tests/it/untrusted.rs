//! Damaged, deep and large texts are refused or read as far as they make sense: no panic, no hang.

use import::{Format, KnownService, Origin, import};

use crate::check_readable;

const TEXTS: [(Format, &str); 5] = [
    (Format::Curl, include_str!("cases/commands.curl")),
    (Format::Har, include_str!("cases/recording.har")),
    (Format::Hurl, include_str!("cases/session.hurl")),
    (Format::Openapi, include_str!("cases/shop.openapi.yaml")),
    (Format::Postman, include_str!("cases/collection.postman.json")),
];
/// Pieces that mean something to one of the formats.
const PIECES: &[&str] = &[
    "'", "\"", "{", "}", "{{", "}}", "[", "]", "\\", "\n", "$", "`", "${", "#", ":", "/", "\u{0}", "é",
    "HTTP 200", "null", "-", "(", ")", "//", "http://", "%", "@", ";",
];

/// Numbers that follow from a seed (a linear congruential generator).
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    }
}

/// A text with a few pieces cut out, doubled or put in.
fn damaged(text: &str, seed: u64) -> String {
    let mut next = numbers(seed);
    let mut damaged: Vec<char> = text.chars().collect();
    for _ in 0..=next(4) {
        let at = next(damaged.len());
        let end = (at + 1 + next(30)).min(damaged.len());
        match next(3) {
            0 => drop(damaged.drain(at..end)),
            1 => {
                let copy = damaged[at..end].to_vec();
                damaged.splice(at..at, copy);
            }
            _ => {
                let piece: Vec<char> = PIECES[next(PIECES.len())].chars().collect();
                damaged.splice(at..at, piece);
            }
        }
    }
    damaged.into_iter().collect()
}

#[test]
fn damaged_texts_are_refused_or_made_into_scenarios() {
    let origin = Origin { name: "damaged", services: &[] as &[KnownService] };
    for (format, text) in TEXTS {
        let mut read = 0;
        for seed in 0..200 {
            if let Ok(import) = import(format, &damaged(text, seed), &origin) {
                check_readable(&import);
                read += 1;
            }
        }
        assert!(read > 10, "{format:?}: only {read} of the damaged texts could be read");
    }
}

#[test]
fn texts_that_nest_without_end_are_refused() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let origin = Origin { name: "deep", services: &[] as &[KnownService] };
    for (format, text) in [
        (Format::Har, deep("[", "]")),
        (Format::Postman, deep(r#"{"item":["#, "]}")),
        (Format::Openapi, deep(r#"{"a":"#, "}")),
        (Format::Openapi, format!("openapi: 3.0.0\nx: {}", deep("[", "]"))),
        (Format::Hurl, format!("POST http://a\n{}", deep("[", "]"))),
        (Format::Curl, format!("echo {}", deep("$(", ")"))),
        (
            Format::Hurl,
            format!("GET http://a\nHTTP 200\n[Asserts]\njsonpath \"$[*]{}\" exists\n", "[*]".repeat(20_000)),
        ),
        (
            Format::Postman,
            format!(
                r#"{{"item": [{{"request": {{"url": "a"}}, "event": [{{"listen": "test", "script": {{"exec": ["pm.expect({}).to.eql(1);"]}}}}]}}]}}"#,
                "[".repeat(3_000) + &"]".repeat(3_000)
            ),
        ),
    ] {
        if let Ok(import) = import(format, &text, &origin) {
            check_readable(&import);
        }
    }
}

#[test]
fn long_texts_take_no_longer_than_their_length() {
    let many = |piece: &str| piece.repeat(1 << 16);
    let origin = Origin { name: "long", services: &[] as &[KnownService] };
    let variables: String =
        (0..30_000).flat_map(|number| ["{{v", &number.to_string(), "}}"].map(str::to_owned)).collect();
    let entry = r#"{"request": {"url": "ftp://x"}, "response": {"status": 200}},"#.repeat(9_000);
    for (format, text) in [
        (Format::Curl, format!("curl a -d '{}'", many("{{"))),
        (Format::Curl, format!("curl a -d '{variables}'")),
        (Format::Curl, format!("curl a {}", many("$(b) "))),
        (Format::Hurl, format!("POST http://a\n[\n{}]", many("1,\n"))),
        (Format::Hurl, format!("POST http://a\n```\n{}```", many("\n"))),
        (Format::Har, format!(r#"{{"log": {{"entries": [{}]}}}}"#, entry.trim_end_matches(','))),
        (
            Format::Postman,
            format!(
                r#"{{"item": [{{"request": {{"url": "a"}}, "event": [{{"script": {{"exec": "{}"}}}}]}}]}}"#,
                many("\\n")
            ),
        ),
    ] {
        // Were it quadratic, each of them would take minutes.
        drop(import(format, &text, &origin));
    }
}

#[test]
fn schemas_that_refer_to_each_other_end() {
    let schema = r##"{ "type": "object", "required": ["a","b","c","d"], "properties": {
        "a": { "$ref": "#/s/x" }, "b": { "$ref": "#/s/x" }, "c": { "$ref": "#/s/x" }, "d": { "allOf": [{ "$ref": "#/s/x" }, { "$ref": "#/s/x" }] } } }"##;
    let text = format!(
        r##"{{ "openapi": "3.1.0", "info": {{ "title": "x" }}, "s": {{ "x": {schema}, "self": {{ "$ref": "#/s/self" }} }}, "paths": {{ "/x": {{ "post": {{
            "parameters": [{{ "$ref": "#/s/self" }}], "requestBody": {{ "content": {{ "application/json": {{ "schema": {schema} }} }} }}, "responses": {{ "200": {{}} }} }} }} }} }}"##
    );
    let import = import(Format::Openapi, &text, &Origin { name: "x", services: &[] }).unwrap();
    assert!(import.scenarios[0].text.len() < 100_000, "{}", import.scenarios[0].text.len());
}

#[test]
fn too_large_a_text_is_refused() {
    let text = " ".repeat(import::LARGEST + 1);
    let refused = import(Format::Curl, &text, &Origin { name: "x", services: &[] }).unwrap_err();
    assert_eq!(refused.to_string(), "it has more than 64 MiB");
}

#[test]
fn a_text_of_another_kind_is_refused_in_words() {
    for (format, text, expected) in [
        (Format::Curl, "ls -l", "there is no request in this file of curl commands"),
        (Format::Har, "{\"a\": 1}", "this JSON is no HTTP archive: it has no `log.entries`"),
        (Format::Har, "{", "not valid JSON at line 1, column 2: "),
        (Format::Hurl, "get http://a", "`get http://a` is no request, such as `GET http://localhost:8080/`"),
        (Format::Hurl, "POST http://a\n{\"a\": 1", "this body isn't closed"),
        (Format::Openapi, "swagger: '2.0'", "Swagger 2.0 isn't read: convert the document to OpenAPI 3"),
        (Format::Openapi, "openapi: 4.0.0", "OpenAPI 4.0.0 isn't read: 3.0 and 3.1 are"),
        (Format::Openapi, "a: [", "not readable as YAML: "),
        (Format::Postman, "{}", "this JSON is no collection of Postman: it has no `item`"),
        (Format::Postman, "{\"item\": []}", "there is no request in this Postman collection"),
    ] {
        let refused = import(format, text, &Origin { name: "x", services: &[] }).unwrap_err();
        assert!(refused.reason.starts_with(expected), "{}", refused.reason);
    }
}
