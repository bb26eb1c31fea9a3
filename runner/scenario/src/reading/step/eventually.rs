//! `eventually`: a request that is sent until it meets its expectations.

use std::time::Duration;

use super::super::{
    reader::Reader,
    request::{REQUEST, REQUEST_LINE, request_step},
    table::{DURATION, Key, Table},
    yaml::Node,
};
use crate::{EventuallyStep, Times};

/// The pause between two attempts, unless the step has another.
const EVERY: Duration = Duration::from_millis(100);

pub(super) const EVENTUALLY: Table = Table {
    what: "`eventually`",
    groups: &[
        &[
            Key::required("within", DURATION, "How long it may take."),
            Key::optional("every", DURATION, "The pause between two attempts.").or("100ms"),
            Key::required("request", REQUEST_LINE, "The request: `GET orders-service /api/orders/1`."),
        ],
        REQUEST,
    ],
};

pub(super) fn eventually(reader: &mut Reader<'_>, node: &Node) -> Option<EventuallyStep> {
    let fields = reader.fields(node, &EVENTUALLY)?;
    if fields.get("expect").is_none() {
        let help = "say what it waits for: `expect: { body: { status: confirmed } }`".to_owned();
        reader.note(fields.span, "`eventually` needs the key `expect`", help);
    }
    let within = fields.get("within").and_then(|node| reader.some_time(node));
    let every = fields.or("every", EVERY, |node| reader.duration(node));
    let request = fields.get("request").and_then(|line| request_step(reader, line, &fields, Times::Once));
    Some(EventuallyStep { within: within?, every: every?, request: request? })
}
