//! Every kind of mistake, and what it reads like.

use super::*;

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    check(
        "scenario: s
tag: [a]
faults:
  lost: { link: users-service -> payment-service, lose: replies }
steps:
  - request: PSOT order-service api/orders
    body: { id: \"${order_idd}\" }
    expct: { status: 201 }
    capture: { order_id: body.order.id }
  - wait: 5
  - kill: userz-service
  - request: GET users-service /x
    expect: { status: 2000, status: 200 }
",
        &[
            "2:1 unknown key `tag` in a scenario (did you mean `tags`?)",
            "4:3 `lost` is never injected (inject it: `- inject: lost`)",
            "4:17 `users-service` doesn't call `payment-service` (did you mean `payment-service -> users-service`?)",
            "4:57 `replies` has no meaning here (there are `request`, `reply`)",
            "6:14 `PSOT` is no method (did you mean `POST`?)",
            "6:19 unknown service `order-service` (did you mean `orders-service`?)",
            "6:33 a path starts with `/` (write `/api/orders`)",
            "7:20 `order_idd` is undefined (there are no variables yet: `vars` and `capture` make them)",
            "8:5 unknown key `expct` in a step (did you mean `expect`?)",
            "9:16 `order_id` is captured and never used (use it in a later step, or expect what it must be)",
            "10:11 `5` has no unit (write `5s` or `5ms`)",
            "11:11 unknown service `userz-service` (did you mean `users-service`?)",
            "13:23 2000 is not a whole number from 100 to 599",
            "13:29 `status` is written a second time (the first one is on line 13)",
        ],
    );
}

#[test]
fn files() {
    check("", &["1:1 nothing is written here"]);
    check("- a", &["1:3 this is a list, and has to be a scenario"]);
    check(
        "{}",
        &[
            "1:1 a scenario needs the key `scenario` (`scenario`: The scenario's name: a sentence about what it shows.)",
            "1:1 a scenario needs the key `steps` (`steps`: The steps, in order.)",
        ],
    );
    check("scenario: s\nsteps: []", &["2:8 a scenario without steps can't fail"]);
    check("scenario: s\nsteps:\n", &["2:6 the value is missing: it has to be a list of steps"]);
    check(
        "scenario: [s\nsteps: 1",
        &[
            "2:6 not readable as YAML: illegal placement of ':' indicator (the `[` or `{` on the line above isn't closed)",
        ],
    );
    check(
        "scenario: s\ntags: smoke\nsteps: [{wait: 1s}]",
        &["2:7 this is a text, and has to be a list of tags, such as `[smoke, payments]`"],
    );
    check("scenario: s\nsettle: 10 s\nsteps: [{wait: 1s}]", &[]);
    check(
        "scenario: s\nsettle: soon\nsteps: [{wait: 1s}]",
        &["2:9 `soon` is no length of time (write `5s` or `200ms`)"],
    );
    check(
        "scenario: s\nsteps: [{wait: 1s}]\nsteps: []",
        &["3:1 `steps` is written a second time (the first one is on line 2)"],
    );
}

