//! What stands for many values in an expected body: `${uuid}`, `${number > 3}`.

use std::{fmt, net::IpAddr};

use crate::{Bindings, EvaluationError, Expression, Scope, Value};

/// A type of values. Those of texts say what the text has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A text of 32 hexadecimal digits in groups: `9f86d081-884c-4d65-9a2f-eaa0c55ad015`.
    Uuid,
    /// A date of the calendar: `2026-11-23`.
    Date,
    /// A time of day, with or without seconds and offset: `07:05:11.747Z`.
    Time,
    /// A date and a time of day: `2026-11-23T07:05:11Z`.
    DateTime,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// A text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// An object.
    Object,
    /// null.
    Null,
    /// An absolute address: `https://example.com/a`.
    Url,
    /// A mail address.
    Email,
    /// An address of IPv4 or IPv6.
    Ip,
}

/// A type, and maybe a condition on the values of it.
#[derive(Debug, Clone)]
pub struct ValuePattern {
    /// The type.
    pub kind: ValueType,
    /// An expression, in which the name of the type stands for the value.
    pub condition: Option<Expression>,
    /// What stands in the braces.
    pub source: String,
}

/// How a value compares with a [`ValuePattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is of the type and meets the condition.
    Fits,
    /// It is of another type.
    OtherType,
    /// It is of the type and doesn't meet the condition.
    ConditionFails,
}

impl ValueType {
    /// All of them, by their names.
    pub const ALL: [(&str, Self); 14] = [
        ("uuid", Self::Uuid),
        ("date", Self::Date),
        ("time", Self::Time),
        ("datetime", Self::DateTime),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("string", Self::String),
        ("boolean", Self::Boolean),
        ("list", Self::List),
        ("object", Self::Object),
        ("null", Self::Null),
        ("url", Self::Url),
        ("email", Self::Email),
        ("ip", Self::Ip),
    ];

    /// The type of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Its name, as it is written in a pattern.
    pub fn as_str(self) -> &'static str {
        let (name, _) = Self::ALL.iter().find(|(_, kind)| *kind == self).expect("all types have names");
        name
    }

    /// Whether a value is of this type.
    pub fn has(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::List, Value::Array(_))
            | (Self::Object, Value::Object(_))
            | (Self::Null, Value::Null) => true,
            (Self::Integer, Value::Number(number)) => number.is_integer(),
            (_, Value::String(text)) => match self {
                Self::Uuid => is_uuid(text),
                Self::Date => is_date(text),
                Self::Time => is_time(text),
                Self::DateTime => text
                    .split_once(['T', 't', ' '])
                    .is_some_and(|(date, time)| is_date(date) && is_time(time)),
                Self::Url => is_url(text),
                Self::Email => is_email(text),
                Self::Ip => text.parse::<IpAddr>().is_ok(),
                _ => false,
            },
            _ => false,
        }
    }
}

impl ValuePattern {
    /// Compares a value with it.
    pub fn fit(&self, value: &Value, scope: &Scope) -> Result<Fit, EvaluationError> {
        if !self.kind.has(value) {
            return Ok(Fit::OtherType);
        }
        let Some(condition) = &self.condition else { return Ok(Fit::Fits) };
        let mut scope = scope.clone();
        scope.set(self.kind.as_str(), value.clone());
        Ok(if condition.holds(&scope)? { Fit::Fits } else { Fit::ConditionFails })
    }

    /// The variables it uses.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.kind.as_str();
        self.condition.iter().flat_map(Expression::names).filter(move |name| *name != own)
    }

    /// The same pattern with other names or values for some of its variables.
    pub(crate) fn bind(&self, bindings: &Bindings) -> Self {
        let condition = self.condition.as_ref().map(|condition| condition.bind(bindings));
        let source = condition.as_ref().map_or_else(|| self.source.clone(), |bound| bound.source().into());
        Self { kind: self.kind, condition, source }
    }
}

