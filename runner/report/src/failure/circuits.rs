//! Circuits: what the services told of theirs, and links on which calls ceased after failures.

use engine::ScenarioResult;
use owo_colors::OwoColorize;
use verdict::{Circuit, Exchange, Failure, FailureLocation, History, HistoryEvent};

use crate::layout::{count, duration, printable};

/// The most of a circuit's moves that are shown, the last ones.
const MOST_MOVES: usize = 4;
/// Fewer failures in a row than this tell nothing about a link that falls silent.
const FEWEST_FAILURES: usize = 3;

/// The circuits that were observed when the scenario had failed; else what the links show.
pub(super) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let observed = result.history.records().iter().filter_map(|record| match &record.event {
        HistoryEvent::Circuit(circuit) => Some(&**circuit),
        _ => None,
    });
    let observed: Vec<&Circuit> = observed.collect();
    if observed.is_empty() {
        return silences(&result.history, failure);
    }
    observed
        .into_iter()
        .filter(|circuit| circuit.moves.as_ref().is_none_or(|moves| !moves.is_empty()))
        .map(state)
        .collect()
}

/// `payment-service -> users-service: open   closed → open: 5 failures in a row`
fn state(circuit: &Circuit) -> String {
    let Circuit { service, callee, state, moves } = circuit;
    let moves = moves.as_deref().unwrap_or_default();
    let last = moves[moves.len().saturating_sub(MOST_MOVES)..].iter().map(|text| printable(text));
    let left_out =
        (moves.len() > MOST_MOVES).then(|| format!("… {} before", count(moves.len() - MOST_MOVES, "move")));
    let moves: Vec<String> = left_out.into_iter().chain(last).collect();
    format!("{service} -> {}: {}  {}", printable(callee), printable(state).bold(), moves.join("; ").dimmed())
}

/// The links whose last calls failed, and on which nothing was called any more though the caller was asked: what an open
/// circuit looks like from outside.
fn silences(history: &History, failure: &Failure) -> Vec<String> {
    let until =
        |exchange: &Exchange<'_>| matches!(failure.location, FailureLocation::End) || exchange.step.is_some();
    let exchanges: Vec<Exchange<'_>> = history.exchanges().filter(until).collect();
    let mut links: Vec<_> = exchanges.iter().map(|exchange| exchange.link).collect();
    links.sort();
    links.dedup();
    let silence = |link: &fault::Link| {
        let calls = exchanges.iter().filter(|exchange| exchange.link == link);
        let failed = calls.rev().take_while(|exchange| has_failed(exchange));
        let failed: Vec<_> = failed.collect();
        let last = failed.first()?;
        let asked =
            exchanges.iter().filter(|exchange| exchange.id > last.id && exchange.link.callee == link.caller);
        let asked: Vec<_> = asked.collect();
        if failed.len() < FEWEST_FAILURES || !asked.iter().any(|exchange| has_failed(exchange)) {
            return None;
        }
        Some(format!(
            "{link}: {} in a row until {}, then no call, though {} reached {} from {} on",
            count(failed.len(), "failure"),
            duration(last.at),
            count(asked.len(), "request"),
            link.caller,
            duration(asked[0].at),
        ))
    };
    links.into_iter().filter_map(silence).collect()
}

fn has_failed(exchange: &Exchange<'_>) -> bool {
    exchange.ending.is_some_and(|ending| ending.received.map_or(true, |reply| reply.status.as_u16() >= 500))
}
