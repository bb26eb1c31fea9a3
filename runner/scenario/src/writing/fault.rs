use fault::{Calls, CrashPoint, Damage, Fault, Outage, PathPattern, Probability, Selector};
use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::mapping::Mapping;
use crate::{Value, duration};

pub(super) fn fault(fault: &Fault) -> Value {
    let mut written = Mapping::default();
    written.put("link", fault.link.to_string());
    selector(&mut written, &fault.selector);
    let (kind, value) = damage(&fault.damage);
    written.put(kind, value);
    written.0.into()
}

fn selector(written: &mut Mapping, selector: &Selector) {
    let Selector { method, path, headers, content, calls, probability } = selector;
    let every_path = *path == PathPattern::default();
    match (method, headers.is_empty()) {
        (None, true) if every_path => {}
        (None, true) => written.put("match", path.to_string()),
        (Some(method), true) => {
            written.put("match", if every_path { method.to_string() } else { format!("{method} {path}") });
        }
        (method, false) => {
            let mut inner = Mapping::default();
            inner.maybe("method", method.as_ref().map(http::Method::as_str));
            inner.maybe("path", (!every_path).then(|| path.to_string()));
            inner.names("headers", headers.iter().map(header));
            written.put("match", inner.0);
        }
    }
    if let Some(filter) = content {
        let keys = Value::parse(filter.content().keys()).expect("the keys of a condition are JSON");
        if let Value::Object(keys) = keys {
            written.0.extend(keys);
        }
    }
    match calls {
        Calls::All => {}
        Calls::Range(range) if range.start() == range.end() => written.put("calls", *range.start()),
        Calls::Range(_) | Calls::Every(_) => written.put("calls", calls.to_string()),
    }
    if *probability != Probability::default() {
        written.put("probability", probability.value());
    }
}

/// The name and the value of a header.
fn header((name, value): &(HeaderName, HeaderValue)) -> (String, Value) {
    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned().into())
}

/// The key and the value of a kind of damage.
fn damage(damage: &Damage) -> (&'static str, Value) {
    match damage {
        Damage::Latency { delay, jitter, side } => {
            let mut latency = json!({ "delay": duration::written(*delay) });
            if !jitter.is_zero() {
                latency["jitter"] = duration::written(*jitter).into();
            }
            latency["side"] = side.to_string().into();
            ("latency", latency.into())
        }
        Damage::Outage(Outage::Refuse) => ("outage", "refuse".into()),
        Damage::Outage(Outage::Reset) => ("outage", "reset".into()),
        Damage::Outage(Outage::Hang) => ("outage", "hang".into()),
        Damage::Lose(side) => ("lose", side.to_string().into()),
        Damage::Error(reply) => {
            let mut error = Mapping::default();
            error.put("status", reply.status.as_u16());
            error.names("headers", reply.headers.iter().map(header));
            error.maybe("body", (!reply.body.is_empty()).then_some(reply.body.as_str()));
            ("error", error.0.into())
        }
        Damage::Duplicate => ("duplicate", true.into()),
        Damage::Truncate(bytes) => ("truncate", (*bytes).into()),
        Damage::Bandwidth(rate) => ("bandwidth", (*rate).into()),
        Damage::Corrupt => ("corrupt", true.into()),
        Damage::Crash { service, point } => {
            let when = match point {
                CrashPoint::BeforeRequest => "before",
                CrashPoint::AfterReply => "after",
            };
            ("crash", json!({ "service": service.as_str(), "when": when }).into())
        }
    }
}
