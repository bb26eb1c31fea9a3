//! A document of OpenAPI 3: a service, and a scenario for each group of its operations, which is green against a service that keeps
//! its document.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use scenario::{Object, Value};

use self::{document::Document, sample::Sample};
use crate::{
    Context, LARGEST, NotReadable,
    draft::{Auth, Body, Draft, Request, Step},
    services::slug,
    variables::{literal, path_literal},
};

mod document;
mod sample;

pub(crate) use document::{check, title};

/// The methods of operations; those of steps that only look come first.
const METHODS: &[&str] = &["get", "head", "options", "post", "put", "patch", "delete", "trace"];

pub(crate) fn drafts(text: &str, context: &mut Context<'_>) -> Result<Vec<Draft>, NotReadable> {
    let document = Document::read(text)?;
    let (service, prefix) = service(&document, context);
    groups(&document, &service, &prefix, context)
}

/// The scenarios of a document for a service whose name is known, and the address that the document has.
pub(crate) fn drafts_for(
    text: &str,
    service: &str,
    context: &mut Context<'_>,
) -> Result<(Vec<Draft>, Option<String>), NotReadable> {
    let document = Document::read(text)?;
    let server = server(&document);
    let (origin, prefix) = origin(&server);
    let drafts = groups(&document, service, &prefix, context)?;
    Ok((drafts, origin.map(|host| format!("http://{host}"))))
}

/// A scenario for each group of operations.
fn groups(
    document: &Document,
    service: &str,
    prefix: &str,
    context: &mut Context<'_>,
) -> Result<Vec<Draft>, NotReadable> {
    let mut groups: IndexMap<String, Vec<(usize, Step)>> = IndexMap::new();
    let (mut number, mut size) = (0, 0);
    for (path, item) in entries(document.root.get("paths")) {
        let item = document.resolve(item);
        for (order, method) in METHODS.iter().enumerate() {
            let Some(written) = item.get(method) else { continue };
            number += 1;
            Context::check_number(number)?;
            let operation = Operation { document, path, method, item, written };
            context.losses.enter(format!("{} {path}", method.to_uppercase()), document.line(path, method));
            match operation.step(service, prefix, context) {
                Ok((step, needs)) => {
                    if let Body::Json(body) = &step.request.body {
                        size += body.to_string().len();
                    }
                    if size > LARGEST {
                        let reason =
                            format!("the examples of its requests have more than {} MiB", LARGEST >> 20);
                        return Err(NotReadable::new(None, reason));
                    }
                    let order = order * 2 + usize::from(needs == Inputs::Invented);
                    groups.entry(operation.group()).or_default().push((order, step));
                }
                Err(why) => context.losses.leave_out(why),
            }
        }
    }
    context.losses.leave();
    let title = document.title().unwrap_or(context.origin.name);
    let drafts = groups.into_iter().map(|(group, mut steps)| {
        steps.sort_by_key(|(order, _)| *order);
        let name = if group.is_empty() { title.to_owned() } else { format!("{title}: {group}") };
        Draft { steps: steps.into_iter().map(|(_, step)| step).collect(), ..Draft::new(name) }
    });
    Ok(drafts.collect())
}

/// The address of the first server of a document; empty when it has none.
fn server(document: &Document) -> String {
    let server = items(document.root.get("servers")).first();
    let url = server.and_then(|server| server.get("url")).and_then(Value::as_str).unwrap_or_default();
    let mut url = url.to_owned();
    for (name, variable) in entries(server.and_then(|server| server.get("variables"))) {
        let default = variable.get("default").map(Value::to_text).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), &default);
    }
    url
}

/// The host of an address, if it has one, and what paths begin with.
fn origin(url: &str) -> (Option<&str>, String) {
    let Some((_, rest)) = url.split_once("://") else { return (None, url.trim_end_matches('/').to_owned()) };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (Some(host), path.trim_end_matches('/').to_owned())
}

/// The service of a document, and what its paths begin with.
fn service(document: &Document, context: &mut Context<'_>) -> (String, String) {
    let url = server(document);
    let (host, prefix) = origin(&url);
    if host.is_some()
        && let Some(target) = context.services.known(&url)
    {
        return (target.service, target.path.trim_end_matches('/').to_owned());
    }
    let name = document.title().map(slug).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| slug(context.origin.name));
    context.losses.leave();
    let Some(host) = host else {
        let of_that_name = context.origin.services.iter().find(|service| service.name == name);
        return match (context.origin.services, of_that_name) {
            ([service], _) | (_, Some(service)) => (service.name.clone(), prefix),
            _ => {
                context.losses.tell("the document doesn't say where its service is");
                (context.services.add(&name, None), prefix)
            }
        };
    };
    let service = context.services.add(&name, Some(format!("http://{host}")));
    if url.starts_with("https") {
        context.losses.tell(format!("links don't speak https: `{service}` has to be reached over http"));
    }
    (service, prefix)
}

