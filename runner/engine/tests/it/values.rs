//! Values that scenarios draw or are given: seeded, from the environment, secret.

use std::collections::BTreeMap;

use engine::{Rules, ScenarioResult, run_scenario};
use fault::Seed;
use scenario::{File, read_configuration_with, read_file};
use verdict::Verdict;

use crate::{findings, world::shop};

const CONFIGURATION: &str = "
services: { shop: { base_url: http://localhost:1 } }
env: { REGION: eu, STAGE: test }
secrets: [KEY]
invariants:
  it is authorised: { when: always, observe: { seen: 'GET shop /seen/${secrets.KEY}/${env.REGION}' }, holds: seen.ok and run_id != '' }
";

async fn run(steps: &str, seed: u64) -> ScenarioResult {
    run_in(CONFIGURATION, steps, seed).await
}

async fn run_in(configuration: &str, steps: &str, seed: u64) -> ScenarioResult {
    let environment = [("KEY", "k3y/with more"), ("REGION", "us")];
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let configuration =
        read_configuration_with(configuration, "e2e.conf".into(), &BTreeMap::new(), &environment);
    let configuration = configuration.expect("a configuration");
    let text = format!("scenario: s\nsteps:{steps}");
    let Ok(File::Scenario(scenario)) = read_file(&text, "a.yaml".into(), &configuration) else {
        panic!("{:#?}\n{text}", read_file(&text, "a.yaml".into(), &configuration))
    };
    let stage = shop(|request, number| {
        let status = if request.contains("/polled") && !number.is_multiple_of(3) { 503 } else { 200 };
        (
            status,
            format!(
                r#"{{"ok": true, "circuits": {{"bank": "open"}}, "seen": "{request}", "token": "t0ken-{number}"}}"#
            ),
        )
    });
    let rules = Rules { run: Some(Seed(255)), ..Rules::from(&configuration) };
    run_scenario(&stage, scenario.into(), &rules, Seed(seed), |_| {}).await
}

/// The paths that were requested, with what was sent.
fn sent(result: &ScenarioResult) -> Vec<String> {
    let exchanges = result.history.exchanges();
    exchanges.map(|e| format!("{} {}", e.request.path, String::from_utf8_lossy(&e.request.body))).collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_and_step_draw_the_same_values() {
    let first = "
  - request: POST shop /${uuid()}/${random(1, 1000000)}
    body: { id: '${uuid()}', one: \"${choice(range(1000) | list)}\" }
    repeat: 2
    expect: { status: 200 }
";
    let last = "
  - parallel: 3
    request: GET shop /${random(1, 1000000)}
    expect: { status: 200 }
  - request: GET shop /${run_id}?at=${now()}
    expect: { status: 200, that: body.seen is matching('00000000000000ff') }
";
    let polled = "
  - eventually: { within: 5s, request: 'GET shop /polled/${uuid()}', expect: { status: 200 } }
";
    let all = |middle: &str| format!("{first}{middle}{last}");
    let result = run(&all(polled), 1).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
    let values = sent(&result);
    assert_eq!(values, sent(&run(&all(polled), 1).await));
    let mut unique = values.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), values.len(), "every request draws values of its own: {values:#?}");
    assert_ne!(values[0], sent(&run(&all(polled), 2).await)[0]);
    // How often a step polls moves no value of another.
    let waiting = "\n  - eventually: { within: 5s, request: GET shop /seen, expect: { status: 200 } }\n";
    let once = sent(&run(&all(waiting), 1).await);
    assert_eq!(once[..2], values[..2]);
    assert_eq!(once[once.len() - 4..once.len() - 1], values[values.len() - 4..values.len() - 1]);
    assert!(values.last().expect("a request").contains("/00000000000000ff?at=1970-01-02T00:00:00.200Z"));
}

#[tokio::test(start_paused = true)]
async fn secrets_are_sent_and_compared_and_told_to_nobody() {
    let steps = "
  - request: POST shop /${secrets.KEY}/${env.STAGE}/${env.REGION}
    headers: { X-Key: 'key=${secrets.KEY}' }
    body: { key: '${secrets.KEY}' }
    expect: { status: 200, body: { seen: 'POST /k3y%2Fwith%20more/test/us' } }
    capture: { token: { secret: body.token } }
  - request: GET shop /${token}
    expect: { status: 200, body: { token: '${token}' }, that: \"secrets.KEY == 'k3y/with less'\" }
";
    let result = run(steps, 1).await;
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    assert_eq!(failures.len(), 1, "the first step compared the secret itself");
    assert_eq!(
        findings(&result.verdict),
        [
            "body.token: \"***\" / \"t0ken-3\"",
            "that: secrets.KEY == 'k3y/with less' / \"***\" == \"k3y/with less\""
        ]
    );
    assert_eq!(sent(&result), ["/***/test/us {\"key\":\"***\"}", "/*** "]);
    let told = format!("{:?} {:?}", result.history, result.verdict);
    for secret in ["k3y/with more", "k3y%2F", "t0ken-1"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_captured_secret_that_can_not_be_hidden_is_a_finding() {
    let steps = "
  - request: GET shop /
    expect: { status: 200 }
    capture: { short: { secret: 'body.token[:3]' }, flag: { secret: body.ok } }
  - check: short != flag
";
    let result = run(steps, 1).await;
    assert_eq!(
        findings(&result.verdict),
        [
            "capture short: a value that can be hidden / it has fewer than 4 characters, which can't be hidden",
            "capture flag: a value that can be hidden / it is no text that could be hidden",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_given_from_outside_is_known_to_every_request_that_e2e_conf_describes() {
    let configuration = "
services:
  shop:
    command: shop
    depends_on: [bank]
    circuits: /circuits
    headers: { X-Key: '${secrets.KEY} of ${run_id}' }
  bank: { base_url: http://localhost:1 }
secrets: [KEY]
env: { REGION: eu }
clients:
  alice:
    headers: { X-Token: '${token}' }
    login:
      request: POST bank /${run_id}
      headers: { X-Region: '${env.REGION}', X-Request: '${uuid()}' }
      body: { password: '${secrets.KEY}' }
      capture: { token: body.token }
      once: run
";
    let steps = "
  - request: GET shop /me
    as: alice
    expect: { status: 200, circuits: { shop -> bank: open } }
";
    let result = run_in(configuration, steps, 1).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
}
