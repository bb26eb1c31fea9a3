//! `operations`: the requests that clients can send.

use std::collections::BTreeSet;

use super::{
    super::{
        expect::{EXPECT, expectations},
        expression::{check_name, expression},
        fields::Fields,
        names::REPLY,
        reader::{Reader, all},
        request::{REQUEST, REQUEST_LINE, request_of},
        suggestion,
        table::{EXPRESSION, Key, Shape, Table},
        yaml::{Entry, Kind, Node},
    },
    generator::{GENERATOR, generators},
    weight::weight,
};
use crate::{Expression, Operation, Span, Times};

pub(super) const OPERATION: Table = Table {
    what: "an operation",
    groups: &[
        &[
            Key::optional("weight", Shape::Whole(1), "Its weight relative to the other operations.").or("1"),
            Key::optional(
                "values",
                Shape::Names(&Shape::Table(&GENERATOR)),
                "Values that are drawn, by name.",
            ),
            Key::optional("needs", Shape::List(&Shape::Text), "Handles that other operations make."),
            Key::required("request", REQUEST_LINE, "The request: `POST orders-service /api/orders`."),
            Key::optional(
                "makes",
                Shape::Names(&EXPRESSION),
                "Handles, each with the expression that gives it when the request succeeds (2xx).",
            ),
            Key::optional(
                "undisturbed",
                Shape::Table(&EXPECT),
                "The expectations in place of `expect` while nothing has gone wrong yet and no other request is in flight.",
            ),
            Key::optional(
                "same",
                EXPRESSION,
                "An expression with the same value for every success of the same request: `body.payment.id`.",
            ),
            Key::optional(
                "idempotent",
                Shape::True,
                "Sending it again has no further effect, though it has no `${key}`.",
            ),
        ],
        // `capture` among them is refused: an operation has `makes`.
        REQUEST,
    ],
};

pub(super) fn operations(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Operation>> {
    let entries = reader.mapping(node, "a mapping of names to operations")?;
    let operations: Vec<Operation> = all(entries.iter().map(|entry| operation(reader, entry)))?;
    if operations.is_empty() {
        reader.note(node.span, "an exploration without operations can't fail", None);
        return None;
    }
    check_needs(reader, &operations, entries);
    Some(operations)
}

/// Notes handles that no operation makes, and operations that can never have the handles they need.
fn check_needs(reader: &mut Reader<'_>, operations: &[Operation], entries: &[Entry]) {
    let made: Vec<&str> =
        operations.iter().flat_map(|operation| &operation.makes).map(|(handle, _)| handle.as_str()).collect();
    let mut reachable: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = reachable.len();
        for operation in operations {
            if operation.needs.iter().all(|handle| reachable.contains(handle.as_str())) {
                reachable.extend(operation.makes.iter().map(|(handle, _)| handle.as_str()));
            }
        }
        if reachable.len() == before {
            break;
        }
    }
    for (operation, entry) in operations.iter().zip(entries) {
        for handle in &operation.needs {
            if !made.contains(&handle.as_str()) {
                let help = suggestion::help(handle, made.iter().copied());
                reader.note(
                    entry.span,
                    format!("no operation makes `{handle}`, which `{}` needs", operation.name),
                    help,
                );
            } else if !reachable.contains(handle.as_str()) {
                let message =
                    format!("`{}` can never happen: what makes `{handle}` needs it first", operation.name);
                reader.note(entry.span, message, None);
            }
        }
    }
}

