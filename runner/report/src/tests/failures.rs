//! Failures of different kinds, as they stand on the screen: each must tell, without the scenario's text, what went wrong and where.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use engine::{Event, Rules, ScenarioResult, run_scenario};
use fault::{Seed, ServiceName};
use http::{Request, Response, StatusCode};
use scenario::{File, Span, read_configuration, read_file};
use serde_json::Value;
use simulation::{HostContext, Running, Services, Simulation, StartError, Transport, block_on};
use tower::{ServiceExt, service_fn};
use verdict::{Exit, FailureLocation, History, HistoryEvent, ProcessChange, Verdict};

use super::text::{check_text, plain};
use crate::{RunRecord, ServiceAddress, json, render_failure};

const CONFIGURATION: &str = "
services:
  bank: { base_url: 'http://localhost:1' }
  shop: { base_url: 'http://localhost:2', depends_on: { bank: { listen: '127.0.0.1:3' } }, circuits: /circuits }
settle: 1s
";

const INVARIANTS: &str = "
invariants:
  every charge was paid for:
    when: always
    observe: { bank: GET bank /charges, shop: GET shop /payments }
    holds: bank | sum == shop | map(attribute='amount') | sum
";

pub(super) const FAULT: &str = "
faults:
  reply-lost: { link: shop -> bank, calls: 1, lose: reply }
";

type Reply = (u16, Value);

/// Counts charges in memory.
fn bank() -> Running {
    let charges = Arc::new(AtomicU32::new(0));
    Running::new(service_fn(move |request: Request<Bytes>| {
        let count = match request.method().as_str() {
            "POST" => charges.fetch_add(1, Ordering::Relaxed) + 1,
            _ => charges.load(Ordering::Relaxed),
        };
        answer((200, vec![250; count as usize].into()))
    }))
}

/// Charges twice when the bank's first reply is lost, and remembers one payment.
fn shop(context: HostContext) -> Running {
    let transport = context.transport;
    let state = Arc::new((AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false), AtomicU32::new(0)));
    Running::new(service_fn(move |request: Request<Bytes>| {
        let (transport, state) = (transport.clone(), Arc::clone(&state));
        async move {
            let (paid, reserved, locked, failures) = &*state;
            let payment = |id: u32| serde_json::json!({"id": id, "amount": 250});
            answer(match (request.method().as_str(), request.uri().path()) {
                ("POST", "/payments") => {
                    let mut charged = charge(&transport).await;
                    if charged.is_none() {
                        charged = charge(&transport).await;
                    }
                    match charged {
                        Some(_) => (201, payment(paid.fetch_add(1, Ordering::Relaxed) + 1)),
                        None => (503, serde_json::json!({"error": "the bank doesn't answer"})),
                    }
                }
                ("POST", path @ ("/lock" | "/unlock")) => {
                    locked.store(path == "/lock", Ordering::Relaxed);
                    (200, Value::Null)
                }
                ("GET", "/payments") if locked.load(Ordering::Relaxed) => (503, serde_json::json!({"error": "locked"})),
                ("GET", "/payments") => {
                    (200, (1..=paid.load(Ordering::Relaxed)).map(payment).collect::<Vec<_>>().into())
                }
                // A circuit that opens after three failures, and never closes.
                ("POST", "/guarded") if failures.load(Ordering::Relaxed) >= 3 => {
                    (503, serde_json::json!({"error": "the bank isn't asked"}))
                }
                ("POST", "/guarded") => {
                    let charged = charge(&transport).await.is_some();
                    failures.fetch_add(u32::from(!charged), Ordering::Relaxed);
                    (if charged { 201 } else { 503 }, serde_json::json!({"charged": charged}))
                }
                ("GET", "/circuits") => {
                    let moves = serde_json::json!([{"from": "closed", "to": "open", "why": "3 failures"}]);
                    (200, serde_json::json!({"circuits": {"bank": {"state": "open", "transitions": moves}}}))
                }
                ("POST", "/reservations") => match reserved.fetch_add(1, Ordering::Relaxed) {
                    0..3 => (200, serde_json::json!({"seat": 12})),
                    _ => (409, serde_json::json!({"error": "the seat is taken"})),
                },
                ("GET", "/orders") => {
                    let order = |id| serde_json::json!({"id": id, "customer": "alice", "lines": [{"sku": "phone", "quantity": 1 + u32::from(id == 37)}]});
                    (200, serde_json::json!({"orders": (0..50).map(order).collect::<Vec<_>>(), "next": null}))
                }
                ("GET", "/deposits") => (200, serde_json::json!({"total": 950, "deposits": [300, 250, 300]})),
                ("GET", "/orders/1") => {
                    charge(&transport).await;
                    (200, serde_json::json!({"id": 1, "status": "pending"}))
                }
                _ => (404, serde_json::json!({"error": "no such page"})),
            })
            .await
        }
    }))
}