/// Where the values come from that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Inputs {
    /// It needs none.
    None,
    /// The document has examples of them.
    Examples,
    /// They are made to fit their schemas.
    Invented,
}

/// An operation of a document.
struct Operation<'a> {
    document: &'a Document,
    path: &'a str,
    method: &'a str,
    item: &'a Value,
    written: &'a Value,
}

impl<'a> Operation<'a> {
    /// The name of its group: its first tag, or the first segment of its path.
    fn group(&self) -> String {
        let tag = items(self.written.get("tags")).first().and_then(Value::as_str);
        let segments =
            || self.path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{'));
        let segment =
            || segments().find(|segment| *segment != "api" && !is_version(segment)).map(str::to_owned);
        tag.map(str::to_owned).or_else(segment).unwrap_or_default()
    }

    fn step(&self, service: &str, prefix: &str, context: &mut Context<'_>) -> Result<(Step, Inputs), String> {
        let mut request =
            Request { method: self.method.to_uppercase(), service: service.to_owned(), ..Request::default() };
        let mut path = path_literal(&format!("{prefix}{}", self.path));
        let mut inputs = Inputs::None;
        let mut in_the_path = Inputs::None;
        for parameter in self.parameters() {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
            if place != "path" && parameter.get("required") != Some(&Value::Bool(true)) {
                continue;
            }
            let Sample { value, inputs: needed } = self.document.sample_of(parameter);
            inputs = inputs.max(needed);
            let text = literal(&value.to_text());
            match place {
                "path" => {
                    in_the_path = in_the_path.max(needed);
                    path = path.replace(&format!("{{{name}}}"), &encoded(&text));
                }
                "query" => match value {
                    Value::Array(items) => request
                        .query
                        .extend(items.iter().map(|item| (name.to_owned(), literal(&item.to_text())))),
                    _ => request.query.push((name.to_owned(), text)),
                },
                "header" => request.headers.push((name.to_owned(), text)),
                "cookie" => request.headers.push(("Cookie".into(), format!("{name}={text}"))),
                _ => {}
            }
        }
        if path.contains('{') {
            return Err("a part of its path has no parameter in the document".into());
        }
        request.path = path;
        if in_the_path == Inputs::Invented && matches!(self.method, "put" | "patch" | "delete") {
            return Err("it changes something whose id the document has no example of".into());
        }
        inputs = inputs.max(self.put_body(&mut request)?);
        let mut step = Step::new(request);
        self.put_security(&mut step, context);
        self.expect(&mut step, inputs, in_the_path)?;
        let summary = self.written.get("summary").or_else(|| self.written.get("operationId"));
        step.name = summary.and_then(Value::as_str).map(|summary| summary.chars().take(100).collect());
        Ok((step, inputs))
    }

    /// The parameters of the operation and its path; those of the operation count.
    fn parameters(&self) -> Vec<&'a Value> {
        let mut found: Vec<&Value> = Vec::new();
        let all = items(self.written.get("parameters")).iter().chain(items(self.item.get("parameters")));
        for parameter in all.map(|parameter| self.document.resolve(parameter)) {
            let is_same =
                |other: &&Value| ["name", "in"].iter().all(|key| other.get(key) == parameter.get(key));
            if !found.iter().any(is_same) {
                found.push(parameter);
            }
        }
        found
    }

    fn put_body(&self, request: &mut Request) -> Result<Inputs, String> {
        let Some(body) = self.written.get("requestBody") else { return Ok(Inputs::None) };
        let body = self.document.resolve(body);
        let content = entries(body.get("content"));
        let required = body.get("required") == Some(&Value::Bool(true));
        let find = |wanted: fn(&str) -> bool| content.iter().find(|(kind, _)| wanted(kind));
        if let Some((kind, media)) = find(crate::body::is_json) {
            let Sample { value, inputs } = self.document.sample_of(media);
            request.body = Body::Json(templates(value));
            if kind.as_str() != "application/json" {
                request.headers.push(("Content-Type".into(), literal(kind)));
            }
            return Ok(inputs);
        }
        if let Some((_, media)) = find(crate::body::is_form) {
            let Sample { value, inputs } = self.document.sample_of(media);
            let fields = entries(Some(&value)).iter();
            request.body =
                Body::Form(fields.map(|(name, value)| (name.clone(), literal(&value.to_text()))).collect());
            return Ok(inputs);
        }
        match content.iter().next() {
            Some((kind, media)) if kind.starts_with("text/") => {
                let Sample { value, inputs } = self.document.sample_of(media);
                request.body = Body::Text(literal(&value.to_text()));
                request.headers.push(("Content-Type".into(), literal(kind)));
                Ok(inputs)
            }
            Some((kind, _)) if required => Err(format!("its body is `{kind}`")),
            _ => Ok(Inputs::None),
        }
    }

