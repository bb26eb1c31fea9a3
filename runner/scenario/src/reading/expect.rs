//! Expectations on the replies to a request, and on the traffic it causes.

use http::HeaderName;

use self::{
    calls::{CALLS, calls},
    circuits::circuits,
    outcomes::{COUNT, outcomes},
    status::{STATUS, statuses},
    timing::timing,
};
use super::{
    condition::{condition, conditions},
    expression::{Role, is_any, template, value},
    http::header_name,
    names::{LINK, REPLY},
    pattern::type_in,
    reader::{Reader, all},
    request::with_index,
    services::link,
    suggestion,
    table::{EXPRESSION, EXPRESSIONS, Key, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{
    BodyExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation, ReplyExpectation,
    TemplateValue, Times,
};

mod calls;
mod circuits;
mod outcomes;
mod status;
mod timing;

const EXPECTED_HEADER: Shape = Shape::Either(&[Shape::OneOrMore(&Shape::Text), Shape::Null]);

pub(crate) const EXPECT: Table = Table {
    what: "an expectation",
    groups: &[&[
        Key::optional(
            "status",
            Shape::OneOrMore(&STATUS),
            "The reply's status, a class such as `2xx`, or a list of possible ones.",
        ),
        Key::optional(
            "headers",
            Shape::Names(&EXPECTED_HEADER),
            "Headers of the reply; a list: all of these values; `null`: it must be absent; `${any}`: it must be there.",
        ),
        Key::optional(
            "body",
            Shape::Json,
            "What must be in the body: objects may have more keys, and `${uuid}` or `${number > 3}` stands for a value. `exact: …` for the whole; `any_order` or `contains` for the items of a list.",
        ),
        Key::optional(
            "that",
            EXPRESSIONS,
            "Expressions over `status`, `headers`, `body` and `took` that must be true.",
        ),
        Key::optional(
            "links",
            Shape::Names(&EXPRESSION),
            "Links, each with an expression over `calls`, `delivered`, `replied` and `statuses`.",
        ),
        Key::optional(
            "calls",
            Shape::List(&Shape::Table(&CALLS)),
            "Single calls on links while the step ran: how many, how far apart, in what order, with what in common.",
        ),
        Key::optional(
            "circuits",
            Shape::Names(&Shape::OneOrMore(&Shape::Text)),
            "Links, each with the state of its circuit, as the caller tells it, or a list of possible ones: `open`.",
        ),
        Key::optional(
            "timing",
            EXPRESSIONS,
            "Of a repeated or parallel request: expressions over `min`, `max`, `mean` and `p1` to `p99`: `p95 < 300ms`.",
        ),
        Key::optional(
            "outcomes",
            Shape::Names(&Shape::Either(COUNT)),
            "Of a repeated or parallel request: how many ended with which status, or with `no_reply`.",
        ),
        Key::optional(
            "no_reply",
            Shape::Either(&[Shape::True, Shape::Choice(&["allowed"])]),
            "No reply may come; `allowed`: whether one comes doesn't matter.",
        ),
        Key::optional(
            "lenient",
            Shape::True,
            "What isn't as expected fails nothing; what can't be captured is null.",
        ),
    ]],
};

/// The expectations of a step.
pub(crate) fn expectations(reader: &mut Reader<'_>, entry: &Entry, times: Times) -> Option<Expectations> {
    if !entry.value.is_mapping() && !entry.value.is_missing() {
        let message = format!("this is {}, and has to be an expectation", entry.value.describe());
        reader.note(entry.value.span, message, "say what is expected: `expect: { status: 200 }`".to_owned());
        return None;
    }
    let fields = reader.fields(&entry.value, &EXPECT)?;
    if fields.is_empty() {
        reader.note(entry.span, "this step can't fail: nothing is expected", None);
    }
    let status = fields.or("status", Vec::new(), |node| statuses(reader, node));
    for key in ["headers", "links", "circuits"] {
        if let Some(node) = fields.get(key).filter(|node| node.kind == Kind::Mapping(Vec::new())) {
            reader.note(
                node.span,
                format!("`{key}: {{}}` expects nothing"),
                format!("leave `{key}` out, or say what is expected"),
            );
        }
    }
    let (headers, body, that) = with_index(reader, times, |reader| {
        let headers = fields.or("headers", Vec::new(), |node| expected_headers(reader, node));
        let body = fields.optional("body", |node| expected_body(reader, node));
        (headers, body, fields.or("that", Vec::new(), |node| conditions(reader, node, REPLY)))
    });
    let links = fields.or("links", Vec::new(), |node| expected_links(reader, node));
    let calls = fields.or("calls", Vec::new(), |node| calls(reader, node));
    let circuits = fields.or("circuits", Vec::new(), |node| circuits(reader, node));
    let timing = fields.entry("timing").map_or(Some(Vec::new()), |entry| timing(reader, entry, times));
    let outcomes = fields.entry("outcomes").map_or(Some(Vec::new()), |entry| outcomes(reader, entry, times));
    let reply = fields.or("no_reply", ReplyExpectation::Required, |node| expected_reply(reader, node));
    let lenient = fields.get("lenient").map(|node| reader.only_true(node, "lenient"));
    if let (Some(ReplyExpectation::Forbidden), [with, ..]) =
        (&reply, fields.present(&["status", "headers", "body", "that"]).as_slice())
    {
        let message = format!("`{}` can't be expected of no reply", with.key);
        reader.note(with.span, message, "leave it or `no_reply` out".to_owned());
    }
    Some(Expectations {
        span: Some(entry.span),
        status: status?,
        headers: headers?,
        body: body?,
        that: that?,
        links: links?,
        calls: calls?,
        circuits: circuits?,
        timing: timing?,
        outcomes: outcomes?,
        reply: reply?,
        judging: if lenient.is_some() { Judging::Lenient } else { Judging::Strict },
    })
}

fn expected_reply(reader: &mut Reader<'_>, node: &Node) -> Option<ReplyExpectation> {
    if matches!(node.kind, Kind::Boolean(_)) {
        return reader.only_true(node, "no_reply").map(|()| ReplyExpectation::Forbidden);
    }
    reader.choice(node, &[("true", ReplyExpectation::Forbidden), ("allowed", ReplyExpectation::Optional)])
}

/// What headers must be.
pub(crate) fn expected_headers(
    reader: &mut Reader<'_>,
    node: &Node,
) -> Option<Vec<(HeaderName, HeaderExpectation)>> {
    let entries = reader.mapping(node, "a mapping of headers")?;
    all(entries.iter().map(|entry| {
        let name = header_name(reader, entry);
        let expected = match &entry.value.kind {
            Kind::Null if !entry.value.is_missing() => HeaderExpectation::Absent,
            Kind::Text(text) if is_any(text) => HeaderExpectation::Present,
            _ => {
                let values = reader.one_or_more(&entry.value).iter();
                let value = |value: &Node| {
                    if let Kind::Text(text) = &value.kind
                        && let Some(name) = type_in(text)
                        && !reader.names.is_known(name)
                    {
                        let help = format!(
                            "write `that: headers['{}'] is matching('…')`, or `${{any}}` for any value",
                            entry.key.to_lowercase()
                        );
                        reader.note(value.span, "types stand in an expected body, not in a header", help);
                        return None;
                    }
                    template(reader, value, "what the header must be, or `null`")
                };
                HeaderExpectation::Values(all(values.map(value))?)
            }
        };
        Some((name?, expected))
    }))
}

pub(crate) fn expected_body(reader: &mut Reader<'_>, node: &Node) -> Option<BodyExpectation> {
    let body = match &node.kind {
        Kind::Mapping(entries) if matches!(entries.as_slice(), [only] if only.key == "exact") => {
            BodyExpectation::Exact(value(reader, &entries[0].value, Role::Expected)?)
        }
        _ => BodyExpectation::Subset(value(reader, node, Role::Expected)?),
    };
    match &body {
        BodyExpectation::Subset(TemplateValue::Object(keys)) if keys.is_empty() => {
            let help = "say what has to be in it, or `body: { exact: {} }` for an empty one".to_owned();
            reader.note(node.span, "`body: {}` is met by every object", help);
        }
        BodyExpectation::Subset(TemplateValue::Any) | BodyExpectation::Exact(TemplateValue::Any) => {
            let help = "leave `body` out, or say what has to be in it".to_owned();
            reader.note(node.span, "this `${any}` is met by every body", help);
        }
        _ => {}
    }
    Some(body)
}

fn expected_links(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<LinkExpectation>> {
    let entries = reader.mapping(node, "a mapping of links to expressions")?;
    all(entries.iter().map(|entry| {
        let link = link(reader, &entry.key, entry.span);
        let holds = condition(reader, &entry.value, LINK);
        if let Some(holds) = &holds
            && holds.names().next().is_some()
            && holds.names().all(|name| reader.names.is_known(name))
        {
            let help = format!("say something about {}", suggestion::list(LINK));
            reader.note(entry.value.span, format!("`{}` says nothing about the link", holds.source()), help);
        }
        Some(LinkExpectation { link: link?, holds: holds? })
    }))
}