fn operation(reader: &mut Reader<'_>, entry: &Entry) -> Option<Operation> {
    check_name(reader, &entry.key, entry.span);
    let fields = reader.fields(&entry.value, &OPERATION)?;
    let outer = std::mem::take(&mut reader.names);
    let weight = fields.or("weight", 1, |node| weight(reader, node));
    let values = fields.or("values", Vec::new(), |node| generators(reader, node));
    let needs = fields.or("needs", Vec::new(), |node| needs(reader, node));
    reader.names.define(Operation::KEY);
    if let Some(capture) = fields.entry("capture") {
        let help = "say `makes`: a handle that other operations can need".to_owned();
        reader.note(capture.span, "an operation captures nothing", help);
    }
    let request = fields.get("request").and_then(|line| request_of(reader, line, &fields, Times::Once));
    let makes = fields.or("makes", Vec::new(), |node| handles(reader, node));
    let undisturbed = match fields.entry("undisturbed") {
        Some(entry) => expectations(reader, entry, Times::Once).map(Some),
        None => Some(None),
    };
    for key in ["expect", "undisturbed"] {
        check_about_reply(reader, &fields, key);
    }
    let same = fields.optional("same", |node| expression(reader, node, REPLY));
    let idempotent = fields.optional("idempotent", |node| reader.only_true(node, "idempotent"));
    check_used(reader, &fields);
    reader.names = outer;
    let (request, makes) = (request?, makes?);
    let operation = Operation {
        name: entry.key.clone(),
        weight: weight?,
        values: values?,
        needs: needs?,
        call: request.call,
        expect: request.expect,
        undisturbed: undisturbed?,
        makes,
        same: same?,
        idempotent: idempotent?.is_some(),
    };
    if let (Some(node), false) = (fields.get("same"), operation.is_repeatable()) {
        let help = "send it with `headers: { Idempotency-Key: \"${key}\" }`".to_owned();
        reader.note(
            node.span,
            "`same` compares what is sent again, and this has no `${key}` and isn't `idempotent`",
            help,
        );
    }
    Some(operation)
}

fn needs(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let items = reader.one_or_more(node).iter();
    let needs: Vec<String> = all(items.map(|item| reader.text(item, "the name of a handle")))?;
    for handle in &needs {
        if reader.names.is_known(handle) {
            reader.note(node.span, format!("`{handle}` is written a second time"), None);
        }
        reader.names.define(handle);
    }
    Some(needs)
}

fn handles(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, Expression)>> {
    let entries = reader.mapping(node, "a mapping of handles to expressions")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        Some((entry.key.clone(), expression(reader, &entry.value, REPLY)?))
    }))
}

/// Notes conditions of an expectation that name drawn values only: no reply changes them.
fn check_about_reply(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) {
    let drawn: Vec<&str> =
        fields.get("values").into_iter().flat_map(names_in).map(|(name, _)| name).collect();
    let is_drawn = |name: &str| name == Operation::KEY || drawn.contains(&name);
    let that = fields.get(key).and_then(|node| node.entries().iter().find(|entry| entry.key == "that"));
    for node in that.into_iter().flat_map(|entry| match &entry.value.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    }) {
        let Kind::Text(text) = &node.kind else { continue };
        if Expression::parse(text)
            .is_ok_and(|that| that.names().next().is_some() && that.names().all(is_drawn))
        {
            let help = format!("say something about {}", suggestion::list(REPLY));
            reader.note(node.span, format!("`{text}` says nothing about the reply"), help);
        }
    }
}

/// Notes values and handles that the operation doesn't use.
fn check_used(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    for (key, named) in [("values", "drawn"), ("needs", "needed")] {
        for (name, span) in fields.get(key).into_iter().flat_map(names_in) {
            if !reader.names.is_used(name) {
                reader.note(span, format!("`{name}` is {named} and never used"), None);
            }
        }
    }
}

/// The keys of a mapping or the texts of a list, each with its place.
fn names_in(node: &Node) -> Vec<(&str, Span)> {
    match &node.kind {
        Kind::Mapping(entries) => entries.iter().map(|entry| (entry.key.as_str(), entry.span)).collect(),
        Kind::List(items) => items
            .iter()
            .filter_map(|item| match &item.kind {
                Kind::Text(text) => Some((text.as_str(), item.span)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
