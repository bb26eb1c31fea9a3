//! When steps ran, faults were in force and exchanges moved on, as far as the history tells.

use std::{collections::BTreeMap, time::Duration};

use engine::ScenarioResult;
use fault::{FaultName, ServiceName};
use scenario::Action;
use verdict::{Exchange, ExchangeId, FaultChange, History, HistoryEvent};

/// A time during which something lasted, since the world began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Span {
    /// Whether the two spans overlap.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }
}

/// A time during which a fault could meet exchanges.
#[derive(Debug)]
pub(crate) struct FaultWindow<'a> {
    pub(crate) fault: &'a FaultName,
    pub(crate) span: Span,
    /// The step that injected it.
    pub(crate) step: Option<usize>,
}

/// The windows of all faults, in the order in which they were injected.
pub(crate) fn fault_windows(result: &ScenarioResult) -> Vec<FaultWindow<'_>> {
    let mut windows: Vec<FaultWindow<'_>> = Vec::new();
    for record in result.history.records() {
        match &record.event {
            HistoryEvent::Fault { fault, change: FaultChange::Injected } => {
                let step = record.step.and_then(|step| result.scenario.steps.get(step));
                let (after, lasting) = match step.map(|step| &step.action) {
                    Some(Action::Inject(inject)) => (inject.after, inject.lasting),
                    _ => (Duration::ZERO, None),
                };
                let from = record.at.saturating_add(after);
                let until = lasting.map_or(result.took, |lasting| from.saturating_add(lasting));
                windows.push(FaultWindow { fault, span: Span { from, until }, step: record.step });
            }
            HistoryEvent::Fault { fault, change: FaultChange::Healed } => {
                if let Some(window) = windows.iter_mut().rev().find(|window| window.fault == fault) {
                    window.span.until = window.span.until.min(record.at);
                }
            }
            _ => {}
        }
    }
    windows.retain(|window| window.span.from <= window.span.until);
    windows
}

/// The span of each step that was reached. A step without a record in the history has an empty span at the end of the one
/// before it.
pub(crate) fn step_spans(result: &ScenarioResult) -> Vec<Span> {
    let records = |step: usize| result.history.records().iter().filter(move |r| r.step == Some(step));
    let last_seen = result.history.records().iter().filter_map(|record| record.step).max();
    let last_failed = last_failed_step(result);
    let reached = match result.verdict {
        verdict::Verdict::Passed => result.scenario.steps.len(),
        _ => last_seen.max(last_failed).map_or(0, |last| last + 1),
    };
    let client = ServiceName::client();
    let mut spans: Vec<Span> = Vec::new();
    for (index, step) in result.scenario.steps.iter().take(reached).enumerate() {
        let before = spans.last().map_or(Duration::ZERO, |span| span.until);
        let from = records(index).map(|record| record.at).min().unwrap_or(before).max(before);
        let own = result.history.exchanges_during(index).filter(|exchange| exchange.link.caller == client);
        let ends = own.map(|exchange| {
            exchange.at.saturating_add(exchange.ending.map_or(Duration::ZERO, |ending| ending.took))
        });
        let lasted = if let Action::Wait(time) = step.action { time } else { Duration::ZERO };
        let until = ends.max().unwrap_or(from.saturating_add(lasted)).max(from);
        spans.push(Span { from, until });
    }
    spans
}

fn last_failed_step(result: &ScenarioResult) -> Option<usize> {
    let verdict::Verdict::Failed(failures) = &result.verdict else { return None };
    let index = |failure: &verdict::Failure| match failure.location {
        verdict::FailureLocation::Step { index, .. } => Some(index),
        verdict::FailureLocation::Start | verdict::FailureLocation::End => None,
    };
    failures.iter().filter_map(index).max()
}

/// Every exchange between services, in the order in which they were sent.
pub(crate) fn traffic(history: &History) -> impl Iterator<Item = Exchange<'_>> {
    let client = ServiceName::client();
    history.exchanges().filter(move |exchange| exchange.link.caller != client)
}

/// When a callee got a request, and when it answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    /// One entry for each delivery: a duplicated request has two.
    pub(crate) delivered: Vec<Duration>,
    pub(crate) answered: Vec<Duration>,
}

/// The moments of every exchange.
pub(crate) fn moments(history: &History) -> BTreeMap<ExchangeId, Moments> {
    let mut moments: BTreeMap<ExchangeId, Moments> = BTreeMap::new();
    for record in history.records() {
        match &record.event {
            HistoryEvent::Sent(sent) => drop(moments.insert(sent.exchange, Moments::default())),
            HistoryEvent::Delivered(id) => moments.entry(*id).or_default().delivered.push(record.at),
            HistoryEvent::Undeliverable(id) => drop(moments.entry(*id).or_default().delivered.pop()),
            HistoryEvent::Answered(id, _) => moments.entry(*id).or_default().answered.push(record.at),
            _ => {}
        }
    }
    moments
}
