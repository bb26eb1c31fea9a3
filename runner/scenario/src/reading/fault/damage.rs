//! What a fault does: a key, its shape and its function for each kind of damage.

use std::{ops::RangeInclusive, time::Duration};

use fault::{CrashPoint, Damage, ErrorReply, Outage, Side};
use http::StatusCode;

use super::{
    super::{
        http::status,
        reader::Reader,
        services::service_at,
        table::{DURATION, Key, RATE, SIZE, Shape, Table},
        yaml::{Entry, Kind, Node},
    },
    plain::{plain_body, plain_headers},
};
use crate::size::{InvalidSize, parse_rate, parse_size};

const SIDES: &[&str] = &["request", "reply"];

/// The kinds of damage. [`damage`] reads the value of each.
pub(super) const DAMAGES: &[Key] = &[
    Key::one_of(
        "latency",
        Shape::Either(&[DURATION, Shape::Table(&LATENCY)]),
        "The reply, or the request, comes later: `200ms`, or a mapping of `delay`, `jitter` and `side`.",
    ),
    Key::one_of(
        "outage",
        Shape::Choice(&["refuse", "reset", "hang"]),
        "The callee can't be reached. Without a selector, what is under way is cut, too.",
    ),
    Key::one_of(
        "lose",
        Shape::Choice(SIDES),
        "One half is lost. Before a lost reply, the request is processed.",
    ),
    Key::one_of(
        "error",
        Shape::Either(&[Shape::Status, Shape::Table(&ERROR)]),
        "The link answers in the callee's place: `503`, or a mapping of `status`, `headers` and `body`.",
    ),
    Key::one_of("duplicate", Shape::True, "The request is delivered twice."),
    Key::one_of("truncate", SIZE, "The reply is cut off after this many bytes of its body: `100`, `64KiB`."),
    Key::one_of("bandwidth", RATE, "Bodies pass at this many bytes a second: `500`, `100KB/s`, `1Mbit/s`."),
    Key::one_of("corrupt", Shape::True, "Bits of the reply's body are flipped."),
    Key::one_of(
        "crash",
        Shape::Either(&[Shape::Text, Shape::Table(&CRASH)]),
        "A service crashes: its name, or a mapping of `service` and `when`.",
    ),
];

const LATENCY: Table = Table {
    what: "a latency",
    groups: &[&[
        Key::required("delay", DURATION, "The delay."),
        Key::optional("jitter", DURATION, "The most by which the delay is shorter or longer.").or("0s"),
        Key::optional("side", Shape::Choice(SIDES), "The half that is delayed.").or("reply"),
    ]],
};

const ERROR: Table = Table {
    what: "an error",
    groups: &[&[
        Key::required("status", Shape::Status, "The status."),
        Key::optional("headers", Shape::Names(&Shape::Text), "Headers of the reply."),
        Key::optional("body", Shape::Json, "The body: a text as it is, anything else as JSON."),
    ]],
};

const CRASH: Table = Table {
    what: "a crash",
    groups: &[&[
        Key::required("service", Shape::Text, "The service that crashes."),
        Key::optional(
            "when",
            Shape::Choice(&["before", "after"]),
            "Before the request is delivered, or after the reply has left.",
        )
        .or("before"),
    ]],
};

pub(super) fn damage(reader: &mut Reader<'_>, entry: &Entry) -> Option<Damage> {
    let node = &entry.value;
    match entry.key.as_str() {
        "latency" => latency(reader, node),
        "outage" => {
            let ways = [("refuse", Outage::Refuse), ("reset", Outage::Reset), ("hang", Outage::Hang)];
            reader.choice(node, &ways).map(Damage::Outage)
        }
        "lose" => side(reader, node).map(Damage::Lose),
        "error" => error_reply(reader, node).map(Damage::Error),
        "duplicate" => reader.only_true(node, "duplicate").map(|()| Damage::Duplicate),
        "truncate" => {
            let bytes = quantity(reader, node, parse_size, 0..=u64::from(u32::MAX))?;
            usize::try_from(bytes).ok().map(Damage::Truncate)
        }
        "bandwidth" => quantity(reader, node, parse_rate, 1..=u64::MAX).map(Damage::Bandwidth),
        "corrupt" => reader.only_true(node, "corrupt").map(|()| Damage::Corrupt),
        "crash" => crash(reader, node),
        other => unreachable!("`{other}` is no damage of the table"),
    }
}

/// A number of bytes, or of bytes a second, with or without its unit.
fn quantity(
    reader: &mut Reader<'_>,
    node: &Node,
    parse: fn(&str) -> Result<u64, InvalidSize>,
    bounds: RangeInclusive<u64>,
) -> Option<u64> {
    let Kind::Text(text) = &node.kind else { return reader.whole(node, bounds) };
    match parse(text) {
        Ok(bytes) if bounds.contains(&bytes) => Some(bytes),
        Ok(bytes) => {
            let (least, most) = bounds.into_inner();
            let message = format!("`{text}` is {bytes}, and has to be from {least} to {most}");
            reader.note(node.span, message, None);
            None
        }
        Err(invalid) => {
            reader.note(node.span, invalid.to_string(), invalid.help);
            None
        }
    }
}

fn side(reader: &mut Reader<'_>, node: &Node) -> Option<Side> {
    reader.choice(node, &[("request", Side::Request), ("reply", Side::Reply)])
}

fn latency(reader: &mut Reader<'_>, node: &Node) -> Option<Damage> {
    if !node.is_mapping() {
        let delay = reader.some_time(node)?;
        return Some(Damage::Latency { delay, jitter: Duration::ZERO, side: Side::Reply });
    }
    let fields = reader.fields(node, &LATENCY)?;
    let delay = fields.get("delay").and_then(|node| reader.some_time(node));
    let jitter = fields.or("jitter", Duration::ZERO, |node| reader.duration(node));
    let side = fields.or("side", Side::Reply, |node| side(reader, node));
    if let (Some(delay), Some(jitter), Some(node)) = (delay, jitter, fields.get("jitter"))
        && jitter > delay
    {
        reader.note(node.span, "the jitter is longer than the delay: nothing can arrive early", None);
    }
    Some(Damage::Latency { delay: delay?, jitter: jitter?, side: side? })
}

fn status_code(reader: &mut Reader<'_>, node: &Node) -> Option<StatusCode> {
    StatusCode::from_u16(status(reader, node)?).ok()
}

fn error_reply(reader: &mut Reader<'_>, node: &Node) -> Option<ErrorReply> {
    if !node.is_mapping() {
        let status = status_code(reader, node)?;
        return Some(ErrorReply { status, headers: Vec::new(), body: String::new() });
    }
    let fields = reader.fields(node, &ERROR)?;
    let status = fields.get("status").and_then(|node| status_code(reader, node));
    let headers = fields.or("headers", Vec::new(), |node| plain_headers(reader, node));
    let body = fields.or("body", String::new(), |node| plain_body(reader, node));
    Some(ErrorReply { status: status?, headers: headers?, body: body? })
}

fn crash(reader: &mut Reader<'_>, node: &Node) -> Option<Damage> {
    if !node.is_mapping() {
        return Some(Damage::Crash { service: service_at(reader, node)?, point: CrashPoint::BeforeRequest });
    }
    let fields = reader.fields(node, &CRASH)?;
    let service = fields.get("service").and_then(|node| service_at(reader, node));
    let points = [("before", CrashPoint::BeforeRequest), ("after", CrashPoint::AfterReply)];
    let point = fields.or("when", CrashPoint::BeforeRequest, |node| reader.choice(node, &points));
    Some(Damage::Crash { service: service?, point: point? })
}
