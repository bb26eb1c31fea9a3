//! Stubs: what answers in place of a service.

use std::time::Duration;

use super::{
    condition::conditions,
    expect::expected_headers,
    expression::{Role, value},
    fault::method_and_path,
    http::status,
    names::{ENV, SECRETS},
    reader::{Reader, all},
    request::{
        body::body,
        headers::{COMMON_HEADERS, common_headers},
    },
    services::service,
    table::{DURATION, EXPRESSIONS, Key, Shape, Table},
    yaml::{Kind, Node},
};
use crate::{Body, MeetingExpectation, Stub, StubEntry, StubReply};

/// What templates of a stub can name of the request that it answers.
const REQUEST: &str = "request";
/// What conditions of a stub can name besides.
const PARTS: &[&str] = &["method", "path", "query", "headers", "body"];
/// What is given to stubs.
const GIVEN_TO_STUBS: &[&str] = &[ENV, SECRETS];

/// The value of `stub`.
pub(crate) const STUB: Shape = Shape::List(&Shape::Table(&ENTRY));
/// The value of a scenario's `stubs`.
pub(crate) const STUBS: Shape = Shape::Names(&STUB);

const ENTRY: Table = Table {
    what: "an entry of a stub",
    groups: &[&[
        Key::required(
            "match",
            Shape::Text,
            "The requests it answers: `POST /charges`; `*` is one segment of the path, a last `**` all that follow.",
        ),
        Key::optional(
            "headers",
            Shape::Names(&Shape::OneOrMore(&Shape::Either(&[Shape::Text, Shape::Null]))),
            "Only requests with these headers: a value, `${any}` or `null` for none.",
        ),
        Key::optional("body", Shape::Json, "Only requests with this body; it may have more."),
        Key::optional(
            "that",
            EXPRESSIONS,
            "Only requests for which these expressions over `method`, `path`, `query`, `headers` and `body` are true.",
        ),
        Key::required(
            "reply",
            Shape::Table(&REPLY),
            "The reply. `${request.method}`, `path`, `query`, `headers`, `body` and `index` (counted from 0) can stand in it.",
        ),
        Key::optional(
            "optional",
            Shape::True,
            "A scenario that brings this entry may leave it without a request.",
        ),
    ]],
};

const REPLY: Table = Table {
    what: "the reply of a stub",
    groups: &[&[
        Key::optional("status", Shape::Status, "The status.").or("200"),
        Key::optional("headers", COMMON_HEADERS, "Headers of the reply."),
        Key::optional("body", Shape::Json, "A JSON body; `${…}` in it holds an expression."),
        Key::optional("text", Shape::Text, "A body of plain text, in place of a JSON body."),
        Key::optional("after", DURATION, "How long the stub waits before it answers."),
    ]],
};

/// The stubs of a scenario, by the names of the services.
pub(crate) fn stubs(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Stub>> {
    let entries = reader.mapping(node, "a mapping of services to their stubs")?;
    all(entries.iter().map(|entry| {
        let service = service(reader, &entry.key, entry.span);
        let entries = stub(reader, &entry.value);
        Some(Stub { service: service?, entries: entries? })
    }))
}

/// The entries of a stub.
pub(crate) fn stub(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<StubEntry>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of entries, such as `- { match: GET /, reply: { status: 200 } }`");
        return None;
    };
    if items.is_empty() {
        reader.note(node.span, "a stub without entries can't answer", None);
    }
    let names = std::mem::take(&mut reader.names);
    let given = std::mem::replace(&mut reader.given, GIVEN_TO_STUBS);
    reader.names.define(REQUEST);
    let read: Option<Vec<StubEntry>> = all(items.iter().map(|item| entry(reader, item)));
    (reader.names, reader.given) = (names, given);
    if let Some(read) = &read {
        check_reachable(reader, items, read);
    }
    read
}

fn entry(reader: &mut Reader<'_>, node: &Node) -> Option<StubEntry> {
    let fields = reader.fields(node, &ENTRY)?;
    let matching = fields.get("match").and_then(|node| method_and_path(reader, node));
    let headers = fields.or("headers", Vec::new(), |node| expected_headers(reader, node));
    let body = fields.optional("body", |node| value(reader, node, Role::Expected));
    let that = fields.or("that", Vec::new(), |node| conditions(reader, node, PARTS));
    let reply = fields.get("reply").and_then(|node| reply(reader, node));
    let optional = fields.optional("optional", |node| reader.only_true(node, "optional"));
    let meeting = match optional? {
        Some(()) => MeetingExpectation::Optional,
        None => MeetingExpectation::Required,
    };
    let matching = matching?;
    Some(StubEntry {
        span: node.span,
        method: matching.method,
        path: matching.path,
        headers: headers?,
        body: body?,
        that: that?,
        reply: reply?,
        meeting,
    })
}

fn reply(reader: &mut Reader<'_>, node: &Node) -> Option<StubReply> {
    let fields = reader.fields(node, &REPLY)?;
    let status = fields.or("status", 200, |node| status(reader, node));
    let headers = fields.or("headers", Vec::new(), |node| common_headers(reader, node));
    let body = if fields.is_empty() { Some(Body::None) } else { body(reader, &fields) };
    let after = fields.or("after", Duration::ZERO, |node| reader.duration(node));
    Some(StubReply { status: status?, headers: headers?, body: body?, after: after? })
}

/// Notes entries that no request can reach, because one before them matches the same requests and more.
fn check_reachable(reader: &mut Reader<'_>, items: &[Node], entries: &[StubEntry]) {
    for (at, (item, entry)) in items.iter().zip(entries).enumerate() {
        let hides = |before: &&StubEntry| {
            before.headers.is_empty()
                && before.body.is_none()
                && before.that.is_empty()
                && before.path == entry.path
                && (before.method.is_none() || before.method == entry.method)
        };
        if let Some(before) = entries[..at].iter().find(hides) {
            let message =
                format!("no request reaches this entry: the one on line {} answers it", before.span.line);
            reader.note(item.span, message, "put it before that one".to_owned());
        }
    }
}
