//! A sweep in the page.

use std::sync::Arc;

use explore::{FaultKind, SweepTable};
use serde::Serialize;

use super::{Mark, counts, failures, rows};

/// The table of a sweep.
#[derive(Serialize)]
pub(crate) struct SweepView {
    scenario: String,
    file: String,
    seed: String,
    counts: String,
    kinds: Vec<&'static str>,
    rows: Vec<RowView>,
    left_out: Vec<String>,
    /// Pairs of faults that failed.
    pairs: Vec<CellView>,
}

#[derive(Serialize)]
struct RowView {
    call: String,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    class: &'static str,
    text: String,
    /// Its meaning in words.
    title: String,
    /// The position of the failed run among the page's scenarios.
    scenario: Option<usize>,
}

impl SweepView {
    /// The table of a sweep whose baseline is at this position among the page's scenarios. Its failed runs follow.
    pub(crate) fn new(table: &SweepTable, baseline: usize) -> Self {
        let row = |(call, marks): (&explore::SweptCall, [Mark<'_>; FaultKind::ALL.len()])| RowView {
            call: call.to_string(),
            cells: marks.iter().map(|mark| CellView::new(mark, table, baseline)).collect(),
        };
        let failed = table.cells.iter().filter(|cell| matches!(Mark::of(cell), Mark::Failed(_)));
        let pairs = failed.filter(|cell| cell.faults.len() > 1).map(|cell| {
            let names =
                cell.faults.iter().map(|fault| format!("{} at {}", fault.kind, table.calls[fault.call]));
            let text = names.collect::<Vec<_>>().join(", then ");
            CellView { text, ..CellView::new(&Mark::of(cell), table, baseline) }
        });
        let skipped = table.summary().skipped;
        Self {
            scenario: table.baseline.scenario.name.clone(),
            file: table.baseline.scenario.file.display().to_string(),
            seed: table.seed.to_string(),
            counts: counts(table),
            kinds: FaultKind::ALL.map(FaultKind::name).to_vec(),
            rows: rows(table).map(row).collect(),
            left_out: skipped.iter().map(|(reason, count)| format!("{count} left out: {reason}")).collect(),
            pairs: pairs.collect(),
        }
    }
}

impl CellView {
    fn new(mark: &Mark<'_>, table: &SweepTable, baseline: usize) -> Self {
        let (class, title) = match mark {
            Mark::Held => ("held", "held".into()),
            Mark::HeldWith(Some(status)) => ("changed", format!("held; the client got {status}")),
            Mark::HeldWith(None) => ("changed", "held; the client got no reply".into()),
            Mark::Failed(_) => ("broke", "failed".into()),
            Mark::NotReached => ("idle", "not reached: the call wasn't made".into()),
            Mark::BrokenOff => ("broke", "the environment failed".into()),
            Mark::LeftOut(reason) => ("out", format!("left out: {reason}")),
            Mark::Open => ("out", String::new()),
        };
        let scenario = match mark {
            Mark::Failed(result) => {
                let position = failures(table).position(|other| Arc::ptr_eq(other, result));
                position.map(|position| baseline + 1 + position)
            }
            _ => None,
        };
        Self { class, text: mark.text(), title, scenario }
    }
}
