//! An exploration: operations, faults and what else may happen.

use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use super::{
    expect::EXPECT,
    generator::GENERATOR,
    names::REPLY,
    node::{Entry, Kind, Node},
    reader::{Fields, Reader},
    request::{REQUEST, REQUEST_LINE},
    suggestion,
    table::{DURATION, EXPRESSION, Key, Shape, Table},
};
use crate::{Disturbance, Exploration, Operation, Times, parse_duration};

#[cfg(test)]
mod tests;

/// The most steps of a sequence, and the most requests at once.
const LONGEST: u64 = 1_000;
const MOST_AT_ONCE: u64 = 100;
const HEAVIEST: u64 = 1_000;
/// For how long something is wrong, unless said otherwise.
const STEPS: RangeInclusive<u32> = 1..=6;

const RANGE: Shape = Shape::Either(&[Shape::Whole(1), Shape::Pattern("^[0-9]+-[0-9]+$")]);

pub(crate) const EXPLORATION: Table = Table {
    what: "an exploration",
    one_of: &[],
    groups: &[&[
        Key::required("exploration", Shape::Text, "What the exploration says of itself."),
        Key::optional("tags", Shape::List(&Shape::Text), "What it can be selected by."),
        Key::optional("steps", RANGE, "How many steps a sequence has; `1-30` unless said otherwise."),
        Key::optional("clients", RANGE, "How many requests are released at once; `1` unless said otherwise."),
        Key::required("operations", Shape::Names(&Shape::Table(&OPERATION)), "What clients can do, by name."),
        Key::optional(
            "again",
            Shape::Whole(1),
            "The weight of an earlier request being sent again under its key.",
        ),
        Key::optional(
            "faults",
            Shape::Names(&Shape::Table(&super::faults::FAULT)),
            "The faults that may happen, by name.",
        ),
        Key::optional(
            "inject",
            Shape::Table(&INJECT),
            "How often a fault comes into force, and for how many steps.",
        ),
        Key::optional("kill", Shape::Table(&KILL), "How often a service dies, and for how many steps."),
        Key::optional("wait", Shape::Table(&WAIT), "How often time passes by itself, and how much."),
        Key::optional("settle", DURATION, "How long the system may take to settle after the last step."),
    ]],
};

const OPERATION: Table = Table {
    what: "an operation",
    one_of: &[],
    groups: &[
        &[
            Key::optional(
                "weight",
                Shape::Whole(1),
                "How likely it is, beside the others; 1 unless said otherwise.",
            ),
            Key::optional(
                "values",
                Shape::Names(&Shape::Table(&GENERATOR)),
                "Values that are drawn, by name.",
            ),
            Key::optional("needs", Shape::List(&Shape::Text), "Handles that other operations make."),
            Key::required("request", REQUEST_LINE, "What is sent: `POST orders-service /api/orders`."),
            Key::optional(
                "makes",
                Shape::Names(&EXPRESSION),
                "Handles, each with the expression that gives it when the request succeeds (2xx).",
            ),
            Key::optional(
                "undisturbed",
                Shape::Table(&EXPECT),
                "What must come of it, in place of `expect`, when nothing has been wrong yet and nothing else is under way.",
            ),
            Key::optional(
                "same",
                EXPRESSION,
                "What every success of the same request has in common: `body.payment.id`.",
            ),
            Key::optional(
                "idempotent",
                Shape::True,
                "It happens once however often it is sent, though it has no `${key}`.",
            ),
        ],
        // Captures are what `makes` is for.
        REQUEST,
    ],
};

const WEIGHT: Key = Key::required("weight", Shape::Whole(1), "How likely it is, beside the operations.");
const INJECT: Table = Table {
    what: "`inject`",
    one_of: &[],
    groups: &[&[WEIGHT, Key::optional("steps", RANGE, "For how many steps; `1-6` unless said otherwise.")]],
};
const KILL: Table = Table {
    what: "`kill`",
    one_of: &[],
    groups: &[
        &[WEIGHT, Key::optional("steps", RANGE, "For how many steps; `1-6` unless said otherwise.")],
        &[Key::optional("services", Shape::List(&Shape::Text), "Which; all of them unless said otherwise.")],
    ],
};
const WAIT: Table = Table {
    what: "`wait`",
    one_of: &[],
    groups: &[&[
        WEIGHT,
        Key::required(
            "time",
            Shape::Pattern(r"^[0-9.]+(ms|s|m|h)-[0-9.]+(ms|s|m|h)$"),
            "How much: `10ms-20s`.",
        ),
    ]],
};

