//! Mistakes in what a request sends, and in those who send it.

use super::*;

/// The mistakes of a step `POST users-service /x` with this beside it. What is beside it begins at 3:35.
#[track_caller]
fn check_beside(beside: &str, expected: &[&str]) {
    check_step(
        &format!("{{ expect: {{ status: 200 }}, {beside}, request: POST users-service /x }}"),
        expected,
    );
}

#[test]
fn what_cannot_be_sent_is_a_mistake() {
    for (beside, expected) in [
        ("query: [a]", "3:40 this is a list, and has to be a mapping of a query's names"),
        ("query: { a: { b: 1 } }", "3:46 this is a mapping, and has to be a text, null, or a list of those"),
        ("query: { a: [[1]] }", "3:46 this is a list, and has to be a text, null, or a list of those"),
        ("headers: { 'X Y': 1 }", "3:43 `X Y` can't be the name of a header"),
        ("headers: { X-Y: [] }", "3:48 this list is empty"),
        (
            "headers: { X-Y: [a, \"b\\n\"] }",
            "3:52 a header's value can't have control characters in it (a header is one line: write it without line breaks)",
        ),
        ("form: { a: { b: 1 } }", "3:45 this is a mapping, and has to be a text, null, or a list of those"),
        ("file: a.png, multipart: { a: b }", "3:45 a request has one body: `file` and `multipart` are two"),
        (
            "file: a.png",
            "3:38 `a.png` can't be read: there is no such file (a path is relative to the folder of the file that names it)",
        ),
        (
            "file: '${a}.png'",
            "3:38 the path of a file can't hold an expression (a file is read before the run: write its path itself)",
        ),
        ("multipart: {}", "3:43 a multipart form has at least one part"),
        (
            "multipart: { a: { type: image/png } }",
            "3:50 this part holds nothing (it needs one of `text`, `file`)",
        ),
        (
            "multipart: { a: { text: a, file: b } }",
            "3:59 a part holds one thing: `text` and `file` are two (make two parts of it, in a list)",
        ),
        ("multipart: { a: { txt: a } }", "3:50 unknown key `txt` in a part (did you mean `text`?)"),
        (
            "multipart: { a: { text: b, name: \"c\\n\" } }",
            "3:65 a file name can't have control characters in it",
        ),
        ("auth: basic", "3:38 this is a text, and has to be `none`, or a mapping with `basic` or `bearer`"),
        ("auth: {}", "3:38 this authentication is empty (it needs one of `basic`, `bearer`)"),
        (
            "auth: { basic: { user: a, password: b }, bearer: c }",
            "3:73 a request says once who sends it: `basic` and `bearer` are two",
        ),
        ("auth: { basic: { password: b } }", "3:49 `basic` needs the key `user` (`user`: The user.)"),
        (
            "auth: { basic: { user: 'a:b', password: c } }",
            "3:55 a user can't have `:` in it (a `:` ends the user (RFC 7617))",
        ),
        ("auth: { baerer: c }", "3:40 unknown key `baerer` in an authentication (did you mean `bearer`?)"),
        (
            "auth: none, headers: { authorization: x }",
            "3:55 a request says once who sends it: `auth` and `authorization` are two",
        ),
        ("follow: 0", "3:40 this follows no redirect (write `follow: false`, or leave it out)"),
        ("follow: 1000", "3:40 1000 is not a whole number from 1 to 100"),
        (
            "follow: often",
            "3:40 this is a text, and has to be `true`, `false`, or the most redirects that are followed",
        ),
        (
            "as: alice",
            "3:36 unknown client `alice` (there are none: `clients` of this file or of e2e.conf makes them)",
        ),
    ] {
        let expected = expected.to_owned();
        let found = mistakes(&format!(
            "scenario: s\nsteps:\n  - {{ expect: {{ status: 200 }}, {beside}, request: POST users-service /x }}\n"
        ));
        // A part that isn't there is told beside another mistake.
        assert!(found.contains(&expected), "{beside}: {found:#?}");
    }
    check_beside("follow: 3", &[]);
    check_beside("headers: { X-Y: [a, b], X-Z: null }", &[]);
}

fn mistakes(text: &str) -> Vec<String> {
    read_file(text, "a.yaml".into(), &configuration()).err().map(shown).unwrap_or_default()
}

