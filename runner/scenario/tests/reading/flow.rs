//! What runs in which order: included files, `before`, `finally`, loops, and what runs beside a request.

use std::{collections::BTreeMap, path::PathBuf};

use scenario::{Phase, Rounds, read_configuration_with, read_file_with};

use super::*;

/// Files by their paths.
fn files(files: &[(&str, &str)]) -> BTreeMap<PathBuf, Vec<u8>> {
    files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
}

/// A scenario with these steps, which can include these files.
fn read_with(steps: &str, others: &[(&str, &str)]) -> Result<Scenario, Vec<Mistake>> {
    let text = format!("scenario: s\nvars: {{ who: ann }}\nsteps:\n{steps}");
    match read_file_with(&text, "a/s.yaml".into(), &configuration(), &files(others))? {
        File::Scenario(scenario) => Ok(*scenario),
        other => panic!("{other:?}"),
    }
}

/// Reads such a scenario and compares its mistakes, each `file:line message (help)`.
#[track_caller]
fn check_include(steps: &str, others: &[(&str, &str)], expected: &[&str]) {
    let mistakes = read_with(steps, others).err().unwrap_or_default();
    let shown: Vec<String> = mistakes
        .into_iter()
        .map(|mistake| {
            let help = mistake.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}:{} {}{help}", mistake.file.display(), mistake.span.line, mistake.message)
        })
        .collect();
    assert_eq!(shown, expected, "{steps}");
}

/// The steps as `name: action in YAML`, without those names that only say what is done.
fn written(scenario: &Scenario) -> String {
    let text = scenario::write(scenario);
    text.split_once("steps:\n").expect("steps").1.to_owned()
}

const LOGIN: &str = "\
parameters: { user: , password: secret }
steps:
  - request: POST users-service /login
    body: { user: '${user}', password: '${password}' }
    expect: { status: 200 }
    capture: { token: body.token }
  - request: GET users-service /me
    headers: { Authorization: 'Bearer ${token}' }
    expect: { status: 200 }
";

#[test]
fn an_included_file_takes_the_place_of_its_step() {
    let steps = "  - include: login.yaml\n    with: { user: '${who}' }\n  - { request: 'GET users-service /${token}', expect: { status: 200 } }\n";
    let scenario = read_with(steps, &[("a/login.yaml", LOGIN)]).expect("no mistake");
    let places: Vec<_> = scenario
        .steps
        .iter()
        .map(|step| {
            let file = step.file.as_ref().map_or("s.yaml".into(), |file| file.path.display().to_string());
            format!("{file}:{} {}", step.span.line, step.name)
        })
        .collect();
    let expected = [
        "s.yaml:4 include login.yaml",
        "a/login.yaml:3 POST users-service /login",
        "a/login.yaml:7 GET users-service /me",
        "s.yaml:6 GET users-service /${token}",
    ];
    assert_eq!(places, expected);
    assert_eq!(scenario.sources, [PathBuf::from("a/login.yaml")].into());
    assert!(
        written(&scenario).contains("vars:\n    user: ${who}\n    password: secret\n"),
        "{}",
        written(&scenario)
    );
}

/// `who` is a variable of the scenario, and a parameter of the file.
#[test]
fn a_parameter_does_not_change_the_variable_of_its_name() {
    let file = "parameters: { who: , other: x }\nsteps:\n  - { request: 'GET users-service /${who}/${other}', expect: { status: 200, that: who == body.name } }\n";
    let include = |with: &str| {
        let steps = format!(
            "  - {{ include: f.yaml, with: {with} }}\n  - {{ request: 'GET users-service /${{who}}', expect: {{ status: 200 }} }}\n"
        );
        written(&read_with(&steps, &[("a/f.yaml", file)]).expect("no mistake"))
    };
    let renamed = include("{ who: bob }");
    for part in [
        "who_1: bob",
        "GET users-service /${who_1}/${other}",
        "who_1 == body.name",
        "GET users-service /${who}\n",
    ] {
        assert!(renamed.contains(part), "{part} in {renamed}");
    }
    let same = include("{ who: '${who}' }");
    assert!(!same.contains("who_1") && same.contains("other: x"), "{same}");
}