#[test]
fn steps() {
    check_step(
        "{}",
        &[
            "3:5 this step does nothing (it needs one of `request`, `together`, `eventually`, `always`, `never`, `inject`, `heal`, `wait`, `kill`, `stop`, \
         `start`, `restart`, `pause`, `resume`, `check`)",
        ],
    );
    check_step(
        "{ wait: 1s, kill: users-service }",
        &["3:17 a step does one thing: `wait` and `kill` are two (make a step of its own of it)"],
    );
    check_step(
        "{ wait: 1s, headers: {} }",
        &["3:17 `headers` belongs to `request`, which this step doesn't have"],
    );
    check_step("{ wait: 1s, for: 2s }", &["3:17 `for` belongs to `inject`, which this step doesn't have"]);
    check_step("{ wait: 1 }", &["3:13 `1` has no unit (write `1s` or `1ms`)"]);
    check_step("{ wait: 200ms, name: [] }", &["3:26 this is a list, and has to be a name"]);
    check_step("{ inject: lost }", &["3:15 unknown fault `lost` (the scenario has no `faults`)"]);
    check_step("{ heal: lost }", &["3:13 unknown fault `lost` (the scenario has no `faults`)"]);
    check_step(
        "{ restart: payments }",
        &["3:16 unknown service `payments` (there are `users-service`, `orders-service`, `payment-service`)"],
    );
    check_step(
        "{ start: { service: user-service, ready: maybe } }",
        &[
            "3:25 unknown service `user-service` (did you mean `users-service`?)",
            "3:46 `maybe` has no meaning here (there are `no`, `yes`)",
        ],
    );
    check_step(
        "{ kill: { service: users-service, ready: no, no_effect: yes } }",
        &[
            "3:39 unknown key `ready` in a signal (there are `service`, `no_effect`)",
            "3:61 `yes` has no meaning here (there is `allowed`)",
        ],
    );
    check_step(
        "{ restart: { service: users-service, no_effect: allowed } }",
        &["3:42 unknown key `no_effect` in a restart (there are `service`, `ready`)"],
    );
    check_step(
        "{ wait: 1s, may_end: [user] }",
        &["3:27 unknown service `user` (there are `users-service`, `orders-service`, `payment-service`)"],
    );
    check_step("{ check: [] }", &["3:14 this list is empty"]);
    check_step(
        "{ check: \"1 +\" }",
        &["3:17 not an expression: unexpected end of input, expected expression"],
    );
    check_step("{ check: status ä }", &["3:21 not an expression: unexpected character"]);
    check_step(
        "{ check: \"${true}\" }",
        &[
            "3:14 this is an expression by itself and needs no `${…}` (write what stands in the braces, without them)",
        ],
    );
    check_step(
        "{ check: status == 200 }",
        &["3:14 `status` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check_step("check:", &["3:10 the value is missing: it has to be an expression, such as `order_id == 7`"]);
}

#[test]
fn requests() {
    check_step(
        "request: GET users-service /x",
        &[
            "3:14 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        "{ request: GET users-service /x, expect: {} }",
        &["3:38 this step can't fail: nothing is expected"],
    );
    let with =
        |rest: &str| format!("{{ request: POST users-service /x, expect: {{ status: 200 }}, {rest} }}");
    check_step(
        "{ request: GET /x, expect: { status: 200 } }",
        &[
            "3:16 `GET /x` is no request (a request is a method, a service and a path: `GET users-service /api/users`)",
        ],
    );
    check_step(
        "{ request: get users-service /x, expect: { status: 200 } }",
        &["3:16 `get` is no method (did you mean `GET`?)"],
    );
    check_step(
        "{ request: GET users-service /a b, expect: { status: 200 } }",
        &[
            "3:34 a path can't have white space or `#` in it (percent-encode it: a space is `%20`, a `#` is `%23`)",
        ],
    );
    let no_white_space =
        "a path can't have white space or `#` in it (percent-encode it: a space is `%20`, a `#` is `%23`)";
    for path in ["/a#b", "/a?b#c", "/a?b\\tc", "/a?b\\nc", "/a\u{a0}b"] {
        let step = format!("{{ request: \"GET users-service {path}\", expect: {{ status: 200 }} }}");
        let column = if path.contains('\\') { 16 } else { 35 };
        check_step(&step, &[&format!("3:{column} {no_white_space}")]);
    }
    for path in ["/a?b c", "/é|{}\\\"?[]", "${1}", "/${1}?a"] {
        check_step(&format!("{{ request: \"GET users-service {path}\", expect: {{ status: 200 }} }}"), &[]);
    }
    check_step(
        "{ request: 'GET users-service http://localhost:1/a', expect: { status: 200 } }",
        &["3:35 a path starts with `/` (leave out scheme and host: a request names its service)"],
    );
    check_step(
        "{ request: 'GET users-service /a/${ida | int}', expect: { status: 200 } }",
        &["3:40 `ida` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check_step(&with("body: { a: 1 }, text: b"), &["3:80 a request has one body: `body` and `text` are two"]);
    check_step(
        &with("body: { a: \"${1\" }"),
        &["3:76 this `${` has no `}` (for the characters `${` themselves write `$${`)"],
    );
    check_step(&with("body: { a: }"), &["3:73 the value is missing (write `null` if that is meant)"]);
    check_step(
        &with("body: { a: \"${any}\" }"),
        &[
            "3:78 `any` is undefined (`${any}` stands for a whole value in an expected body or an expected header, and nowhere else)",
        ],
    );
    check_step(&with("headers: { 'a b': c }"), &["3:75 `a b` can't be the name of a header"]);
    check_step(&with("timeout: 5"), &["3:73 `5` has no unit (write `5s` or `5ms`)"]);
    check_step(&with("repeat: 0"), &["3:72 0 is not a whole number from 1 to 100000"]);
    check_step(
        &with("parallel: many"),
        &["3:74 this is a text, and has to be a whole number from 1 to 1000"],
    );
    check_step(
        &with("repeat: 2, parallel: 2"),
        &["3:75 a request is sent in turn or at once: `repeat` and `parallel` don't go together"],
    );
    check_step(
        &with("parallel: 2, capture: { a: status }"),
        &[
            "3:77 of many replies at once there is none to capture from (capture from a request of its own)",
            "3:88 `a` is captured and never used (use it in a later step, or expect what it must be)",
        ],
    );
}

#[test]
fn expectations() {
    let step = |expect: &str| format!("{{ request: GET users-service /x, expect: {{ {expect} }} }}");
    check_step(&step("status: []"), &["3:56 this list is empty"]);
    check_step(
        &step("status: ok"),
        &["3:56 `ok` is no status (write `200`, the class `2xx`, or a list of such: `[2xx, 404]`)"],
    );
    check_step(&step("status: 99"), &["3:56 99 is not a whole number from 100 to 599"]);
    check_step(&step("body:"), &["3:52 the value is missing (write `null` if that is meant)"]);
    check_step(&step("body: null"), &[]);
    check_step(&step("that: bdy.id == 1"), &["3:54 `bdy` is undefined (did you mean `body`?)"]);
    check_step(
        &step("that: 1 == calls"),
        &["3:59 `calls` is undefined (there are `status`, `headers`, `body`, `took`)"],
    );
    check_step(
        &step("that: \"body.id > 'a' | nothing\""),
        &["3:71 not an expression: there is no filter `nothing`"],
    );
    check_step(
        &step("that: 'bdy.ids[1:] == itmes[status:limit]'"),
        &[
            "3:55 `bdy` is undefined (did you mean `body`?)",
            "3:70 `itmes` is undefined (there are `status`, `headers`, `body`, `took`)",
            "3:83 `limit` is undefined (there are `status`, `headers`, `body`, `took`)",
        ],
    );
    check_step(
        &step("links: { orders-service -> users-service: call == 1 }"),
        &["3:90 `call` is undefined (did you mean `calls`?)"],
    );
    check_step(
        &step("links: { orders-service -> payment-service: calls == 1 }"),
        &[
            "3:57 `orders-service` doesn't call `payment-service` (did you mean `payment-service -> orders-service`?)",
        ],
    );
    check_step(
        &step("links: { users-service: calls == 1 }"),
        &["3:57 `users-service` is no link: a link is written `caller -> callee`"],
    );
    check_step(
        &step("links: { client -> users: calls == 1 }"),
        &["3:57 unknown service `users` (there are `users-service`, `orders-service`, `payment-service`)"],
    );
    check_step(
        &step("outcomes: { 200: 1 }"),
        &[
            "3:48 `outcomes` count the requests of a repeated or parallel step (use `status`, or add `parallel: 20` or `repeat: 20`)",
        ],
    );
    check_step(
        &step("no_reply: true, status: 200"),
        &["3:64 `status` can't be expected of no reply (leave it or `no_reply` out)"],
    );
    check_step(&step("headers: { link: [] }"), &["3:65 this list is empty"]);
    check_step(
        &step("headers: { link: [a, \"${any}\"] }"),
        &[
            "3:72 `any` is undefined (`${any}` stands for a whole value in an expected body or an expected header, and nowhere else)",
        ],
    );
    check_step(&step("no_reply: false"), &["3:58 `no_reply` can only be `true` (leave `no_reply` out)"]);
    let many = |outcomes: &str| {
        format!("{{ parallel: 20, request: GET users-service /x, expect: {{ outcomes: {{ {outcomes} }} }} }}")
    };
    check_step(
        &many("200: 1, 409: 18"),
        &["3:62 these outcomes are of at most 19 requests, and 20 are sent"],
    );
    check_step(&many("200: '>= 21'"), &["3:62 these outcomes are of at least 21 requests, and 20 are sent"]);
    check_step(&many("200: 1, 409: '>= 1'"), &[]);
    check_step(
        &many("fine: 20"),
        &["3:74 `fine` is no outcome (an outcome is a status from 100 to 599, or `no_reply`)"],
    );
    check_step(&many("200: 3-1"), &["3:79 `3-1` is no count (write `3`, `0-3` or `\">= 1\"`)"]);
}

#[test]
fn eventually() {
    check_step(
        "eventually: { request: GET users-service /x }",
        &[
            "3:19 `eventually` needs the key `within` (`within`: How long it may take.)",
            "3:19 `eventually` needs the key `expect` (say what it waits for: `expect: { body: { status: confirmed } }`)",
            "3:28 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        "{ eventually: { within: 1s, request: GET users-service /x }, expect: { status: 200 } }",
        &[
            "3:21 `eventually` needs the key `expect` (say what it waits for: `expect: { body: { status: confirmed } }`)",
            "3:42 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
            "3:66 `expect` belongs to `request`, which this step doesn't have (indent it so that it stands within `eventually`)",
        ],
    );
}

#[test]
fn captures_and_variables_in_the_order_of_the_steps() {
    let with = |vars: &str, steps: &str| format!("scenario: s\nvars: {vars}\nsteps:\n{steps}");
    let capture = "  - { request: GET users-service /x, capture: { a: body.id } }\n";
    check(&with("{ b: 1 }", &format!("{capture}  - check: a == b\n")), &[]);
    check(
        &with("{ b: 1 }", &format!("  - check: a == b\n{capture}")),
        &["4:12 `a` is undefined (it is captured only later, on line 5)"],
    );
    check(
        &with("{ b: 1 }", &format!("{capture}  - check: b == c\n")),
        &[
            "4:49 `a` is captured and never used (use it in a later step, or expect what it must be)",
            "5:17 `c` is undefined (there are `a`, `b`)",
        ],
    );
    check(
        &with("{ a: 1 }", &format!("{capture}  - check: a == 1\n")),
        &["4:49 `a` is a variable of this scenario already (call what is captured something else)"],
    );
    check(
        &with("{ x: \"${y}\", y: 1 }", "  - wait: 1s\n"),
        &["2:15 `y` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check(
        &with("{ body: 1, a-b: 2 }", "  - wait: 1s\n"),
        &[
            "2:9 `body` already has a meaning in expressions (call it something else)",
            "2:18 `a-b` can't be the name of a variable (a name begins with a letter and goes on with letters, digits and `_`)",
        ],
    );
    check(
        &with("{ index: 1 }", "  - wait: 1s\n"),
        &["2:9 `index` already has a meaning in expressions (call it something else)"],
    );
    check(
        "scenario: s
steps:
  - { request: \"GET users-service /${index}\", parallel: 2, expect: { status: 200 } }
  - { request: \"GET users-service /${index}\", expect: { status: 200 } }
  - { request: GET users-service /, repeat: 2, expect: { body: \"${index}\" } }
",
        &["4:38 `index` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
}

#[test]
fn faults() {
    check_fault(
        "link: orders-service -> users-service",
        &[
            "3:3 `f` does no damage (it needs one of `latency`, `outage`, `lose`, `error`, `duplicate`, `truncate`, \
         `bandwidth`, `corrupt`, `crash`)",
        ],
    );
    check_fault(
        "lose: reply",
        &[
            "4:5 a fault needs the key `link` (`link`: The link it damages: `caller -> callee`, or `client -> service`.)",
        ],
    );
    check_fault(
        "link: users-service -> orders-service\nlose: reply",
        &[
            "4:11 `users-service` doesn't call `orders-service` (did you mean `orders-service -> users-service`?)",
        ],
    );
    let fault = |rest: &str| format!("link: orders-service -> users-service\n{rest}");
    for (rest, expected) in [
        (
            "lose: reply\noutage: hang",
            "6:5 a fault does one thing: `lose` and `outage` are two (make two faults of it and inject both)",
        ),
        ("outage: refused", "5:13 `refused` has no meaning here (did you mean `refuse`?)"),
        ("latency: 200", "5:14 `200` has no unit (write `200s` or `200ms`)"),
        (
            "latency: { delay: 1s, jitter: 2s }",
            "5:35 the jitter is longer than the delay: nothing can arrive early",
        ),
        ("error: 5030", "5:12 5030 is not a whole number from 100 to 599"),
        (
            "error: { status: 503, body: '${a}' }",
            "5:34 a fault can't have `${…}` in it (a link decides by itself, and knows no variables)",
        ),
        (
            "error: { status: 503, headers: { x-a: \"a\\nb\" } }",
            "5:43 a header's value can't have control characters",
        ),
        ("duplicate: false", "5:16 `duplicate` can only be `true` (leave `duplicate` out)"),
        ("truncate: -1", "5:15 -1 is not a whole number from 0 to 4294967295"),
        ("bandwidth: 0", "5:16 0 is not a whole number of at least 1"),
        ("bandwidth: 0.5B/s", "5:16 `0.5B/s` is 0, and has to be from 1 to 18446744073709551615"),
        ("bandwidth: 100kb", "5:16 `100kb` is no number of bytes a second (write `100KB/s`)"),
        ("truncate: 64 kib", "5:15 `64 kib` is no number of bytes (write `64KiB`)"),
        ("latency: 1 min", "5:14 `min` in `1 min` is no unit of time (write `1m`)"),
        ("latency: 5sec", "5:14 `sec` in `5sec` is no unit of time (write `5s`)"),
        (
            "crash: users",
            "5:12 unknown service `users` (there are `users-service`, `orders-service`, `payment-service`)",
        ),
        (
            "crash: { service: users-service, when: now }",
            "5:44 `now` has no meaning here (there are `before`, `after`)",
        ),
        ("lose: reply\nprobability: 1.5", "6:18 1.5 is no probability: it has to be from 0 to 1"),
        ("lose: reply\nprobability: 0", "6:18 a fault with a probability of 0 never meets anything"),
        (
            "lose: reply\ncalls: often",
            "6:12 `often` is not a choice of calls: calls are `1`, `1-3` or `every 2nd`, counted from 1",
        ),
        ("lose: reply\nmatch: POTS /x", "6:12 `POTS` is no method (did you mean `POST`?)"),
        ("lose: reply\nmatch: POST x", "6:17 a path starts with `/` (write `/x`)"),
        (
            "lose: reply\nmatch: /a?b=1",
            "6:12 a path is matched without its query (leave out `?` and what follows)",
        ),
        (
            "lose: reply\nmatch: /a/**/b",
            "6:12 `**` stands for all that follows and has to be last (use `*` for one segment)",
        ),
        ("lose: reply\nmatch: /a/b*", "6:12 `*` stands for a whole segment (write `/*/`)"),
        (
            "lose: reply\nmatch: { mehtod: GET }",
            "6:14 unknown key `mehtod` in a match (did you mean `method`?)",
        ),
    ] {
        check_fault(&fault(rest), &[expected]);
    }
    let two = "faults:\n  a: { link: orders-service -> users-service, lose: reply }\n  a: {}\n";
    check(
        &format!("scenario: s\n{two}steps: [{{ inject: a }}]"),
        &["4:3 `a` is written a second time (the first one is on line 3)"],
    );
    let one = "faults:\n  lost: { link: orders-service -> users-service, lose: reply }\n";
    check(
        &format!("scenario: s\n{one}steps:\n  - heal: lost\n  - inject: losst\n  - inject: lost\n"),
        &["5:11 no step before this one injects `lost`", "6:13 unknown fault `losst` (did you mean `lost`?)"],
    );
    check(
        &format!("scenario: s\n{one}steps:\n  - inject: {{ fault: lost, for: 1s }}\n    for: 2\n"),
        &["6:5 `for` is written a second time"],
    );
}

#[test]
fn invariants() {
    let text = "\
invariants:
  money is conserved:
    when: settled
    observe: { ledger: GET users-service /api/ledger }
    holds: [ledger.total == 0, ledger.accounts | map(attribute='balance') | sum == 950]
";
    let Ok(File::Invariants(read)) = read_file(text, "a.yaml".into(), &configuration()) else {
        panic!("it is right")
    };
    assert_eq!(
        (read[0].name.as_str(), read[0].when, read[0].holds.len()),
        ("money is conserved", InvariantTiming::Settled, 2)
    );
    check(
        "invariants:\n  i: { when: often, observe: { a: POST users-service /x, body: GET users-service /y }, holds: b }",
        &[
            "2:14 `often` has no meaning here (there are `always`, `settled`)",
            "2:32 `a` is observed and never used",
            "2:35 POST may change what it observes (observe with GET)",
            "2:58 `body` already has a meaning in expressions (call it something else)",
            "2:95 `b` is undefined (there are `a`, `body`)",
        ],
    );
}
