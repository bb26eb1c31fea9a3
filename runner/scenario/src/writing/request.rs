use std::path::Path;

use http::HeaderName;

use super::{expectation::expectations, mapping::Mapping, path_between::path_between};
use crate::{
    Authentication, Body, BodyFile, Call, ClientName, Follow, Part, PartContent, RequestStep, Template,
    Times, Value, duration,
};

/// Writes a request of a file in `folder`.
pub(super) fn request_step(written: &mut Mapping, step: &RequestStep, folder: &Path) {
    match step.times {
        Times::Once => {}
        Times::Repeat(times) => written.put("repeat", times),
        Times::Parallel(times) => written.put("parallel", times),
    }
    request(written, &step.call, folder);
    let expect = expectations(&step.expect);
    written.maybe("expect", (!expect.is_empty()).then_some(expect));
    written.names("capture", step.capture.iter().map(|(name, value)| (name.clone(), value.source().into())));
}

fn request(written: &mut Mapping, call: &Call, folder: &Path) {
    written.put("request", format!("{} {} {}", call.method, call.service, call.path.source()));
    written.names("query", call.query.source());
    let without = call.without.iter().map(|name| (name.to_string(), Value::Null));
    written.names("headers", headers(&call.headers).into_iter().chain(without));
    body(written, &call.body, folder);
    written.maybe("as", call.client.as_ref().map(ClientName::as_str));
    written.maybe("auth", call.auth.as_ref().map(authentication));
    written.maybe("follow", call.follow.map(follow));
    written.maybe("timeout", call.timeout.map(duration::written));
}

/// Headers by their names; the values of one that is sent several times are a list.
pub(super) fn headers(headers: &[(HeaderName, Template)]) -> Vec<(String, Value)> {
    let mut written: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in headers {
        let value = value.source().into();
        match written.iter_mut().find(|(other, _)| other == name.as_str()) {
            Some((_, values)) => values.push(value),
            None => written.push((name.to_string(), vec![value])),
        }
    }
    written.into_iter().map(|(name, values)| (name, one_or_list(values))).collect()
}

fn one_or_list(mut values: Vec<Value>) -> Value {
    if values.len() == 1 { values.remove(0) } else { values.into() }
}

fn body(written: &mut Mapping, body: &Body, folder: &Path) {
    match body {
        Body::None => {}
        Body::Json(value) => written.put("body", value.source()),
        Body::Text(text) => written.put("text", text.source()),
        Body::Form(fields) => written.names("form", fields.source()),
        Body::Multipart(parts) => {
            let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
            for part in parts {
                let value = self::part(part, folder);
                match fields.iter_mut().find(|(name, _)| *name == part.name) {
                    Some((_, values)) => values.push(value),
                    None => fields.push((part.name.clone(), vec![value])),
                }
            }
            written.names("multipart", fields.into_iter().map(|(name, values)| (name, one_or_list(values))));
        }
        Body::File(file) => written.put("file", seen_from(folder, file)),
    }
}

fn part(part: &Part, folder: &Path) -> Value {
    let mut written = Mapping::default();
    match &part.content {
        PartContent::Text(text) if part.media_type.is_none() && part.file_name.is_none() => {
            return text.source().into();
        }
        PartContent::Text(text) => written.put("text", text.source()),
        PartContent::File(file) => written.put("file", seen_from(folder, file)),
    }
    written.maybe("type", part.media_type.as_ref().map(Template::source));
    written.maybe("name", part.file_name.as_ref().map(Template::source));
    written.0.into()
}

fn seen_from(folder: &Path, file: &BodyFile) -> String {
    path_between(folder, &file.path).to_string_lossy().into_owned()
}

pub(super) fn authentication(auth: &Authentication) -> Value {
    let mut written = Mapping::default();
    match auth {
        Authentication::None => return "none".into(),
        Authentication::Basic { user, password } => {
            let mut basic = Mapping::default();
            basic.put("user", user.source());
            basic.put("password", password.source());
            written.put("basic", basic.0);
        }
        Authentication::Bearer(token) => written.put("bearer", token.source()),
    }
    written.0.into()
}

pub(super) fn follow(follow: Follow) -> Value {
    match follow {
        Follow::Never => false.into(),
        Follow::AtMost(most) => most.into(),
    }
}
