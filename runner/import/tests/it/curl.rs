//! Options of curl, one at a time.

use import::Format;

use crate::imported;

/// The step that a command is, and what isn't carried over.
#[track_caller]
fn check(command: &str, step: &str, losses: &[&str]) {
    let import = imported(Format::Curl, "x", command);
    let (_, found) = import.scenarios[0].text.split_once("steps:\n- ").unwrap();
    let found = found.replace("\n  expect:\n    status: 2xx\n", "");
    let found_losses: Vec<_> = import.losses.iter().map(|loss| loss.message.as_str()).collect();
    assert_eq!((found.as_str(), found_losses.as_slice()), (step, losses), "{command}");
}

#[test]
fn what_a_request_sends_is_that_of_curl() {
    for (command, step) in [
        ("curl -XDELETE localhost:5002/a", "request: DELETE users-service /a"),
        ("curl -sSLX PUT localhost:5002", "request: PUT users-service /\n  follow: true"),
        ("curl --request=PATCH --url http://127.0.0.1:5002/a#b", "request: PATCH users-service /a"),
        (
            "curl -d a=1 -d b=2 localhost:5002/a",
            "request: POST users-service /a\n  form:\n    a: 1\n    b: 2",
        ),
        (
            "curl --data-urlencode 'q=a b&c' localhost:5002/a",
            "request: POST users-service /a\n  form:\n    q: a b&c",
        ),
        (
            "curl -H Content-Type:text/plain -d hello localhost:5002/a",
            "request: POST users-service /a\n  headers:\n    Content-Type: text/plain\n  text: hello",
        ),
        (
            "curl -H 'Accept:' -H 'X-Empty;' localhost:5002/a",
            "request: GET users-service /a\n  headers:\n    X-Empty: ''",
        ),
        (
            "curl -u ann localhost:5002/",
            "request: GET users-service /\n  auth:\n    basic:\n      user: ann\n      password: ''",
        ),
        ("curl --max-redirs 3 -L localhost:5002/", "request: GET users-service /\n  follow: true"),
        ("curl 'localhost:5002/a b?c=d e'", "request: GET users-service /a%20b?c=d%20e"),
    ] {
        check(command, step, &[]);
    }
}

#[test]
fn a_password_or_a_token_that_stands_in_the_scenario_is_told() {
    for (command, step, place) in [
        (
            "curl http://ann:p%40ss@localhost:5002/",
            "request: GET users-service /\n  auth:\n    basic:\n      user: ann\n      password: p@ss",
            "auth.basic",
        ),
        (
            "curl --oauth2-bearer x localhost:5002/",
            "request: GET users-service /\n  auth:\n    bearer: x",
            "auth.bearer",
        ),
        (
            "curl -H 'authorization: Bearer x' localhost:5002/",
            "request: GET users-service /\n  headers:\n    authorization: Bearer x",
            "authorization",
        ),
    ] {
        let told = format!(
            "GET users-service / holds a secret as it was, in `{place}`: declare it under `secrets` in e2e.conf, and write `${{secrets.NAME}}` in its place"
        );
        check(command, step, &[&told]);
    }
}

#[test]
fn what_has_no_counterpart_is_told() {
    check(
        "curl -b jar.txt localhost:5002/",
        "request: GET users-service /",
        &["the cookies in the file `jar.txt` aren't carried over: `as: NAME` keeps cookies"],
    );
    check(
        "curl --retry 3 -x p localhost:5002/",
        "request: GET users-service /",
        &[
            "`--retry` isn't carried over: `eventually` polls until a reply is as expected",
            "`--proxy p` isn't carried over",
        ],
    );
    check("curl localhost:5002/ -X", "request: GET users-service /", &["`-X` has no value"]);
    check(
        "curl 'localhost:5002/ ",
        "request: GET users-service /",
        &["a `'` isn't closed isn't carried over"],
    );
}
