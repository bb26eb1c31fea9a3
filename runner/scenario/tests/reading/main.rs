//! Text in, a scenario or every mistake in it out.

mod combined;
mod configurations;
mod examples;
mod expectations;
mod flow;
mod intent;
mod meaning;
mod mistakes;
mod original_configurations;
mod other_tools;
mod outside;
mod sending;
mod survival;

use std::time::Duration;

use proptest::prelude::*;
use scenario::{
    Action, Body, BodyExpectation, Configuration, EffectExpectation, File, HeaderExpectation,
    InvariantTiming, Mistake, Need, OutcomeCount, OutcomePattern, ReplyExpectation, Scenario, Signal,
    StartWait, StatusPattern, TemplateValue, Times, read_configuration, read_file,
};

const CONF: &str = "\
services:
  users-service: { base_url: http://localhost:5002 }
  orders-service: { command: orders, depends_on: [users-service], circuits: /circuits }
  payment-service: { command: payments, depends_on: [users-service, orders-service] }
";

fn configuration() -> Configuration {
    read_configuration(CONF, "e2e.conf".into()).expect("a configuration")
}

fn shown(mistakes: Vec<Mistake>) -> Vec<String> {
    let show = |mistake: Mistake| {
        let help = mistake.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{} {}{help}", mistake.span.line, mistake.span.column, mistake.message)
    };
    mistakes.into_iter().map(show).collect()
}

/// Reads a scenario and compares its mistakes, each `line:column message (help)`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mistakes = read_file(text, "a.yaml".into(), &configuration()).err().map(shown).unwrap_or_default();
    assert_eq!(mistakes, expected, "{text}");
}

/// Like [`check`], of one step, whose first line is line 3.
#[track_caller]
fn check_step(step: &str, expected: &[&str]) {
    check(&format!("scenario: s\nsteps:\n  - {step}\n"), expected);
}

/// Like [`check`], of one fault that is injected; its first line is line 4.
#[track_caller]
fn check_fault(fault: &str, expected: &[&str]) {
    let fault = fault.replace('\n', "\n    ");
    check(&format!("scenario: s\nfaults:\n  f:\n    {fault}\nsteps:\n  - inject: f\n"), expected);
}

#[track_caller]
fn check_conf(text: &str, expected: &[&str]) {
    let mistakes = read_configuration(text, "e2e.conf".into()).err().map(shown).unwrap_or_default();
    assert_eq!(mistakes, expected, "{text}");
}

#[track_caller]
fn scenario(text: &str) -> Scenario {
    match read_file(text, "a.yaml".into(), &configuration()) {
        Ok(File::Scenario(scenario)) => *scenario,
        Ok(other) => panic!("{other:?}"),
        Err(mistakes) => panic!("{:#?}", shown(mistakes)),
    }
}

/// A scenario with most of the language in it.
const SKETCH: &str = "\
scenario: A payment survives a lost reply from users
tags: [payments, lost-reply]

faults:
  reply-lost:
    link: payment-service -> users-service
    match: POST /api/users/*/balance
    calls: 1
    lose: reply

steps:
  - name: alice orders a phone
    request: POST orders-service /api/orders
    body: { user_id: 1, items: [Phone], total_amount: 299.99 }
    expect:
      status: 201
      body: { order: { status: pending } }
    capture:
      order_id: body.order.id

  - inject: reply-lost

  - name: she pays, and pays once
    request: POST payment-service /api/payments
    headers: { Idempotency-Key: click-1 }
    body:
      order_id: ${order_id}
      user_id: 1
    expect:
      status: [201, 202]
      links:
        payment-service -> users-service: calls >= 1

  - eventually:
      within: 10s
      request: GET orders-service /api/orders/${order_id}
      expect: { body: { status: confirmed } }

  - parallel: 20
    request: POST payment-service /api/payments
    body: { order_id: \"${order_id}\", user_id: 1 }
    expect:
      outcomes: { 409: 20 }
";
