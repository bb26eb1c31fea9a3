//! Headers of a reply as expressions see them: names in any case, and several values under one name.
//!
//! A header that came once is a text. One that came several times is a list of its values; to texts it compares as any of
//! them, so that `headers.link == '</a>'` and `'sid=' in headers['set-cookie']` hold if they hold for one of the values, as
//! in `expect.headers`. Operators can't be replaced, functions can: in an expression that names `headers`, `a == b` is
//! compiled as `__compared('==', a, b)`.

use std::{borrow::Cow, fmt, sync::Arc};

use http::{HeaderMap, HeaderValue};

use super::json;
use crate::{Object as Fields, Value};
use minijinja::{
    Environment, Error, ErrorKind, State, Value as Minijinja,
    tests::is_in,
    value::{Enumerator, Object, ObjectRepr},
};

/// A header's value as text: UTF-8, or else latin-1, of which every byte is a character.
pub fn header_text(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), Cow::Borrowed)
}

/// The headers by their names: a text, or a list of texts for one that came several times.
pub(super) fn fields(headers: &HeaderMap) -> Fields {
    let mut fields = Fields::new();
    for name in headers.keys() {
        let values = headers.get_all(name).into_iter();
        let mut values: Vec<Value> = values.map(|value| header_text(value).into_owned().into()).collect();
        let value = if values.len() == 1 { values.remove(0) } else { values.into() };
        fields.insert(name.to_string(), value);
    }
    fields
}

/// The name of a reply's headers.
pub(super) const HEADERS: &str = "headers";
pub(super) const FUNCTION: &str = "__compared";

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_function(FUNCTION, compared);
}

/// Whether this operator means more where an operand is a header with several values.
pub(super) fn is_comparison(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "in" | "not in")
}

/// Headers in minijinja's form. Their names are in lower case.
pub(super) fn to_minijinja(headers: &Value) -> Minijinja {
    let Value::Object(fields) = headers else { return json::to_minijinja(headers) };
    let value = |value: &Value| match value {
        Value::Array(values) => {
            Minijinja::from_object(RepeatedHeader(values.iter().map(json::to_minijinja).collect()))
        }
        once => json::to_minijinja(once),
    };
    Minijinja::from_object(Headers(fields.iter().map(|(name, field)| (name.clone(), value(field))).collect()))
}

/// The member of a reply's headers, by a name in any case.
pub(super) fn member<'a>(headers: &'a Fields, name: &str) -> Option<&'a Value> {
    headers.get(&name.to_ascii_lowercase())
}

/// Headers by their names.
#[derive(Debug)]
struct Headers(Vec<(String, Minijinja)>);

impl Object for Headers {
    fn get_value(self: &Arc<Self>, key: &Minijinja) -> Option<Minijinja> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Minijinja::from(name.as_str())).collect())
    }
}

/// The values of a header that came several times. As a text they are joined by commas, as RFC 9110 reads them.
#[derive(Debug)]
struct RepeatedHeader(Vec<Minijinja>);

impl Object for RepeatedHeader {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Minijinja) -> Option<Minijinja> {
        self.0.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, value)| {
            if index > 0 {
                f.write_str(", ")?;
            }
            fmt::Display::fmt(value, f)
        })
    }
}

fn compared(
    state: &State<'_, '_>,
    operator: &str,
    left: &Minijinja,
    right: &Minijinja,
) -> Result<bool, Error> {
    if left.is_undefined() || right.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let contains = |container: &Minijinja| match repeated(left) {
        Some(values) => any(values, |value| is_in(state, value, container)),
        None => is_in(state, left, container),
    };
    let contained = || match repeated(right) {
        Some(values) => any(values, contains),
        None => contains(right),
    };
    match operator {
        "==" => Ok(equal(left, right)),
        "!=" => Ok(!equal(left, right)),
        "in" => contained(),
        _ => contained().map(|contained| !contained),
    }
}

fn equal(left: &Minijinja, right: &Minijinja) -> bool {
    let one_of = |values: Option<&[Minijinja]>, other| values.is_some_and(|values| values.contains(other));
    left == right || one_of(repeated(left), right) || one_of(repeated(right), left)
}