#[test]
fn an_included_file_is_left_out_as_a_whole() {
    let steps = "  - { include: login.yaml, with: { user: bob }, if: who == 'bob', name: bob, may_end: orders-service }\n";
    let text = written(&read_with(steps, &[("a/login.yaml", LOGIN)]).expect("no mistake"));
    let parts = [
        "included_1: ${who == 'bob'}",
        "if: included_1\n",
        "name: 'bob: POST users-service /login'",
        "- orders-service",
    ];
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn mistakes_of_including_are_found_where_they_are() {
    let login = [("a/login.yaml", LOGIN)];
    check_include(
        "  - { include: login.yaml, with: { usr: ann } }\n  - { include: login.yaml }\n",
        &login,
        &[
            "a/s.yaml:4 a/login.yaml has no parameter `usr` (did you mean `user`?)",
            "a/s.yaml:5 a/login.yaml needs the parameter `user` (give it: `with: { user: … }`)",
        ],
    );
    let plain = "steps:\n  - { request: GET users-service /, expect: { status: 200 } }\n";
    check_include(
        "  - { include: f.yaml, with: { a: 1 } }\n",
        &[("a/f.yaml", plain)],
        &["a/s.yaml:4 a/f.yaml has no parameters"],
    );
    check_include(
        "  - { include: f.yaml }\n",
        &[(
            "a/f.yaml",
            "parameters: { a: 1 }\nsteps:\n  - { request: GET shop /, expcet: 1 }\n  - include: ../b/g.yaml\n",
        )],
        &[
            "a/f.yaml:1 `a` is a parameter that no step uses",
            "a/f.yaml:3 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
            "a/f.yaml:3 unknown service `shop` (there are `users-service`, `orders-service`, `payment-service`)",
            "a/f.yaml:3 unknown key `expcet` in a step (did you mean `expect`?)",
            "a/f.yaml:4 `../b/g.yaml` can't be read: there is no such file (a path is relative to the folder of the file that names it, \
             which is included here: a/s.yaml -> a/f.yaml)",
        ],
    );
    check_include(
        "  - include: f.yaml\n",
        &[("a/f.yaml", "steps:\n  - include: g.yaml\n"), ("a/g.yaml", "steps:\n  - include: f.yaml\n")],
        &["a/g.yaml:2 this file includes itself: a/s.yaml -> a/f.yaml -> a/g.yaml -> a/f.yaml"],
    );
    check_include(
        "  - include: other.yaml\n",
        &[("a/other.yaml", "scenario: other\nsteps: []\n")],
        &["a/other.yaml:1 a scenario can't be included (take `scenario` out, and what else is no step)"],
    );
    check_include(
        "  - { include: f.yaml, with: { p: '${nobody}' } }\n",
        &[(
            "a/f.yaml",
            "parameters: { p: }\nsteps:\n  - { request: 'GET users-service /${p}${who}', expect: { status: 200 }, capture: { who: body.a } }\n",
        )],
        &[
            "a/s.yaml:4 the file captures `who`, which is a variable here already (call one of them something else)",
            "a/s.yaml:4 `nobody` is undefined (there is `who`)",
            "a/f.yaml:3 `who` is undefined (it is captured only later, on line 3)",
        ],
    );
    check_include(
        "  - include: f.yaml\n",
        &[(
            "a/f.yaml",
            "steps:\n  - { request: 'GET users-service /', expect: { status: 200 }, capture: { who: body.a } }\n",
        )],
        &[
            "a/s.yaml:4 the file captures `who`, which is a variable here already (call one of them something else)",
        ],
    );
    check_include(
        "  - { wait: 1s, with: {} }\n",
        &[],
        &["a/s.yaml:4 `with` belongs to `include`, which this step doesn't have"],
    );
}

/// Each file includes the next one twice: 2^40 steps, if that were not bounded.
#[test]
fn files_that_multiply_are_a_mistake() {
    let names: Vec<String> = (0..40).map(|number| format!("a/f{number}.yaml")).collect();
    let texts: Vec<String> = (1..=40)
        .map(|next| format!("steps: [{{ include: f{next}.yaml }}, {{ include: f{next}.yaml }}]\n"))
        .collect();
    let others: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let mistakes = shown(read_with("  - include: f0.yaml\n", &others).expect_err("too many"));
    assert!(
        mistakes.iter().any(|mistake| mistake.contains("more than 1000 files are included")),
        "{mistakes:#?}"
    );
}

#[test]
fn steps_without_a_scenario_are_for_other_files() {
    for text in [LOGIN, "steps: [{ wait: 1s }]"] {
        let read = read_file(text, "a.yaml".into(), &configuration());
        assert!(matches!(read, Ok(File::Steps)), "{read:?}");
    }
    check(
        "tags: [a]\nsteps: [{ wait: 1s }]",
        &[
            "1:1 a scenario needs the key `scenario` (`scenario`: The scenario's name: a sentence about what it shows.)",
        ],
    );
    check(
        "parameters: { a: 1 }\nstps: []",
        &["2:1 unknown key `stps` in a file of steps (did you mean `steps`?)"],
    );
}

#[test]
fn before_and_finally_stand_around_the_steps() {
    use Phase::{ConfiguredBefore, ConfiguredFinally, Finally, Main};

    let get = |path: &str| {
        format!(
            "{{ request: 'GET users-service /{path}', expect: {{ status: 200 }}, capture: {{ {path}: body }} }}"
        )
    };
    let conf = format!(
        "{CONF}before: [{}]\nfinally: [{{ request: 'DELETE users-service /${{a}}', expect: {{ status: 204 }} }}, {{ include: tidy.yaml }}]\n",
        get("a")
    );
    let tidy = files(&[("tidy.yaml", "steps: [{ heal: all }]\n")]);
    let configuration =
        read_configuration_with(&conf, "e2e.conf".into(), &tidy, &BTreeMap::new()).expect("no mistake");
    assert_eq!(configuration.sources, [PathBuf::from("tidy.yaml")].into());
    let text = format!(
        "scenario: s\nbefore: [{}]\nsteps: [{}]\nfinally: [{{ check: [a == b, c == a] }}]\n",
        get("b"),
        get("c")
    );
    let read = read_file(&text, "a.yaml".into(), &configuration).expect("no mistake");
    let File::Scenario(scenario) = read else { panic!("{read:?}") };
    let steps: Vec<_> = scenario.steps.iter().map(|step| (step.phase, step.name.as_str())).collect();
    assert_eq!(
        steps,
        [
            (ConfiguredBefore, "GET users-service /a"),
            (Main, "GET users-service /b"),
            (Main, "GET users-service /c"),
            (Finally, "check a == b"),
            (ConfiguredFinally, "DELETE users-service /${a}"),
            (ConfiguredFinally, "heal all"),
        ]
    );
    let file = scenario.steps[4].file.as_ref().expect("it stands in e2e.conf");
    assert_eq!((file.path.to_str(), file.text.as_str()), (Some("e2e.conf"), conf.as_str()));
    let again =
        read_file(&scenario::write(&scenario), "a.yaml".into(), &configuration).expect("it is written");
    let File::Scenario(again) = again else { panic!("{again:?}") };
    let names: Vec<_> = again.steps.iter().map(|step| (step.phase, step.name.as_str())).collect();
    assert_eq!(names, steps, "the steps of e2e.conf are there once");
    check_conf(
        &format!("{CONF}before: [{{ inject: slow }}]\nfinally: []\n"),
        &[
            "5:20 unknown fault `slow` (the scenario has no `faults`)",
            "6:10 there are no steps here (leave it out)",
        ],
    );
}

#[test]
fn a_loop_goes_by_a_list_or_a_condition() {
    let text = "
scenario: s
vars: { users: [ann, bob], next: /items }
steps:
  - for: { each: \"${users}\", as: user }
    steps:
      - { request: 'GET users-service /${user}/${index}', repeat: 2, expect: { status: 200 } }
      - for: { each: [1, 2] }
        steps: [{ request: 'GET users-service /${user}/${index}', expect: { status: 200 } }]
  - for: { until: next is none, at_most: 20 }
    steps:
      - { request: 'GET users-service ${next}', expect: { status: 200 }, capture: { next: body.next } }
";
    let scenario = scenario(text);
    let names: Vec<_> = scenario.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["for each user", "until next is none"]);
    let Action::For(step) = &scenario.steps[1].action else { panic!("a loop") };
    assert!(matches!(step.rounds, Rounds::Until { at_most: 20, .. }));
    assert_eq!(scenario.steps[0].names(), ["users".to_owned()].into());
    assert!(scenario.steps[1].names().contains("next"), "the first round needs it");
}

#[test]
fn mistakes_in_loops() {
    let get = "steps: [{ request: GET users-service /, expect: { status: 200 } }]";
    let check_for =
        |rounds: &str, expected: &[&str]| check_step(&format!("{{ for: {{ {rounds} }}, {get} }}"), expected);
    check_for("each: [1]", &[]);
    check_for("each: []", &["3:20 this list is empty: there is no round"]);
    check_for("each: 3", &["3:20 this is a number, and has to be a list, or a `${…}` that gives one"]);
    check_for("each: [1], as: user", &["3:29 `user` is never used (use it in a step, or leave `as` out)"]);
    check_for(
        "until: status == 200",
        &["3:14 `until` needs `at_most` (say after how many rounds it fails: `at_most: 20`)"],
    );
    check_for("each: [1], at_most: 3", &["3:25 `at_most` belongs to `until`, which isn't here"]);
    check_for("until: 1 == 1, at_most: 3", &["3:21 `1 == 1` is always true (say something about `index`)"]);
    check_for(
        "as: user",
        &[
            "3:14 `for` needs `each` or `until` (write `each: \"${list}\"`, or `until: CONDITION` with `at_most`)",
        ],
    );
    check_step(
        "{ steps: [{ wait: 1s }] }",
        &["3:17 `steps` needs `for` (say what the rounds go by: `for: { each: \"${list}\", as: item }`)"],
    );
    check_step("{ wait: 1s, for: 2s }", &["3:17 `for` belongs to `inject`, which this step doesn't have"]);
    check_step(
        "{ wait: 1s, for: { each: [1] } }",
        &["3:17 `for` belongs to `steps`, which this step doesn't have"],
    );
    check_step("{ for: { each: [1] }, steps: [] }", &["3:34 a loop without steps does nothing"]);
    check_step(
        "{ for: { each: [{ a: 1 }], as: row }, steps: [{ check: index == 0 }, { check: row.a == 1 }] }\n  - check: row.a == index",
        &[
            "4:12 `row` is undefined (there are no variables yet: `vars` and `capture` make them)",
            "4:21 `index` is undefined (there are no variables yet: `vars` and `capture` make them)",
        ],
    );
}

#[test]
fn what_runs_beside_a_request_can_not_use_what_that_captures() {
    check_step(
        "{ request: GET users-service /, capture: { a: body.a }, expect: { status: 200 }, during: [{ check: a == 1 }] }\n  - check: a == 2",
        &["3:104 `a` is undefined (it is captured only later, on line 3)"],
    );
    check_step(
        "{ request: GET users-service /, expect: { status: 200 }, during: [] }",
        &["3:62 `during` has no steps (leave it out, or say what happens meanwhile)"],
    );
    let inner = "{ request: GET users-service /, expect: { status: 200 }, during: [{ wait: 1s }] }";
    check_step(
        &format!("{{ request: GET users-service /, expect: {{ status: 200 }}, during: [{inner}] }}"),
        &[
            "3:73 a request within `during` can't have a `during` of its own (put both beside the outer request: its `during` may have `together`)",
        ],
    );
    check_step(
        "{ kill: orders-service, during: [] }",
        &["3:29 `during` belongs to `request`, which this step doesn't have"],
    );
}

#[test]
fn a_wait_goes_by_the_traffic_of_a_link() {
    let link = "orders-service -> users-service";
    for until in [format!("{{ {link}: calls >= 1 }}"), format!("'{link}: calls >= 1'")] {
        let scenario =
            scenario(&format!("scenario: s\nsteps: [{{ wait: {{ until: {until}, within: 5s }} }}]"));
        let Action::WaitUntil(wait) = &scenario.steps[0].action else { panic!("a wait") };
        assert_eq!((wait.link.to_string().as_str(), wait.holds.source()), (link, "calls >= 1"));
    }
    check_step(
        &format!("wait: {{ until: {{ {link}: calls >= 1 }} }}"),
        &["3:13 a wait for traffic needs the key `within` (`within`: How long it may take.)"],
    );
    check_step(
        &format!("wait: {{ until: {{ {link}: 1 == 1 }}, within: 1s }}"),
        &["3:55 `1 == 1` is always true (say something about `calls`, `delivered`, `replied`, `statuses`)"],
    );
    check_step(
        "wait: { until: 'orders-service -> user-service: calls == 1', within: 1s }",
        &["3:21 unknown service `user-service` (did you mean `users-service`?)"],
    );
    check_step(
        "wait: { until: calls == 1, within: 1s }",
        &["3:20 this is a text, and has to be a link and a condition: `orders -> users: calls >= 1`"],
    );
}
