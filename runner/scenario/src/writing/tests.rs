//! What is written is read back as the same scenario.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::*;
use crate::{Configuration, File, read_configuration, read_file_with};

const EVERYTHING: &str = r#"
scenario: Everything that can be written
tags: [a, b]
vars: { who: 1, sentence: "it's ${who}: $${x}", list: [1.5, null, { deep: "${who}" }] }
clients:
  ann:
    headers: { x-tenant: [a, b], x-token: "${token}" }
    auth: { bearer: "${token}" }
    login:
      request: POST shop /login
      form: { user: "${who}" }
      expect: { status: 200 }
      capture: { token: body.token }
  bob: {}
defaults: { headers: { x-c: d }, query: { q: [1, 2] }, auth: { bearer: t }, as: bob, follow: true, timeout: 3s }
faults:
  lost: { link: client -> shop, match: POST /a/*, calls: 2, lose: reply }
  slow: { link: bank -> shop, latency: { delay: 1500ms, jitter: 0.5ms, side: request }, probability: 0.25 }
  away: { link: client -> shop, match: /a, calls: every 2nd, outage: hang }
  no: { link: client -> shop, match: { method: GET, headers: { x-a: b } }, error: { status: 503, headers: { retry-after: "1" }, body: { a: 1 } } }
  dies: { link: client -> shop, match: PUT, calls: 1-3, crash: { service: shop, when: after } }
  short: { link: client -> shop, truncate: 3 }
  thin: { link: client -> shop, bandwidth: 10 }
  bits: { link: client -> shop, corrupt: true }
  large: { link: client -> shop, match: POST, query: { a: [b, c], d: null, e: "${any}" }, body: { amount: "${number > 100}", id: [1, { x: y }] }, that: path != '/', calls: 1, lose: reply }
  whole: { link: client -> shop, headers: { x-a: b }, body: { exact: hello }, that: [path != '/', "'a' in body"], lose: reply }
  twice: { link: client -> shop, duplicate: true }
steps:
  - inject: lost
  - inject: { fault: slow, after: 1s, for: 1m }
  - inject: away
  - inject: no
  - inject: dies
  - inject: short
  - inject: thin
  - inject: bits
  - inject: twice
  - inject: large
  - inject: whole
  - request: POST shop /a/${who}
    headers: { Idempotency-Key: "7" }
    body: { id: "${who}", text: "7", yes: "no", sentence: "${sentence}", list: "${list}" }
    timeout: 2s
    expect:
      status: [200, 201]
      headers: { x-a: "${who}", x-b: null, x-c: "${any}", x-d: [a, "${who}"] }
      body: { exact: { a: "${any}", b: [1, "x ${who}"] } }
      that: [took < 2, status == 200]
      links: { client -> shop: calls == 1 }
    capture: { got: body.a if status == 200 else none }
  - if: got is not none
    together:
      - request: GET shop /b
        expect: { status: 200, no_reply: allowed }
      - { name: other, if: got == 1, request: GET shop /c, expect: { lenient: true } }
  - parallel: 3
    request: POST shop /d
    form: { a: "${got}" }
    expect: { outcomes: { 200: 1-2, 409: ">= 1", no_reply: 0 } }
  - request: M-SEARCH shop /q?a=1
    query: { b: [1, "${who}"], c: null, d: x }
    headers: { x-a: [a, "${who}"], x-b: c, x-gone: null }
    multipart:
      note: "hello ${who}"
      photo: { file: photo.png, type: image/x, name: "${who}.png" }
      more: [{ text: "{}", type: application/json }, { file: ../sub/a/b.bin }]
    as: ann
    auth: { basic: { user: "${who}", password: p } }
    follow: 3
    expect: { status: 200 }
  - { request: PUT shop /f, file: photo.png, auth: none, follow: false, as: bob, expect: { status: 200 } }
  - { request: PUT shop /f, form: { a: [1, two], b: null }, auth: { bearer: "${who}" }, expect: { status: 200 } }
  - repeat: 2
    request: POST shop /e
    text: hello
    expect: { no_reply: true }
  - eventually: { within: 5s, every: 250ms, request: GET shop /, expect: { body: { a: 1 } } }
  - request: GET shop /b
    expect: { status: [2xx, 404], body: { id: "${uuid}", n: "${number between 3 and who}", l: { any_order: [1, "${any}"] }, m: { contains: ["${string matching '^a'}"] } } }
  - eventually: { within: 5s, request: GET shop /, expect: { body: { a: 1 } }, fail_if: [body.a == 2, status == 500] }
  - always: { for: 2s, every: 50ms, request: GET shop /, expect: { body: { a: 1 } }, capture: { held: body.b } }
  - never: { for: 2s, request: GET shop /a, expect: { body: { a: "${held}" } } }
  - repeat: 3
    request: GET shop /b
    expect:
      timing: [p95 < 300ms, max < got]
      circuits: { bank -> shop: [closed, half-open] }
      calls:
        - { link: client -> shop, match: POST /a/*, headers: { x-a: "${got}", x-b: null }, that: path != '/', count: 1-3, apart: ">= 100ms", same: "headers['x-a']", different: [body.a, got ~ path] }
        - { link: client -> shop, match: /a, apart: 100ms-1s }
        - { link: client -> shop, count: ">= 2", apart: "<= 1s" }
        - order: [POST client -> shop /a/*, bank -> shop, GET bank -> shop]
  - heal: lost
  - heal: all
  - wait: 1.5s
  - kill: shop
  - { start: shop, may_end: [shop, bank] }
  - start: { service: shop, ready: no }
  - restart: shop
  - pause: shop
  - pause: { service: shop, no_effect: allowed }
  - start: { service: shop, ready: no, no_effect: allowed }
  - resume: shop
  - stop: shop
  - check: got == who
settle: 20s
"#;

fn configuration() -> Configuration {
    let services = "services:\n  shop: { base_url: http://localhost:1 }\n  bank: { command: bank, depends_on: [shop], circuits: /circuits }\n";
    read_configuration(services, PathBuf::from("e2e.conf")).expect("a configuration")
}

fn read(text: &str) -> Scenario {
    let file = |path: &str| (PathBuf::from(path), vec![0xff]);
    let files = BTreeMap::from([file("sub/photo.png"), file("sub/../sub/a/b.bin"), file("sub/a/b.bin")]);
    match read_file_with(text, PathBuf::from("sub/test.yaml"), &configuration(), &files) {
        Ok(File::Scenario(scenario)) => *scenario,
        other => panic!("{other:#?}\n{text}"),
    }
}

/// What a scenario is, without how and where it is written.
fn meaning(scenario: &Scenario) -> String {
    let debug = format!("{:#?}", Scenario { text: Arc::default(), ..scenario.clone() });
    let placeless = debug.lines().filter(|line| {
        !["line:", "column:", "offset:", "length:"].iter().any(|place| line.trim_start().starts_with(place))
    });
    placeless.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_is_read_as_the_same_scenario() {
    let scenario = read(EVERYTHING);
    let text = write(&scenario);
    let again = read(&text);
    similar(&meaning(&scenario), &meaning(&again));
    assert_eq!(text, write(&again));
}

fn similar(left: &str, right: &str) {
    let difference = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert_eq!(difference, None);
    assert_eq!(left.len(), right.len());
}

#[test]
fn numbers_are_written_with_their_digits_and_texts_that_look_like_them_with_quotes() {
    let numbers = "[9007199254740993, 123456789012345678901234567890, -1234567890123456.78, 1e400, 1.5]";
    let texts = "['9007199254740993', '1e400', '-.5', '0x1F', \u{e000}, '']";
    let text = format!(
        "scenario: s\nsteps: [{{ request: PUT shop /a, body: {{ n: {numbers}, t: {texts} }}, expect: {{ status: 200 }} }}]"
    );
    let written = write(&read(&text));
    let items = |list: &str| list.trim_matches(['[', ']']).replace(", ", "\n    - ");
    for expected in [items(numbers), items(texts)] {
        assert!(written.contains(&expected), "{expected} in {written}");
    }
    similar(&meaning(&read(&text)), &meaning(&read(&written)));
}

#[test]
fn it_reads_as_a_person_would_write_it() {
    let text = "
scenario: short
faults:
  lost: { link: client -> shop, match: POST /a, calls: 1, lose: reply }
steps:
  - inject: lost
  - request: POST shop /a
    headers: { X-Key: '1' }
    body: { n: 1.50 }
    expect: { status: 200 }
";
    let expected = "\
scenario: short
faults:
  lost:
    link: client -> shop
    match: POST /a
    calls: 1
    lose: reply
steps:
- name: inject lost
  inject: lost
- name: POST shop /a
  request: POST shop /a
  headers:
    x-key: '1'
  body:
    n: 1.5
  expect:
    status: 200
";
    assert_eq!(write(&read(text)), expected);
}

/// The values of a generated sequence can make a condition certain, which would be a mistake in a file.
#[test]
fn a_condition_that_values_have_made_certain_is_left_out() {
    let text = "
scenario: bound
vars: { least: 1 }
steps:
  - request: GET shop /
    headers: { X-Least: '${least}' }
    expect: { status: 200, that: [took >= least], links: { bank -> shop: calls >= least } }
";
    let mut scenario = read(text);
    let bindings: crate::Bindings = [("least".to_owned(), crate::Binding::Value(0.into()))].into();
    let crate::Action::Request(request) = &mut scenario.steps[0].action else { panic!("a request") };
    request.expect = request.expect.bind(&bindings);
    let written = write(&scenario);
    assert!(!written.contains(">=") && written.contains("status: 200"), "{written}");
    read(&written);
}