#[test]
fn any_token_is_a_method_but_a_misspelled_one() {
    let check = |method: &str, expected: &[&str]| {
        check_step(
            &format!("{{ request: '{method} users-service /x', expect: {{ status: 200 }} }}"),
            expected,
        );
    };
    for method in ["PROPFIND", "M-SEARCH", "purge", "X.~|!", "HEADERS", "UNLOCK", "QUERY"] {
        check(method, &[]);
    }
    check("GE(T", &["3:17 `GE(T` is no method (a method has letters, digits and `!#$%&'*+-.^_`|~` only)"]);
    check("Post", &["3:17 `Post` is no method (did you mean `POST`?)"]);
    check(
        "CONNECT",
        &["3:17 CONNECT can't be sent to a service (it asks a proxy for a tunnel: send the request itself)"],
    );
    check_fault("link: orders-service -> users-service\nlose: reply\nmatch: MKCOL /x", &[]);
    check_fault("link: orders-service -> users-service\nlose: reply\nmatch: { method: purge }", &[]);
}

/// The mistakes of a scenario with these clients, of which the first line is line 2.
#[track_caller]
fn check_clients(clients: &str, step: &str, expected: &[&str]) {
    check(
        &format!(
            "scenario: s\n{clients}\nsteps:\n  - {{ request: GET users-service /x, expect: {{ status: 200 }}, {step} }}\n"
        ),
        expected,
    );
}

