//! `eventually`: a request that is sent until it meets its expectations.

use std::time::Duration;

use super::super::{
    condition::conditions,
    names::REPLY,
    reader::Reader,
    request::{REQUEST, REQUEST_LINE, request_step},
    table::{DURATION, EXPRESSIONS, Key, Table},
    yaml::Node,
};
use crate::{EventuallyStep, Times};

/// The pause between two attempts, unless the step has another.
pub(super) const EVERY: Duration = Duration::from_millis(100);

pub(super) const EVENTUALLY: Table = Table {
    what: "`eventually`",
    groups: &[
        &[
            Key::required("within", DURATION, "How long it may take."),
            every_key(),
            Key::required("request", REQUEST_LINE, "The request: `GET orders-service /api/orders/1`."),
            Key::optional(
                "fail_if",
                EXPRESSIONS,
                "Conditions on a reply after which it can't succeed any more: it fails at once.",
            ),
        ],
        REQUEST,
    ],
};

/// The key of the pause between two attempts.
pub(super) const fn every_key() -> Key {
    Key::optional("every", DURATION, "The pause between two attempts.").or("100ms")
}

pub(super) fn eventually(reader: &mut Reader<'_>, node: &Node) -> Option<EventuallyStep> {
    let fields = reader.fields(node, &EVENTUALLY)?;
    if fields.get("expect").is_none() {
        let help = "say what it waits for: `expect: { body: { status: confirmed } }`".to_owned();
        reader.note(fields.span, "`eventually` needs the key `expect`", help);
    }
    let within = fields.get("within").and_then(|node| reader.some_time(node));
    let every = fields.or("every", EVERY, |node| reader.duration(node));
    let request = fields.get("request").and_then(|line| request_step(reader, line, &fields, Times::Once));
    let fail_if = fields.or("fail_if", Vec::new(), |node| {
        let conditions = conditions(reader, node, REPLY)?;
        if let Some(never) = conditions.iter().find(|condition| condition.always() == Some(false)) {
            let help = "say something that could be true".to_owned();
            reader.note(node.span, format!("`{}` is always false", never.source()), help);
        }
        Some(conditions)
    });
    Some(EventuallyStep { within: within?, every: every?, request: request?, fail_if: fail_if? })
}
