use std::process::Command;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use scenario::BodyFile;
use serde_json::{Value, json};

use super::sample::{SampleExchange, exchange};
use super::text::plain;
use crate::{
    ServiceAddress,
    curl::{again, quoted},
};

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

const RUNNING: fn() -> Option<ServiceAddress> =
    || Some(ServiceAddress::Running("http://localhost:5002/".into()));

fn command(exchange: &SampleExchange, address: fn() -> Option<ServiceAddress>) -> Vec<String> {
    let lines = exchange.view(|exchange| again(exchange, &[], &|_| address()));
    lines.iter().map(|line| plain(line)).collect()
}

fn check(change: impl FnOnce(&mut SampleExchange), expected: &str) {
    let link = "client -> users-service";
    let mut exchange = exchange(link, "GET /api/users?name=a&limit=1", &Value::Null, 200, &json!({}));
    change(&mut exchange);
    assert_eq!(command(&exchange, RUNNING), [format!("again: curl -sS -i {expected}")]);
}

#[test]
fn requests_become_commands() {
    check(|_| {}, "'http://localhost:5002/api/users?name=a&limit=1'");
    check(
        |e| e.request.method = Method::DELETE,
        "-X DELETE 'http://localhost:5002/api/users?name=a&limit=1'",
    );
    check(|e| e.request.method = Method::HEAD, "-I 'http://localhost:5002/api/users?name=a&limit=1'");
    check(
        |e| {
            let (_, reply) = e.ending.as_mut().expect("it has ended");
            let headers = &mut reply.as_mut().expect("with a reply").headers;
            headers.insert("content-encoding", HeaderValue::from_static("gzip"));
        },
        "--compressed 'http://localhost:5002/api/users?name=a&limit=1'",
    );
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
    let command = command(&binary, RUNNING).remove(0);
    let (printf, rest) =
        command.strip_prefix("again: ").and_then(|line| line.split_once(" | ")).expect("a pipe");
    assert_eq!(rest, "curl -sS -i -X PUT http://localhost:5002/a -H content-type: --data-binary @-");
    let output = Command::new("sh").arg("-c").arg(printf).output().expect("a shell");
    assert_eq!(output.stdout, *binary.request.body);
}

#[test]
fn a_long_body_is_left_out_of_the_command() {
    let mut long = exchange("client -> users-service", "PUT /a", &Value::Null, 200, &json!({}));
    long.request.body = "x".repeat(48_000).into();
    assert_eq!(
        command(&long, RUNNING),
        [
            "again: curl -sS -i -X PUT http://localhost:5002/a -H content-type: --data-binary @body  # 48 kB that the JSON report has"
        ]
    );
}

#[test]
fn a_service_that_the_runner_started_is_reached_while_it_is_up() {
    let asked = exchange("client -> users-service", "GET /users?name=a b", &Value::Null, 200, &json!({}));
    assert_eq!(
        command(&asked, || Some(ServiceAddress::WithUp("http://localhost:5002".into()))),
        ["again: curl -sS -i 'http://localhost:5002/users?name=a b'", "       (while `runner up` runs)"]
    );
    assert_eq!(
        command(&asked, || None),
        [
            "again: curl -sS -i \"$URL\"'/users?name=a b'",
            "       (URL=http://… is the address of users-service, which `runner up` prints)"
        ]
    );
}

/// A form of two parts, and the files that a scenario sends.
fn form(change: impl FnOnce(&mut SampleExchange)) -> SampleExchange {
    let mut form = exchange("client -> users-service", "POST /a", &Value::Null, 200, &json!({}));
    let kind = HeaderValue::from_static("multipart/form-data; boundary=b");
    form.request.headers.insert("content-type", kind);
    form.request.body = Bytes::from_static(
        b"--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n@it's\r\n--b\r\nContent-Disposition: form-data; \
          name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\xff\0\r\n--b--\r\n",
    );
    change(&mut form);
    form
}

fn command_with_file(exchange: &SampleExchange) -> String {
    let content: std::sync::Arc<[u8]> = [0xff, 0].into();
    let file = BodyFile { path: "x/a b.png".into(), content, media_type: "image/png" };
    let lines = exchange.view(|exchange| again(exchange, &[&file], &|_| RUNNING()));
    plain(&lines[0])
}

#[test]
fn files_are_named_in_commands_and_cookies_have_their_word() {
    let cookie = |e: &mut SampleExchange| {
        e.request.headers.insert("cookie", HeaderValue::from_static("a=1; b=2"));
    };
    assert_eq!(
        command_with_file(&form(cookie)),
        r#"again: curl -sS -i -X POST http://localhost:5002/a -b 'a=1; b=2' -F 'note="@it'\''s"' -F 'photo=@x/a b.png;type=image/png;filename=a.png'"#
    );
    let alone = |e: &mut SampleExchange| {
        e.request.body = Bytes::from_static(&[0xff, 0]);
        e.request.headers.insert("content-type", HeaderValue::from_static("image/png"));
    };
    assert_eq!(
        command_with_file(&form(alone)),
        "again: curl -sS -i -X POST http://localhost:5002/a -H 'content-type: image/png' --data-binary '@x/a b.png'"
    );
    let cut = |e: &mut SampleExchange| e.request.body = e.request.body.slice(..40);
    let cut = command_with_file(&form(cut));
    assert!(cut.contains("--data-binary @-") || cut.contains("--data-raw"), "{cut}");
    let unknown = form(|_| {}).view(|exchange| again(exchange, &[], &|_| RUNNING()));
    assert!(plain(&unknown[0]).contains("printf "), "a file that isn't known is written out");
}