#[test]
fn clients() {
    let login = "login: { request: POST users-service /login, capture: { token: body.token } }";
    check_clients(
        &format!("clients: {{ ann: {{ auth: {{ bearer: '${{token}}' }}, {login} }} }}"),
        "as: ann",
        &[],
    );
    check_clients(
        "clients: { ann: {}, bob: {} }",
        "as: anm",
        &[
            "2:12 no request is sent as `ann` (send a request as it: `as: ann`)",
            "2:21 no request is sent as `bob` (send a request as it: `as: bob`)",
            "4:67 unknown client `anm` (did you mean `ann`?)",
        ],
    );
    check_clients("clients: { ann: {} }\ndefaults: { as: ann }", "as: ann", &[]);
    check_clients(
        &format!("clients: {{ ann: {{ {login} }} }}"),
        "as: ann",
        &[
            "2:75 `token` is captured and never used (use it in the client's `headers` or `auth`: it is known nowhere else)",
        ],
    );
    check_clients(
        &format!("clients: {{ ann: {{ headers: {{ X-T: '${{token}}' }}, {login} }} }}"),
        "as: ann, text: '${token}'",
        &["4:81 `token` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check_clients(
        &format!("vars: {{ token: 1 }}\nclients: {{ ann: {{ headers: {{ X-T: '${{token}}' }}, {login} }} }}"),
        "as: ann",
        &["3:105 `token` is a variable of this scenario already (call what is captured something else)"],
    );
    for (client, expected) in [
        ("logn: {}", "2:19 unknown key `logn` in a client (did you mean `login`?)"),
        (
            "login: { expect: { status: 200 } }",
            "2:28 a login needs the key `request` (`request`: The request: `POST users-service /login`.)",
        ),
        (
            "login: { request: POST users-service /login }",
            "2:37 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ),
        (
            "login: { request: POST users-service /login, expect: { status: 200 }, as: ann }",
            "2:89 a login is sent by the client that logs in (leave `as` out)",
        ),
        (
            "login: { request: POST users-service /login, expect: { status: 200 }, once: run }",
            "2:95 a client of one scenario can't log in for a whole run (define the client in e2e.conf, or leave `once` out)",
        ),
        (
            "login: { request: POST users-service /login, expect: { status: 200 }, once: day }",
            "2:95 `day` has no meaning here (there are `scenario`, `run`)",
        ),
        ("headers: { X-Y: null }", "2:30 `X-Y` has no value (leave the header out)"),
    ] {
        let found = mistakes(&format!(
            "scenario: s\nclients: {{ ann: {{ {client} }} }}\nsteps:\n  - {{ request: GET users-service /x, expect: {{ status: 200 }}, as: ann }}\n"
        ));
        assert!(found.iter().any(|found| found == expected), "{client}: {found:#?}");
    }
}

#[test]
fn clients_and_headers_of_the_configuration() {
    let conf = |rest: &str| {
        format!(
            "services:\n  shop: {{ base_url: 'http://localhost:1' }}\n  bank: {{ command: bank }}\n{rest}"
        )
    };
    let login = |service: &str| {
        conf(&format!(
            "clients:\n  ann: {{ login: {{ request: POST {service} /login, once: run, expect: {{ status: 200 }} }} }}\n"
        ))
    };
    check_conf(&login("shop"), &[]);
    check_conf(
        &login("bank"),
        &[
            "5:52 `bank` is started anew for each scenario, and forgets who has logged in (write `once: scenario`, or leave it out)",
        ],
    );
    check_conf(
        "services: { shop: { base_url: 'http://localhost:1', headers: { X-A: '${token}' }, auth: { basic: {} } } }",
        &[
            "1:72 `token` is undefined (there are no variables yet: `vars` and `capture` make them)",
            "1:98 `basic` needs the key `user` (`user`: The user.)",
            "1:98 `basic` needs the key `password` (`password`: The password.)",
        ],
    );
    let with = conf("clients: { ann: {} }\n");
    let configuration = read_configuration(&with, "e2e.conf".into()).expect("a configuration");
    let text = "scenario: s\nsteps: [{ request: GET shop /, as: ann, expect: { status: 200 } }]\n";
    assert!(read_file(text, "a.yaml".into(), &configuration).is_ok(), "a client of e2e.conf needs no use");
}

#[test]
fn readiness_bears_what_every_request_to_its_service_does() {
    let conf = "services: { shop: { base_url: 'http://localhost:1', headers: { X-A: [a, b], X-B: c }, auth: { bearer: t }, ready: [/a, { path: /b, headers: { x-a: own, Authorization: mine } }] } }";
    let configuration = read_configuration(conf, "e2e.conf".into()).expect("a configuration");
    let ready = &configuration.services[0].ready;
    let values = |index: usize, name: &str| -> Vec<&str> {
        ready[index].headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect()
    };
    assert_eq!((values(0, "x-a"), values(0, "authorization")), (vec!["a", "b"], vec!["Bearer t"]));
    assert_eq!(
        (values(1, "x-a"), values(1, "x-b"), values(1, "authorization")),
        (vec!["own"], vec!["c"], vec!["mine"])
    );
}

#[test]
fn readiness_bears_what_comes_from_outside_and_what_it_cannot_name_is_a_mistake() {
    let read = |ready: &str, token: &str| {
        let conf = format!(
            "services: {{ shop: {{ base_url: 'http://localhost:1', headers: {{ X-Tenant: '${{env.TENANT}}' }}, auth: {{ bearer: '{token}' }}, ready: {ready} }} }}\nenv: {{ TENANT: acme }}\nsecrets: [KEY]\n"
        );
        let environment = [("KEY".to_owned(), "long-enough".to_owned())].into();
        scenario::read_configuration_with(
            &conf,
            "e2e.conf".into(),
            &std::collections::BTreeMap::new(),
            &environment,
        )
    };
    let configuration = read("/a", "${secrets.KEY}").expect("a configuration");
    let headers = &configuration.services[0].ready[0].headers;
    assert_eq!(headers["x-tenant"], "acme");
    assert_eq!(headers["authorization"], "Bearer long-enough");
    let mistakes = read("/a", "${uuid()}").expect_err("it can't be drawn");
    assert_eq!(
        mistakes[0].message,
        "`ready` can't send the service's `auth`: `uuid()`: there is no value to be drawn here"
    );
    let own = "{ path: /a, headers: { Authorization: Bearer mine } }";
    assert!(read(own, "${uuid()}").is_ok(), "a header of its own wins");
}

#[test]
fn who_sends_a_request_has_a_meaning_in_requests_only() {
    check_step(
        "{ wait: 1s, as: ann }",
        &[
            "3:17 `as` belongs to `request`, which this step doesn't have",
            "3:21 unknown client `ann` (there are none: `clients` of this file or of e2e.conf makes them)",
        ][..1],
    );
    check(
        "scenario: s\ndefaults: { as: ann, hedaers: {} }\nsteps: [{ request: GET users-service /, expect: { status: 200 } }]\n",
        &[
            "2:17 unknown client `ann` (there are none: `clients` of this file or of e2e.conf makes them)",
            "2:22 unknown key `hedaers` in `defaults` (did you mean `headers`?)",
        ],
    );
}
