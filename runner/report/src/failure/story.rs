//! What led to a failure: the scenario's own requests, one line each, with faults and processes in their places.

use std::{fmt::Write as _, time::Duration};

use engine::ScenarioResult;
use fault::ServiceName;
use owo_colors::OwoColorize;
use scenario::{Action, Step, Times};
use verdict::{
    Exchange, Failure, FailureLocation, FaultChange, FindingKind, HistoryEvent, LastHeld, ProcessChange,
};

use super::folding::{Line, Weight, folded};
use crate::{
    exchange,
    layout::{count, duration, fit, pad, printable, width},
};

/// The most lines of a story.
const MOST_LINES: usize = 24;
/// The most columns of a request.
const MOST_COLUMNS: usize = 60;

/// One thing that happened, or several requests of one step.
struct Entry<'a> {
    /// The number of records before it.
    position: usize,
    step: Option<usize>,
    what: What<'a>,
}

enum What<'a> {
    Requests(Vec<Exchange<'a>>),
    Fault(String),
    Process(String, ProcessChange),
    /// A step that leaves no record, by its name.
    Silent(&'a str),
}

/// The story, up to the step that failed.
pub(super) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let entries = entries(result, failure);
    if let [Entry { what: What::Requests(requests), .. }] = entries.as_slice()
        && requests.len() == 1
        && failure.exchange.is_some()
    {
        // It is shown in full.
        return Vec::new();
    }
    let request_width = entries.iter().filter_map(Entry::request).map(|text| width(&text)).max();
    let mut held = held(failure);
    let mut lines = Vec::new();
    let until_here = |(name, last): (&str, LastHeld)| {
        let text = format!("── until here, after step {}, it held: {name}", last.step + 1);
        Line { content: text.yellow().to_string(), weight: Weight::Kept }
    };
    for entry in &entries {
        // Services may go on with a step's work while the invariants are observed after it.
        let is_before = |last: &LastHeld| {
            last.records <= entry.position && entry.step.is_none_or(|step| step > last.step)
        };
        while let Some(held) = held.pop_if(|(_, last)| is_before(last)) {
            lines.push(until_here(held));
        }
        let content = entry.line(result, failure, request_width.unwrap_or(0));
        lines.push(Line { content, weight: entry.weight(failure) });
    }
    lines.extend(held.into_iter().rev().map(until_here));
    let left_out = |number: usize| format!("… {} left out", count(number, "line")).dimmed().to_string();
    folded(lines, MOST_LINES).into_iter().map(|line| line.unwrap_or_else(left_out)).collect()
}

/// The broken invariants with the time at which they last held, the earliest last.
fn held(failure: &Failure) -> Vec<(&str, LastHeld)> {
    let broken = failure.findings.iter().filter_map(|finding| match &finding.kind {
        FindingKind::Invariant(name) => Some((name.as_str(), finding.last_held?)),
        _ => None,
    });
    let mut held: Vec<_> = broken.collect();
    held.dedup();
    held.sort_by_key(|(_, last)| std::cmp::Reverse(last.records));
    held
}

