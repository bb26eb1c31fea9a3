//! Selects the requests of a fault by their query and body.

use std::fmt;

use fault::{Content, RequestHead};
use http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    BodyExpectation, Expression, HeaderExpectation, Object, Scope, SharedValue, Strictness, Template, Value,
    percent::query_values,
};

/// A condition on a request's query and body. It knows no variables.
#[derive(Debug, Clone)]
pub(crate) struct RequestContent {
    /// What the values of names in the query must be.
    pub(crate) query: Vec<(String, HeaderExpectation)>,
    /// What the body must be.
    pub(crate) body: Option<BodyExpectation>,
    /// Expressions over [`RequestContent::NAMES`], each of which must be true.
    pub(crate) that: Vec<Expression>,
}

impl RequestContent {
    /// What an expression can name.
    pub(crate) const NAMES: &[&str] = &["method", "path", "query", "headers", "body"];

    fn written(&self) -> Object {
        let mut written = Object::new();
        let value = |expected: &HeaderExpectation| match expected {
            HeaderExpectation::Absent => Value::Null,
            HeaderExpectation::Present => "${any}".into(),
            HeaderExpectation::Values(values) => match values.as_slice() {
                [value] => value.source().into(),
                values => values.iter().map(Template::source).collect(),
            },
        };
        if !self.query.is_empty() {
            let entries = self.query.iter().map(|(name, expected)| (name.clone(), value(expected)));
            written.insert("query".into(), Value::Object(entries.collect()));
        }
        let body = self.body.as_ref().map(|body| match body {
            BodyExpectation::Subset(value) => value.source(),
            BodyExpectation::Exact(value) => [("exact", value.source())].into_iter().collect(),
        });
        written.extend(body.map(|body| ("body".to_owned(), body)));
        match self.that.as_slice() {
            [] => {}
            [only] => _ = written.insert("that".into(), only.source().into()),
            several => {
                let sources = several.iter().map(Expression::source).collect();
                written.insert("that".into(), sources);
            }
        }
        written
    }

    fn selects_query(&self, query: &str) -> bool {
        let found = query_values(query);
        self.query.iter().all(|(name, expected)| {
            let found: Vec<&Value> = match found.get(name) {
                None => Vec::new(),
                Some(Value::Array(several)) => several.iter().collect(),
                Some(once) => vec![once],
            };
            match expected {
                HeaderExpectation::Absent => found.is_empty(),
                HeaderExpectation::Present => !found.is_empty(),
                HeaderExpectation::Values(values) => values.iter().all(|expected| {
                    let expected = expected.value(&Scope::default());
                    found.iter().any(|found| expected.as_ref() == Ok(*found))
                }),
            }
        })
    }

    fn selects_body(&self, body: &Value) -> bool {
        let (expected, strictness) = match &self.body {
            None => return true,
            Some(BodyExpectation::Subset(expected)) => (expected, Strictness::Subset),
            Some(BodyExpectation::Exact(expected)) => (expected, Strictness::Exact),
        };
        expected.fits(body, strictness, &Scope::default()) == Ok(true)
    }
}

impl Content for RequestContent {
    fn selects(&self, head: &RequestHead<'_>, body: &[u8]) -> bool {
        if !self.selects_query(head.query) {
            return false;
        }
        if !self.needs_body() && self.that.is_empty() {
            return true;
        }
        let body = value(head.headers, body);
        if !self.selects_body(&body) {
            return false;
        }
        let mut scope = Scope::default();
        scope.set("method", head.method.as_str());
        scope.set("path", head.path);
        scope.set("query", query_values(head.query));
        scope.share("headers", SharedValue::of_headers(head.headers));
        scope.set("body", body);
        // A condition on what a request doesn't have isn't true of it.
        self.that.iter().all(|condition| condition.holds(&scope) == Ok(true))
    }

    fn needs_body(&self) -> bool {
        self.body.is_some() || self.that.iter().flat_map(Expression::names).any(|name| name == "body")
    }

    fn keys(&self) -> String {
        Value::Object(self.written()).to_string()
    }
}

impl fmt::Display for RequestContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |(key, value): (String, Value)| format!("{key}: {}", value.to_text());
        f.write_str(&self.written().into_iter().map(key).collect::<Vec<_>>().join(", "))
    }
}

/// The value of a body in UTF-8: the fields of a form, JSON where it is that, or else a text.
fn value(headers: &HeaderMap, body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return query_values(&text).into();
    }
    Value::parse(text.as_bytes()).unwrap_or_else(|_| text.into_owned().into())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::{Configuration, File, read_configuration, read_file};

    fn configuration() -> Configuration {
        let services = "services: { shop: { base_url: 'http://localhost:1' } }";
        read_configuration(services, "e2e.conf".into()).expect("a configuration")
    }

    /// Whether a fault with these keys meets the request.
    fn selects(keys: &str, query: &str, content_type: &str, body: &str) -> bool {
        let text = format!(
            "scenario: s\nfaults:\n  f: {{ link: client -> shop, {keys}, lose: reply }}\nsteps:\n  - inject: f\n  - {{ request: GET shop /, expect: {{ status: 200 }} }}\n"
        );
        let scenario = match read_file(&text, "s.yaml".into(), &configuration()) {
            Ok(File::Scenario(scenario)) => *scenario,
            other => panic!("{other:#?}\n{text}"),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().expect("a value"));
        headers.append("x-tag", "a".parse().expect("a value"));
        headers.append("x-tag", "b".parse().expect("a value"));
        let head = RequestHead { method: &Method::POST, path: "/pay", query, headers: &headers };
        scenario.faults[0].selector.matches(&head, body.as_bytes())
    }

    #[test]
    fn a_fault_selects_by_query_body_and_condition() {
        const BODY: &str = r#"{"amount": 150.0, "user": {"id": 1, "name": "ann"}}"#;
        for (keys, expected) in [
            ("query: { page: 2 }", true),
            ("query: { page: 3 }", false),
            ("query: { tag: [a, 'b c'], gone: null, page: '${any}' }", true),
            ("query: { tag: [a, c] }", false),
            ("query: { page: null }", false),
            ("query: { gone: '${any}' }", false),
            ("body: { amount: 150 }", true),
            ("body: { user: { id: 1 } }", true),
            ("body: { user: { exact: 1 } }", false),
            ("body: { exact: { amount: 150 } }", false),
            ("body: { amount: '${number > 100}' }", true),
            ("body: { amount: '${number > 200}' }", false),
            ("match: /other, body: { amount: 150 }", false),
            ("match: POST /pay, headers: { x-tag: b }", true),
            ("match: POST /pay, headers: { x-tag: c }", false),
            ("that: body.amount > 100 and path == '/pay' and method == 'POST'", true),
            ("that: [body.amount > 100, query.page == '3']", false),
            ("that: \"headers['x-tag'] == 'b'\"", true),
            ("that: body.total > 100", false),
        ] {
            assert_eq!(selects(keys, "page=2&tag=a&tag=b%20c", "application/json", BODY), expected, "{keys}");
        }
        assert!(selects("body: { name: 'ann b' }", "", "application/x-www-form-urlencoded", "name=ann+b"));
        assert!(selects("body: hello", "", "text/plain", "hello"));
        assert!(!selects("body: { a: 1 }", "", "text/plain", "hello"));
    }
}
