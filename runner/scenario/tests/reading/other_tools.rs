//! What other tools call otherwise is a mistake with the words of here.

use super::*;

#[test]
fn placeholders_of_other_tools() {
    let request = |request: &str| {
        format!(
            "scenario: s\nvars: {{ id: 1 }}\nsteps:\n  - {{ {request}, expect: {{ status: 200 }} }}\n  - check: id == 1\n"
        )
    };
    let of = |column: usize, written: &str| {
        format!(
            "4:{column} `{written}` would be sent as it stands (write `${{id}}`; for the characters themselves `${{'{written}'}}`)"
        )
    };
    for (line, column, written) in [
        ("request: 'GET users-service /x/{{id}}'", 38, "{{id}}"),
        ("request: 'GET users-service /x/{id}/y'", 38, "{id}"),
        ("request: GET users-service /x/$id", 37, "$id"),
        ("request: POST users-service /x, body: { a: ['{{ id }}'] }", 52, "{{ id }}"),
        ("request: POST users-service /x, headers: { x-a: a-$id }", 57, "$id"),
    ] {
        check(&request(line), &[&of(column, written)]);
    }
    for line in [
        "request: 'POST users-service /x/a:b/:', body: { a: '{id}', b: '$5', c: '$idea' }",
        "request: POST users-service /x, text: \"${'{{id}}'}\"",
    ] {
        check(&request(line), &[]);
    }
}

#[test]
fn placeholders_of_other_tools_that_name_no_variable() {
    let of = |column: usize, written: &str, help: &str| {
        format!(
            "3:{column} `{written}` would be sent as it stands (write {help}; for the characters themselves `${{'{written}'}}`)"
        )
    };
    let function = |example: &str| format!("a variable or a function in `${{…}}`: `${{{example}}}`");
    for (request, column, written, help) in [
        ("request: 'GET users-service /x/{{other}}'", 38, "{{other}}", "`${other}`".to_owned()),
        ("request: 'GET users-service /x/{{$guid}}'", 38, "{{$guid}}", function("uuid()")),
        ("request: 'GET users-service /x/{id}?a=1'", 38, "{id}", "`${id}`".into()),
        ("request: 'GET users-service /x/:id/y'", 38, ":id", "`${id}`".into()),
        ("request: 'GET users-service /x/$(date)'", 38, "$(date)", "`${date}`".into()),
        (
            "request: POST users-service /x, body: { a: '{{user | upper}}' }",
            51,
            "{{user | upper}}",
            "`${user | upper}`".into(),
        ),
        (
            "request: POST users-service /x, body: { a: '{{$randomInt}}' }",
            51,
            "{{$randomInt}}",
            function("random(1, 1000)"),
        ),
        (
            "request: POST users-service /x, headers: { x-a: 'a {{t.id}}' }",
            58,
            "{{t.id}}",
            "`${t.id}`".into(),
        ),
    ] {
        check_step(&format!("{{ {request}, expect: {{ status: 200 }} }}"), &[&of(column, written, &help)]);
    }
    for request in [
        "request: 'GET users-service /x/a:b/users:batch?t=10:id'",
        "request: POST users-service /x, body: { a: '{id}', b: ':id', c: 'costs $(5) {{}}', d: \"{{a}}\\n{{b}}\" }",
    ] {
        check_step(&format!("{{ {request}, expect: {{ status: 200 }} }}"), &[]);
    }
}

#[test]
fn keys_of_other_tools_in_steps() {
    for (step, expected) in [
        (
            "{ request: GET users-service /x, then: { status: 200 }, expect: { status: 200 } }",
            "3:38 unknown key `then` in a step (write `expect`)",
        ),
        (
            "{ request: GET users-service /x, within: 5s, expect: { status: 200 } }",
            "3:38 unknown key `within` in a step (it belongs within `eventually`)",
        ),
        (
            "{ request: GET users-service /x, params: { a: 1 }, expect: { status: 200 } }",
            "3:38 unknown key `params` in a step (write `query`)",
        ),
        (
            "{ request: GET users-service /x, follow: yes, expect: { status: 200 } }",
            "3:46 this is a text, and has to be `true`, `false`, or the most redirects that are followed (write `true`)",
        ),
        (
            "eventually: GET users-service /x",
            "3:17 this is a text, and has to be a mapping with `within`, `request`",
        ),
        (
            "{ for: { each: [1, 2] } }",
            "3:7 `for` needs `steps` (say what runs in each round: `steps: [{ … }]`)",
        ),
        (
            "{ if: run_id == 'a', steps: [wait: 1s] }",
            "3:34 `steps` needs `for` (write `if` at each of these steps, or include them: `include: steps.yaml` can have an `if`)",
        ),
        (
            "{ request: GET users-service /x, auth: { bearer: 'bearer abc' }, expect: { status: 200 } }",
            "3:54 `Bearer` would be sent twice: `bearer` puts it before the token (write the token alone)",
        ),
    ] {
        check_step(step, &[expected]);
    }
}

