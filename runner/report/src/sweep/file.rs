//! A sweep in the JSON report.

use std::path::PathBuf;

use explore::{CellOutcome, FaultPlacement, SweepTable};
use serde::{Deserialize, Serialize};

/// The table of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFile {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's file, as it was named.
    pub file: PathBuf,
    /// The sweep's seed, as text.
    pub seed: String,
    /// The position, among the run's scenarios, of the run without a fault.
    pub baseline: usize,
    /// Runs in which all that is judged held.
    pub held: usize,
    /// Runs in which something didn't hold.
    pub failed: usize,
    /// Runs in which a fault met nothing.
    pub not_reached: usize,
    /// Runs in which the environment failed.
    pub broken_off: usize,
    /// Runs that were planned and not done, because the sweep was interrupted.
    #[serde(default)]
    pub not_run: usize,
    /// The number of faults that weren't tried, by reason.
    pub left_out: Vec<LeftOutFile>,
    /// The scenario's calls on links; after them, those that are only made because of a fault.
    pub calls: Vec<CallFile>,
    /// The runs with faults.
    pub runs: Vec<CellFile>,
    /// The faults, and pairs of them, that weren't tried.
    pub not_tried: Vec<NotTriedFile>,
}

/// A reason for leaving faults out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutFile {
    /// The number of faults, and pairs of them, that it left out.
    pub count: usize,
    /// The reason.
    pub reason: String,
}

/// A call on a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFile {
    /// `caller -> callee`.
    pub link: String,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Its number among the calls with this link, method and path, counted from 1.
    pub number: u64,
    /// The step during which it was made, counted from 0.
    pub step: usize,
}

/// A fault at a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedFile {
    /// The call's position in the table's calls, counted from 0.
    pub call: usize,
    /// The kind of damage.
    pub kind: String,
}

/// A run with one fault or two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellFile {
    /// The faults.
    pub faults: Vec<PlantedFile>,
    /// `held`, `failed`, `not_reached` or `broken_off`.
    pub outcome: String,
    /// The status of the client's last reply in the step that was struck, without the fault; `null`: no reply.
    pub status_before: Option<u16>,
    /// The same with the fault.
    pub status: Option<u16>,
    /// Its position among the run's scenarios, if it failed.
    pub scenario: Option<usize>,
}

/// A fault, or a pair of them, that wasn't tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTriedFile {
    /// The faults.
    pub faults: Vec<PlantedFile>,
    /// The reason why it wasn't tried.
    pub reason: String,
}

impl SweepFile {
    /// The table of a sweep whose baseline is at this position among the run's scenarios. Its failed runs follow.
    pub(crate) fn new(table: &SweepTable, baseline: usize) -> Self {
        let summary = table.summary();
        let left_out = summary.skipped.iter();
        let mut failures = baseline + 1..;
        let runs = table.cells.iter().map(|cell| {
            let (outcome, scenario) = match &cell.outcome {
                CellOutcome::Held => ("held", None),
                CellOutcome::Failed(_) => ("failed", failures.next()),
                CellOutcome::NotReached => ("not_reached", None),
                CellOutcome::BrokenOff(_) => ("broken_off", None),
            };
            let (status_before, status) = (cell.client.without_fault, cell.client.with_fault);
            CellFile {
                faults: planted(&cell.faults),
                outcome: outcome.into(),
                status_before,
                status,
                scenario,
            }
        });
        let call = |call: &explore::SweptCall| CallFile {
            link: call.link.to_string(),
            method: call.method.to_string(),
            path: call.path.clone(),
            number: call.number,
            step: call.step,
        };
        let not_tried = |skipped: &explore::SkippedFaults| NotTriedFile {
            faults: planted(&skipped.faults),
            reason: skipped.reason.to_string(),
        };
        Self {
            scenario: table.baseline.scenario.name.clone(),
            file: table.baseline.scenario.file.to_path_buf(),
            seed: table.seed.to_string(),
            baseline,
            held: summary.held,
            failed: summary.failed,
            not_reached: summary.not_reached,
            broken_off: summary.broken_off,
            not_run: table.not_run,
            left_out: left_out
                .map(|(reason, count)| LeftOutFile { count: *count, reason: reason.to_string() })
                .collect(),
            calls: table.calls.iter().map(call).collect(),
            runs: runs.collect(),
            not_tried: table.skipped.iter().map(not_tried).collect(),
        }
    }
}

fn planted(faults: &[FaultPlacement]) -> Vec<PlantedFile> {
    faults.iter().map(|fault| PlantedFile { call: fault.call, kind: fault.kind.name().into() }).collect()
}
