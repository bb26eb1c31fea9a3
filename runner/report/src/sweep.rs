//! The table of a sweep, call × fault × outcome: for a terminal (here), for other programs (`file`) and for the page
//! (`page`).

pub(crate) mod file;
pub(crate) mod page;

use std::sync::Arc;

use engine::ScenarioResult;
use explore::{CellOutcome, FaultKind, FaultPlacement, SkipReason, SweepCell, SweepTable, SweptCall};
use owo_colors::OwoColorize;

use crate::layout::count;

/// A cell of the table: one fault at one call.
enum Mark<'a> {
    /// All that is judged held, and the client got the same status as without the fault.
    Held,
    /// All that is judged held, and the client got this status instead, or no reply.
    HeldWith(Option<u16>),
    Failed(&'a Arc<ScenarioResult>),
    /// The call wasn't made, so that the fault met nothing.
    NotReached,
    BrokenOff,
    /// The fault wasn't tried, for this reason.
    LeftOut(SkipReason),
    /// The sweep ended before the fault was tried.
    Open,
}

impl<'a> Mark<'a> {
    fn of(cell: &'a SweepCell) -> Self {
        match &cell.outcome {
            CellOutcome::Failed(failing) => Self::Failed(&failing.result),
            CellOutcome::NotReached => Self::NotReached,
            CellOutcome::BrokenOff(_) => Self::BrokenOff,
            CellOutcome::Held if cell.client.without_fault == cell.client.with_fault => Self::Held,
            CellOutcome::Held => Self::HeldWith(cell.client.with_fault),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Held => "·".into(),
            Self::HeldWith(Some(status)) => status.to_string(),
            Self::HeldWith(None) => "none".into(),
            Self::Failed(_) => "✗".into(),
            Self::NotReached | Self::BrokenOff => "?".into(),
            Self::LeftOut(_) | Self::Open => String::new(),
        }
    }
}

/// The runs that failed, in their order.
pub(crate) fn failures(table: &SweepTable) -> impl Iterator<Item = &Arc<ScenarioResult>> {
    table.cells.iter().filter_map(|cell| match &cell.outcome {
        CellOutcome::Failed(failing) => Some(&failing.result),
        _ => None,
    })
}

/// The calls that the scenario makes without a fault, each with its cells.
fn rows(table: &SweepTable) -> impl Iterator<Item = (&SweptCall, [Mark<'_>; FaultKind::ALL.len()])> {
    let single = |fault: FaultPlacement| {
        let skipped = || table.skipped.iter().find(|skipped| skipped.faults == [fault]);
        match table.single(fault) {
            Some(cell) => Mark::of(cell),
            None => skipped().map_or(Mark::Open, |skipped| Mark::LeftOut(skipped.reason)),
        }
    };
    let rows = table.calls.iter().enumerate();
    let rows = rows
        .map(move |(call, made)| (made, FaultKind::ALL.map(|kind| single(FaultPlacement { call, kind }))));
    // Calls that are made only because of a fault have second faults only.
    rows.filter(|(_, marks)| !marks.iter().all(|mark| matches!(mark, Mark::Open)))
}

/// The number of runs, in all and with each outcome.
pub(crate) fn counts(table: &SweepTable) -> String {
    let summary = table.summary();
    let left_out: usize = summary.skipped.values().sum();
    let pairs = table.cells.iter().filter(|cell| cell.faults.len() > 1).count();
    let singles = table.cells.len() - pairs;
    let runs = match (singles, pairs) {
        (singles, 0) => count(singles, "run"),
        (singles, pairs) => format!("{} runs ({singles} with one fault, {pairs} with two)", singles + pairs),
    };
    let mut counted = vec![format!("{} held", summary.held)];
    let others = [
        (summary.failed, "failed"),
        (summary.not_reached, "not reached"),
        (summary.broken_off, "broken off"),
    ];
    counted
        .extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    let not_run = match table.not_run {
        0 => String::new(),
        not_run => format!("; interrupted, {not_run} not run"),
    };
    format!("{runs}: {}; {left_out} left out{not_run}", counted.join(", "))
}

/// The table as text.
pub fn render(table: &SweepTable) -> String {
    let scenario = &table.baseline.scenario;
    let mut lines = vec![format!("{}  {}", scenario.name.bold(), scenario.file.display()), String::new()];
    lines.extend(
        FaultKind::ALL.iter().enumerate().map(|(number, kind)| format!("  {} {kind}", letter(number))),
    );
    let columns = (0..FaultKind::ALL.len()).map(|number| format!("{:^5}", letter(number)));
    let rows: Vec<_> = rows(table).collect();
    let longest = rows.iter().map(|(call, _)| call.to_string().chars().count()).max().unwrap_or(0);
    lines.extend([String::new(), format!("{:longest$} {}", "", columns.collect::<String>())]);
    for (call, marks) in rows {
        let marks: String = marks.iter().map(coloured).collect();
        lines.push(format!("{:longest$} {marks}", call.to_string()));
    }
    lines.extend([
        String::new(),
        "· held   202, none: held, and the client got this, or no reply, instead   ✗ failed   ? not reached   blank: left out"
            .into(),
        format!("{}, seed {}", counts(table), table.seed),
    ]);
    let skipped = table.summary().skipped;
    lines.extend(skipped.iter().map(|(reason, count)| format!("  {count} left out: {reason}")));
    lines.extend(repeated_starts(table.repeated_starts).map(|line| format!("  {line}")));
    lines.push(String::new());
    lines.join("\n")
}

/// How often services were started once more in an exploration or a sweep, if they were.
pub fn repeated_starts(count: u32) -> Option<String> {
    let starts = match count {
        0 => return None,
        1 => "1 start was repeated".to_owned(),
        count => format!("{count} starts were repeated"),
    };
    Some(format!("{starts}: a service wasn't ready the first time"))
}

fn letter(number: usize) -> char {
    char::from(b'A' + u8::try_from(number).expect("there are fewer kinds than letters"))
}

fn coloured(mark: &Mark<'_>) -> String {
    let text = format!("{:^5}", mark.text());
    match mark {
        Mark::Held => text.green().to_string(),
        Mark::HeldWith(_) => text.yellow().to_string(),
        Mark::Failed(_) | Mark::BrokenOff => text.red().to_string(),
        Mark::NotReached | Mark::LeftOut(_) | Mark::Open => text,
    }
}
