use std::process::Command;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::sample::{SampleExchange, exchange};
use crate::curl::{curl, quoted};

#[test]
fn a_shell_reads_words_back_as_they_were() {
    for word in
        ["", "plain", "two words", "it's", "''", "$HOME `id` \"x\" \\ !", "a\nb", "*?[x]{a,b}", "~", "ü", "#"]
    {
        let output = Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(word))).output();
        assert_eq!(output.expect("a shell").stdout, word.as_bytes(), "{word:?} as {}", quoted(word));
    }
    assert_eq!(quoted("http://127.0.0.1:5002/api/users"), "http://127.0.0.1:5002/api/users");
}

fn check(change: impl FnOnce(&mut SampleExchange), expected: &str) {
    let link = "client -> users-service";
    let mut exchange = exchange(link, "GET /api/users?name=a&limit=1", &Value::Null, 200, &json!({}));
    change(&mut exchange);
    let address = |_: &fault::ServiceName| Some("http://localhost:5002/".to_string());
    assert_eq!(exchange.view(|exchange| curl(exchange, address)), format!("curl -sS -i {expected}"));
}

#[test]
fn requests_become_commands() {
    check(|_| {}, "'http://localhost:5002/api/users?name=a&limit=1'");
    check(
        |e| e.request.method = Method::DELETE,
        "-X DELETE 'http://localhost:5002/api/users?name=a&limit=1'",
    );
    check(|e| e.request.method = Method::HEAD, "-I 'http://localhost:5002/api/users?name=a&limit=1'");
    check(|e| e.request.path = "/a/[1]".into(), "-g 'http://localhost:5002/a/[1]'");
    check(|e| e.request.path = "/a/../b".into(), "--path-as-is http://localhost:5002/a/../b");
    check(
        |e| {
            e.request.path = "/a".into();
            for (name, value) in
                [("host", "x"), ("content-length", "3"), ("x-empty", ""), ("x-quote", "it's")]
            {
                e.request.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
        },
        r"http://localhost:5002/a -H 'x-empty;' -H 'x-quote: it'\''s'",
    );
    check(
        |e| {
            e.request.path = "/a".into();
            e.request.method = Method::POST;
            e.request.body = Bytes::from_static(b"@it's");
        },
        r"-X POST http://localhost:5002/a -H content-type: --data-raw '@it'\''s'",
    );
}

#[test]
fn a_body_that_is_no_text_is_sent_all_the_same() {
    let mut binary = exchange("client -> users-service", "PUT /a", &Value::Null, 200, &json!({}));
    binary.request.body = Bytes::from_static(&[0, 0xff, b'\'', b'%', b'\\']);
    let command = binary.view(|exchange| curl(exchange, |_| None));
    let (printf, rest) = command.split_once(" | ").expect("a pipe");
    assert_eq!(rest, "curl -sS -i -X PUT http://users-service/a -H content-type: --data-binary @-");
    let output = Command::new("sh").arg("-c").arg(printf).output().expect("a shell");
    assert_eq!(output.stdout, *binary.request.body);
}