async fn charge(transport: &Transport) -> Option<Response<Bytes>> {
    let charge = Request::post("http://bank/charges").body(Bytes::new()).expect("a request");
    transport.clone().oneshot(charge).await.ok()
}

fn answer((status, body): Reply) -> std::future::Ready<Result<Response<Bytes>, std::convert::Infallible>> {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    std::future::ready(Ok(response))
}

/// Whether the invariants hold for a scenario.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Invariants {
    Checked,
    Left,
}

fn run(scenario: &str, invariants: Invariants) -> ScenarioResult {
    run_with_circuits(scenario, invariants, Vec::new())
}

pub(super) fn run_with_circuits(
    scenario: &str,
    invariants: Invariants,
    circuits: Vec<(ServiceName, http::Uri)>,
) -> ScenarioResult {
    let mut configuration = read_configuration(CONFIGURATION, PathBuf::from("e2e.conf")).unwrap();
    if invariants == Invariants::Checked {
        match read_file(INVARIANTS, PathBuf::from("invariants.yaml"), &configuration).unwrap() {
            File::Invariants(invariants) => configuration.invariants = invariants,
            other => panic!("{other:?}"),
        }
    }
    let File::Scenario(scenario) = read_file(scenario, PathBuf::from("shop.yaml"), &configuration).unwrap()
    else {
        panic!("no scenario")
    };
    let services = Services::new()
        .with("bank".parse().unwrap(), |_| Ok::<_, StartError>(bank()))
        .with("shop".parse().unwrap(), |context| Ok::<_, StartError>(shop(context)));
    let simulation = Simulation::new(&configuration, &services).unwrap();
    let rules = Rules { circuits, ..Rules::from(&configuration) };
    block_on(run_scenario(&simulation, scenario.into(), &rules, Seed(1), |_| {}))
}

/// Compares a failure's screen with the one that was accepted.
pub(super) fn check_screen(name: &str, result: &ScenarioResult) {
    let address = |_: &_| Some(ServiceAddress::WithUp("http://localhost:2".into()));
    let screen = plain(&render_failure(result, &address));
    assert!(screen.lines().count() <= 60, "it fits on a screen:\n{screen}");
    check_text(name, &screen);
}

#[test]
fn a_status_after_a_lost_reply() {
    let text = format!(
        "scenario: A payment survives a lost reply{FAULT}
steps:
  - name: nothing is paid yet
    request: GET shop /payments
    expect: {{ status: 200 }}
  - inject: reply-lost
  - name: alice pays once
    request: POST shop /payments
    headers: {{ Idempotency-Key: click-1 }}
    body: {{ amount: 250 }}
    expect: {{ status: 200, links: {{ shop -> bank: calls == 1 }} }}
"
    );
    check_screen("failure_status", &run(&text, Invariants::Left));
}