#[test]
fn expectations_of_other_tools() {
    for (expect, expected) in [
        ("status: '${s}'", "3:56 a status is written as it is, without `${…}` (write `that: status == s`)"),
        (
            "status: '${status}'",
            "3:56 a status is written as it is, without `${…}` (write `that: status == expected_status`)",
        ),
        (
            "headers: { Content-Type: \"${string matching 'json'}\" }",
            "3:73 types stand in an expected body, not in a header (write `that: headers['content-type'] is matching('…')`, or `${any}` for any value)",
        ),
        ("that: status", "3:54 `status` is neither true nor false (compare it: `status == 200`)"),
        (
            "that: status == 200 or 201",
            "3:71 `201` is neither true nor false (compare it: `status == 201`, or `status in [200, 201]` for one of several)",
        ),
        ("that: body.ok and (status == 200) and (1 if body.a or 2 else 3) == 1", ""),
        (
            "that: body.at == now() | plus_time('1x')",
            "3:83 not an expression: `x` in `1x` is no unit of time",
        ),
        (
            "body: { a: \"${string matches 'x'}\" }",
            "3:59 `matches` has no meaning after a type (did you mean `matching`?)",
        ),
        (
            "that: body.a == randomInt()",
            "3:64 `randomInt` is undefined (the functions are `choice`, `dict`, `now`, `random`, `range`, `uuid`)",
        ),
        (
            "that: body.a == HOME",
            "3:64 `HOME` is undefined (an environment variable is `env.HOME`, and is declared in e2e.conf)",
        ),
        ("that: \"env['REGION'] == body\"", "3:55 `env` by itself is no value (write `env.REGION`)"),
        (
            "body: { a: '${{ env.X }}' }",
            "3:70 not an expression: unexpected `}`, expected `:` (write `${env.X}`, with one pair of braces)",
        ),
        (
            "calls: [{ link: orders-service -> users-service, count: '== 1' }]",
            "3:104 `== 1` compares nothing (write `count == 1`)",
        ),
    ] {
        let mistakes = mistakes_of(expect);
        let is_expected = match mistakes.as_slice() {
            [] => expected.is_empty(),
            [only] => !expected.is_empty() && only.starts_with(expected),
            _ => false,
        };
        assert!(is_expected, "{expect}: {mistakes:#?}");
    }
}

#[test]
fn names_and_keys_of_files() {
    check(
        "scenario: s\nafter: []\nsteps: [wait: 1s]\n",
        &[
            "2:1 unknown key `after` in a scenario (steps that run at the end, whatever happened, stand under `finally`)",
        ],
    );
    check(
        "scenario: x ${nope}\nsteps: [wait: 1s]\n",
        &[
            "1:11 only a scenario with `examples` can have values in its name (leave it out, or give its values in `examples`)",
        ],
    );
    check(
        "scenario: ''\ntags: ['', a, a]\nsteps: [wait: 1s]\n",
        &[
            "1:11 this name is empty (write a sentence about what it shows)",
            "2:8 this tag is empty",
            "2:15 the tag `a` is there already",
        ],
    );
    check(
        "scenario: s\nexamples: [{ user: ann }]\nvars: { user: x }\nsteps: [{ request: \"GET users-service /${user}\", expect: { status: 200 } }]\n",
        &["3:9 `user` is a variable of this scenario already (call one of them something else)"],
    );
    for (conf, expected) in [
        (
            "timeout: 0s\nservices: { a: { base_url: http://x } }",
            "1:10 `0s` is no time at all (say how long, such as `5s`)",
        ),
        (
            "snapshots: true\nservices: { a: { base_url: http://x } }",
            "1:12 this is a boolean, and has to be the folder of the snapshots",
        ),
        (
            "services: { a: { command: x, image: b } }",
            "1:30 unknown key `image` in a service (no container is started here: `command` starts the service, or `base_url` says where it runs)",
        ),
        (
            "services: { a: { command: x, ready: 'tcp:5432' } }",
            "1:37 `tcp:5432` is no path (readiness is asked over HTTP: write a path, such as `/livez`)",
        ),
        (
            "services: { a: { command: x, required: no } }",
            "1:40 this is a text, and has to be `true` or `false` (write `false`)",
        ),
    ] {
        check_conf(conf, &[expected]);
    }
}

/// The mistakes in a request with these expectations, as [`check_expect`] has them.
fn mistakes_of(expect: &str) -> Vec<String> {
    let text =
        format!("scenario: s\nsteps:\n  - {{ request: GET users-service /x, expect: {{ {expect} }} }}\n");
    read_file(&text, "a.yaml".into(), &configuration()).err().map(shown).unwrap_or_default()
}