fn repeated(value: &Minijinja) -> Option<&[Minijinja]> {
    value.downcast_object_ref::<RepeatedHeader>().map(|header| header.0.as_slice())
}

fn any(
    values: &[Minijinja],
    mut holds: impl FnMut(&Minijinja) -> Result<bool, Error>,
) -> Result<bool, Error> {
    for value in values {
        if holds(value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Expression, Scope, SharedValue, Value};

    fn evaluated(source: &str) -> Result<Value, String> {
        let headers = json!({
            "content-type": "text/html",
            "link": ["</a>; rel=\"prev\"", "</c>; rel=\"next\""],
            "set-cookie": ["sid=abc123; HttpOnly", "csrf=tok-9"],
        });
        let mut scope = Scope::default();
        let Value::Object(fields) = headers.into() else { unreachable!("it is an object") };
        scope.share("headers", SharedValue::headers(fields));
        scope.set("tags", json!(["a", "b"]));
        let expression = Expression::parse(source).map_err(|invalid| invalid.to_string())?;
        expression.evaluate(&scope).map_err(|error| error.reason)
    }

    #[test]
    fn a_header_has_all_of_its_values() {
        for (source, expected) in [
            // Names in any case.
            ("headers['Content-Type']", json!("text/html")),
            ("'Set-Cookie' in headers and 'etag' not in headers", json!(true)),
            ("headers.Link | length", json!(2)),
            // One that came several times is any of its values, where it is compared with a text.
            ("headers.link == '</a>; rel=\"prev\"' and '</c>; rel=\"next\"' == headers.link", json!(true)),
            ("headers.link == '</b>' or headers.link != '</a>; rel=\"prev\"'", json!(false)),
            ("'csrf=' in headers['set-cookie'] and 'b' not in headers['set-cookie'][1]", json!(true)),
            ("'x=' in headers['set-cookie'] or headers.link in ['</d>']", json!(false)),
            ("headers['set-cookie'] in ['csrf=tok-9']", json!(true)),
            // Tests, which are no operators.
            ("headers['content-type'] is in(['text/html']) and headers.link is not in ['</d>']", json!(true)),
            ("headers['set-cookie'] | regex('^csrf=([^;]+)')", json!("tok-9")),
            ("headers['set-cookie'] is matching('^sid=')", json!(true)),
            ("headers.link is matching('last')", json!(false)),
            // As a list and as a text.
            ("headers['set-cookie']", json!(["sid=abc123; HttpOnly", "csrf=tok-9"])),
            ("headers['set-cookie'] == ['sid=abc123; HttpOnly', 'csrf=tok-9']", json!(true)),
            ("headers['set-cookie'][-1] ~ ''", json!("csrf=tok-9")),
            ("headers['set-cookie'] | lower", json!("sid=abc123; httponly, csrf=tok-9")),
            ("headers | list", json!(["content-type", "link", "set-cookie"])),
            // One that came once is a text, and other lists are as they always are.
            ("headers['content-type'] == 'text/html' and 'html' in headers['content-type']", json!(true)),
            ("headers['content-type'] | length", json!(9)),
            ("tags == 'a' or headers.link == tags", json!(false)),
            ("'a' in tags and (1 < 2) == true and headers is defined", json!(true)),
        ] {
            assert_eq!(evaluated(source), Ok(expected.into()), "{source}");
        }
    }

    #[test]
    fn a_header_that_did_not_come_is_an_error() {
        let missing = "`headers` has `content-type`, `link`, `set-cookie`; it has no `etag`";
        for source in
            ["headers.etag", "headers.etag == '1'", "'1' in headers.etag", "headers.Link != headers.etag"]
        {
            assert_eq!(evaluated(source), Err(missing.into()), "{source}");
        }
        assert_eq!(evaluated("headers.link | regex('last')"), Err("it is undefined".into()));
        assert_eq!(evaluated("1 | regex('last')"), Err("`regex` takes a text, not a number".into()));
    }
}
