//! Features that have to work within each other.

use std::{collections::BTreeMap, path::PathBuf};

use scenario::{File, read_configuration_with, read_file_with};

const CONF: &str = "\
clients: { alice: { auth: { bearer: t } } }
env: { REGION: eu }
secrets: [API_KEY]
services:
  users-service: { command: users, circuits: /circuits, depends_on: [orders-service] }
  orders-service: { command: orders }
";

fn variables() -> BTreeMap<String, String> {
    [("API_KEY".into(), "a long secret".into())].into()
}

/// Reads a scenario beside these files and compares its mistakes, each `file:line:column: message (help)`.
#[track_caller]
fn check_with(text: &str, others: &[(&str, &str)], expected: &[&str]) {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        others.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect();
    let configuration =
        read_configuration_with(CONF, "e2e.conf".into(), &files, &variables()).expect("a configuration");
    let mistakes = read_file_with(text, "s.yaml".into(), &configuration, &files).err().unwrap_or_default();
    let shown: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn an_included_file_knows_clients_secrets_variables_of_the_environment_and_circuits() {
    let file = "steps:
  - { request: GET users-service /, as: alice, expect: { status: 200 } }
  - { request: 'GET users-service /${env.REGION}', as: bob, headers: { x: '${secrets.API_KEY}' }, expect: { status: 200, circuits: { users-service -> orders-service: open } } }
";
    check_with("scenario: s\nclients: { bob: {} }\nsteps:\n  - include: f.yaml\n", &[("f.yaml", file)], &[]);
}

#[test]
fn what_an_included_command_captures_is_known_afterwards() {
    check_with(
        "scenario: s\nsteps:\n  - include: f.yaml\n  - check: version == '3'\n",
        &[("f.yaml", "steps:\n  - { run: ./version, capture: { version: stdout } }\n")],
        &[],
    );
}

#[test]
fn an_included_file_sets_no_variable_of_the_scenario() {
    check_with(
        "scenario: s\nvars: { who: ann }\nsteps:\n  - include: f.yaml\n  - check: who == 'ann'\n",
        &[("f.yaml", "steps:\n  - vars: { who: bob }\n  - check: who == 'bob'\n")],
        &[
            "s.yaml:4:14: the file sets `who`, which is a variable here already (call one of them something else)",
        ],
    );
}

#[test]
fn a_capture_of_a_request_that_is_sent_for_a_time_is_a_capture() {
    let step =
        "always: { for: 1s, request: GET users-service /, expect: { status: 200 }, capture: { a: body } }";
    check_with(
        &format!("scenario: s\nsteps:\n  - {step}\n"),
        &[],
        &["s.yaml:3:90: `a` is captured and never used (use it in a later step, or expect what it must be)"],
    );
    check_with(
        &format!("scenario: s\nvars: {{ a: 1 }}\nsteps:\n  - {step}\n  - check: a == 1\n"),
        &[],
        &["s.yaml:4:90: `a` is a variable of this scenario already (call what is captured something else)"],
    );
}

#[test]
fn a_column_and_a_variable_have_different_names() {
    check_with(
        "scenario: s\nexamples: [{ user: ann }]\nvars: { user: bob }\nsteps:\n  - check: user == 'ann'\n",
        &[],
        &["s.yaml:3:9: `user` is a variable of this scenario already (call one of them something else)"],
    );
}

#[test]
fn a_request_within_during_that_is_included_has_no_during_of_its_own() {
    let during = "{ request: GET users-service /, expect: { status: 200 }, during: [{ wait: 1s }] }";
    check_with(
        "scenario: s\nsteps:\n  - request: GET users-service /\n    expect: { status: 200 }\n    during:\n      - include: f.yaml\n",
        &[("f.yaml", &format!("steps:\n  - {during}\n"))],
        &[
            "s.yaml:5:5: a request within `during` can't have a `during` of its own (put both beside the outer request: its `during` may have `together`)",
        ],
    );
}

#[test]
fn conditions_that_are_too_deep_together_are_a_mistake() {
    let file = |depth: usize| {
        let own = format!("{}user == 1{}", "(".repeat(depth), ")".repeat(depth));
        format!(
            "parameters: {{ user: 1 }}\nsteps:\n  - {{ if: {own}, request: GET users-service /, expect: {{ status: 200 }} }}\n"
        )
    };
    let text = "scenario: s\nvars: { who: 1 }\nsteps:\n  - { include: f.yaml, if: who == 1 }\n";
    check_with(text, &[("f.yaml", &file(40))], &[]);
    let depth = (40..200).find(|depth| {
        let own = format!("{}user == 1{}", "(".repeat(*depth), ")".repeat(*depth));
        scenario::Expression::parse(&own).is_err()
    });
    let deepest = file(depth.expect("a bound") - 1);
    check_with(
        text,
        &[("f.yaml", &deepest)],
        &[
            "s.yaml:4:7: the condition of the step `GET users-service /` is too deep for another one (write it as several conditions)",
        ],
    );
}

/// However they are nested, nothing overflows.
#[test]
fn steps_are_nested_up_to_a_depth() {
    let loops = "{ for: { each: [1] }, steps: [";
    let nested = |depth: usize, inner: &str| format!("{}{inner}{}", loops.repeat(depth), "]}".repeat(depth));
    let scenario = |steps: &str| format!("scenario: s\nsteps: [{steps}]\n");
    check_with(&scenario(&nested(19, "{ wait: 1s }")), &[], &[]);
    check_with(
        &scenario(&nested(20, "{ wait: 1s }")),
        &[],
        &["s.yaml:2:611: steps are nested more than 20 deep"],
    );
    let files: Vec<(String, String)> = (0..30)
        .map(|number| {
            let included = format!("{{ include: f{}.yaml }}", number + 1);
            (format!("f{number}.yaml"), format!("steps: [{}]\n", nested(6, &included)))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    check_with(
        &scenario("{ include: f0.yaml }"),
        &files,
        &["f2.yaml:1:161: steps are nested more than 20 deep"],
    );
}

#[test]
fn what_was_included_is_written_and_read_again() {
    let file = "parameters: { least: }
steps:
  - { request: GET users-service /, as: alice, expect: { status: 200, body: { n: '${number between least and 9}', s: '${string matching least}' } } }
";
    let files = BTreeMap::from([(PathBuf::from("f.yaml"), file.as_bytes().to_vec())]);
    let configuration =
        read_configuration_with(CONF, "e2e.conf".into(), &files, &variables()).expect("a configuration");
    let text = "scenario: s\nvars: { least: 1 }\nsteps:\n  - { include: f.yaml, with: { least: '${least + 1}' }, if: least == 1 }\n";
    let read = |text: &str| match read_file_with(text, "s.yaml".into(), &configuration, &files) {
        Ok(File::Scenario(scenario)) => scenario::write(&scenario),
        other => panic!("{other:#?}\n{text}"),
    };
    let written = read(text);
    assert!(written.contains("number >= least_1"), "{written}");
    assert_eq!(read(&written), written);
}

/// What e2e.conf includes can't know the variables of scenarios.
#[test]
fn parameters_of_what_is_included_before_every_scenario_change_no_variable() {
    let conf = "\
services: { shop: { base_url: 'http://localhost:1' } }
before:
  - { include: login.yaml, with: { user: admin }, if: run_id != '' }
  - run: ./version
    capture: { version: stdout }
  - vars: { region: eu }
";
    let login = "parameters: { user: }\nsteps:\n  - { request: 'GET shop /${user}', expect: { status: 200 }, capture: { token: body } }\n";
    let get = "steps:\n  - { request: GET shop /, expect: { status: 200 } }\n";
    let files = BTreeMap::from(
        [("login.yaml", login), ("get.yaml", get)]
            .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())),
    );
    let configuration =
        read_configuration_with(conf, "e2e.conf".into(), &files, &BTreeMap::new()).expect("a configuration");
    let read = |vars: &str| {
        let text = format!(
            "scenario: s\nvars: {vars}\nsteps:\n  - check: user ~ version ~ region ~ token == 'x'\n  - {{ include: get.yaml, if: user == '' }}\n"
        );
        match read_file_with(&text, "s.yaml".into(), &configuration, &files) {
            Ok(File::Scenario(scenario)) => Ok(scenario.steps),
            Ok(other) => panic!("{other:?}"),
            Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()),
        }
    };
    let steps = read("{ user: ann }").expect("no mistake");
    let made: Vec<&str> = steps.iter().flat_map(scenario::Step::made).collect();
    let configured = ["configured_included_1", "configured_user", "token", "version", "region"];
    assert_eq!(made, [configured.as_slice(), &["included_1"]].concat());
    let hidden = read("{ user: ann, region: us }").err();
    let expected =
        "s.yaml:2:20: `region` is a variable of this scenario already (call one of them something else)";
    assert_eq!(hidden, Some(vec![expected.to_owned()]));
}
