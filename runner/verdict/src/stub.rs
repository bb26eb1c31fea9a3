//! Compares a request with what an entry of a stub is for.

use scenario::{Object, Scope, SharedValue, Strictness, StubEntry, Value, header_fields};

use crate::{
    BodyPath, EncodedBody, Finding, FindingKind, Request, header, judge::judge_conditions, matching::compare,
};

/// The values that an entry of a stub can use: `request`, and its parts by themselves. `query` has the parameters of the
/// request, and `index` is its number, counted from 0.
pub fn request_scope(variables: &Scope, request: &Request, query: Object, index: u64) -> Scope {
    let path = request.path.split('?').next().unwrap_or_default();
    let body = EncodedBody::new(&request.headers, &request.body).value();
    let mut scope = variables.clone();
    let mut parts = Object::new();
    let mut put = |name: &str, value: Value| {
        scope.set(name, value.clone());
        parts.insert(name.to_owned(), value);
    };
    put("method", request.method.as_str().into());
    put("path", path.into());
    put("query", query.into());
    put("headers", header_fields(&request.headers).into());
    parts.insert("index".into(), index.into());
    match body {
        Ok(body) => {
            scope.set("body", body.clone());
            parts.insert("body".into(), body);
        }
        Err(unreadable) => scope.share("body", SharedValue::unusable(unreadable.to_string())),
    }
    scope.share("headers", SharedValue::of_headers(&request.headers));
    scope.set("request", parts);
    scope
}

/// Finds why a request isn't one that an entry of a stub is for; nothing if it is.
pub fn judge_stub_entry(entry: &StubEntry, request: &Request, scope: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = request.path.split('?').next().unwrap_or_default();
    if entry.method.as_ref().is_some_and(|method| *method != request.method) || !entry.path.matches(path) {
        let found = format!("{} {path}", request.method);
        return vec![Finding::new(FindingKind::Condition, entry.matching(), found)];
    }
    header::judge_headers(&entry.headers, &request.headers, scope, &mut findings);
    if let Some(expected) = &entry.body {
        let path = BodyPath::default();
        let compared = match EncodedBody::new(&request.headers, &request.body).value() {
            Ok(body) => compare(&path, expected, &body, Strictness::Subset, scope, &mut findings),
            Err(unreadable) => {
                let kind = FindingKind::Body(path);
                findings.push(Finding::new(kind, "a body that can be read", unreadable.to_string()));
                Ok(())
            }
        };
        if let Err(error) = compared {
            findings.push(Finding::unevaluated(FindingKind::Body(BodyPath::default()), error));
        }
    }
    judge_conditions(&FindingKind::Condition, &entry.that, scope, &mut findings);
    findings
}
