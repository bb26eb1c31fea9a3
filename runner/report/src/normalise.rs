//! Placeholders for what differs from run to run: times, addresses, generated ids.

use std::sync::LazyLock;

use regex::Regex;
use scenario::Value;

/// A kind of text that differs from run to run, and its placeholder.
struct Rule {
    pattern: Regex,
    placeholder: &'static str,
}

/// Applied in this order: a date with a time contains a date, and an address contains a number.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |pattern: &str, placeholder| Rule {
        pattern: Regex::new(pattern).expect("the patterns are literals"),
        placeholder,
    };
    vec![
        // Also within a word: `user_${uuid()}`, `ann${run_id}`.
        rule(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
        rule(r"(?i)[0-9a-f]{16,64}", "[hex]"),
        rule(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(\[[\w/]+\]|Z\b|[+-]\d\d:?\d\d\b)?", "[time]"),
        rule(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\b", "[time]"),
        rule(r"\b\d{4}-\d\d-\d\d\b", "[date]"),
        rule(r"(\b127\.0\.0\.1|\blocalhost|\[::1\]):\d{1,5}\b", "$1:[port]"),
        rule(r"\bport \d{1,5}\b", "port [port]"),
        rule(r"\b\d+(\.\d+)?\s?(ns|µs|us|ms|s|sec|seconds|minutes)\b", "[duration]"),
    ]
});

/// The names of JSON fields whose values differ from run to run whatever they look like.
static UNSTABLE_FIELD: LazyLock<Regex> = LazyLock::new(|| {
    let names = "port|pid|timestamp|time|date|duration|elapsed|uptime|latency|took|nonce|etag";
    let pattern =
        format!(r"(?i)^({names}|.*_(at|ms|us|ns|port|time|seconds|secs)|(trace|request|span)_?id)$");
    Regex::new(&pattern).expect("the pattern is a literal")
});

/// The text with placeholders for what differs from run to run.
pub(crate) fn text(text: &str) -> String {
    let mut text = text.to_string();
    for Rule { pattern, placeholder } in RULES.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *placeholder).into_owned();
        }
    }
    text
}

/// The JSON value with placeholders for what differs from run to run. Whether a field is there, and whether it is null,
/// stays visible.
pub(crate) fn value(value: Value) -> Value {
    match value {
        Value::String(plain) => Value::String(text(&plain)),
        Value::Array(items) => items.into_iter().map(self::value).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| {
                let scalar = matches!(field, Value::String(_) | Value::Number(_));
                let stable = if scalar && UNSTABLE_FIELD.is_match(&name) {
                    Value::String(format!("[{name}]"))
                } else {
                    self::value(field)
                };
                (name, stable)
            })
            .collect(),
        other => other,
    }
}
