use std::{sync::Arc, time::Duration};

use engine::ScenarioResult;
use scenario::{Action, InjectStep, Step};
use serde_json::json;
use verdict::{FaultChange, History, HistoryEvent, Verdict};

use super::sample::{FIRST, exchange, failed, passed};
use crate::timeline::{Moments, Span, fault_windows, moments, step_spans};

fn millis(from: u64, until: u64) -> Span {
    Span { from: Duration::from_millis(from), until: Duration::from_millis(until) }
}

/// A run of 1 s in which `reply-lost` is injected at 100 ms, to begin and last as said, and healed when said.
fn faulted(after: u64, lasting: Option<u64>, healed: Option<u64>) -> ScenarioResult {
    let mut result = passed(FIRST);
    let fault = result.scenario.faults[0].name.clone();
    let inject = InjectStep {
        fault: fault.clone(),
        after: Duration::from_millis(after),
        lasting: lasting.map(Duration::from_millis),
    };
    Arc::make_mut(&mut result.scenario).steps[1].action = Action::Inject(inject);
    result.history = History::default();
    result.took = Duration::from_secs(1);
    let changes = [(Some(100), Some(1), FaultChange::Injected), (healed, None, FaultChange::Healed)];
    for (at, step, change) in changes {
        if let Some(at) = at {
            let event = HistoryEvent::Fault { fault: fault.clone(), change };
            result.history.append(Duration::from_millis(at), step, event);
        }
    }
    result
}

#[test]
fn a_fault_is_in_force_until_its_window_or_a_heal_ends_it() {
    for (after, lasting, healed, expected) in [
        (0, None, None, vec![millis(100, 1_000)]),
        (0, None, Some(300), vec![millis(100, 300)]),
        (50, Some(100), Some(900), vec![millis(150, 250)]),
        (50, Some(500), Some(300), vec![millis(150, 300)]),
        (500, None, Some(300), vec![]),
    ] {
        let result = faulted(after, lasting, healed);
        let spans: Vec<Span> = fault_windows(&result).iter().map(|window| window.span).collect();
        assert_eq!(spans, expected, "after {after}, lasting {lasting:?}, healed {healed:?}");
    }
}

#[test]
fn steps_follow_one_another() {
    let mut result = passed(FIRST);
    let pause = Action::Wait(Duration::from_millis(7));
    let wait = Step { action: pause, ..result.scenario.steps[0].clone() };
    Arc::make_mut(&mut result.scenario).steps.push(wait);
    let expected = [(20, 29), (30, 30), (31, 40), (50, 79), (80, 90), (90, 97)];
    assert_eq!(step_spans(&result), expected.map(|(from, until)| millis(from, until)));
}

#[test]
fn steps_that_were_never_reached_have_no_time() {
    assert_eq!(step_spans(&failed()).len(), 3);
    let mut result = failed();
    result.history = History::default();
    assert_eq!(step_spans(&result).len(), 3, "the failure itself says how far it went");
    result.verdict = Verdict::Failed(Vec::new());
    assert_eq!(step_spans(&result), []);
}

#[test]
fn every_delivery_and_answer_has_its_moment() {
    let mut history = History::default();
    let call = exchange("a -> b", "POST /x", &json!({}), 200, &json!({}));
    let id = history.send(Duration::ZERO, None, call.link, call.request, Vec::new());
    let answer = || HistoryEvent::Answered(id, call.answered.clone().expect("it is answered"));
    let events = [
        HistoryEvent::Delivered(id),
        answer(),
        HistoryEvent::Delivered(id),
        HistoryEvent::Undeliverable(id),
        HistoryEvent::Delivered(id),
        answer(),
    ];
    for (millis, event) in (1..).zip(events) {
        history.append(Duration::from_millis(millis), None, event);
    }
    let millis = |times: &[u64]| times.iter().copied().map(Duration::from_millis).collect();
    let expected = Moments { delivered: millis(&[1, 5]), answered: millis(&[2, 6]) };
    assert_eq!(moments(&history)[&id], expected);
}
