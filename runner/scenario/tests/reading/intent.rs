//! What can't fail is a mistake, and so is what would be read as something else than its author meant.

use super::*;

/// Like [`check_step`], of a request with these expectations; those begin at column 48.
#[track_caller]
pub(crate) fn check_expect(expect: &str, expected: &[&str]) {
    check_step(&format!("{{ request: GET users-service /x, expect: {{ {expect} }} }}"), expected);
}

#[test]
fn expectations_that_cannot_fail() {
    let reply = "(say something about `status`, `headers`, `body`, `took`)";
    check_expect("that: 'true'", &[&format!("3:54 `true` is always true {reply}")]);
    check_expect("that: [status == 200, 1 == 2]", &[&format!("3:70 `1 == 2` is always false {reply}")]);
    check_expect(
        "that: \"'a' | upper\"",
        &[&format!("3:54 `'a' | upper` is the same whatever happens {reply}")],
    );
    let other = "(say something that could be otherwise)";
    check_expect("that: took >= 0", &[&format!("3:54 `took >= 0` is always true {other}")]);
    check_expect("that: body.id == body.id", &[&format!("3:54 `body.id == body.id` is always true {other}")]);
    check_expect("that: body is defined", &[&format!("3:54 `body is defined` is always true {other}")]);
    check_expect("that: [took > 0, status >= 200]", &[]);
    check_expect("that: took >= 0ms", &[&format!("3:54 `took >= 0ms` is always true {other}")]);
    check_expect("that: took < 300ms and took < 1m30s", &[]);
    check_expect(
        "that: took < 300",
        &["3:61 times are in seconds here: this is 300 of them (write `300ms`, or `300s` if that is meant)"],
    );
    check_expect(
        "body: {}",
        &[
            "3:54 `body: {}` is met by every object (say what has to be in it, or `body: { exact: {} }` for an empty one)",
        ],
    );
    check_expect("body: { exact: {} }", &[]);
    check_expect("body: { a: {}, b: '${any}' }", &[]);
    let any = "this `${any}` is met by every body (leave `body` out, or say what has to be in it)";
    check_expect("body: '${any}'", &[&format!("3:54 {any}")]);
    check_expect("body: { exact: '${any}' }", &[&format!("3:56 {any}")]);
    for key in ["headers", "links"] {
        let column = 50 + key.len();
        let message = format!("`{key}: {{}}` expects nothing (leave `{key}` out, or say what is expected)");
        check_expect(&format!("{key}: {{}}"), &[&format!("3:{column} {message}")]);
    }
    let link = "`calls`, `delivered`, `replied`, `statuses`";
    check_expect(
        "links: { orders-service -> users-service: calls >= 0 }",
        &[&format!("3:90 `calls >= 0` is always true {other}")],
    );
    check_expect(
        "links: { orders-service -> users-service: 'true' }",
        &[&format!("3:90 `true` is always true (say something about {link})")],
    );
    check(
        "scenario: s\nvars: { a: 1 }\nsteps:\n  - request: GET users-service /x\n    expect: { links: { orders-service -> users-service: a == 1 } }\n",
        &[&format!("5:57 `a == 1` says nothing about the link (say something about {link})")],
    );
    check_step(
        "{ request: GET users-service /x, capture: {} }",
        &[
            "3:16 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
}

#[test]
fn conditions_that_cannot_change() {
    let captured = "(compare what a step before it captured)";
    check_step("{ check: 1 == 1 }", &[&format!("3:14 `1 == 1` is always true {captured}")]);
    check_step("{ wait: 1s, if: 'false' }", &[&format!("3:21 `false` is always false {captured}")]);
    check(
        "scenario: s\nvars: { a: 1 }\nsteps:\n  - { wait: 1s, if: 1 < 2 }\n  - check: a == a\n",
        &[
            "4:21 `1 < 2` is always true (say something about `a`)",
            "5:12 `a == a` is always true (say something that could be otherwise)",
        ],
    );
    check(
        "invariants:\n  i: { when: always, observe: { a: GET users-service /x }, holds: [a.b == 1, 'true'] }",
        &["2:78 `true` is always true (say something about `a`)"],
    );
    check("invariants: {}", &["1:13 there are no invariants here"]);
    let operation = |that: &str| {
        format!(
            "exploration: e
operations:
  pay:
    values: {{ amount: {{ integer: 1-3 }} }}
    request: POST users-service /pay
    body: {{ amount: \"${{amount}}\" }}
    expect: {{ that: \"{that}\" }}
"
        )
    };
    check(
        &operation("amount > 0"),
        &[
            "7:21 `amount > 0` says nothing about the reply (say something about `status`, `headers`, `body`, `took`)",
        ],
    );
    check(&operation("status == 200 or amount > 2"), &[]);
}

#[test]
fn what_was_meant_is_said() {
    let body =
        |body: &str| format!("{{ request: POST users-service /x, expect: {{ status: 200 }}, body: {body} }}");
    let json = "3:70 this JSON would be sent as one text, in quotes (leave the quotes out (JSON is YAML, too), or send the \
                characters as they are: `text: …` with `headers: { Content-Type: application/json }`)";
    check_step(&body("'{\"a\": 1}'"), &[json]);
    check_step(&body("'[1, \"b\"]'"), &[json]);
    check(
        "scenario: s\nvars: { a: 1 }\nsteps:\n  - request: POST users-service /x\n    expect: { status: 200 }\n    body: '{\"a\": ${a}}'\n",
        &[&json.replace("3:70", "6:11")],
    );
    for text in ["{\"a\": 1}", "'{a}'", "'[1'", "'1'", "'{\"a\": 1} b'"] {
        check_step(&body(text), &[]);
    }
    check_expect("body: { text: '{\"a\": 1}' }", &[]);
    check_step(
        "{ request: 'GET users-service /${env.X}', expect: { that: port == 1 } }",
        &[
            "3:38 e2e.conf declares no `env.X` (declare it in e2e.conf: `env: { X: a default }`)",
            "3:63 `port` is undefined (`port` is known in e2e.conf only: write the value under `vars`, and hand it to a service there)",
        ],
    );
    check(
        "x-all: &all { expect: { status: 200 } }\nx-other: [1]\nscenario: s\nsteps:\n  - { <<: *all, request: GET users-service /x }\n",
        &[],
    );
    check(
        "scenario: s\nx: 1\nsteps:\n  - wait: 1s\n",
        &[
            "2:1 unknown key `x` in a scenario (there are `scenario`, `tags`, `examples`, `vars`, `clients`, `defaults`, `faults`, `stubs`, `before`, `steps`, `finally`, `settle`)",
        ],
    );
    check_conf("x-a: &a { base_url: http://x }\nservices: { a: { <<: *a, required: false } }", &[]);
}

#[test]
fn commands_that_need_a_shell() {
    let of = |rest: &str| format!("services:\n  a: {{ {rest} }}");
    let shell = "has a meaning for a shell only, and none runs this command (write it as `[sh, -c, \"…\"]`)";
    let env = |variable: &str| {
        format!(
            "has a meaning for a shell only, and none runs this command (write `${{env.{variable}}}`, or `[sh, -c, \"…\"]`)"
        )
    };
    let program =
        "is no program: only a shell sets variables before one (set it with `env: { PORT: \"8080\" }`)";
    for (command, expected) in [
        ("PORT=8080 node app.js", format!("2:17 `PORT=8080` {program}")),
        ("[PORT=8080, node]", format!("2:18 `PORT=8080` {program}")),
        ("cd x", format!("2:17 `cd` {shell}")),
        ("node app.js > log", format!("2:17 `>` {shell}")),
        ("$HOME/bin/x", format!("2:17 `$HOME/bin/x` {}", env("HOME"))),
        ("x ~/y", format!("2:17 `~/y` {}", env("HOME"))),
    ] {
        check_conf(&of(&format!("command: {command}")), &[&expected]);
    }
    check_conf(
        &format!("build: make && true\n{}", of("base_url: http://x")),
        &[&format!("1:8 `&&` {shell}")],
    );
    check_conf(&of("command: [sh, -c, 'cd x; y > z']"), &[]);
    check_conf(
        &of("base_url: http://x, ready: 'http://x:1/livez?a=1'"),
        &[
            "2:35 `http://x:1/livez?a=1` is no path (the runner knows where the service is: write `/livez?a=1`)",
        ],
    );
}

#[test]
fn links_that_cannot_exist() {
    let conf = "\
services:
  users: { base_url: http://localhost:1 }
  orders: { base_url: http://localhost:2, depends_on: [users] }
  payments: { base_url: http://localhost:3, depends_on: { users: { listen: 127.0.0.1:4 } } }
";
    let configuration = read_configuration(conf, "e2e.conf".into()).expect("a configuration");
    let links: Vec<_> = configuration.links().map(|link| link.to_string()).collect();
    assert_eq!(links, ["payments -> users"]);
    let mistakes =
        |text: &str| read_file(text, "a.yaml".into(), &configuration).err().map(shown).unwrap_or_default();
    let expected = |place: &str, caller: &str, callee: &str| {
        format!(
            "{place} there is no link `{caller} -> {callee}`: `{caller}` runs already, and is told no address of one (give the \
             link an address in e2e.conf, `depends_on: {{ {callee}: {{ listen: 127.0.0.1:7001 }} }}` under `{caller}`, and \
             have `{caller}` call that)"
        )
    };
    let fault = |link: &str| format!("faults:\n  f: {{ link: {link}, lose: reply }}\n");
    for (link, expected) in [
        ("orders -> users", vec![expected("3:14", "orders", "users")]),
        ("users -> orders", vec![expected("3:14", "users", "orders")]),
        ("payments -> users", vec![]),
        ("client -> orders", vec![]),
    ] {
        let scenario = format!("scenario: s\n{}steps: [{{ inject: f }}]\n", fault(link));
        assert_eq!(mistakes(&scenario), expected, "{scenario}");
        let operations = "operations: { a: { request: GET users / } }\n";
        let exploration = format!("exploration: e\n{}{operations}", fault(link));
        assert_eq!(mistakes(&exploration), expected, "{exploration}");
        let step = "request: GET users /";
        let scenario =
            format!("scenario: s\nsteps:\n- {step}\n  expect: {{ links: {{ {link}: calls == 1 }} }}\n");
        let expected: Vec<_> = expected.iter().map(|line| line.replace("3:14", "4:22")).collect();
        assert_eq!(mistakes(&scenario), expected, "{scenario}");
    }
}

#[test]
fn ports_that_cannot_be() {
    for port in ["99999", "0", "-1", "abc", "", "65536"] {
        let mistake =
            |place: &str| format!("{place} `{port}` is no port (a port is a number from 1 to 65535)");
        check_conf(
            &format!("services:\n  users: {{ base_url: 'http://localhost:{port}/x' }}"),
            &[&mistake(if port.is_empty() { "2:22" } else { "2:40" })],
        );
        check_conf(
            &format!(
                "services:\n  a: {{ command: a, depends_on: {{ a: {{ listen: '127.0.0.1:{port}' }} }} }}"
            ),
            &[&mistake(if port.is_empty() { "2:47" } else { "2:58" })],
        );
    }
    check_conf(
        "services: { a: { base_url: 'http://[::1]' }, b: { base_url: 'http://[::1]:65535/x:y' } }",
        &[],
    );
}

#[test]
fn two_at_one_port() {
    let of = |first: &str, second: &str| {
        format!("services:\n  a: {{ {first} }}\n  b: {{ {second} }}\n  c: {{ command: c }}\n")
    };
    let (port, started) = ("base_url: http://localhost:5002", "command: x, base_url: http://127.0.0.1:5002");
    let listen = |address: &str| format!("command: x, depends_on: {{ c: {{ listen: {address} }} }}");
    let mistake = |place: &str, second: &str, first: &str| {
        format!(
            "{place} {second} can't be at port 5002: {first} is there (give each a port of its own; the other one is on line 2)"
        )
    };
    check_conf(&of(started, started), &[&mistake("3:30", "`b`", "`a`")]);
    check_conf(&of(port, started), &[&mistake("3:30", "`b`", "`a`")]);
    check_conf(&of(started, port), &[&mistake("3:18", "`b`", "`a`")]);
    let link = "the link `b -> c`";
    check_conf(&of(port, &listen("127.0.0.1:5002")), &[&mistake("3:47", link, "`a`")]);
    check_conf(&of(started, &listen("0.0.0.0:5002")), &[&mistake("3:47", link, "`a`")]);
    check_conf(
        &of(&listen("127.0.0.1:5002"), &listen("'[::1]:5002'")),
        &[&mistake("3:47", link, "the link `a -> c`")],
    );
    for (first, second) in [
        (port, port.to_owned()),
        (port, listen("127.0.0.1:5003")),
        // All of 127.0.0.0/8 is this machine, and each address has ports of its own.
        (port, listen("127.0.0.2:5002")),
        ("base_url: http://example.org:5002", listen("0.0.0.0:5002")),
        ("command: x", "command: x".to_owned()),
    ] {
        check_conf(&of(first, &second), &[]);
    }
}

#[test]
fn names_and_operators_of_other_languages() {
    check_expect("that: body.a == null", &["3:64 `null` is undefined (it is called `none`: `x is none`)"]);
    check_expect(
        "that: body.a == null_id",
        &["3:64 `null_id` is undefined (there are `status`, `headers`, `body`, `took`)"],
    );
    check_expect("that: len(body.a) == 1", &["3:54 `len` is undefined (write `x | length`)"]);
    check_expect(
        "that: body.a = 1",
        &["3:61 not an expression: unexpected input after expression (`==` compares)"],
    );
    check_expect(
        "that: body.a | lenght == 1",
        &["3:63 not an expression: there is no filter `lenght` (did you mean `length`?)"],
    );
    check_expect(
        "that: body.a is matching('(')",
        &["3:73 not an expression: no regular expression: unclosed group"],
    );
}

/// Files that share their `vars`, or try an expression out, are no mistake.
#[test]
fn variables_may_be_unused_and_compared_with_each_other() {
    check(
        "scenario: s\nvars: { a: 1, b: 2 }\nsteps:\n  - { request: GET users-service /x, expect: { status: 200, that: a == 1 } }\n",
        &[],
    );
}

#[test]
fn conditions_on_nothing_that_happens() {
    check_expect(
        "that: body.a == 1 or true",
        &["3:54 `body.a == 1 or true` is always true (say something that could be otherwise)"],
    );
}

#[test]
fn keys_at_the_wrong_level() {
    check_step(
        "{ request: GET users-service /x, capture: { a: body.a }, status: 200 }",
        &[
            "3:49 `a` is captured and never used (use it in a later step, or expect what it must be)",
            "3:62 unknown key `status` in a step (it belongs within `expect`)",
        ],
    );
    check(
        "scenario: s\nlink: a -> b\nsteps:\n  - wait: 1s\n",
        &["2:1 unknown key `link` in a scenario (it belongs within `faults`)"],
    );
    check_conf(
        "command: node app.js\nservices: { a: { base_url: http://x } }",
        &["1:1 unknown key `command` in e2e.conf (it belongs within `services`)"],
    );
    check_step(
        "{ request: GET users-service /x, expect: 200 }",
        &[
            "3:46 this is a number, and has to be an expectation (say what is expected: `expect: { status: 200 }`)",
        ],
    );
    check_expect(
        "links: { orders-service -> users-service: 1 }",
        &["3:90 this is a number, and has to be an expression, such as `calls == 1`"],
    );
    check_expect(
        "status:200",
        &[
            "3:38 this step can't fail: nothing is expected",
            "3:48 unknown key `status:200` in an expectation (a blank has to follow the colon: `status: 200`)",
        ],
    );
}

#[test]
fn kinds_of_files() {
    check(
        "invarients:\n  a: { when: always, observe: { a: GET users-service /x }, holds: a.b == 1 }",
        &["1:1 `invarients` is no kind of file (did you mean `invariants`?)"],
    );
    check("senario: s\nsteps: []", &["1:1 `senario` is no kind of file (did you mean `scenario`?)"]);
    check(
        "scenario: s\ninvariants: {}\nsteps: []",
        &[
            "2:1 `invariants` can't stand in a scenario (write it into a file of its own, such as invariants.yaml)",
            "3:8 a scenario without steps can't fail",
        ],
    );
    check_conf(
        "service: { a: { base_url: http://x } }",
        &["1:1 unknown key `service` in e2e.conf (did you mean `services`?)"],
    );
}

#[test]
fn lengths_of_time_that_are_none() {
    let help = "is no time at all (say how long, such as `5s`)";
    check_fault("link: client -> users-service\nlatency: 0ms", &[&format!("5:14 `0ms` {help}")]);
    check_step("{ wait: 0s }", &[&format!("3:13 `0s` {help}")]);
    check_step(
        "{ eventually: { within: 0ms, request: GET users-service /x, expect: { status: 200 } } }",
        &[&format!("3:29 `0ms` {help}")],
    );
    check_step(
        "{ request: GET users-service /x, timeout: 0s, expect: { status: 200 } }",
        &[&format!("3:47 `0s` {help}")],
    );
    check(
        "scenario: s\nfaults: { f: { link: client -> users-service, lose: reply } }\nsteps:\n  - { inject: f, after: 0s, for: 0s }\n",
        &[&format!("4:34 `0s` {help}")],
    );
}

#[test]
fn header_values_of_several_lines() {
    check_step(
        "{ request: GET users-service /x, headers: { x-a: \"a\\nb\" }, expect: { status: 200 } }",
        &[
            "3:54 a header's value can't have control characters in it (a header is one line: write it without line breaks)",
        ],
    );
}

#[test]
fn parts_of_an_address_that_no_request_uses() {
    for (address, expected) in [
        (
            "http://x/a?b=1",
            "an address can't have a query or `#` in it (write it in the paths of the requests)",
        ),
        (
            "http://me:secret@x",
            "an address can't have a user and a password in it (send them with `headers: { Authorization: … }`)",
        ),
        ("http://${env.HOST}:80", "an address can't hold an expression (write the address itself)"),
    ] {
        check_conf(&format!("services:\n  a: {{ base_url: \"{address}\" }}"), &[&format!("2:18 {expected}")]);
    }
}
