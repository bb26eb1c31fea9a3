//! Requests: `POST orders-service /api/orders`, with headers and a body.

use http::HeaderName;

use super::{
    expect::{self, expectations},
    expression::{Role, check_name, expression, template, template_in, value},
    fields::Fields,
    http::{header_name, method, words},
    names::{INDEX, REPLY},
    reader::{Reader, all},
    services::service,
    table::{DURATION, EXPRESSION, Key, Shape},
    yaml::{Entry, Kind, Node},
};
use crate::{
    Body, Call, Expectations, Expression, PathTemplate, RequestStep, Scope, Template, Times, percent,
};

/// The keys beside a request: what is sent, and what must come back.
pub(crate) const REQUEST: &[Key] = &[
    Key::optional("headers", Shape::Names(&Shape::Text), "Headers that are sent."),
    Key::optional("body", Shape::Json, "A JSON body; `${…}` in it holds an expression."),
    Key::optional("text", Shape::Text, "A body of plain text, in place of a JSON body."),
    Key::optional("form", Shape::Names(&Shape::Text), "The fields of a form, in place of a JSON body."),
    Key::optional("timeout", DURATION, "How long to wait for the reply, such as `5s`."),
    Key::optional("expect", Shape::Table(&expect::EXPECT), "The expectations on the reply."),
    Key::optional(
        "capture",
        Shape::Names(&EXPRESSION),
        "Names for later steps, each with an expression over `status`, `headers`, `body` and `took`.",
    ),
];

/// `METHOD service /path`.
pub(crate) const REQUEST_LINE: Shape = Shape::Pattern(r"^[A-Z]+\s+\S+\s+(/|\$\{).*$");

/// A request with everything beside it that belongs to it.
pub(crate) fn request_step(
    reader: &mut Reader<'_>,
    line: &Node,
    fields: &Fields<'_>,
    times: Times,
) -> Option<RequestStep> {
    let captures = fields.get("capture").is_some_and(|node| node.kind != Kind::Mapping(Vec::new()));
    if fields.get("expect").is_none() && !captures {
        let help = "say what must come of it: `expect: { status: 200 }`".to_owned();
        reader.note(line.span, "this step can't fail: it expects nothing and captures nothing", help);
    }
    request_of(reader, line, fields, times)
}

/// The same, where neither an expectation nor a capture is needed.
pub(crate) fn request_of(
    reader: &mut Reader<'_>,
    line: &Node,
    fields: &Fields<'_>,
    times: Times,
) -> Option<RequestStep> {
    let (call, headers, body) = with_index(reader, times, |reader| {
        let call = request_line(reader, line);
        let headers = fields.or("headers", Vec::new(), |node| sent_headers(reader, node));
        (call, headers, body(reader, fields))
    });
    let timeout = fields.optional("timeout", |node| reader.some_time(node));
    let expect = match fields.entry("expect") {
        Some(entry) => expectations(reader, entry, times),
        None => Some(Expectations::default()),
    };
    let capture = match fields.entry("capture") {
        Some(entry) => captures(reader, entry, times),
        None => Some(Vec::new()),
    };
    let mut call = call?;
    call.headers = headers?;
    call.body = body?;
    call.timeout = timeout?.or(call.timeout);
    Some(RequestStep { call, times, expect: expect?, capture: capture? })
}

/// `METHOD service /path`: a request without headers and body.
pub(crate) fn request_line(reader: &mut Reader<'_>, node: &Node) -> Option<Call> {
    let text = reader.text(node, "a request, such as `GET users-service /api/users`")?;
    let mut words = words(&text);
    let (Some(first), Some(second), Some(third)) = (words.next(), words.next(), words.next()) else {
        let help = "a request is a method, a service and a path: `GET users-service /api/users`".to_owned();
        reader.note(node.span, format!("`{text}` is no request"), help);
        return None;
    };
    let method = method(reader, node, &text, first);
    let span = reader.part(node, &text, second.0..second.1);
    let service = service(reader, &text[second.0..second.1], span);
    let path = request_path(reader, node, &text[..third.1], third.0);
    let service = service?;
    Some(Call {
        method: method?,
        timeout: reader.timeouts.get(&service).copied(),
        service,
        path: path?,
        headers: Vec::new(),
        body: Body::None,
    })
}