/// What happened from the first step on, up to the step that failed.
fn entries<'a>(result: &'a ScenarioResult, failure: &Failure) -> Vec<Entry<'a>> {
    let records = result.history.records();
    let until = match failure.location {
        // Those that run at the end all the same led to nothing.
        FailureLocation::Step { index, .. } => records.iter().rposition(|record| {
            let step = record.step.and_then(|step| Some((step, result.scenario.steps.get(step)?)));
            step.is_some_and(|(position, step)| position <= index || !step.phase.is_final())
        }),
        FailureLocation::End => records.len().checked_sub(1),
        FailureLocation::Start => None,
    };
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut steps = SilentSteps { result, next: 0 };
    for (position, record) in records.iter().enumerate().take(until.map_or(0, |last| last + 1)) {
        if let Some(step) = record.step {
            entries.extend(steps.before(step, position));
            steps.next = steps.next.max(step + 1);
        }
        let what = match &record.event {
            HistoryEvent::Sent(sent) if sent.link.caller == ServiceName::client() => {
                let exchange = result.history.exchange(sent.exchange);
                let alike = entries.iter_mut().rev().take_while(|entry| entry.step == record.step);
                let earlier = alike.into_iter().find_map(|entry| match &mut entry.what {
                    What::Requests(requests) if are_alike(result, &requests[0], &exchange) => Some(requests),
                    _ => None,
                });
                if let Some(requests) = earlier {
                    requests.push(exchange);
                    continue;
                }
                What::Requests(vec![exchange])
            }
            HistoryEvent::Fault { fault, change } => {
                let known = result.scenario.faults.iter().find(|known| known.name == *fault);
                let what = match (change, known) {
                    (FaultChange::Injected, Some(known)) => printable(&format!(": {known}")),
                    _ => String::new(),
                };
                What::Fault(format!("fault {fault} {change}{what}"))
            }
            // All services start before the first step.
            HistoryEvent::Process { change: ProcessChange::Started, .. } if steps.next == 0 => continue,
            HistoryEvent::Process { service, change } => {
                What::Process(format!("{service} {change}"), *change)
            }
            _ => continue,
        };
        entries.push(Entry { position, step: record.step, what });
    }
    if let FailureLocation::Step { index, .. } = failure.location {
        entries.extend(steps.before(index, records.len()));
        if steps.next == index {
            let name = result.scenario.steps.get(index).map_or("", |step| &step.name);
            entries.push(Entry { position: records.len(), step: Some(index), what: What::Silent(name) });
        }
    }
    entries
}

/// Finds the steps that leave no record of their own: waits and checks.
struct SilentSteps<'a> {
    result: &'a ScenarioResult,
    /// The first step that hasn't been told.
    next: usize,
}

impl<'a> SilentSteps<'a> {
    /// The steps before `step` that weren't told.
    fn before(&mut self, step: usize, position: usize) -> Vec<Entry<'a>> {
        let steps = self.result.scenario.steps.iter().enumerate().take(step).skip(self.next);
        let silent = steps.filter(|(_, step)| {
            matches!(
                step.action,
                Action::Wait(_) | Action::Check(_) | Action::Run(_) | Action::Vars(_) | Action::WaitUntil(_)
            )
        });
        let entries =
            silent.map(|(index, step)| Entry { position, step: Some(index), what: What::Silent(&step.name) });
        let entries = entries.collect();
        self.next = self.next.max(step);
        entries
    }
}

/// Whether two requests of one step are told in one line. Those of a repeated request are, whatever their paths.
fn are_alike(result: &ScenarioResult, one: &Exchange<'_>, other: &Exchange<'_>) -> bool {
    let step = one.step.and_then(|step| result.scenario.steps.get(step));
    let own = step.and_then(Step::own_request);
    let is_repeated = own.is_some_and(|request| request.times != Times::Once);
    let is_same = |one: &Exchange<'_>, other: &Exchange<'_>| {
        one.link == other.link && one.request.method == other.request.method
    };
    is_same(one, other) && (is_repeated || one.request.path == other.request.path)
}

