//! What services said to each other while a scenario went wrong, in columns.

use std::time::Duration;

use engine::ScenarioResult;
use owo_colors::OwoColorize;
use verdict::{Exchange, Failure, FailureLocation, FindingKind, HistoryEvent};

use super::{
    folding::{Line, Weight, folded},
    story::step_number,
};
use crate::{
    exchange,
    layout::{count, duration, fit, pad, width},
    timeline::traffic,
};

/// The most lines of traffic.
const MOST_LINES: usize = 20;
/// The most rows before a call among which one that is like it is looked for.
const MOST_KINDS: usize = 200;
/// The most columns of a request.
const MOST_COLUMNS: usize = 60;

/// Where the calls that are shown begin.
enum Since {
    /// At the step that failed, counted from 0.
    Step(usize),
    /// After a step, counted from 0, after which a broken invariant last held; with the number of records by then.
    LastHeld(usize, usize),
    /// At the beginning.
    Start,
}

fn since(failure: &Failure) -> Since {
    let held = failure.findings.iter().filter_map(|finding| finding.last_held);
    match (held.min_by_key(|held| held.records), &failure.location) {
        (Some(held), _) => Since::LastHeld(held.step, held.records),
        (None, FailureLocation::Step { .. }) if failure.findings.iter().all(is_invariant) => Since::Start,
        (None, FailureLocation::Step { index, .. }) => Since::Step(*index),
        (None, FailureLocation::Start | FailureLocation::End) => Since::Start,
    }
}

fn is_invariant(finding: &verdict::Finding) -> bool {
    matches!(finding.kind, FindingKind::Invariant(_))
}

pub(super) fn title(failure: &Failure) -> String {
    match since(failure) {
        Since::Step(step) => format!("calls between services during step {}", step + 1),
        Since::LastHeld(step, _) => format!("calls between services after step {}", step + 1),
        Since::Start => "calls between services".into(),
    }
}

/// Calls that are alike.
struct Row<'a> {
    first: Exchange<'a>,
    /// What two calls that are alike have in common.
    key: String,
    what: String,
    count: usize,
    until: Duration,
}

pub(super) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let from = match since(failure) {
        Since::LastHeld(_, records) => first_exchange_after(result, records),
        Since::Step(_) | Since::Start => Some(0),
    };
    let Some(from) = from else { return Vec::new() };
    let rows = traffic(&result.history).filter(|exchange| exchange.id.number() >= from);
    let rows = rows.filter(|exchange| match (since(failure), &failure.location) {
        (Since::Step(step), _) => exchange.step == Some(step),
        (_, FailureLocation::Step { .. }) => exchange.step.is_some(),
        (_, FailureLocation::Start) => false,
        (_, FailureLocation::End) => true,
    });
    let mut rows: Vec<Row<'_>> = rows.map(Row::new).collect();
    rows = merged(rows, 1);
    if rows.len() > MOST_LINES {
        rows = merged(rows, MOST_KINDS);
    }
    let rows = rows.into_iter().map(|row| Line { weight: row.weight(), content: row }).collect();
    let rows = folded(rows, MOST_LINES);
    let shown = || rows.iter().filter_map(|row| row.as_ref().ok());
    let link_width = shown().map(|row| width(&row.first.link.to_string())).max().unwrap_or(0);
    let what_width = shown().map(|row| width(&row.asked())).max().unwrap_or(0);
    let lines = rows.iter().map(|row| match row {
        Ok(row) => row.line(result, link_width, what_width),
        Err(left_out) => format!("… {}", count(*left_out, "more call")).dimmed().to_string(),
    });
    lines.collect()
}

fn first_exchange_after(result: &ScenarioResult, records: usize) -> Option<usize> {
    let later = result.history.records().iter().skip(records);
    let sent = later.filter_map(|record| match &record.event {
        HistoryEvent::Sent(sent) => Some(sent.exchange.number()),
        _ => None,
    });
    sent.min()
}

/// The rows with each that is like one of the `back` rows before it counted there.
fn merged(rows: Vec<Row<'_>>, back: usize) -> Vec<Row<'_>> {
    let mut merged: Vec<Row<'_>> = Vec::new();
    for row in rows {
        match merged.iter_mut().rev().take(back).find(|other| other.key == row.key) {
            Some(other) => {
                other.count += row.count;
                other.until = row.until;
            }
            None => merged.push(row),
        }
    }
    merged
}

impl<'a> Row<'a> {
    fn new(first: Exchange<'a>) -> Self {
        let what = exchange::asked(&first);
        let key =
            format!("{} {what} {}{}", first.link, exchange::outcome(&first), exchange::fault_names(&first));
        Self { key, what, count: 1, until: first.at, first }
    }

    fn asked(&self) -> String {
        let times = if self.count > 1 { format!("{} × ", self.count) } else { String::new() };
        fit(&format!("{times}{}", self.what), MOST_COLUMNS)
    }

    fn weight(&self) -> Weight {
        let failed = self.first.reply().is_none_or(|reply| reply.status.as_u16() >= 500);
        if failed || !self.first.faults.is_empty() { Weight::Kept } else { Weight::Plain }
    }

    fn line(&self, result: &ScenarioResult, link_width: usize, what_width: usize) -> String {
        let until = match self.count {
            1 => String::new(),
            _ => format!("  until {}", duration(self.until)).dimmed().to_string(),
        };
        let columns = [
            format!("  {:>9}", duration(self.first.at)).dimmed().to_string(),
            step_number(result, self.first.step),
            pad(&self.first.link.to_string(), link_width),
            pad(&self.asked(), what_width),
            exchange::outcome(&self.first),
        ];
        let faults = exchange::fault_names(&self.first);
        let faults = if faults.is_empty() { faults } else { format!(" {faults}").yellow().to_string() };
        columns.join("  ") + &faults + &until
    }
}
