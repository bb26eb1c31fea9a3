//! Asserts of hurl, one at a time.

use import::Format;

use crate::imported;

/// The conditions that lines of `[Asserts]` are, or why they have none.
#[track_caller]
fn check(assert: &str, expected: &str) {
    let text = format!("GET http://localhost:5002/\nHTTP 200\n[Asserts]\n{assert}\n");
    let import = imported(Format::Hurl, "x", &text);
    let that = import.scenarios[0].text.split_once("that: ").map(|(_, that)| that.trim_end());
    let loss = import.losses.first().map(|loss| loss.message.rsplit_once(": ").map_or("", |(_, why)| why));
    assert_eq!(that.or(loss), Some(expected), "{assert}");
}

#[test]
fn asserts_are_conditions() {
    for (assert, expected) in [
        (r#"jsonpath "$.a.b" != null"#, "body.a.b != none"),
        (r#"jsonpath "$.a" not == 1"#, "not (body.a == 1)"),
        (r#"jsonpath "$.a" not contains "b""#, "'''b'' not in body.a'"),
        (r#"jsonpath "$.a" matches "^\\d+$""#, r"body.a is matching('^\\d+$')"),
        (r#"jsonpath "$.a" endsWith "b" # why"#, "body.a is endingwith('b')"),
        (r#"jsonpath "$.a" isInteger"#, "body.a is integer"),
        (r#"jsonpath "$.a" not isString"#, "body.a is not string"),
        (r#"jsonpath "$.a" isCollection"#, "body.a is sequence or body.a is mapping"),
        (r#"jsonpath "$.a" nth 1 == "b""#, "body.a[1] == 'b'"),
        (r#"jsonpath "$.a" split "," count > 2"#, "body.a | split(',') | length > 2"),
        (r#"header "Location" replace "a" "b" == "c""#, "headers['location'] | replace('a', 'b') == 'c'"),
        (r#"regex "id=(\\d+)" toInt >= 5"#, r"body | regex('id=(\\d+)') | int >= 5"),
        ("duration <= 1500", "took <= 1.5"),
        ("bytes count == 3", "the query `bytes` has no counterpart"),
        (r#"jsonpath "$..a" == 1"#, "the path `$..a` has no counterpart"),
        (r#"jsonpath "$.a" htmlEscape == "b""#, "the filter `htmlEscape` has no counterpart"),
        (r#"jsonpath "$.a" isGreen"#, "the predicate `isGreen` has no counterpart"),
        (r#"jsonpath "$.a"#, "a text in it isn't closed"),
        (r#"jsonpath "$.a" == 1 2"#, "what stands at its end has no counterpart"),
    ] {
        check(assert, expected);
    }
}
