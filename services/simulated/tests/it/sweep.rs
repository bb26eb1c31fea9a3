//! Every fault at every call of a purchase.

use explore::{CellOutcome, SweepCell, SweepOptions, SweepTable, sweep};
use fault::Seed;
use simulation::block_on;
use verdict::Verdict;

use crate::linked::Linked;

#[test]
fn a_purchase_holds_wherever_it_is_struck() {
    let linked = Linked::new();
    let scenario = linked.scenario("flows/shopping.yaml");
    let options = SweepOptions::new(Seed(1));
    let table = block_on(sweep(scenario, &linked.simulation, &linked.rules, &options, &|_| {}));
    assert_eq!(
        table.baseline.verdict,
        Verdict::Passed,
        "{}",
        report::render_failure(&table.baseline, &|_| None)
    );
    let wrong: Vec<String> = table.cells.iter().filter_map(|cell| told(&table, cell)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.cells.len() > 50, "only {} runs of {} calls", table.cells.len(), table.calls.len());
}

/// What is wrong where, if something is.
fn told(table: &SweepTable, cell: &SweepCell) -> Option<String> {
    let fault = cell.faults.first()?;
    let what = match &cell.outcome {
        CellOutcome::Held => return None,
        CellOutcome::NotReached => "it met nothing".into(),
        CellOutcome::BrokenOff(broken) => report::render_broken_off(broken),
        CellOutcome::Failed(failing) => report::render_failure(&failing.result, &|_| None),
    };
    Some(format!("{} at {}:\n{what}", fault.kind, table.calls[fault.call]))
}