#[test]
fn a_login_that_fails_shows_its_own_exchange() {
    let text = "scenario: Alice sees her payments
clients:
  alice:
    auth: { bearer: \"${token}\" }
    login: { request: POST shop /login, form: { user: alice }, expect: { status: 200 }, capture: { token: body.token } }
steps:
  - name: alice looks
    request: GET shop /payments
    as: alice
    expect: { status: 200 }
";
    check_screen("failure_login", &run(text, Invariants::Left));
}

#[test]
fn the_parts_of_a_form_are_shown_one_a_line() {
    let text = "scenario: A form is sent
defaults: { query: { version: 2 }, auth: { basic: { user: ann, password: x } } }
steps:
  - request: POST shop /payments
    multipart: { note: \"hello, you\", receipt: { text: a b, name: receipt.txt, type: text/plain }, data: { text: '{}', type: application/json } }
    headers: { Cookie: sid=1, X-Tag: [a, b] }
    expect: { status: 200 }
";
    check_screen("failure_multipart", &run(text, Invariants::Left));
}

#[test]
fn a_body_that_differs_deep_in_a_long_list() {
    let orders = (0..50).map(|id| format!("        - {{ id: {id}, lines: [{{ quantity: 1 }}] }}\n"));
    let text = format!(
        "scenario: All orders are listed
steps:
  - request: GET shop /orders
    expect:
      body:
        orders:
{}",
        orders.collect::<String>()
    );
    check_screen("failure_body", &run(&text, Invariants::Left));
}

#[test]
fn a_condition_on_sums() {
    let text = "scenario: The total is what was deposited
steps:
  - request: GET shop /deposits
    expect:
      status: 200
      that: status == 200 and body.total == body.deposits | sum
";
    check_screen("failure_sums", &run(text, Invariants::Left));
}

fn broken_invariant() -> ScenarioResult {
    let text = format!(
        "scenario: A lost reply costs nothing{FAULT}
steps:
  - name: bob pays
    request: POST shop /payments
    expect: {{ status: 201 }}
  - inject: reply-lost
  - name: the list of payments is locked
    request: POST shop /lock
    expect: {{ status: 200 }}
  - name: alice pays
    request: POST shop /payments
    expect: {{ status: 201 }}
  - name: a look at the total
    request: GET shop /deposits
    expect: {{ status: 200 }}
  - name: the list of payments is unlocked
    request: POST shop /unlock
    expect: {{ status: 200 }}
"
    );
    run(&text, Invariants::Checked)
}

#[test]
fn an_invariant_broken_before_it_is_seen() {
    check_screen("failure_invariant", &broken_invariant());
}

#[test]
fn an_eventually_that_gave_up() {
    let text = "scenario: An order is confirmed
steps:
  - request: POST shop /payments
    expect: { status: 201 }
  - name: the order is confirmed
    eventually:
      within: 20s
      every: 100ms
      request: GET shop /orders/1
      expect: { status: 200, body: { status: confirmed } }
";
    check_screen("failure_eventually", &run(text, Invariants::Left));
}

fn seat_sold_thrice() -> ScenarioResult {
    let text = "scenario: A seat is sold once
steps:
  - name: twenty customers want the seat
    parallel: 20
    request: POST shop /reservations
    body: { customer: '${index}' }
    expect: { outcomes: { 200: 1, 409: 19 } }
";
    run(text, Invariants::Left)
}

#[test]
fn outcomes_of_two_kinds() {
    check_screen("failure_outcomes", &seat_sold_thrice());
}

#[test]
fn a_service_that_exited() {
    let text = "scenario: The bank is asked twice
steps:
  - name: bob pays
    request: POST shop /payments
    expect: { status: 201 }
  - kill: bank
  - name: alice pays
    request: POST shop /payments
    expect: { status: 201 }
";
    let mut result = run(text, Invariants::Left);
    // A linked-in service can't exit: what killed it here is told as its own exit.
    let mut history = History::default();
    for record in result.history.records() {
        let event = match &record.event {
            HistoryEvent::Process { service, change: ProcessChange::Killed } => HistoryEvent::Process {
                service: service.clone(),
                change: ProcessChange::Exited(Exit::Code(7)),
            },
            other => other.clone(),
        };
        history.append(record.at, record.step, event);
    }
    result.history = history;
    check_screen("failure_exit", &result);
}

#[test]
fn an_expectation_on_traffic() {
    let text = "scenario: Nothing is charged for a look
steps:
  - name: a look at an order
    request: GET shop /orders/1
    expect: { status: 200, links: { shop -> bank: calls == 0 } }
";
    check_screen("failure_traffic", &run(text, Invariants::Left));
}

const CIRCUIT: &str = "
scenario: Payments go on once the bank is back
steps:
  - kill: bank
  - name: payments fail while the bank is down
    repeat: 4
    request: POST shop /guarded
    expect: { status: 503 }
  - start: bank
  - name: alice pays
    request: POST shop /guarded
    expect: { status: 201 }
";

#[test]
fn a_link_on_which_calls_ceased() {
    check_screen("failure_silent_link", &run(CIRCUIT, Invariants::Left));
}

#[test]
fn the_circuits_that_a_service_tells() {
    let circuits = vec![("shop".parse().unwrap(), "/circuits".parse().unwrap())];
    let result = run_with_circuits(CIRCUIT, Invariants::Left, circuits);
    let screen = plain(&render_failure(&result, &|_| None));
    assert!(
        screen.contains("    circuits\n      shop -> bank: open  closed → open: 3 failures\n"),
        "{screen}"
    );
    assert!(!screen.contains("in a row"), "{screen}");
}

#[test]
fn a_step_that_stands_in_no_file_is_shown_without_a_position() {
    let mut result = broken_invariant();
    let Verdict::Failed(failures) = &mut result.verdict else { panic!("{:?}", result.verdict) };
    let FailureLocation::Step { span, .. } = &mut failures[0].location else { panic!("{failures:?}") };
    *span = Span::default();
    let screen = plain(&render_failure(&result, &|_| None));
    assert!(screen.contains("  shop.yaml  step 6, "), "{screen}");
    let mut record = RunRecord::default();
    record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
    assert!(json::render(&record).contains(r#""line": null"#));
}

#[test]
fn the_facts_of_a_failure_are_in_the_json_report() {
    let mut record = RunRecord::default();
    for (index, result) in [broken_invariant(), seat_sold_thrice()].into_iter().enumerate() {
        record.take(&Event::ScenarioEnded { index, result: Arc::new(result) });
    }
    let run: json::RunFile = serde_json::from_str(&json::render(&record)).expect("its own shape");
    assert_eq!(run, json::RunFile::from(&record));
    let finding = |scenario: usize| match &run.scenarios[scenario].verdict {
        json::VerdictFile::Failed { failures } => &failures[0].findings[0],
        other => panic!("{other:?}"),
    };
    let computed = &finding(0).computed[0];
    assert_eq!(computed.values, "750 == 500");
    assert_eq!(computed.inputs[0], ("bank".into(), "[250,250,250]".into()));
    assert_eq!(finding(0).last_held.map(|held| held.step), Some(1));
    assert_eq!(finding(1).unexpected.len(), 3, "the seat was sold three times");
}

#[test]
fn the_requests_of_a_repeated_step_that_failed() {
    let text = "scenario: Five customers reserve seats
steps:
  - name: five reserve at once
    parallel: 5
    request: POST shop /reservations
    expect: { status: 200, that: body.seat == 12 }
";
    check_screen("failure_repeated", &run(text, Invariants::Left));
    let every_second =
        text.replace('5', "30").replace("{ status: 200, that: body.seat == 12 }", "{ that: index % 2 == 1 }");
    let screen = plain(&render_failure(&run(&every_second, Invariants::Left), &|_| None));
    let expected =
        "15 of 30 requests failed: the 1st, 3rd, 5th, 7th, 9th, 11th, 13th, 15th, 17th, 19th and 5 more\n";
    assert!(screen.contains(expected), "{screen}");
}

#[test]
fn the_requests_sent_together_that_failed_are_marked() {
    let text = "scenario: Two customers look at once
steps:
  - together:
      - { name: alice looks, request: GET shop /payments, expect: { status: 200 } }
      - { name: bob looks, request: GET shop /deposits, expect: { status: 404 } }
";
    check_screen("failure_together", &run(text, Invariants::Left));
}

#[test]
fn a_step_without_requests() {
    let text = "scenario: A payment is listed
steps:
  - name: alice pays
    request: POST shop /payments
    expect: { status: 201 }
    capture: { payment: body }
  - wait: 2s
  - name: what she paid
    check: [payment.id == 1, payment.amount == 200]
";
    check_screen("failure_check", &run(text, Invariants::Left));
}

#[test]
fn the_numbers_of_a_thousand_steps_keep_the_columns() {
    let step = |status| format!("  - {{ request: GET shop /payments, expect: {{ status: {status} }} }}\n");
    let text = format!("scenario: Reads\nsteps:\n{}{}", step(200).repeat(999), step(201));
    let screen = plain(&render_failure(&run(&text, Invariants::Left), &|_| None));
    let column = |line: &str| line.chars().position(|c| c == '→');
    let columns: Vec<_> = screen.lines().filter_map(column).collect();
    assert!(columns.len() > 10 && columns.iter().all(|column| *column == columns[0]), "{screen}");
}
