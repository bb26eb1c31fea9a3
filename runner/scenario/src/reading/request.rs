//! Requests: `POST orders-service /api/orders`, with headers and a body.

use self::{
    auth::AUTHENTICATION,
    body::body,
    follow::{FOLLOW, follow},
    headers::{HEADERS, Headers, headers},
    multipart::PARTS,
    pairs::{PAIRS, pairs},
};
use super::{
    capture::{CAPTURED, Captures, captures_of},
    clients::client_at,
    expect::{self, expectations},
    expression::template_in,
    fields::Fields,
    http::{method, words},
    names::{INDEX, REPLY},
    reader::Reader,
    services::service,
    step::RUN_EXPECT,
    table::{DURATION, Key, Shape},
    yaml::{Entry, Kind, Node},
};
use crate::{Call, Expectations, Pairs, PathTemplate, RequestStep, Times, percent};

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod follow;
pub(crate) mod headers;
mod multipart;
pub(crate) mod pairs;

/// The keys beside a request: what is sent, and what must come back.
pub(crate) const REQUEST: &[Key] = &request_keys(Shape::Table(&expect::EXPECT));

/// The same of a step, which can run a command in place of sending a request.
pub(crate) const REQUEST_OR_COMMAND: &[Key] =
    &request_keys(Shape::Either(&[Shape::Table(&expect::EXPECT), Shape::Table(&RUN_EXPECT)]));

const fn request_keys(expect: Shape) -> [Key; 13] {
    [
        Key::optional(
            "query",
            PAIRS,
            "Pairs that are encoded and appended to the path; a list repeats a name, null leaves it out.",
        ),
        Key::optional(
            "headers",
            HEADERS,
            "Headers that are sent; a list sends one several times, null leaves out one that would be sent otherwise.",
        ),
        Key::optional("body", Shape::Json, "A JSON body; `${…}` in it holds an expression."),
        Key::optional("text", Shape::Text, "A body of plain text, in place of a JSON body."),
        Key::optional(
            "form",
            PAIRS,
            "The fields of a form, in place of a JSON body; a list repeats a field, null leaves it out.",
        ),
        Key::optional(
            "multipart",
            PARTS,
            "The parts of a multipart form, in place of a JSON body: a text each, or a mapping with `file` or `text`.",
        ),
        Key::optional(
            "file",
            Shape::Text,
            "A file whose bytes are the body, relative to this file. Its extension gives the `Content-Type`, unless a header does.",
        ),
        Key::optional(
            "as",
            Shape::Text,
            "The client that sends it, of `clients`: with its headers, its authentication and its cookies.",
        ),
        Key::optional(
            "auth",
            AUTHENTICATION,
            "How it says who sends it: `{ basic: { user: …, password: … } }`, `{ bearer: … }`, or `none`.",
        ),
        Key::optional(
            "follow",
            FOLLOW,
            "Follows redirects: `true` for at most 10, or the most that it follows; not followed unless said otherwise.",
        ),
        Key::optional("timeout", DURATION, "How long to wait for the reply, such as `5s`."),
        Key::optional("expect", expect, "The expectations on the reply, or on the end of a command."),
        Key::optional(
            "capture",
            Shape::Names(&CAPTURED),
            "Names for later steps, each with an expression over `status`, `headers`, `body` and `took`; `{ secret: … }` around it hides the value everywhere.",
        ),
    ]
}

/// `METHOD service /path`.
pub(crate) const REQUEST_LINE: Shape = Shape::Pattern(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\s+\S+\s+(/|\$\{).*$");

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
    let call = with_index(reader, times, |reader| sent(reader, line, fields));
    let expect = match fields.entry("expect") {
        Some(entry) => expectations(reader, entry, times),
        None => Some(Expectations::default()),
    };
    let capture = match fields.entry("capture") {
        Some(entry) => captures(reader, entry, times),
        None => Some(Captures::default()),
    };
    let Captures { capture, secret } = capture?;
    Some(RequestStep { call: call?, times, expect: expect?, capture, secret })
}

/// What is sent: the request's line with everything beside it.
pub(crate) fn sent(reader: &mut Reader<'_>, line: &Node, fields: &Fields<'_>) -> Option<Call> {
    let call = request_line(reader, line);
    let query =
        fields.or("query", Pairs::default(), |node| pairs(reader, node, "a mapping of a query's names"));
    let headers = fields.or("headers", Headers::default(), |node| headers(reader, node));
    let body = body(reader, fields);
    let client = fields.optional("as", |node| client_at(reader, node));
    let auth = auth::auth(reader, fields);
    let follow = fields.optional("follow", |node| follow(reader, node));
    let timeout = fields.optional("timeout", |node| reader.some_time(node));
    let headers = headers?;
    Some(Call {
        query: query?,
        headers: headers.sent,
        without: headers.without,
        body: body?,
        client: client?,
        auth: auth?,
        follow: follow?,
        timeout: timeout?,
        ..call?
    })
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
    Some(Call::new(method?, service?, path?))
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

fn captures(reader: &mut Reader<'_>, entry: &Entry, times: Times) -> Option<Captures> {
    if matches!(times, Times::Parallel(_)) {
        let help = "capture from a request of its own".to_owned();
        reader.note(entry.span, "of many replies at once there is none to capture from", help);
    }
    captures_of(reader, entry, REPLY)
}

/// Reads what a request sends or what its reply must be, in which a repeated or parallel one can name its `index`.
pub(crate) fn with_index<T>(
    reader: &mut Reader<'_>,
    times: Times,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    // It may be known already: the number of a loop's round.
    let was_known = reader.names.is_known(INDEX);
    if times != Times::Once {
        reader.names.define(INDEX);
    }
    let read = read(reader);
    if !was_known {
        reader.names.undefine(INDEX);
    }
    read
}