fn request_path(reader: &mut Reader<'_>, node: &Node, text: &str, start: usize) -> Option<PathTemplate> {
    let (span, path) = (reader.part(node, text, start..text.len()), &text[start..]);
    if !path.starts_with('/') && !path.starts_with("${") {
        let help = if path.contains("://") {
            "leave out scheme and host: a request names its service".to_owned()
        } else {
            format!("write `/{path}`")
        };
        reader.note(span, "a path starts with `/`", help);
        return None;
    }
    let template = template_in(reader, node, text, start)?;
    let mut is_query = false;
    for c in template.literals().flat_map(str::chars) {
        is_query |= c == '?';
        if percent::is_misplaced(c) || (c.is_whitespace() && !is_query) {
            let help = "percent-encode it: a space is `%20`, a `#` is `%23`".to_owned();
            reader.note(span, "a path can't have white space or `#` in it", help);
            return None;
        }
    }
    Some(PathTemplate::new(template))
}

fn sent_headers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(HeaderName, Template)>> {
    let entries = reader.mapping(node, "a mapping of headers")?;
    all(entries.iter().map(|entry| {
        let name = header_name(reader, entry);
        let value = template(reader, &entry.value, "a header's value")?;
        if value.literals().any(|literal| literal.contains(|c: char| c.is_control() && c != '\t')) {
            let help = "a header is one line: write it without line breaks".to_owned();
            reader.note(entry.value.span, "a header's value can't have control characters in it", help);
        }
        Some((name?, value))
    }))
}

fn body(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Body> {
    let present = fields.present(&["body", "text", "form"]);
    if let [first, second, ..] = present.as_slice() {
        let message = format!("a request has one body: `{}` and `{}` are two", first.key, second.key);
        reader.note(second.span, message, None);
    }
    let Some(entry) = present.first() else { return Some(Body::None) };
    match entry.key.as_str() {
        "body" => {
            if let Kind::Text(text) = &entry.value.kind
                && holds_json(text)
            {
                let help = "leave the quotes out (JSON is YAML, too), or send the characters as they are: `text: …` with \
                            `headers: { Content-Type: application/json }`";
                let message = "this JSON would be sent as one text, in quotes";
                reader.note(entry.value.span, message, help.to_owned());
            }
            value(reader, &entry.value, Role::Sent).map(Body::Json)
        }
        "text" => template(reader, &entry.value, "a text").map(Body::Text),
        _ => {
            let fields = reader.mapping(&entry.value, "a mapping of a form's fields")?;
            let read =
                |field: &Entry| Some((field.key.clone(), template(reader, &field.value, "a field's value")?));
            all(fields.iter().map(read)).map(Body::Form)
        }
    }
}

/// Whether a text is a JSON object or list, with or without `${…}` in it.
fn holds_json(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return false;
    }
    let placeholder = |_| Ok::<_, ()>(Expression::parse("none").expect("it is an expression"));
    let filled = Template::parse(text, placeholder).ok().and_then(|text| text.render(&Scope::default()).ok());
    filled.is_some_and(|text| serde_json::from_str::<serde_json::Value>(&text).is_ok())
}

fn captures(reader: &mut Reader<'_>, entry: &Entry, times: Times) -> Option<Vec<(String, Expression)>> {
    if matches!(times, Times::Parallel(_)) {
        let help = "capture from a request of its own".to_owned();
        reader.note(entry.span, "of many replies at once there is none to capture from", help);
    }
    let entries = reader.mapping(&entry.value, "a mapping of names to expressions")?;
    let read: Vec<_> = entries.iter().map(|capture| expression(reader, &capture.value, REPLY)).collect();
    for capture in entries {
        check_name(reader, &capture.key, capture.span);
        reader.names.define(&capture.key);
    }
    let named = entries.iter().zip(read).map(|(capture, value)| Some((capture.key.clone(), value?)));
    named.collect()
}

/// Reads what a request sends or what its reply must be, in which a repeated or parallel one can name its `index`.
pub(crate) fn with_index<T>(
    reader: &mut Reader<'_>,
    times: Times,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    if times != Times::Once {
        reader.names.define(INDEX);
    }
    let read = read(reader);
    reader.names.undefine(INDEX);
    read
}
