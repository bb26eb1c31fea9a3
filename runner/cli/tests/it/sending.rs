//! Requests over real sockets: bytes as they are in their files, redirects between services, cookies and logins.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::project::Project;

/// A request: its line, its head in lower case, and its body.
struct Received {
    line: String,
    head: String,
    body: Vec<u8>,
}

/// Starts a server that answers each request with what `answer` gives: headers, each with its line break, and a body.
fn serving(answer: impl Fn(&Received) -> (u16, String, Vec<u8>) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let Some(request) = received(&stream) else { return };
                let (status, headers, body) = answer(&request);
                let head =
                    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
                // The caller may have closed the connection.
                drop((&stream).write_all(&[format!("{head}{headers}\r\n").as_bytes(), &body].concat()));
            });
        }
    });
    address
}

fn received(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut head) = (String::new(), String::new());
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    while !head.ends_with("\r\n\r\n") && head != "\r\n" {
        reader.read_line(&mut head).ok().filter(|length| *length > 0)?;
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Received { line: line.trim_end().to_owned(), head, body })
}

/// All bytes that there are.
fn every_byte() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

#[test]
fn what_a_scenario_sends_arrives_over_sockets() {
    let bank = serving(|request| {
        let secret = request.head.contains("uthorization: Bearer of-the-bank");
        (if secret { 200 } else { 403 }, String::new(), request.line.clone().into_bytes())
    });
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let shop = serving(move |request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        match path {
            "/api/login" => {
                // The readiness asks for it, too.
                count.fetch_add(usize::from(request.line.starts_with("POST")), Ordering::SeqCst);
                (200, "set-cookie: sid=7; Path=/api\r\n".into(), Vec::new())
            }
            "/api/away" => {
                (302, format!("location: http://localhost:{}/seen?a=1\r\n", bank.port()), Vec::new())
            }
            "/api/upload" if request.body == every_byte() => (201, String::new(), b"whole".to_vec()),
            "/api/head" => (200, String::new(), request.head.clone().into_bytes()),
            _ => (404, String::new(), request.line.clone().into_bytes()),
        }
    });
    let configuration = format!(
        "services:
  shop: {{ base_url: 'http://{shop}/api', ready: /login }}
  bank: {{ base_url: 'http://{bank}', auth: {{ bearer: of-the-bank }}, ready: /livez }}
clients:
  ann: {{ login: {{ request: POST shop /login, expect: {{ status: 200 }}, once: run }} }}
"
    );
    let steps = "
steps:
  - { request: PUT shop /upload, file: bytes.bin, expect: { status: 201, body: whole } }
  - { request: GET shop /away, follow: true, expect: { status: 200, body: 'GET /seen?a=1 HTTP/1.1' } }
  - { request: M-SEARCH shop /nothing, query: { q: [a b, c] }, expect: { status: 404, body: 'M-SEARCH /api/nothing?q=a%20b&q=c HTTP/1.1' } }
  - { request: GET shop /head, as: ann, headers: { X-Tag: [a, b] }, expect: { that: [\"'Cookie: sid=7' in body\", \"'X-Tag: a\\r\\nX-Tag: b' in body\"] } }
";
    let project = Project::new(&configuration)
        .with("scenarios/sub/bytes.bin", every_byte())
        .with("scenarios/sub/a.yaml", format!("scenario: one\n{steps}"))
        .with("scenarios/sub/b.yaml", format!("scenario: two\n{steps}"));
    let ended = project.run(&["scenarios", "--jobs", "2"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(logins.load(Ordering::SeqCst), 1, "one login for both scenarios");
}

#[test]
fn a_login_that_fails_for_a_run_is_exit_code_3_with_help() {
    let shop = serving(|request| {
        let status = if request.line.contains("/login") { 401 } else { 200 };
        (status, String::new(), b"who are you?".to_vec())
    });
    let configuration = format!(
        "services: {{ shop: {{ base_url: 'http://{shop}' }} }}\nclients:\n  ann: {{ login: {{ request: POST shop /login, expect: {{ status: 200 }}, once: run }} }}\n"
    );
    let text = "scenario: one\nsteps: [{ request: GET shop /, as: ann, expect: { status: 200 } }]\n";
    let ended = Project::new(&configuration).with("scenarios/a.yaml", text).run(&[]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let told = format!("{}{}", ended.out, ended.err);
    assert!(
        told.contains("ann can't log in with POST shop /login: status: expected 200, found 401"),
        "{told}"
    );
    assert!(told.contains("check the `login` of `ann` under `clients`"), "{told}");
}

#[test]
fn bytes_spoil_no_report_and_the_command_names_their_file() {
    let shop = serving(|_| (200, String::new(), Vec::new()));
    let configuration = format!("services: {{ shop: {{ base_url: 'http://{shop}' }} }}\n");
    let text = "scenario: one
steps:
  - request: POST shop /
    multipart: { note: \"it's; so\", data: { file: bytes.bin, name: other.bin } }
    headers: { Cookie: a=1 }
    expect: { status: 201 }
";
    let project =
        Project::new(&configuration).with("scenarios/bytes.bin", every_byte()).with("scenarios/a.yaml", text);
    let ended = project.run(&["scenarios", "--report", "json=r.json,html=r.html,junit=r.xml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = [
        "note: it's; so\n",
        "data: (other.bin, application/octet-stream, 256 bytes)\n",
        &format!(
            r#"again: curl -sS -i -X POST http://{shop}/ -b a=1 -F 'note="it'\''s; so"' -F 'data=@scenarios/bytes.bin;type=application/octet-stream;filename=other.bin'"#
        ),
    ];
    for text in expected {
        assert!(ended.out.contains(text), "no `{text}` in:\n{}", ended.out);
    }
    for file in ["r.json", "r.html", "r.xml"] {
        let report = fs::read_to_string(project.folder().join(file)).expect("text in UTF-8");
        let control = report.chars().find(|c| c.is_control() && !"\n\r\t".contains(*c));
        assert_eq!(control, None, "{file}");
    }
}
