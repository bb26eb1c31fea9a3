//! The values and mistakes of expressions, one a line.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn scope() -> Scope {
    let serde_json::Value::Object(values) = json!({
        "status": 201,
        "price": 299.99,
        "whole": 300.0,
        "big": u64::MAX,
        "id": null,
        "name": "ann",
        "body": {
            "order": {"id": 7, "items": ["Phone", "Case"]},
            "prices": [10.1, 20.2, 0.3],
            "lines": [{"amount": 0.1}, {"amount": 0.2}],
            "in": 1,
            "total": "300",
        },
    }) else {
        unreachable!("it is an object")
    };
    Scope::new(values)
}

fn evaluated(source: &str) -> Result<Value, String> {
    let expression = Expression::parse(source).map_err(|invalid| invalid.to_string())?;
    expression.evaluate(&scope()).map_err(|error| error.reason)
}

#[test]
fn values() {
    for (source, expected) in [
        ("price", json!(299.99)),
        ("body.order.id", json!(7)),
        ("big", json!(u64::MAX)),
        ("id", json!(null)),
        ("whole == 300", json!(true)),
        ("body.order", json!({"id": 7, "items": ["Phone", "Case"]})),
        ("body.order.items[1]", json!("Case")),
        ("{'a': [1, price]}", json!({"a": [1, 299.99]})),
        ("body.order.items | length", json!(2)),
        ("range(3) | list", json!([0, 1, 2])),
        // Money.
        ("body.prices | sum", json!(30.6)),
        ("body.lines | map(attribute='amount') | sum", json!(0.3)),
        ("body.lines | sum(attribute='amount')", json!(0.3)),
        ("body.prices | sum == 30.6", json!(true)),
        ("0.1 | plus(0.2)", json!(0.3)),
        ("price | times(3)", json!(899.97)),
        ("300 | minus(price)", json!(0.01)),
        ("500 | minus(200.00)", json!(300)),
        ("2.675 | round(2)", json!(2.68)),
        ("1e-7 | plus(1)", json!(1.000_000_1)),
        ("[] | sum", json!(0)),
        // Slices.
        ("body.order.items[1:]", json!(["Case"])),
        ("body.order.items[:-1]", json!(["Phone"])),
        ("body.prices[::2]", json!([10.1, 0.3])),
        ("body.prices[::-1][0]", json!(0.3)),
        ("body.order.items[-1]", json!("Case")),
        ("body.order.items[5:]", json!([])),
        ("[1, 2, 3][1:2]", json!([2])),
        ("name[1:] ~ name[:-2]", json!("nna")),
        ("name[::-1]", json!("nna")),
        ("body.prices[body.in:body.in | plus(1)] | sum", json!(20.2)),
        ("body.prices[0 if status < 300 else 1:] | length < 4", json!(true)),
        ("body.lines[1:] | map(attribute='amount') | list", json!([0.2])),
        ("(body.order.items | first)[1:]", json!("hone")),
        // Helpers.
        ("name is matching('^a.n$')", json!(true)),
        ("'order 17' | regex('[0-9]+')", json!("17")),
        ("'order 17' | regex('order ([0-9])')", json!("1")),
        ("'hi' | base64 | base64_decode", json!("hi")),
        (r#"'{"a": 1.50}' | json"#, json!({"a": 1.5})),
        ("missing | default(1)", json!(1)),
        // Orderings, which are compiled as calls.
        ("1 < 2", json!(true)),
        ("1 < 2 <= 2 < 2", json!(false)),
        ("0 < status == 201", json!(true)),
        ("not status < 200 and (price) >= 299.99", json!(true)),
        ("'b' > 'a'", json!(true)),
        ("1 if body.order.id > 6 else 2", json!(1)),
        ("[1 < 2, {'a': 2 < 1}]", json!([true, {"a": false}])),
        ("status is defined and status < 300", json!(true)),
        ("status is not string and 7 // 2 < 2 ** 2", json!(true)),
        ("(body.prices | sum) < 1e+3", json!(true)),
        ("body.in < 2", json!(true)),
        ("'a < b' ~ \"<\" == 'a < b<' and 1 < 2", json!(true)),
        ("name is in(['ann']) and name is not in ['bob'] and 1 < 2", json!(true)),
        ("1 not in [2 < 3] or 2 > 1", json!(true)),
        ("missing is defined and missing < 1", json!(false)),
        ("body.nothing is undefined", json!(true)),
        ("id is none and name is string and price is float and body is mapping", json!(true)),
        ("body.lines | selectattr('note', 'defined') | list", json!([])),
        ("body.lines | map(attribute='note', default=1) | list", json!([1, 1])),
        ("[{'a': 1}, {}] | selectattr('a') | list", json!([{"a": 1}])),
        ("{'a': 1} | items | map(attribute=0) | list", json!(["a"])),
        ("[] | selectattr('a') | list", json!([])),
        (
            "[{'a': {'b': 2}}, {'a': {'b': 1}}] | sort(attribute='a.b') | map(attribute='a.b') | list",
            json!([1, 2]),
        ),
        ("body.order.items | map('upper') | select('eq', 'CASE') | list", json!(["CASE"])),
        ("body.order.items | select('==', 'Case') | list | length >= 1", json!(true)),
    ] {
        assert_eq!(evaluated(source), Ok(expected.into()), "{source}");
    }
}

#[test]
fn errors() {
    for (source, expected) in [
        ("missing", "`missing` is undefined"),
        ("missing == 1", "`missing` is undefined"),
        ("missing < 1", "`missing` is undefined"),
        ("body.order.nothing == 1", "`body.order` has `id`, `items`; it has no `nothing`"),
        ("body.order.id.deep", "`body.order.id` is the number 7 and has no `deep`"),
        ("missing[1:]", "`missing` is undefined"),
        ("body.nothing[1:]", "`body` has `order`, `prices`, `lines`, `in`, `total`; it has no `nothing`"),
        ("body.order.items[missing:]", "`missing` is undefined"),
        ("body.order.items['a':]", "cannot convert string to i64"),
        ("body.order.items[::0]", "cannot slice by step size of 0"),
        ("status[1:]", "value of type number cannot be sliced"),
        ("body.nothing is none", "it has no `nothing`"),
        ("body.nothing is not none", "it has no `nothing`"),
        ("body['nothing'] is not string", "undefined value"),
        ("{'a': [body.nothing]}", "it has no `nothing`"),
        ("1 if status == 200", "it is undefined"),
        ("loop.index", "`loop` is undefined"),
        ("body.order.items()", "object is not callable"),
        ("body.total < 100", "`<` can't compare a text with a number"),
        ("[status, {'a': 1 + (body.total < 100)}]", "`<` can't compare a text with a number"),
        ("1 < id", "`<` can't compare a number with null"),
        ("body.order >= 1", "`>=` can't compare an object with a number"),
        ("body.order.items | sum", "`sum` takes numbers, not a text"),
        ("range(100000) | sort | sort | sort | sort | sort | length", "it takes too long"),
        ("range(100000) | map('string') | join * 500", "it takes too long"),
        ("'x' * 90000000", "it takes too long"),
        ("name is matching('(' ~ '')", "no regular expression: unclosed group"),
        (
            "body.order.items.size == 2",
            "`body.order.items` is a list of 2 and has no `size`; write `body.order.items | length`",
        ),
        (
            "body.lines | selectattr('amont', 'eq', 0.1) | list",
            "`selectattr`: no item has `amont`; the first one has `amount`",
        ),
        ("body.lines | rejectattr('a.b') | list", "`rejectattr`: no item has `a.b`"),
        ("'x' in body.lines | map(attribute='amont')", "`map`: no item has `amont`"),
        ("body.lines | unique(attribute='amont') | list", "`unique`: no item has `amont`"),
        ("body.lines | groupby('amont') | length", "`groupby`: no item has `amont`"),
        ("body.lines | sort(attribute='amount, x')", "`sort`: no item has `x`"),
        ("body.prices | max(attribute='x')", "`max`: no item has `x`; the first one is a number"),
        ("range(100000) | groupby('x') | length", "`groupby`: no item has `x`"),
        ("body.lines | map('uper') | list", "there is no filter `uper`"),
        ("body.lines | selectattr('amount', 'egal', 0) | list", "there is no test `egal`"),
        ("body.prices | reject(\"egal\", 0) | list", "there is no test `egal`"),
        ("name | regex('x')", "it is undefined"),
        ("1 / 0", "unable to calculate 1 / 0"),
        ("1 +", "unexpected end of input"),
        ("name | shout", "there is no filter `shout`"),
        ("false and name is nott string", "there is no test `nott`"),
        ("big | times(big) | times(big)", "`times` is exact for up to 38 digits, and these are more"),
    ] {
        let error = evaluated(source).expect_err(source);
        assert!(error.contains(expected), "{source}: {error}");
    }
}

#[test]
fn nothing_that_follows_a_text_is_dropped() {
    for rest in [
        "&& status == 1",
        "; status",
        "# x",
        "@",
        "?",
        "$",
        "`",
        "1_",
        "'open",
        "0xg",
        "'b' & 'c'",
        "\\ 'b'",
        "'a\\'",
    ] {
        for source in
            [format!("name == 'ann' {rest}"), format!("('é' {rest})"), format!("['a', \"b\"{rest}]")]
        {
            assert!(Expression::parse(&source).is_err(), "{source}");
        }
    }
    assert_eq!(evaluated(r"'\\' 'a\'' == '\\a\''"), Ok(json!(true).into()));
    let invalid = Expression::parse("name == 'é' && status == 1").expect_err("no operator");
    assert_eq!((invalid.range, invalid.help), (Some(13..14), Some("write `and`")));
    assert_eq!(evaluated("name == 'an' 'n' and 'é' ~ \"\" == 'é'"), Ok(json!(true).into()));
}

#[test]
fn only_true_holds() {
    let holds = |source: &str| {
        let expression = Expression::parse(source).expect("an expression");
        expression.holds(&scope()).map_err(|error| error.to_string())
    };
    assert_eq!(holds("status == 201"), Ok(true));
    assert_eq!(holds("status == 200"), Ok(false));
    assert_eq!(holds("status"), Err("`status`: it is the number 201, neither true nor false".into()));
}

/// The names that an expression uses, which are checked before a run.
fn names(source: &str) -> Vec<String> {
    let expression = Expression::parse(source).expect(source);
    expression.names().map(str::to_owned).collect()
}

#[test]
fn names_are_variables_and_nothing_else() {
    for (source, expected) in [
        ("a.b < range(c)[0] and d is defined", &["a", "c", "d"][..]),
        ("a[1:2]", &["a"]),
        ("a.b[c:d | abs:e.f[g:]].h", &["a", "c", "d", "e", "g"]),
        ("a if b else c", &["a", "b", "c"]),
        ("a if b", &["a", "b"]),
        ("{a: b, 'c': [d]}", &["a", "b", "d"]),
        ("dict(a=b) | map(attribute=c) | select('eq', d)", &["b", "c", "d"]),
        ("a is divisibleby b and c is not in d", &["a", "b", "c", "d"]),
        ("a.items(b).c(d)", &["a", "b", "d"]),
        ("not true and none is none and 1.5e3 > -a[0].b or 'c' ~ \"d\"", &["a"]),
        ("f(*a, **b)", &["a", "b", "f"]),
    ] {
        assert_eq!(names(source), expected, "{source}");
    }
}

/// minijinja's own list leaves out what is sliced, and agrees otherwise.
#[test]
fn names_are_those_that_minijinja_finds() {
    for source in
        ["a.b[c].d", "a(b, c=d)[0]", "{a: {b: c}}", "(a, b) == c", "a ** -b // c % d", "a.0.b", "a is b c"]
    {
        let compiled = environment::ENVIRONMENT.compile_expression(source).expect(source);
        let found: BTreeSet<String> = compiled.undeclared_variables(false).into_iter().collect();
        let ours: BTreeSet<String> = tokens::paths(source).into_iter().map(|path| path[0].clone()).collect();
        assert_eq!(ours, found, "{source}");
    }
}

/// The false parts of a condition, as `source: left [relation]`, each followed by its inputs.
fn false_parts(source: &str) -> Vec<String> {
    let parts = Expression::parse(source).expect("an expression").false_parts(&scope());
    let mut lines = Vec::new();
    for FalsePart { source, left, relation, inputs } in parts {
        lines.push(match relation {
            Relation::None => format!("{source}: {left}"),
            Relation::Negated => format!("{source}: not {left}"),
            Relation::Test(test) => format!("{source}: {left} {test}"),
            Relation::Comparison(operator, right) => format!("{source}: {left} {operator} {right}"),
        });
        lines.extend(inputs.iter().map(|(source, value)| format!("- {source} = {value}")));
    }
    lines
}

#[test]
fn a_false_condition_is_taken_apart_into_what_is_false_with_both_sides_computed() {
    for (source, expected) in [
        ("status == 200", &["status == 200: 201 == 200"][..]),
        ("status == 201 and price > 300", &["price > 300: 299.99 > 300"]),
        (
            "(status == 200 or (price > 300 and whole == 300))",
            &["status == 200: 201 == 200", "price > 300: 299.99 > 300"],
        ),
        ("100 < status <= 200", &["status <= 200: 201 <= 200"]),
        ("'Bag' in body.order.items", &[r#"'Bag' in body.order.items: "Bag" in ["Phone","Case"]"#]),
        ("status not in [201, 202]", &["status not in [201, 202]: 201 not in [201,202]"]),
        ("not status == 201", &["not status == 201: not true", "- status = 201"]),
        ("name is matching('^b')", &[r#"name is matching('^b'): "ann" is matching('^b')"#]),
        (
            "name is none and body.total == 'and'",
            &[r#"name is none: "ann" is none"#, r#"body.total == 'and': "300" == "and""#],
        ),
        ("name is in(['bob'])", &[r#"name is in(['bob']): "ann" is in(['bob'])"#]),
        ("body.in == 2", &["body.in == 2: 1 == 2"]),
        ("false", &["false: false"]),
        // What an aggregate was computed from shows the members that matter.
        (
            "body.lines | map(attribute='amount') | sum == 0.4",
            &[
                "body.lines | map(attribute='amount') | sum == 0.4: 0.3 == 0.4",
                "- body.lines | map(attribute='amount') = [0.1,0.2]",
            ],
        ),
        (
            "body.lines | selectattr('amount', 'gt', 0.1) | list | length == 0",
            &[
                "body.lines | selectattr('amount', 'gt', 0.1) | list | length == 0: 1 == 0",
                r#"- body.lines | selectattr('amount', 'gt', 0.1) | list = [{"amount":0.2}]"#,
            ],
        ),
        (
            "whole | minus(price) == 1",
            &["whole | minus(price) == 1: 0.01 == 1", "- price = 299.99", "- whole = 300.0"],
        ),
        // What has no value is left out.
        ("status == 200 and nothing == 1", &["status == 200: 201 == 200"]),
        ("status == 201 and nothing == 1", &[]),
    ] {
        assert_eq!(false_parts(source), expected, "{source}");
    }
}

/// A scope that draws values at one place.
fn drawing(seed: u64) -> Scope {
    let mut scope = scope();
    let clock = std::sync::Arc::new(|| std::time::Duration::from_hours(24));
    scope.draw_from(Draws::new(fault::Seed(seed), clock));
    scope
}

#[test]
fn drawn_values_depend_on_the_seed_and_the_order_alone() {
    let draw =
        |source: &str, scope: &Scope| Expression::parse(source).expect(source).evaluate(scope).expect(source);
    let texts = |seed: u64| {
        let scope = drawing(seed);
        ["uuid()", "uuid()", "random(1, 1000000)", "choice(range(1000) | list)", "[uuid(), uuid()]"]
            .map(|source| draw(source, &scope).to_text().into_owned())
    };
    assert_eq!(texts(1), texts(1));
    for (first, second) in texts(1).iter().zip(&texts(2)) {
        assert_ne!(first, second);
    }
    assert_ne!(texts(1)[0], texts(1)[1]);
    let scope = drawing(7);
    let uuid = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        .expect("a pattern");
    let mut numbers = BTreeSet::new();
    let mut chosen = BTreeSet::new();
    for _ in 0..200 {
        assert!(uuid.is_match(&draw("uuid()", &scope).to_text()));
        numbers.insert(draw("random(-2, 3)", &scope).to_text().into_owned());
        chosen.insert(draw("choice(body.order.items)", &scope).to_text().into_owned());
    }
    assert_eq!(numbers.iter().map(String::as_str).collect::<Vec<_>>(), ["-1", "-2", "0", "1", "2", "3"]);
    assert_eq!(chosen.iter().map(String::as_str).collect::<Vec<_>>(), ["Case", "Phone"]);
    assert_eq!(draw("now()", &scope), json!("1970-01-02T00:00:00.000Z").into());
    assert_eq!(draw("now() | plus_time('1h')", &scope), json!("1970-01-02T01:00:00.000Z").into());
    assert_eq!(
        draw("random(-9223372036854775807 - 1, 9223372036854775807) is integer", &scope),
        json!(true).into()
    );
}

#[test]
fn a_drawing_function_that_is_used_wrongly_is_refused_before_the_run() {
    for (source, message, help) in [
        ("uuid", "`uuid` is a function", "write `uuid()`"),
        ("uuid ~ 'x'", "`uuid` is a function", "write `uuid()`"),
        ("now(1)", "`now` takes no argument, not 1", "write `now()`"),
        (
            "random(1)",
            "`random` takes 2 arguments, not 1",
            "write `random(1, 10)`: a whole number from 1 to 10",
        ),
        (
            "random(1, [2, 3], 4)",
            "`random` takes 2 arguments, not 3",
            "write `random(1, 10)`: a whole number from 1 to 10",
        ),
        (
            "random(9, 1)",
            "there is no number from 9 to 1",
            "write `random(1, 10)`: a whole number from 1 to 10",
        ),
        (
            "random('1', 2)",
            "`random` takes two whole numbers, not a text",
            "write `random(1, 10)`: a whole number from 1 to 10",
        ),
        (
            "1 + random(1.5, 2)",
            "`random` takes two whole numbers, not a number",
            "write `random(1, 10)`: a whole number from 1 to 10",
        ),
        ("choice([])", "`choice` takes a list that isn't empty", "write `choice(['a', 'b'])`: one of a list"),
        ("choice('ab')", "`choice` takes a list, not a text", "write `choice(['a', 'b'])`: one of a list"),
        (
            "choice('a', 'b')",
            "`choice` takes one argument, not 2",
            "write `choice(['a', 'b'])`: one of a list",
        ),
    ] {
        let invalid = Expression::parse(source).expect_err(source);
        assert_eq!((invalid.message.as_str(), invalid.help), (message, Some(help)), "{source}");
    }
    for source in ["body.uuid", "x | plus_time('1h')", "{'now': 1}", "random(a, b)", "choice([uuid(), 'x'])"]
    {
        assert!(Expression::parse(source).is_ok(), "{source}");
    }
}
