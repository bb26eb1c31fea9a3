//! `together`: different requests that are sent at once.

use super::{
    super::{
        reader::{Reader, all},
        request::{REQUEST, REQUEST_LINE, request_step},
        table::{Key, Table},
        yaml::{Kind, Node},
    },
    heading::{self, HEADING},
};
use crate::{Action, Step, Times};

pub(super) const MEMBER: Table = Table {
    what: "one of several requests",
    groups: &[
        HEADING,
        &[Key::required("request", REQUEST_LINE, "The request: `POST orders-service /api/orders`.")],
        REQUEST,
    ],
};

/// The requests, of which none can use what another one captures.
pub(super) fn together(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Step>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of requests");
        return None;
    };
    if items.len() < 2 {
        reader.note(node.span, "it takes two requests to be sent together", None);
    }
    let before = reader.names.known().clone();
    let mut captured = Vec::new();
    let members = all(items.iter().map(|item| {
        let member = member(reader, item);
        captured.extend(reader.names.take_since(&before));
        member
    }));
    for name in &captured {
        reader.names.define(name);
    }
    members
}

fn member(reader: &mut Reader<'_>, node: &Node) -> Option<Step> {
    let fields = reader.fields(node, &MEMBER)?;
    let condition = heading::condition(reader, &fields);
    let may_end = heading::may_end(reader, &fields);
    let entry = fields.entry("request")?;
    let action = request_step(reader, &entry.value, &fields, Times::Once).map(Action::Request);
    let name = heading::name(reader, &fields, entry);
    Some(Step {
        span: node.span,
        file: reader.inclusion.source.clone(),
        phase: reader.phase,
        condition: condition?,
        may_end: may_end?,
        ..Step::new(name?, action?)
    })
}
