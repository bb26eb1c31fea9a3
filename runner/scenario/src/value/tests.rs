use std::cmp::Ordering::{self, Equal, Greater, Less};

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{Number, Value};

/// Digits of which no type holds as many.
fn long(last: char) -> String {
    "1234567890".repeat(5) + &last.to_string()
}

fn parsed(text: &str) -> Value {
    Value::parse(text).expect(text)
}

#[test]
fn numbers_compare_by_their_decimal_values() {
    let check = |a: &str, b: &str, expected: Ordering| {
        let number = |text| Number::parse(text).expect(text);
        assert_eq!(number(a).cmp(&number(b)), expected, "{a} and {b}");
        assert_eq!(number(b).cmp(&number(a)), expected.reverse(), "{b} and {a}");
        assert_eq!(parsed(&format!("[{a}]")) == parsed(&format!("[{b}]")), expected == Equal, "{a} and {b}");
    };
    for same in ["300", "300.0", "3e2", "3.00E+2", "30000e-2", "0.3e3"] {
        check("300", same, Equal);
        check(&format!("-{same}"), "-300", Equal);
    }
    for zero in ["-0", "0.0", "-0.0", "0e5", "0E-999999999999999999999", "-0.000e7"] {
        check("0", zero, Equal);
    }
    check("1.10", "1.1", Equal);
    check("1e2147483648", "10e2147483647", Equal);
    check("1e999999999", "1e999999998", Greater);
    check("-1e999999999", "1", Less);
    check("1e-999999999", "0", Greater);
    check("1e99999999999999999999", "1e99999999999999999999", Equal);
    check("1e99999999999999999998", "1e99999999999999999999", Less);
    check("1e99999999999999999999", "1e-99999999999999999999", Greater);
    // At the ends of 53, 63, 64 and 128 bits.
    for (less, more) in [
        ("9007199254740992", "9007199254740993"),
        ("9223372036854775807", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551616"),
        ("340282366920938463463374607431768211455", "340282366920938463463374607431768211456"),
        ("9007199254740992", "9007199254740992.5"),
        ("1234567890123456.78", "1234567890123456.79"),
        ("0.1", "0.1000000000000000055511151231257827"),
        (&*long('1'), &*long('2')),
    ] {
        check(less, more, Less);
        check(&format!("-{less}"), &format!("-{more}"), Greater);
        check(more, &format!("{more}{}", if more.contains('.') { "0" } else { ".0" }), Equal);
    }
}

#[test]
fn what_was_read_is_written_as_it_was() {
    for text in [
        "null",
        "true",
        "0",
        "-0",
        "-0.0",
        "0e5",
        "1.10",
        "-0.50",
        "1E3",
        "1e+3",
        "1e400",
        "0.000000000000000001",
        "9007199254740993",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "1234567890123456.78",
        "123456789012345678901234567890",
        r#"{"b":[1,{}],"a":[],"c":""}"#,
        r#""\"\\\b\f\n\r\t\u0000\u001f/é☕""#,
    ] {
        assert_eq!(parsed(text).to_string(), text);
    }
    assert_eq!(parsed(&long('1')).to_string(), long('1'));
    assert_eq!(parsed(r#"{"a": 1, "b": 2, "a": 3}"#).to_string(), r#"{"a":3,"b":2}"#);
    assert_eq!(
        format!("{:#}", parsed(r#"{"a":[1.10,{"b":[]}]}"#)),
        "{\n  \"a\": [\n    1.10,\n    {\n      \"b\": []\n    }\n  ]\n}"
    );
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let deep = "[".repeat(129);
    for (text, expected) in [
        (r#"{"a": 1, "v": NaN}"#, "not valid JSON at line 1, column 15: a value is needed here"),
        ("{\"ä\": [\n1,\n 02]}", "line 3, column 3: a comma or a closing bracket is needed here"),
        ("", "line 1, column 1: a value is needed here, and the text ends"),
        ("[1", "line 1, column 3: a comma or a closing bracket is needed here, and the text ends"),
        ("[1.]", "line 1, column 4: a number needs a digit here"),
        ("[1,]", "line 1, column 4: a value is needed here"),
        ("{a: 1}", "line 1, column 2: a key in double quotes is needed here"),
        (r#"{"a" 1}"#, "line 1, column 6: a colon is needed here"),
        ("nul", "line 1, column 1: a value is needed here"),
        ("1 2", "line 1, column 3: the value ends before this"),
        (&*deep, "line 1, column 129: it is nested more than 128 deep"),
    ] {
        let refused = Value::parse(text).expect_err(text).to_string();
        assert!(refused.ends_with(expected), "{text}: {refused}");
    }
    assert!(Value::parse(b"\"\xe9\"").is_err(), "latin-1 is no JSON");
}

#[test]
fn numbers_may_be_written_loosely_in_yaml_and_expressions() {
    for (text, expected) in [
        ("+5", Some("5")),
        ("007", Some("7")),
        ("-.5", Some("-0.5")),
        ("5.", Some("5")),
        ("0.50", Some("0.50")),
        ("00", Some("0")),
        ("1.e3", Some("1e3")),
        (".", None),
        ("", None),
        ("5x", None),
        ("1e", None),
    ] {
        assert_eq!(Number::from_loose(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
    }
}

proptest! {
    /// Texts that are JSON, or nearly.
    #[test]
    fn the_same_texts_are_read_as_serde_json_reads(text in r#"([\[\]{},:"\\ 01.eE+-]|"a":|"b"|true|null|\\u00e9|\\ud83d|\\ude00){0,12}"#) {
        let expected = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(Value::parse(&text).is_ok(), expected, "{}", text);
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert_eq!(Value::parse(&text), Ok(value.into()));
        }
    }

    #[test]
    fn doubles_compare_as_doubles(a in any::<f64>(), b in any::<f64>()) {
        if let (Some(a), Some(b)) = (Number::from_f64(a), Number::from_f64(b)) {
            prop_assert_eq!(a.partial_cmp(&b), a.as_f64().partial_cmp(&b.as_f64()));
        }
    }
}
