//! Sweeps a purchase: one run with each fault at each call between services.

use explore::{CellOutcome, SweepCell, SweepOptions, SweepTable, sweep};
use fault::Seed;
use simulation::block_on;
use verdict::Verdict;

use crate::linked::Linked;

#[test]
fn a_purchase_holds_with_every_fault_at_every_call() {
    let linked = Linked::new();
    let scenario = linked.scenario("flows/shopping.yaml");
    let options = SweepOptions::new(Seed(1));
    let table = block_on(sweep(scenario, &linked.simulation, &linked.rules, &options, &|_| {}))
        .expect("nothing stops it");
    assert_eq!(
        table.baseline.verdict,
        Verdict::Passed,
        "{}",
        report::render_failure(&table.baseline, &|_| None)
    );
    let failures: Vec<String> = table.cells.iter().filter_map(|cell| failure_message(&table, cell)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(table.cells.len() > 50, "only {} runs of {} calls", table.cells.len(), table.calls.len());
}

/// Describes a cell that didn't hold.
fn failure_message(table: &SweepTable, cell: &SweepCell) -> Option<String> {
    let fault = cell.faults.first()?;
    let reason = match &cell.outcome {
        CellOutcome::Held => return None,
        CellOutcome::NotReached => "the call wasn't made, so the fault was not injected".into(),
        CellOutcome::BrokenOff(broken) => report::render_broken_off(broken),
        CellOutcome::Failed(failing) => report::render_failure(&failing.result, &|_| None),
    };
    Some(format!("{} at {}:\n{reason}", fault.kind, table.calls[fault.call]))
}
