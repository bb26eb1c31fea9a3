//! `always` and `never`: a request that is sent for a time.

use super::{
    super::{
        reader::Reader,
        request::{REQUEST, REQUEST_LINE, request_step},
        table::{DURATION, Key, Table},
        yaml::Node,
    },
    eventually::{EVERY, every_key},
};
use crate::{Times, WatchRule, WatchStep};

const GROUPS: &[&[Key]] = &[
    &[
        Key::required("for", DURATION, "For how long."),
        every_key(),
        Key::required("request", REQUEST_LINE, "The request: `GET orders-service /api/orders/1`."),
    ],
    REQUEST,
];

pub(super) const ALWAYS: Table = Table { what: "`always`", groups: GROUPS };
pub(super) const NEVER: Table = Table { what: "`never`", groups: GROUPS };

pub(super) fn watch(reader: &mut Reader<'_>, node: &Node, rule: WatchRule) -> Option<WatchStep> {
    let table = match rule {
        WatchRule::Always => &ALWAYS,
        WatchRule::Never => &NEVER,
    };
    let fields = reader.fields(node, table)?;
    if fields.get("expect").is_none() {
        let example = match rule {
            WatchRule::Always => "say what stays so: `expect: { body: { status: confirmed } }`",
            WatchRule::Never => "say what must not be: `expect: { body: { status: failed } }`",
        };
        reader.note(fields.span, format!("{} needs the key `expect`", table.what), example.to_owned());
    }
    let expected = fields.get("expect").map(Node::entries).unwrap_or_default();
    if let Some(lenient) = expected.iter().find(|entry| entry.key == "lenient") {
        let message = format!("`lenient` would leave nothing of {}: it couldn't fail", table.what);
        reader.note(lenient.span, message, "leave it out".to_owned());
    }
    if let (WatchRule::Never, Some(capture)) = (rule, fields.entry("capture")) {
        let help = "capture from a request of its own".to_owned();
        reader.note(capture.span, "of a reply that never comes there is nothing to capture", help);
    }
    let lasting = fields.get("for").and_then(|node| reader.some_time(node));
    let every = fields.or("every", EVERY, |node| reader.some_time(node));
    if let (Some(lasting), Some(every), Some(node)) = (lasting, every, fields.get("every"))
        && every > lasting
    {
        let help = "make `for` longer, or `every` shorter".to_owned();
        reader.note(node.span, "this pause is longer than all of the time", help);
    }
    let request = fields.get("request").and_then(|line| request_step(reader, line, &fields, Times::Once));
    Some(WatchStep { rule, lasting: lasting?, every: every?, request: request? })
}
