//! Mistakes in statuses, patterns, polls, times and calls that are expected.

use super::{intent::check_expect, *};

#[test]
fn a_status_is_a_number_or_a_class() {
    check_expect("status: 2xx", &[]);
    check_expect("status: [2xx, 404]", &[]);
    let wrong = |text: &str, help: &str| {
        check_expect(&format!("status: {text}"), &[&format!("3:56 `{text}` is no status ({help})")]);
    };
    wrong("2XX", "did you mean `2xx`?");
    wrong("200-299", "write the class `2xx`, or a list of statuses");
    wrong("200..299", "write the class `2xx`, or a list of statuses");
    wrong("OK", "write `200`, the class `2xx`, or a list of such: `[2xx, 404]`");
    wrong("200-404", "write `200`, the class `2xx`, or a list of such: `[2xx, 404]`");
    check_expect(
        "status: [400..499]",
        &["3:57 `400..499` is no status (write the class `4xx`, or a list of statuses)"],
    );
    check_expect(
        "status: [1xx, 2xx, 3xx, 4xx, 5xx]",
        &["3:57 every status is one of these (leave out the classes that are not expected)"],
    );
}

#[test]
fn a_pattern_that_cannot_fail_or_cannot_be_read_is_a_mistake() {
    check_expect("body: { a: '${number > 3}', b: '${string is matching(\"x\")}', c: '${null}' }", &[]);
    check_expect(
        "body: { a: '${number == number}' }",
        &["3:62 `number == number` is always true (say `${number}`, or something that could be otherwise)"],
    );
    check_expect("body: { a: '${number > lest}' }", &["3:71 `lest` is undefined (there is `number`)"]);
    check_expect(
        "body: { a: '${number >}' }",
        &["3:69 not an expression: unexpected end of input, expected expression"],
    );
    check_expect(
        "body: { a: '${' }",
        &["3:60 this `${` has no `}` (for the characters `${` themselves write `$${`)"],
    );
    let whole = "`${email}` stands for a whole value in an expected body; a condition on it begins with it: `${number > 3}`";
    check_expect("body: { a: 'id-${email}' }", &[&format!("3:65 `email` is undefined ({whole})")]);
    check_expect("that: body.id == email", &[&format!("3:65 `email` is undefined ({whole})")]);
    // A function of that name stands everywhere.
    let function = "not an expression: `uuid` is a function (write `uuid()`)";
    check_expect("body: { a: 'id-${uuid}' }", &[&format!("3:65 {function}")]);
    check_expect(
        "body: { a: { any_order: 1 } }",
        &["3:72 this is a number, and has to be a list whose items can have any order"],
    );
    check_expect(
        "body: { a: { contains: [] } }",
        &["3:71 every list contains nothing (say what has to be in it, or `${list}`)"],
    );
    // A variable of that name is meant where there is one.
    check(
        "scenario: s\nvars: { email: a@b.c }\nsteps:\n  - { request: GET users-service /x, expect: { body: { a: '${email}', b: '${ip}' } } }\n",
        &[],
    );
}

