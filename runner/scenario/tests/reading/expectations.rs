//! Mistakes in statuses, patterns, polls, times and calls that are expected.

use super::{intent::check_expect, *};

#[test]
fn a_status_is_a_number_or_a_class() {
    check_expect("status: 2xx", &[]);
    check_expect("status: [2xx, 404]", &[]);
    let wrong = |text: &str, help: &str| {
        check_expect(&format!("status: {text}"), &[&format!("3:56 `{text}` is no status ({help})")]);
    };
    wrong("2XX", "did you mean `2xx`?");
    wrong("200-299", "write the class `2xx`, or a list of statuses");
    wrong("200..299", "write the class `2xx`, or a list of statuses");
    wrong("OK", "write `200`, the class `2xx`, or a list of such: `[2xx, 404]`");
    wrong("200-404", "write `200`, the class `2xx`, or a list of such: `[2xx, 404]`");
    check_expect(
        "status: [400..499]",
        &["3:57 `400..499` is no status (write the class `4xx`, or a list of statuses)"],
    );
    check_expect(
        "status: [1xx, 2xx, 3xx, 4xx, 5xx]",
        &["3:57 every status is one of these (leave out the classes that are not expected)"],
    );
}

#[test]
fn a_pattern_that_cannot_fail_or_cannot_be_read_is_a_mistake() {
    check_expect("body: { a: '${number > 3}', b: '${string is matching(\"x\")}', c: '${null}' }", &[]);
    check_expect(
        "body: { a: '${number == number}' }",
        &["3:62 `number == number` is always true (say `${number}`, or something that could be otherwise)"],
    );
    check_expect("body: { a: '${number > lest}' }", &["3:71 `lest` is undefined (there is `number`)"]);
    check_expect(
        "body: { a: '${number >}' }",
        &["3:69 not an expression: unexpected end of input, expected expression"],
    );
    let whole = "`${uuid}` stands for a whole value in an expected body; a condition on it begins with it: `${number > 3}`";
    check_expect("body: { a: 'id-${uuid}' }", &[&format!("3:65 `uuid` is undefined ({whole})")]);
    check_expect("that: body.id == uuid", &[&format!("3:65 `uuid` is undefined ({whole})")]);
    check_expect(
        "body: { a: { any_order: 1 } }",
        &["3:72 this is a number, and has to be a list whose items can have any order"],
    );
    check_expect(
        "body: { a: { contains: [] } }",
        &["3:71 every list contains nothing (say what has to be in it, or `${list}`)"],
    );
    // A variable of that name is meant where there is one.
    check(
        "scenario: s\nvars: { email: a@b.c }\nsteps:\n  - { request: GET users-service /x, expect: { body: { a: '${email}', b: '${ip}' } } }\n",
        &[],
    );
}

#[test]
fn polls_that_cannot_fail_or_end() {
    let request = "request: GET users-service /x, expect: { status: 200 }";
    check_step(&format!("{{ always: {{ for: 2s, every: 50ms, {request} }} }}"), &[]);
    check_step(&format!("{{ never: {{ for: 2s, {request} }} }}"), &[]);
    check_step(
        "{ always: { for: 2s, request: GET users-service /x } }",
        &[
            "3:17 `always` needs the key `expect` (say what stays so: `expect: { body: { status: confirmed } }`)",
            "3:35 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        &format!("{{ never: {{ {request}, capture: {{ a: body }} }}, for: 1s }}"),
        &[
            "3:16 `never` needs the key `for` (`for`: For how long.)",
            "3:72 of a reply that never comes there is nothing to capture (capture from a request of its own)",
            "3:96 `for` belongs to `inject`, which this step doesn't have",
        ],
    );
    check_step(
        &format!("{{ always: {{ for: 1s, every: 2s, {request} }} }}"),
        &["3:33 this pause is longer than all of the time (make `for` longer, or `every` shorter)"],
    );
    check_step(
        &format!("{{ never: {{ for: 1s, {request} }}, text: a }}"),
        &[
            "3:83 `text` belongs to `request`, which this step doesn't have (indent it so that it stands within `never`)",
        ],
    );
    let eventually =
        |fail_if: &str| format!("{{ eventually: {{ within: 1s, fail_if: {fail_if}, {request} }} }}");
    check_step(&eventually("body.a == 1"), &[]);
    check_step(
        &eventually("status < 0"),
        &["3:42 `status < 0` is always false (say something that could be true)"],
    );
    check_step(
        &eventually("status > 0"),
        &["3:42 `status > 0` is always true (say something that could be otherwise)"],
    );
}
