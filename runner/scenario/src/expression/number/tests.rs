//! Expressions over numbers that neither 64 bits nor doubles hold, one a line.

use crate::{Expression, Scope, Value};

const BODY: &str = r#"{
    "snowflake": 9007199254740993, "i63": 9223372036854775808, "u64": 18446744073709551615,
    "u128": 340282366920938463463374607431768211455, "beyond": 340282366920938463463374607431768211456,
    "precise": 1234567890123456.78, "huge": 1e400, "less": -1e400, "exp": 1E3, "money": 1.10, "neg0": -0.0, "zero": 0e5,
    "rows": [{"id": 5}, {"id": 1e400}, {"id": -1e400}, {"id": 1234567890123456.78}]
}"#;

fn evaluated(source: &str) -> Result<String, String> {
    let body = Value::parse(BODY).expect("JSON");
    let mut scope = Scope::new([("big".to_owned(), body.get("precise").cloned().unwrap_or_default())]);
    scope.set("body", body);
    let expression = Expression::parse(source).map_err(|invalid| invalid.to_string())?;
    expression.evaluate(&scope).map(|value| value.to_string()).map_err(|error| error.reason)
}

fn check(source: &str, expected: &str) {
    assert_eq!(evaluated(source).as_deref(), Ok(expected), "{source}");
}