    /// The first way to authenticate, if it needs one.
    fn put_security(&self, step: &mut Step, context: &mut Context<'_>) {
        let security = self.written.get("security").or_else(|| self.document.root.get("security"));
        let Some(requirement) = items(security).first() else { return };
        let is_optional = |requirement: &Value| entries(Some(requirement)).is_empty();
        if items(security).iter().any(is_optional) {
            return;
        }
        let schemes = self.document.root.get("components").and_then(|all| all.get("securitySchemes"));
        for (name, _) in entries(Some(requirement)) {
            let Some(scheme) = schemes.and_then(|schemes| schemes.get(name)) else { continue };
            let scheme = self.document.resolve(scheme);
            let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
            let mut variable = |name: &str| {
                step.uses.insert(name.to_owned());
                format!("${{{name}}}")
            };
            match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
                ("http", "basic", _) => {
                    let (user, password) = (variable("user"), variable("password"));
                    step.request.auth = Some(Auth::Basic { user, password });
                }
                ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) => {
                    step.request.auth = Some(Auth::Bearer(variable("token")));
                }
                ("apiKey", _, "query") => {
                    step.request.query.push((text("name").to_owned(), variable("api_key")));
                }
                ("apiKey", _, "cookie") => {
                    let cookie = format!("{}={}", text("name"), variable("api_key"));
                    step.request.headers.push(("Cookie".into(), cookie));
                }
                ("apiKey", ..) => step.request.headers.push((text("name").to_owned(), variable("api_key"))),
                (kind, scheme, _) => {
                    context.losses.tell(format!("authentication by `{kind} {scheme}` isn't carried over"));
                }
            }
        }
    }

    /// The statuses that the document has for it: of an operation whose inputs are invented, also those of a refusal.
    fn expect(&self, step: &mut Step, inputs: Inputs, in_the_path: Inputs) -> Result<(), String> {
        let responses = entries(self.written.get("responses"));
        let all: BTreeSet<String> = responses.iter().map(|(status, _)| status.to_ascii_lowercase()).collect();
        let good = |status: &String| status.starts_with('2') || status.starts_with('3');
        let refused = |status: &String| status.starts_with('4');
        if in_the_path == Inputs::Invented && !all.iter().any(refused) {
            return Err("the document has no example of what its path names".into());
        }
        let expected =
            all.iter().filter(|status| good(status) || (inputs == Inputs::Invented && refused(status)));
        step.expect.status = expected
            .map(|status| status.parse::<u16>().map_or_else(|_| status.as_str().into(), Value::from))
            .collect();
        if step.expect.status.is_empty() {
            step.expect.status.push("2xx".into());
        }
        if let [status] = step.expect.status.as_slice()
            && self.method != "head"
            && let Some(response) = responses.get(status.to_text().as_ref())
        {
            step.expect.body = self.expected_body(self.document.resolve(response));
        }
        Ok(())
    }

    /// The members that a reply's body has to have, if it is an object.
    fn expected_body(&self, response: &Value) -> Option<Value> {
        let content = entries(response.get("content"));
        let (_, media) = content.iter().find(|(kind, _)| crate::body::is_json(kind))?;
        let schema = self.document.resolve(media.get("schema")?);
        let required = items(schema.get("required")).iter().filter_map(Value::as_str);
        let members: Object = required.map(|name| (name.to_owned(), Value::from("${any}"))).collect();
        (!members.is_empty()).then(|| members.into())
    }
}

/// Whether a segment of a path is the version of an API.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
}

/// A text as a segment of a path.
fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%2E", ".")
        .replace("%5F", "_")
}

/// A value whose texts are templates.
fn templates(value: Value) -> Value {
    match value {
        Value::String(text) => literal(&text).into(),
        Value::Array(items) => items.into_iter().map(templates).collect(),
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key, templates(value))).collect())
        }
        plain => plain,
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

fn entries(value: Option<&Value>) -> &Object {
    static NONE: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Object::new);
    match value {
        Some(Value::Object(entries)) => entries,
        _ => &NONE,
    }
}
