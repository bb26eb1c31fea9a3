use std::collections::BTreeSet;

use super::{expectation::expectations, mapping::Mapping};
use crate::{Body, Call, Expression, RequestStep, Template, Times, Value, duration};

pub(super) fn request_step(written: &mut Mapping, step: &RequestStep) {
    match step.times {
        Times::Once => {}
        Times::Repeat(times) => written.put("repeat", times),
        Times::Parallel(times) => written.put("parallel", times),
    }
    request(written, &step.call);
    let expect = expectations(&step.expect);
    written.maybe("expect", (!expect.is_empty()).then_some(expect));
    captures(written, &step.capture, &step.secret);
}

/// The captures of a step, some of which are secret.
pub(super) fn captures(written: &mut Mapping, capture: &[(String, Expression)], secret: &BTreeSet<String>) {
    let captured = |(name, value): &(String, Expression)| {
        let source = Value::from(value.source());
        let value = if secret.contains(name) { [("secret", source)].into_iter().collect() } else { source };
        (name.clone(), value)
    };
    written.names("capture", capture.iter().map(captured));
}

fn request(written: &mut Mapping, call: &Call) {
    written.put("request", format!("{} {} {}", call.method, call.service, call.path.source()));
    let header = |(name, value): &(http::HeaderName, Template)| (name.to_string(), value.source().into());
    written.names("headers", call.headers.iter().map(header));
    body(written, &call.body);
    written.maybe("timeout", call.timeout.map(duration::written));
}

/// The body of a message.
pub(super) fn body(written: &mut Mapping, body: &Body) {
    match body {
        Body::None => {}
        Body::Json(value) => written.put("body", value.source()),
        Body::Text(text) => written.put("text", text.source()),
        Body::Form(fields) => {
            written.names("form", fields.iter().map(|(name, value)| (name.clone(), value.source().into())));
        }
    }
}