#[test]
fn a_path_gives_the_value_as_it_came() {
    for (source, expected) in [
        ("body.snowflake", "9007199254740993"),
        ("body.beyond", "340282366920938463463374607431768211456"),
        ("body.huge", "1e400"),
        ("body.exp", "1E3"),
        ("body.money", "1.10"),
        ("body.neg0", "-0.0"),
        (" body . rows[1] ", r#"{"id":1e400}"#),
        ("body.rows[1].id", "1e400"),
        ("body.rows[-1].id", "1234567890123456.78"),
        ("body['huge']", "1e400"),
        ("big", "1234567890123456.78"),
    ] {
        check(source, expected);
    }
}

#[test]
fn numbers_are_equal_if_their_decimal_values_are() {
    for (source, expected) in [
        ("body.snowflake == 9007199254740993", true),
        ("body.snowflake == 9007199254740992", false),
        ("body.snowflake == 9007199254740993.0", true),
        ("body.snowflake == 9007199254740992.0", false),
        ("body.snowflake != 9007199254740993.5", true),
        ("body.i63 == 9223372036854775808", true),
        ("body.i63 == 9223372036854775807", false),
        ("9223372036854775807 == 9223372036854775808.0", false),
        ("body.u64 == 18446744073709551615", true),
        ("body.u64 == 18446744073709551616.0", false),
        ("body.u128 == 340282366920938463463374607431768211455", true),
        ("body.u128 == 3.4028236692093846e38", false),
        ("body.beyond == 340282366920938463463374607431768211456", true),
        ("body.beyond == 340282366920938463463374607431768211457", false),
        ("body.beyond == 340282366920938463463374607431768211456e0", true),
        ("-body.snowflake == -9007199254740993.0", true),
        ("body.precise == 1234567890123456.78", true),
        ("body.precise == 1234567890123456.8", false),
        ("body.precise == 1234567890123456.7800", true),
        ("body.huge == 1e400 and body.huge == 10E+399 and body.less == -1e400", true),
        ("body.huge == 1e401 or body.huge == body.less", false),
        ("body.exp == 1000 and body.zero == 0 and body.neg0 == 0 and body.money == 1.1", true),
        ("0.1 == 0.1000000000000000055511151231257827", false),
        ("body.huge in [1, 1e400] and body.huge not in [1, 1e401]", true),
        ("body.snowflake in [9007199254740992.0]", false),
        ("[body.huge, {'a': body.beyond}] == [1e400, {'a': 340282366920938463463374607431768211456}]", true),
        ("1e300 == 10e299 and 1e300 != 1.0000000000000001e300", true),
        ("big == body.precise", true),
        ("body.rows | map(attribute='id') | select('==', 1e400) | list | length == 1", true),
        ("1e400 == '1e400'", false),
    ] {
        check(source, &expected.to_string());
    }
}

#[test]
fn numbers_are_ordered_by_their_decimal_values() {
    for (source, expected) in [
        ("body.snowflake > 9007199254740992.5", "true"),
        ("body.snowflake < 9007199254740993.5", "true"),
        ("body.u128 < body.beyond <= body.beyond < body.huge", "true"),
        ("body.less < -340282366920938463463374607431768211456", "true"),
        ("5 < body.huge and body.less < 5 and 1.5 >= body.less", "true"),
        ("body.neg0 < 0 or body.neg0 < 0.0 or 0 < body.neg0", "false"),
        ("1e300 < 1e301 < body.huge", "true"),
        ("body.precise > 1234567890123456.7", "true"),
        ("body.precise > 1234567890123456.8", "false"),
        ("body.rows | map(attribute='id') | sort", "[-1e400,5,1234567890123456.78,1e400]"),
        ("body.rows | sort(attribute='id') | map(attribute='id') | first", "-1e400"),
        ("body.rows | map(attribute='id') | max", "1e400"),
        ("body.rows | map(attribute='id') | min", "-1e400"),
        ("body.rows | map(attribute='id') | select('>', 5) | list | length", "2"),
        ("body.rows | rejectattr('id', 'le', 5) | list | length", "2"),
    ] {
        check(source, expected);
    }
}

#[test]
fn numbers_keep_their_values_on_their_way_through_an_expression() {
    for (source, expected) in [
        (
            "[body.huge, body.u64, body.beyond]",
            "[1e400,18446744073709551615,340282366920938463463374607431768211456]",
        ),
        ("{'a': body.rows | first, 'b': -1e400}", r#"{"a":{"id":5},"b":-1e400}"#),
        ("body.rows | map(attribute='id') | last", "1234567890123456.78"),
        ("body.huge ~ ' ' ~ body.precise", r#""1e400 1234567890123456.78""#),
        ("body.u64 + 1", "18446744073709551616"),
        ("body.u64 * body.u64", "340282366920938463426481119284349108225"),
        ("1e400 | abs", "1e400"),
        ("body.less | abs", "1e400"),
        ("'[1e400, 9007199254740993.0, 1.50]' | json", "[1e400,9007199254740993,1.5]"),
        ("body.rows[1] | tojson", r#""{\"id\":1e400}""#),
        (
            "body.huge is number and body.huge is float and body.beyond is integer and body.huge is not integer",
            "true",
        ),
        ("1 if body.huge else 2", "1"),
        // Filters that are exact.
        ("body.precise | plus(0.01)", "1234567890123456.79"),
        ("body.snowflake | plus(0.5)", "9007199254740993.5"),
        ("[body.snowflake, 0.1, 0.2] | sum", "9007199254740993.3"),
        ("body.u64 | times(1e18)", "18446744073709551615000000000000000000"),
        ("body.precise | minus(body.precise)", "0"),
        ("body.precise | round(1)", "1234567890123456.8"),
        ("-2.675 | round(2)", "-2.68"),
        ("1e-50 | round(2)", "0"),
        ("1e300 * 2", "2e+300"),
        ("1e-20 | plus(1e-20)", "2e-20"),
    ] {
        check(source, expected);
    }
}

#[test]
fn what_can_not_be_exact_is_an_error() {
    let exact = "`plus`, `minus`, `times` and `sum` are exact";
    for (source, expected) in [
        ("body.precise + 1", exact),
        ("1 - body.rows[1].id", exact),
        ("-body.huge", exact),
        ("2 * 1e400", exact),
        ("body.huge | plus(1)", "`plus` is exact for up to 38 digits, and these are more"),
        ("1e-999999999 | plus(1)", "`plus` is exact for up to 38 digits, and these are more"),
        ("body.u128 | times(body.u128)", "`times` is exact for up to 38 digits, and these are more"),
        ("[body.beyond] | sum", "`sum` is exact for up to 38 digits, and these are more"),
        ("'1e400' < body.huge", "`<` can't compare a text with a number"),
        ("'[1, NaN]' | json", "not valid JSON at line 1, column 5: a value is needed here"),
        ("body.huge.x", "`body.huge` is the number 1e400 and has no `x`"),
    ] {
        let error = evaluated(source).expect_err(source);
        assert!(error.contains(expected), "{source}: {error}");
    }
    let arithmetic = evaluated("1 / 0").expect_err("there is no result");
    assert!(!arithmetic.contains("exact"), "{arithmetic}");
}