impl Entry<'_> {
    /// `POST payment-service /api/payments`, with the number of requests when there are several.
    fn request(&self) -> Option<String> {
        let What::Requests(requests) = &self.what else { return None };
        let first = requests.first()?;
        let times = if requests.len() > 1 { format!("{} × ", requests.len()) } else { String::new() };
        let others = requests.iter().any(|request| request.request.path != first.request.path);
        let others = if others { ", …" } else { "" };
        let text = exchange::asked_of(first);
        Some(fit(&format!("{times}{text}{others}"), MOST_COLUMNS))
    }

    fn weight(&self, failure: &Failure) -> Weight {
        let is_failure = |request: &Exchange<'_>| {
            request.reply().is_none_or(|reply| reply.status.as_u16() >= 500) || !request.faults.is_empty()
        };
        match &self.what {
            What::Requests(requests)
                if !self.is_where_it_failed(failure) && !requests.iter().any(is_failure) =>
            {
                Weight::Plain
            }
            _ => Weight::Kept,
        }
    }

    fn is_where_it_failed(&self, failure: &Failure) -> bool {
        matches!(failure.location, FailureLocation::Step { index, .. } if self.step == Some(index))
    }

    /// Whether one of its requests failed. Where the findings are about no single request, as those on links, all did.
    fn has_failed(&self, failure: &Failure) -> bool {
        let has_failed =
            |request: &Exchange<'_>| failure.failed.iter().any(|failed| failed.exchange == request.id);
        match &self.what {
            What::Requests(requests) => failure.failed.is_empty() || requests.iter().any(has_failed),
            _ => true,
        }
    }

    /// Time, number of the step, what happened, how it ended, the step's name.
    fn line(&self, result: &ScenarioResult, failure: &Failure, request_width: usize) -> String {
        let at = match self.what {
            What::Silent(_) => None,
            _ => result.history.records().get(self.position).map(|record| record.at),
        };
        let time = at.map_or_else(String::new, duration);
        let number = step_number(result, self.step);
        let is_marked = self.is_where_it_failed(failure) && self.has_failed(failure);
        let mark = if is_marked { "✗".red().to_string() } else { " ".into() };
        let mut line = format!("{mark} {}  {number}  ", format!("{time:>9}").dimmed());
        let requests = match &self.what {
            What::Requests(requests) => requests,
            What::Silent(name) => return line + &printable(name),
            What::Process(text, ProcessChange::Exited(_)) => return line + &text.red().bold().to_string(),
            What::Fault(text) | What::Process(text, _) => return line + &text.yellow().to_string(),
        };
        line.push_str(&pad(&self.request().unwrap_or_default(), request_width));
        let ended = outcomes(requests);
        let ended = if is_marked { ended.red().to_string() } else { ended };
        let took =
            last_end(requests).zip(at).map_or_else(String::new, |(end, at)| duration(end.saturating_sub(at)));
        let _ = write!(line, " → {ended}  {}", took.dimmed());
        let step = self.step.and_then(|step| result.scenario.steps.get(step));
        if let Some(step) = step.filter(|step| !step.name.contains(&requests[0].request.path)) {
            let _ = write!(line, "  {}", printable(&step.name).dimmed());
        }
        line
    }
}

/// How requests ended: `409 × 17, 200 × 3`.
fn outcomes(requests: &[Exchange<'_>]) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for request in requests {
        let text = exchange::outcome(request) + &exchange::fault_names(request);
        match kinds.iter_mut().find(|(kind, _)| *kind == text) {
            Some((_, count)) => *count += 1,
            None => kinds.push((text, 1)),
        }
    }
    let shown = |(text, count): &(String, usize)| match count {
        1 => text.clone(),
        _ => format!("{text} × {count}"),
    };
    if let [(text, count)] = kinds.as_slice()
        && *count > 1
    {
        let body = |request: &Exchange<'_>| request.reply().map(|reply| reply.body.clone());
        let last = requests.last().and_then(body);
        let same = requests.iter().rev().take_while(|request| body(request) == last).count();
        return match *count {
            all if same == all => format!("{text}, all alike"),
            _ if same > 1 => format!("{text}, the last {same} alike"),
            _ => text.clone(),
        };
    }
    kinds.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The number of a step, from 1, in a column of its own.
pub(super) fn step_number(result: &ScenarioResult, step: Option<usize>) -> String {
    let digits = result.scenario.steps.len().to_string().len();
    let number = step.map_or_else(String::new, |step| (step + 1).to_string());
    format!("{number:>columns$}", columns = digits.max(3))
}

fn last_end(requests: &[Exchange<'_>]) -> Option<Duration> {
    requests.iter().filter_map(|request| Some(request.at + request.ending?.took)).max()
}
