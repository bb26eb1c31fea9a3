//! The calls between services during a step, and the changes of services' processes.

use std::collections::BTreeMap;

use fault::ServiceName;
use scenario::{Action, Times};
use verdict::{Exchange, History, HistoryEvent, Record};

use super::keys::Keys;
use crate::{exchange, normalise};

/// Whether the number of equal lines is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// The number is shown: requests were sent one after another, and the calls follow from them.
    Shown,
    /// The number is a matter of time: requests ran side by side, or services acted by themselves.
    Hidden,
}

impl Counting {
    pub(super) fn of(action: &Action) -> Self {
        match action {
            Action::Request(request) if !matches!(request.times, Times::Parallel(_)) => Self::Shown,
            Action::For(rounds) if rounds.steps.iter().all(|step| Self::of(&step.action) == Self::Shown) => {
                Self::Shown
            }
            _ => Self::Hidden,
        }
    }
}

/// The calls that were answered during a step before which nothing was damaged and nothing ran side by side. They are
/// the same in both worlds, except for their order: a service may make two calls at once.
pub(super) fn undisturbed<'a>(history: &'a History, step: usize, keys: &mut Keys<'a>) -> Vec<String> {
    let mut calls: Vec<Exchange<'a>> = history
        .exchanges_during(step)
        .filter(|exchange| is_between_services(exchange) && exchange.reply().is_some())
        .collect();
    calls.sort_by_key(|exchange| {
        (exchange.link.to_string(), exchange.request.method.to_string(), exchange.request.path.clone())
    });
    folded(calls.iter().map(|exchange| call(exchange, keys)), Counting::Shown)
}

/// The calls that were sent during a step and the changes of processes, in the order in which they happened; when there is
/// no step, those after the last one that change something. `expected` is the service whose changes the step itself asks for.
pub(super) fn simulated<'a>(
    history: &'a History,
    step: Option<usize>,
    expected: Option<&ServiceName>,
    counting: Counting,
    keys: &mut Keys<'a>,
) -> Vec<String> {
    let last = history.records().iter().rposition(|record| record.step.is_some());
    let from = if step.is_none() { last.map_or(0, |last| last + 1) } else { 0 };
    let records = history.records()[from..].iter().filter(|record| record.step == step);
    let lines = records.filter_map(|record| match &record.event {
        HistoryEvent::Sent(sent) => {
            let exchange = history.exchange(sent.exchange);
            // In the end invariants are observed, which makes services read from one another.
            let is_observation = step.is_none() && exchange.request.method.is_safe();
            (is_between_services(&exchange) && !is_observation).then(|| call(&exchange, keys))
        }
        HistoryEvent::Process { service, .. } if expected != Some(service) => process(record),
        _ => None,
    });
    folded(lines, counting)
}

/// The change of a process that a record tells of: `users-service: killed`.
pub(super) fn process(record: &Record) -> Option<String> {
    match &record.event {
        HistoryEvent::Process { service, change } => Some(format!("{service}: {change}")),
        _ => None,
    }
}

/// How an exchange ended, with the faults that met it.
pub(super) fn ending(exchange: &Exchange<'_>) -> String {
    normalise::text(&exchange::outcome(exchange)) + &exchange::fault_names(exchange)
}

fn is_between_services(exchange: &Exchange<'_>) -> bool {
    exchange.link.caller != ServiceName::client()
}

fn call<'a>(exchange: &Exchange<'a>, keys: &mut Keys<'a>) -> String {
    let Exchange { link, request, .. } = exchange;
    let path = normalise::text(&request.path);
    format!("{link}: {} {path}{}: {}", request.method, keys.label(exchange), ending(exchange))
}

/// Equal lines as one, where the first of them stands.
fn folded(lines: impl Iterator<Item = String>, counting: Counting) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let count = counts.entry(line.clone()).or_default();
        *count += 1;
        if *count == 1 {
            distinct.push(line);
        }
    }
    let counted = |line: String| match counts.get(&line) {
        Some(count) if *count > 1 && counting == Counting::Shown => format!("{line} ×{count}"),
        _ => line,
    };
    distinct.into_iter().map(counted).collect()
}
