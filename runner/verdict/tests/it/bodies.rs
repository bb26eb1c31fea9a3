//! Bodies with types, conditions and lists in any order.

use std::time::Duration;

use scenario::{Expectations, Scope};
use serde_json::json;
use verdict::judge_observation;

use super::{exchange, expression, judge, reply, shown, written::expect};

#[track_caller]
fn check(body: &str, found: &serde_json::Value, findings: &[&str]) {
    let expect = expect(&format!("{{ body: {body} }}"));
    assert_eq!(shown(&judge(&expect, &exchange(Ok(reply(200, found))))), findings, "{body}");
}

#[test]
fn a_type_is_met_by_its_values_and_another_one_is_shown() {
    check("{ id: '${uuid}' }", &json!({"id": "9f86d081-884c-4d65-9a2f-eaa0c55ad015"}), &[]);
    check("{ id: '${uuid}' }", &json!({"id": 7}), &["body.id: uuid / 7, a number"]);
    check("{ id: '${ uuid }' }", &json!({}), &["body.id: uuid / absent"]);
    check("{ id: '${number}' }", &json!({"id": "7"}), &["body.id: number / \"7\", a text"]);
    check("{ at: '${date}' }", &json!({"at": "2026-02-30"}), &["body.at: date / \"2026-02-30\", a text"]);
    check("'${list}'", &json!({"a": null}), &["body: list / {\"a\":null}, an object"]);
    check("[1, '${string}', '${boolean}']", &json!([1, "a", true]), &[]);
    check("{ exact: { a: '${null}' } }", &json!({"a": null, "b": 1}), &["body.b: absent / 1"]);
}

#[test]
fn a_type_can_have_a_condition() {
    check("{ age: '${number > 3}' }", &json!({"age": 4}), &[]);
    check("{ age: '${number > 3}' }", &json!({"age": 3}), &["body.age: number > 3 / 3"]);
    check("{ age: '${number > 3}' }", &json!({"age": "4"}), &["body.age: number > 3 / \"4\", a text"]);
    check("{ age: '${number between 3 and 9}' }", &json!({"age": 9}), &[]);
    check(
        "{ age: '${number between 3 and 9}' }",
        &json!({"age": 10}),
        &["body.age: number between 3 and 9 / 10"],
    );
    check("{ n: \"${string matching '^a'}\" }", &json!({"n": "abc"}), &[]);
    check(
        "{ n: \"${string matching '^a'}\" }",
        &json!({"n": "cba"}),
        &["body.n: string matching '^a' / \"cba\""],
    );
    check(
        "{ n: '${string | length < 3}' }",
        &json!({"n": "abc"}),
        &["body.n: string | length < 3 / \"abc\""],
    );
    check("{ n: \"${object.a > 1}\" }", &json!({"n": {"a": 1}}), &["body.n: object.a > 1 / {\"a\":1}"]);
}

#[test]
fn a_list_can_be_expected_in_any_order() {
    check("{ items: { any_order: [1, 2, 2] } }", &json!({"items": [2, 1, 2]}), &[]);
    check("{ any_order: [{ a: 1 }, '${number}'] }", &json!([7, {"a": 1, "b": 2}]), &[]);
    // What fits several leaves the others to those that fit one.
    check("{ any_order: ['${any}', '${number}', 1] }", &json!([1, 2, "a"]), &[]);
    check("{ any_order: [1, 2] }", &json!([2, 3]), &["body[1]: 1 / 3"]);
    check("{ any_order: [{ a: 1, b: 1 }, 2] }", &json!([2, {"a": 1, "b": 5}]), &["body[1].b: 1 / 5"]);
    check(
        "{ any_order: [1, 2, 3] }",
        &json!([3, 4]),
        &[
            "body: an item 1 / absent among its 2 items, each of which counts once",
            "body: an item 2 / absent among its 2 items, each of which counts once",
            "body[1]: absent / 4",
        ],
    );
    check("{ any_order: [1] }", &json!([]), &["body: an item 1 / absent: the list is empty"]);
    check("{ any_order: [1] }", &json!({"a": 1}), &["body: {\"any_order\":[1]} / {\"a\":1}"]);
    check("{ exact: { any_order: [{ a: 1 }] } }", &json!([{"a": 1, "b": 2}]), &["body[0].b: absent / 2"]);
}

#[test]
fn a_list_can_be_expected_to_contain_items() {
    check("{ items: { contains: [3, 1] } }", &json!({"items": [1, 2, 3]}), &[]);
    check("{ contains: [{ id: 3 }] }", &json!([{"id": 1, "a": 1}, {"id": 3, "a": 1}]), &[]);
    check(
        "{ contains: [1, 1] }",
        &json!([1, 2]),
        &["body: an item 1 / absent among its 2 items, each of which counts once"],
    );
    check("{ a: { contains: 3 } }", &json!({"a": {"contains": 3}}), &[]);
}

#[test]
fn what_is_expected_of_an_observation_can_name_what_is_given() {
    let expect = Expectations { that: vec![expression("body.key == env.KEY")], ..Expectations::default() };
    let reply = reply(200, &json!({ "key": "k" }));
    let judged = |key: &str| {
        let mut given = Scope::default();
        given.set("env", scenario::Value::parse(json!({ "KEY": key }).to_string()).expect("JSON"));
        judge_observation("i", "o", &expect, &reply, Duration::ZERO, &given)
    };
    assert_eq!(judged("k"), []);
    assert_eq!(judged("other").len(), 1);
}