impl Reader<'_> {
    /// An exploration.
    pub(crate) fn exploration(&mut self, tree: &Node) -> Option<Exploration> {
        let fields = self.fields(tree, &EXPLORATION)?;
        let name =
            fields.get("exploration").and_then(|node| self.text(node, "what the exploration says of itself"));
        let tags = fields.get("tags").map_or(Some(Vec::new()), |node| self.tags(node));
        let length = self.range(&fields, "steps", 1..=30, LONGEST);
        let clients = self.range(&fields, "clients", 1..=1, MOST_AT_ONCE);
        let operations = fields.get("operations").and_then(|node| self.operations(node));
        let again = fields.get("again").map_or(Some(0), |node| self.weight(node));
        if let (Some(node), Some(operations)) = (fields.get("again"), &operations)
            && !operations.iter().any(Operation::is_repeatable)
        {
            let help = "send one with `headers: { Idempotency-Key: \"${key}\" }`, or say `idempotent: true`"
                .to_owned();
            self.note(node.span, "no operation has a `${key}` under which it could be sent again", help);
        }
        let faults = fields.get("faults").map_or_else(Vec::new, |node| self.faults(node));
        let weight = u32::from(!faults.is_empty()) * 3;
        let inject = self.disturbance(&fields, "inject", &INJECT, weight);
        if let (Some(node), true) = (fields.get("inject"), faults.is_empty()) {
            self.note(node.span, "there are no `faults` to inject", None);
        }
        let kill = self.disturbance(&fields, "kill", &KILL, 0);
        let killable = self.killable(&fields);
        let wait = self.waits(&fields);
        let settle = fields.get("settle").map(|node| self.duration(node));
        let (wait_weight, wait_times) = wait?;
        Some(Exploration {
            name: name?,
            tags: tags?,
            file: self.file.clone(),
            length: length?,
            clients: clients?,
            operations: operations?,
            again: again?,
            faults: faults.into_iter().map(|(_, _, fault)| fault).collect::<Option<_>>()?,
            inject: inject?,
            killable: killable?,
            kill: kill?,
            wait_weight,
            wait_times,
            settle: settle.map_or(Some(None), |settle| settle.map(Some))?,
        })
    }

    fn operations(&mut self, node: &Node) -> Option<Vec<Operation>> {
        let entries = self.mapping(node, "a mapping of names to operations")?;
        let read: Vec<_> = entries.iter().map(|entry| self.operation(entry)).collect();
        let operations: Vec<Operation> = read.into_iter().collect::<Option<_>>()?;
        if operations.is_empty() {
            self.note(node.span, "an exploration without operations can't fail", None);
            return None;
        }
        self.check_needs(&operations, entries);
        Some(operations)
    }

    /// Notes handles that nothing makes, and operations that never have what they need.
    fn check_needs(&mut self, operations: &[Operation], entries: &[Entry]) {
        let made: Vec<&str> = operations
            .iter()
            .flat_map(|operation| &operation.makes)
            .map(|(handle, _)| handle.as_str())
            .collect();
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
                    self.note(
                        entry.span,
                        format!("no operation makes `{handle}`, which `{}` needs", operation.name),
                        help,
                    );
                } else if !reachable.contains(handle.as_str()) {
                    let message = format!(
                        "`{}` can never happen: what makes `{handle}` needs it first",
                        operation.name
                    );
                    self.note(entry.span, message, None);
                }
            }
        }
    }

    fn operation(&mut self, entry: &Entry) -> Option<Operation> {
        self.check_name(&entry.key, entry.span);
        let fields = self.fields(&entry.value, &OPERATION)?;
        let outer = std::mem::take(&mut self.names);
        let weight = fields.get("weight").map_or(Some(1), |node| self.weight(node));
        let values = fields.get("values").map_or(Some(Vec::new()), |node| self.generators(node));
        let needs = fields.get("needs").map_or(Some(Vec::new()), |node| self.needs(node));
        self.names.define(Operation::KEY);
        if let Some(capture) = fields.entry("capture") {
            let help = "say `makes`: a handle that other operations can need".to_owned();
            self.note(capture.span, "an operation captures nothing", help);
        }
        let request = fields.get("request").and_then(|line| self.request_of(line, &fields, Times::Once));
        let makes = fields.get("makes").map_or(Some(Vec::new()), |node| self.handles(node));
        let undisturbed = fields.entry("undisturbed").map(|entry| self.expectations(entry, Times::Once));
        let same = fields.get("same").map(|node| self.expression(node, REPLY));
        let idempotent = fields.get("idempotent").map(|node| self.only_true(node, "idempotent"));
        for (key, named) in [("values", "drawn"), ("needs", "needed")] {
            let Some(node) = fields.get(key) else { continue };
            for (name, span) in names_in(node) {
                if !self.names.is_used(name) {
                    self.note(span, format!("`{name}` is {named} and never used"), None);
                }
            }
        }
        self.names = outer;
        let (request, makes) = (request?, makes?);
        let operation = Operation {
            name: entry.key.clone(),
            span: entry.span,
            weight: weight?,
            values: values?,
            needs: needs?,
            call: request.call,
            expect: request.expect,
            undisturbed: undisturbed.map_or(Some(None), |expect| expect.map(Some))?,
            makes,
            same: same.map_or(Some(None), |same| same.map(Some))?,
            idempotent: idempotent.is_some(),
        };
        if let (Some(node), false) = (fields.get("same"), operation.is_repeatable()) {
            let help = "send it with `headers: { Idempotency-Key: \"${key}\" }`".to_owned();
            self.note(
                node.span,
                "`same` compares what is sent again, and this has no `${key}` and isn't `idempotent`",
                help,
            );
        }
        Some(operation)
    }

    fn needs(&mut self, node: &Node) -> Option<Vec<String>> {
        let read: Vec<_> =
            self.one_or_more(node).iter().map(|item| self.text(item, "the name of a handle")).collect();
        let needs: Vec<String> = read.into_iter().collect::<Option<_>>()?;
        for handle in &needs {
            if self.names.is_known(handle) {
                self.note(node.span, format!("`{handle}` is written a second time"), None);
            }
            self.names.define(handle);
        }
        Some(needs)
    }

    fn handles(&mut self, node: &Node) -> Option<Vec<(String, crate::Expression)>> {
        let entries = self.mapping(node, "a mapping of handles to expressions")?;
        let mut read = |entry: &Entry| {
            self.check_name(&entry.key, entry.span);
            Some((entry.key.clone(), self.expression(&entry.value, REPLY)?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    fn weight(&mut self, node: &Node) -> Option<u32> {
        self.whole(node, 1..=HEAVIEST).and_then(|weight| u32::try_from(weight).ok())
    }

    fn disturbance(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        table: &Table,
        default: u32,
    ) -> Option<Disturbance> {
        let Some(node) = fields.get(key) else { return Some(Disturbance { weight: default, steps: STEPS }) };
        let fields = self.fields(node, table)?;
        let weight = fields.get("weight").and_then(|node| self.weight(node));
        let steps = self.range(&fields, "steps", STEPS, LONGEST);
        Some(Disturbance { weight: weight?, steps: steps? })
    }

    fn killable(&mut self, fields: &Fields<'_>) -> Option<Vec<fault::ServiceName>> {
        let Some(Kind::Mapping(entries)) = fields.get("kill").map(|node| &node.kind) else {
            return Some(Vec::new());
        };
        let Some(entry) = entries.iter().find(|entry| entry.key == "services") else {
            return Some(self.services.clone());
        };
        let read: Vec<_> = self.one_or_more(&entry.value).iter().map(|item| self.service_at(item)).collect();
        read.into_iter().collect()
    }

    fn waits(&mut self, fields: &Fields<'_>) -> Option<(u32, RangeInclusive<Duration>)> {
        let Some(node) = fields.get("wait") else { return Some((0, Duration::ZERO..=Duration::ZERO)) };
        let fields = self.fields(node, &WAIT)?;
        let weight = fields.get("weight").and_then(|node| self.weight(node));
        let time = fields.get("time").and_then(|node| {
            self.span_of(node, "lengths of time, such as `10ms-20s`", |text| parse_duration(text).ok())
        });
        Some((weight?, time?))
    }
}

/// The names that a mapping's keys or a list's texts are, with their places.
fn names_in(node: &Node) -> Vec<(&str, crate::Span)> {
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
