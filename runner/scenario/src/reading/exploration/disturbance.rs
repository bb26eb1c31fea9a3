//! `inject`, `kill` and `wait`: how often something happens besides the operations, and for how long.

use std::{ops::RangeInclusive, time::Duration};

use fault::ServiceName;

use super::{
    super::{
        fields::Fields,
        reader::{Reader, all},
        services::service_at,
        table::{Key, Shape, Table},
    },
    range::{RANGE, from_to, range},
    weight::weight,
};
use crate::{Disturbance, parse_duration};

/// The most steps for which a fault is in force or a service is down.
const LONGEST: u64 = 1_000;
/// The same, unless the file has other numbers.
const STEPS: RangeInclusive<u32> = 1..=6;

const WEIGHT: Key = Key::required("weight", Shape::Whole(1), "Its weight relative to the operations.");

pub(super) const INJECT: Table = Table {
    what: "`inject`",
    groups: &[&[WEIGHT, Key::optional("steps", RANGE, "For how many steps.").or("1-6")]],
};
pub(super) const KILL: Table = Table {
    what: "`kill`",
    groups: &[
        &[WEIGHT, Key::optional("steps", RANGE, "For how many steps.").or("1-6")],
        &[Key::optional(
            "services",
            Shape::List(&Shape::Text),
            "The services that may be killed; all of them when it is left out.",
        )],
    ],
};
pub(super) const WAIT: Table = Table {
    what: "`wait`",
    groups: &[&[
        WEIGHT,
        Key::required(
            "time",
            Shape::Pattern(r"^[0-9.]+(ms|s|m|h)-[0-9.]+(ms|s|m|h)$"),
            "How long it waits: `10ms-20s`.",
        ),
    ]],
};

/// The disturbance that `key` configures; one of this default weight when the key is left out.
pub(super) fn disturbance(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    table: &'static Table,
    default: u32,
) -> Option<Disturbance> {
    let Some(node) = fields.get(key) else { return Some(Disturbance { weight: default, steps: STEPS }) };
    let fields = reader.fields(node, table)?;
    let weight = fields.get("weight").and_then(|node| weight(reader, node));
    let steps = range(reader, &fields, "steps", STEPS, LONGEST);
    Some(Disturbance { weight: weight?, steps: steps? })
}

/// The services that may be killed.
pub(super) fn killable(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<ServiceName>> {
    let Some(kill) = fields.get("kill") else { return Some(Vec::new()) };
    let Some(entry) = kill.entries().iter().find(|entry| entry.key == "services") else {
        return Some(reader.services.clone());
    };
    all(reader.one_or_more(&entry.value).iter().map(|item| service_at(reader, item)))
}

/// How often a step only waits, and for how long.
pub(super) fn waits(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<(u32, RangeInclusive<Duration>)> {
    let Some(node) = fields.get("wait") else { return Some((0, Duration::ZERO..=Duration::ZERO)) };
    let fields = reader.fields(node, &WAIT)?;
    let weight = fields.get("weight").and_then(|node| weight(reader, node));
    let time = fields.get("time").and_then(|node| {
        from_to(reader, node, "lengths of time, such as `10ms-20s`", |text| parse_duration(text).ok())
    });
    Some((weight?, time?))
}