#[test]
fn polls_that_cannot_fail_or_end() {
    let request = "request: GET users-service /x, expect: { status: 200 }";
    check_step(&format!("{{ always: {{ for: 2s, every: 50ms, {request} }} }}"), &[]);
    check_step(&format!("{{ never: {{ for: 2s, {request} }} }}"), &[]);
    check_step(
        "{ always: { for: 2s, request: GET users-service /x } }",
        &[
            "3:17 `always` needs the key `expect` (say what stays so: `expect: { body: { status: confirmed } }`)",
            "3:35 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        "{ never: { for: 1s, request: GET users-service /x, expect: { status: 500, lenient: true } } }",
        &["3:79 `lenient` would leave nothing of `never`: it couldn't fail (leave it out)"],
    );
    check_step(
        &format!("{{ never: {{ {request}, capture: {{ a: body }} }}, for: 1s }}"),
        &[
            "3:16 `never` needs the key `for` (`for`: For how long.)",
            "3:72 of a reply that never comes there is nothing to capture (capture from a request of its own)",
            "3:96 `for` belongs to `inject`, which this step doesn't have",
        ],
    );
    check_step(
        &format!("{{ always: {{ for: 1s, every: 2s, {request} }} }}"),
        &["3:33 this pause is longer than all of the time (make `for` longer, or `every` shorter)"],
    );
    check_step(
        &format!("{{ never: {{ for: 1s, {request} }}, text: a }}"),
        &[
            "3:83 `text` belongs to `request`, which this step doesn't have (indent it so that it stands within `never`)",
        ],
    );
    let eventually =
        |fail_if: &str| format!("{{ eventually: {{ within: 1s, fail_if: {fail_if}, {request} }} }}");
    check_step(&eventually("body.a == 1"), &[]);
    check_step(
        &eventually("status < 0"),
        &["3:42 `status < 0` is always false (say something that could be true)"],
    );
    check_step(
        &eventually("status > 0"),
        &["3:42 `status > 0` is always true (say something that could be otherwise)"],
    );
}

#[test]
fn times_calls_and_circuits_that_cannot_fail_or_be_read() {
    let repeated = |timing: &str, expected: &[&str]| {
        let step = format!("{{ repeat: 9, request: GET users-service /x, expect: {{ timing: {timing} }} }}");
        check_step(&step, expected);
    };
    repeated("[p95 < 300ms, max <= 1s and p51 < p99]", &[]);
    repeated("p95 >= 0ms", &["3:67 `p95 >= 0ms` is always true (say something that could be otherwise)"]);
    repeated(
        "p95 < 300",
        &["3:73 times are in seconds here: this is 300 of them (write `300ms`, or `300s` if that is meant)"],
    );
    repeated(
        "p100 < 1s",
        &["3:67 `p100` is undefined (there are `min`, `max`, `mean`, `p50`, `p90`, `p95`, `p99`)"],
    );
    check_expect(
        "timing: p95 < 1s",
        &[
            "3:48 `timing` is of the requests of a repeated or parallel step (say `that: took < 300ms`, or add `repeat: 20` or `parallel: 20`)",
        ],
    );
    let call = |keys: &str, expected: &[&str]| {
        check_expect(&format!("calls: [{{ link: payment-service -> users-service, {keys} }}]"), expected);
    };
    call("match: POST /api/*, count: 2", &[]);
    call("count: '>= 0'", &["3:105 `count >= 0` is always true (say something that could be otherwise)"]);
    call("count: count >= 0", &["3:105 `count >= 0` is always true (say something that could be otherwise)"]);
    call(
        "apart: 100ms",
        &[
            "3:105 `100ms` says neither at least nor at most (write `\">= 100ms\"`, `\"<= 100ms\"`, or a range such as `100ms-1s`)",
        ],
    );
    call("apart: '>= 0s'", &["3:105 calls are always at least that far apart (say how far)"]);
    call("apart: '>= 1 min'", &["3:105 `min` in `1 min` is no unit of time (write `1m`)"]);
    call("apart: 2s-1s", &["3:105 no distance is within `2s-1s` (the shorter one comes first)"]);
    call(
        "same: '1'",
        &[
            "3:104 `1` says nothing about a call (say something about `method`, `path`, `query`, `headers`, `body`, `status`)",
        ],
    );
    call("that: header.a == 1", &["3:104 `header` is undefined (did you mean `headers`?)"]);
    call(
        "order: [client -> users-service, POST client -> users-service]",
        &["3:58 `link` doesn't go together with `order` (make an entry of its own of it)"],
    );
    let order =
        |order: &str, expected: &[&str]| check_expect(&format!("calls: [{{ order: {order} }}]"), expected);
    order("[POST payment-service -> users-service /api/*, orders-service -> users-service]", &[]);
    order(
        "[POST client -> users-service /a]",
        &["3:66 an order takes two calls (say which call comes before which)"],
    );
    order(
        "[POST users-service /a, GET payment-service -> user-service]",
        &[
            "3:66 `POST users-service /a` names no link (write `POST caller -> callee /path`)",
            "3:93 unknown service `user-service` (did you mean `users-service`?)",
        ],
    );
    let circuit =
        |circuits: &str, expected: &[&str]| check_expect(&format!("circuits: {{ {circuits} }}"), expected);
    circuit(
        "payment-service -> users-service: open",
        &[
            "3:60 `payment-service` doesn't tell its circuits (say in e2e.conf where it does: `circuits: /circuits` under `payment-service`)",
        ],
    );
    circuit("orders-service -> users-service: [half_open, CLOSED]", &[]);
    circuit(
        "orders-service -> users-service: opne",
        &["3:93 `opne` is no state of a circuit (did you mean `open`?)"],
    );
    circuit(
        "orders-service -> users-service: [open, half-open, closed]",
        &["3:94 a circuit is always in one of these states (leave out the states that are not expected)"],
    );
}

#[test]
fn selectors_by_content_that_cannot_be_decided_by_a_link() {
    let fault = |keys: &str, expected: &[&str]| {
        let text = format!(
            "scenario: s\nvars: {{ a: 1 }}\nfaults:\n  f: {{ link: client -> users-service, {keys}, lose: reply }}\nsteps:\n  - inject: f\n  - request: GET users-service /${{a}}\n    expect: {{ status: 200 }}\n"
        );
        check(&text, expected);
    };
    fault("match: POST, query: { a: 1, b: null }, body: { a: '${uuid}' }, that: body.a != path", &[]);
    fault(
        "body: { a: '${a}' }",
        &["4:51 a fault can't have `${…}` in it (a link decides by itself, and knows no variables)"],
    );
    fault(
        "query: { a: '${a}' }",
        &["4:52 a fault can't have `${…}` in it (a link decides by itself, and knows no variables)"],
    );
    fault(
        "that: path == a",
        &["4:53 `a` is undefined (there are `method`, `path`, `query`, `headers`, `body`)"],
    );
    fault(
        "that: status == 200",
        &["4:45 `status` is undefined (there are `method`, `path`, `query`, `headers`, `body`)"],
    );
    fault(
        "that: path == path",
        &["4:45 `path == path` is always true (say something that could be otherwise)"],
    );
    fault(
        "body: '${any}'",
        &["4:45 this `${any}` is met by every body (leave `body` out, or say what has to be in it)"],
    );
    fault("query: {}", &["4:46 `query: {}` is met by every request (leave it out)"]);
    fault(
        "match: { headers: { a: b } }, headers: { a: b }",
        &["4:69 the headers are matched twice (leave them out of `match`)"],
    );
}

#[test]
fn observations_that_cannot_be_judged() {
    let observe = |observation: &str, holds: &str, expected: &[&str]| {
        check(
            &format!(
                "invariants:\n  i: {{ when: always, observe: {{ a: {observation} }}, holds: {holds} }}\n"
            ),
            expected,
        );
    };
    observe(
        "{ request: POST users-service /x, body: { q: 1 }, headers: { a: b }, expect: { status: 2xx } }",
        "a.b == 1",
        &[],
    );
    observe(
        "{ request: DELETE users-service /x }",
        "a.b == 1",
        &["2:38 DELETE may change what it observes (observe with GET)"],
    );
    observe(
        "POST users-service /x",
        "a.b == 1",
        &["2:36 POST may change what it observes (observe with GET)"],
    );
    observe(
        "{ request: GET users-service /x, capture: { b: body }, expect: { no_reply: allowed } }",
        "a.b == 1",
        &[
            "2:69 an observation captures nothing (`a` stands for the body of the reply)",
            "2:101 `no_reply` can't be expected of an observation (observations pass all links, and are repeated until they can be made)",
        ],
    );
    observe(
        "{ headers: { a: b } }",
        "a.b == 1",
        &[
            "2:38 an observation needs the key `request` (`request`: The request: `GET users-service /api/ledger`.)",
        ],
    );
    observe(
        "{ request: GET users-service /x, follow: true, auth: { bearer: t } }",
        "a.b == 1",
        &[
            "2:69 an observation has no client: `follow` has no meaning here (write what it bears under `headers` or `auth`, and the address that it is redirected to)",
        ],
    );
}