/// What stands in the braces: `number > 3`.
impl fmt::Display for ValuePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The number of a text of this many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |count| parts.next().and_then(|text| digits(text, count));
    let (Some(year), Some(month), Some(day), None) = (part(4), part(2), part(2), parts.next()) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`, and maybe `Z` or an offset such as `+01:00`.
fn is_time(text: &str) -> bool {
    let offset = text.rfind(['+', '-']);
    let time = match (text.strip_suffix(['Z', 'z']), offset) {
        (Some(time), _) => time,
        (None, Some(at)) => {
            let offset = &text[at + 1..];
            let offset = offset
                .split_once(':')
                .unwrap_or((offset.get(..2).unwrap_or(""), offset.get(2..).unwrap_or("")));
            if digits(offset.0, 2).is_none_or(|hours| hours > 23)
                || digits(offset.1, 2).is_none_or(|minutes| minutes > 59)
            {
                return false;
            }
            &text[..at]
        }
        (None, None) => text,
    };
    let (time, fraction) =
        time.split_once(['.', ',']).map_or((time, None), |(time, rest)| (time, Some(rest)));
    let parts: Vec<&str> = time.split(':').collect();
    let below = |text: &str, limit| digits(text, 2).is_some_and(|number| number < limit);
    match parts.as_slice() {
        [hours, minutes] => fraction.is_none() && below(hours, 24) && below(minutes, 60),
        // A leap second is the 61st.
        [hours, minutes, seconds] => {
            below(hours, 24)
                && below(minutes, 60)
                && below(seconds, 61)
                && fraction
                    .is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => false,
    }
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()))
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !name.is_empty()
        && name.split('.').all(|part| !part.is_empty())
        && is_plain(name)
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_has_its_values_and_no_others() {
        let values = [
            (
                "uuid",
                vec![
                    json!("9f86d081-884c-4d65-9a2f-eaa0c55ad015"),
                    json!("9F86D081-884C-4D65-9A2F-EAA0C55AD015"),
                ],
            ),
            ("date", vec![json!("2026-11-23"), json!("2024-02-29"), json!("2000-02-29")]),
            ("time", vec![json!("07:05"), json!("07:05:11.747Z"), json!("23:59:60"), json!("07:05:11+0100")]),
            (
                "datetime",
                vec![
                    json!("2026-11-23T07:05:11Z"),
                    json!("2026-11-23 07:05:11.5+01:00"),
                    json!("2026-11-23T07:05"),
                ],
            ),
            ("number", vec![json!(1), json!(-1.5)]),
            ("integer", vec![json!(7), json!(-7)]),
            ("boolean", vec![json!(false)]),
            ("list", vec![json!([])]),
            ("object", vec![json!({})]),
            ("null", vec![json!(null)]),
            ("url", vec![json!("https://example.com/a?b=c"), json!("http://[::1]:80/")]),
            ("email", vec![json!("a.b+c@example.com"), json!("a@localhost")]),
            ("ip", vec![json!("127.0.0.1"), json!("::1")]),
        ];
        let is_of = |name: &str, value: &serde_json::Value| {
            ValueType::named(name).expect(name).has(&value.clone().into())
        };
        for (name, own) in &values {
            for value in own {
                assert!(is_of(name, value), "{value} is a {name}");
                assert_eq!(is_of("string", value), value.is_string(), "{value}");
            }
            for (other, values) in values.iter().filter(|(other, _)| other != name) {
                for value in values {
                    let is_both = value.is_number() && (name, *other) == (&"number", "integer")
                        || value == &json!(1) && (name, *other) == (&"integer", "number");
                    assert_eq!(is_of(name, value), is_both, "{value} and {name}");
                }
            }
        }
        for (name, wrong) in [
            ("uuid", "9f86d081884c4d659a2feaa0c55ad015"),
            ("uuid", "9f86d081-884c-4d65-9a2f-eaa0c55ad01g"),
            ("date", "2026-02-29"),
            ("date", "2026-13-01"),
            ("date", "1900-02-29"),
            ("date", "2026-1-1"),
            ("date", "2026-11-23-1"),
            ("time", "24:00"),
            ("time", "07:05:11."),
            ("time", "07"),
            ("time", "07:05+1"),
            ("time", "07:05:11+é"),
            ("datetime", "2026-11-23"),
            ("url", "example.com/a"),
            ("url", "/a"),
            ("url", "mailto:a@b.c"),
            ("email", "a@"),
            ("email", "@b"),
            ("email", "a b@c"),
            ("email", "a@b..c"),
            ("email", "a"),
            ("ip", "256.0.0.1"),
        ] {
            assert!(!is_of(name, &json!(wrong)), "{wrong} is no {name}");
        }
    }
}
