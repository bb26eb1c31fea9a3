//! Secrets: a planted one is found in nothing that a run prints or writes.

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::project::{Ended, Project};

/// What is planted: with a quote, a slash, a backslash and a letter outside of ASCII.
const KEY: &str = "s3\"cr/et&é\\9";
/// What the service calls a token, which a step captures as a secret.
const TOKEN: &str = "t0ken-4711-xyz";
/// A secret that stands in a file.
const FILED: &str = "f1led-secret";

const SERVICE: &str = "secrets::a_planted_secret_is_found_nowhere";

/// How many it got that may change something.
static POSTS: AtomicUsize = AtomicUsize::new(0);

fn listener(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()
}

/// Answers every request with what it got and what it knows, and logs both.
fn serve(listener: &TcpListener) -> ! {
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        std::thread::spawn(move || while answer(&mut stream).is_some() {});
    }
}

fn answer(stream: &mut TcpStream) -> Option<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let (head, length) = loop {
        let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let length = head
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split_whitespace().next().unwrap().parse::<usize>().unwrap());
            if request.len() >= end + 4 + length {
                break (head, length);
            }
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    };
    let body = String::from_utf8_lossy(&request[request.len() - length..]).into_owned();
    if head.starts_with("POST") {
        POSTS.fetch_add(1, Ordering::Relaxed);
    }
    let posts = POSTS.load(Ordering::Relaxed);
    let key = env::var("KEY").unwrap_or_default();
    // Only a login tells the token.
    let token = if head.contains("?key=") { TOKEN } else { "" };
    let mut out = io::stdout();
    writeln!(out, "got {head}\n{body}\nthe key is {key}, the file {FILED}").unwrap();
    let known = serde_json::json!({ "head": head, "body": body, "key": key, "token": token, "filed": FILED, "posts": posts, "list": [{ "long": format!("{}{key}", "x".repeat(150)) }] });
    let reply = known.to_string();
    let status = if head.contains("/refused") { "403 Forbidden" } else { "200 OK" };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-key: {key}\r\nx-token: {token}\r\ncontent-length: {}\r\n\r\n",
        reply.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(reply.as_bytes())).ok()
}

fn project() -> Project {
    let exe = env::current_exe().unwrap();
    let exe = exe.display();
    let configuration = format!(
        "services:
  vault:
    command: [\"{exe}\", --exact, {SERVICE}, --nocapture]
    env: {{ VAULT_PORT: \"${{port}}\", KEY: \"${{secrets.KEY}}\" }}
    ready: /livez
  front:
    command: [\"{exe}\", --exact, {SERVICE}, --nocapture]
    env: {{ VAULT_PORT: \"${{port}}\", KEY: \"${{env.PLAIN}}\", VAULT: \"${{url.vault}}\" }}
    depends_on: [vault]
    ready: /livez
env: {{ PLAIN: not secret }}
secrets: {{ KEY: {{ env: THE_KEY }}, FILED: {{ file: filed.txt }} }}
snapshots: snaps
settle: 500ms
timeout: 500ms
invariants:
  it was posted once: {{ when: settled, observe: {{ seen: \"GET vault /${{secrets.KEY}}\" }}, holds: \"seen.posts < 2 or seen.key == 'x'\" }}
  the key is another: {{ when: always, observe: {{ seen: \"GET vault /${{secrets.KEY}}\" }}, holds: \"seen.key != 'x' and seen.filed == secrets.FILED\" }}
"
    );
    Project::new(&configuration)
        .with("filed.txt", format!("{FILED}\n"))
        .with("scenarios/failing.yaml", FAILING)
        .with("scenarios/checking.yaml", CHECKING)
        .with("scenarios/passing.yaml", PASSING)
        .with("explorations/looks.yaml", EXPLORATION)
}

const FAILING: &str = r#"
scenario: A request with a secret everywhere
steps:
  - request: POST vault /keys/${secrets.KEY}?key=${secrets.KEY}&filed=${secrets.FILED}
    headers:
      Authorization: Basic ${('ann:' ~ secrets.KEY) | base64}
      X-Key: ${secrets.KEY | urlencode}
    body: { key: "${secrets.KEY}", nested: "${secrets.KEY | tojson}" }
    expect: { status: 200 }
    capture: { token: { secret: body.token } }
  - request: GET vault /refused/${token}
    headers: { X-Token: "${token}" }
    expect:
      status: 200
      headers: { X-Key: other }
      body: { key: other, list: [{ long: x }], token: "${token}x" }
      that: ["body.list == []", "body.key ~ token == 'x'"]
"#;

const CHECKING: &str = r#"
scenario: A check of a secret
steps:
  - request: POST vault /form
    form: { key: "${secrets.KEY}" }
    expect: { status: 200 }
  - check: ["secrets.KEY == 'x'", "secrets.KEY | base64 == ''", "secrets.KEY | int == 1"]
"#;

const PASSING: &str = r#"
scenario: A request that passes
vars: { key: "${secrets.KEY}" }
steps:
  - request: POST vault /?key=${key}
    text: the key is ${secrets.KEY}
    expect: { status: 200, body: { key: "${key}" } }
    capture: { token: { secret: body.token } }
  - request: GET vault /${token}
    expect: { status: 200, that: took < 100s }
"#;

const EXPLORATION: &str = r#"
exploration: It is looked at
steps: 2
operations:
  look: { request: "GET vault /refused/${secrets.KEY}", headers: { X-Filed: "${secrets.FILED}" }, expect: { status: 200, body: { key: other } } }
"#;

#[test]
fn a_planted_secret_is_found_nowhere() {
    if let Ok(port) = env::var("VAULT_PORT") {
        serve(&listener(port.parse().unwrap()));
    }
    let project = project();
    let run = |arguments: &[&str]| -> Ended {
        let mut command = project.command(arguments);
        command.env("THE_KEY", KEY).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "summary.md");
        command.output().unwrap().into()
    };
    let reports = "junit=out/report.xml,json=out/report.json,html=out/report.html";
    let run_all =
        run(&["scenarios/", "--seed", "7", "--verbose", "--logs", "--keep=kept", "--report", reports]);
    assert_eq!(run_all.code, Some(1), "{run_all:?}");
    // The one that passes gets its first snapshot.
    assert!(run_all.out.contains("3 scenarios: 1 passed, 2 failed"), "{}", run_all.out);
    assert!(run_all.out.contains("\n::error file="), "{}", run_all.out);
    assert!(run_all.err.contains("the key is ***"), "{}", run_all.err);
    let sweep = run(&["sweep", "scenarios/passing.yaml", "--seed", "7", "--report", "html=out/sweep.html"]);
    assert_eq!(sweep.code, Some(1), "{sweep:?}");
    let explore = run(&["explore", "explorations/looks.yaml", "--cases", "1", "--jobs", "1"]);
    assert_eq!(explore.code, Some(1), "{explore:?}");
    let snapshot = project.folder().join("snaps/scenarios__passing.snap");
    fs::write(&snapshot, fs::read_to_string(&snapshot).unwrap().replace("200", "201")).unwrap();
    let replay = run(&["replay", "out/report.json"]);
    assert!(replay.out.contains("3 scenarios: 3 failed"), "{replay:?}");
    let review = run(&["review"]);
    assert!(review.out.contains("1 snapshot: 1 left to review"), "{review:?}");
    let list = run(&["list", "--json"]);
    let kept = files(project.folder());
    let parts = [
        "report.xml",
        "report.json",
        "report.html",
        "vault.log",
        ".snap.new",
        "regressions",
        "summary.md",
        "last-run.json",
    ];
    for part in parts {
        let found = kept.iter().filter(|file| file.to_string_lossy().contains(part)).count();
        assert!(found > 0, "no {part} in {kept:#?}");
    }
    let mut places: Vec<(String, Vec<u8>)> = kept
        .iter()
        .filter(|file| !file.ends_with("filed.txt"))
        .map(|file| (file.display().to_string(), fs::read(file).unwrap()))
        .collect();
    let commands = [
        ("run", run_all),
        ("sweep", sweep),
        ("explore", explore),
        ("replay", replay),
        ("review", review),
        ("list", list),
    ];
    for (name, ended) in commands {
        places.push((format!("stdout of {name}"), ended.out.into()));
        places.push((format!("stderr of {name}"), ended.err.into()));
    }
    for (place, content) in places {
        let text = String::from_utf8_lossy(&content).into_owned();
        let one_line = text.replace(['\n', ' ', '│'], "");
        for spelling in spellings() {
            assert!(!text.contains(&spelling), "{spelling} stands in {place}:\n{}", around(&text, &spelling));
            assert!(!one_line.contains(&spelling), "{spelling} stands in lines of {place}");
        }
    }
}

#[test]
fn a_secret_that_a_login_captures_is_found_nowhere() {
    let listener = listener(0);
    let running = format!("base_url: 'http://127.0.0.1:{}'", listener.local_addr().unwrap().port());
    std::thread::spawn(move || serve(&listener));
    let exe = env::current_exe().unwrap();
    let started = format!(
        "command: [\"{}\", --exact, {SERVICE}, --nocapture], env: {{ VAULT_PORT: \"${{port}}\" }}, ready: /livez",
        exe.display()
    );
    for (service, once, key, secrets) in [
        (&started, "", "1", ""),
        (&running, "", "1", ""),
        (&running, "once: run, ", "1", ""),
        (&running, "once: run, ", "${secrets.KEY}", "secrets: { KEY: { env: THE_KEY } }\n"),
    ] {
        let configuration = format!(
            "services: {{ vault: {{ {service} }} }}
{secrets}clients:
  ann:
    auth: {{ bearer: \"${{token}}\" }}
    login: {{ {once}request: \"POST vault /login?key={key}\", expect: {{ status: 200 }}, capture: {{ token: {{ secret: body.token }} }} }}
"
        );
        let project = Project::new(&configuration).with(
            "scenarios/a.yaml",
            "scenario: It is refused\nsteps:\n  - { request: GET vault /refused/me, as: ann, expect: { status: 200, body: { key: other } } }\n",
        );
        let reports = "junit=out/report.xml,json=out/report.json,html=out/report.html";
        let mut command = project.command(&["--logs", "--verbose", "--keep=kept", "--report", reports]);
        let ended = Ended::from(command.env("THE_KEY", KEY).output().unwrap());
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.contains("403 Forbidden"), "{}", ended.out);
        assert!(ended.out.contains("Bearer ***"), "it was sent: {}", ended.out);
        let written = files(project.folder());
        assert!(written.iter().any(|file| file.ends_with("report.html")), "{written:#?}");
        let written = written.iter().map(|file| (file.display().to_string(), fs::read(file).unwrap()));
        let printed = [("stdout".to_owned(), ended.out.into()), ("stderr".to_owned(), ended.err.into())];
        for (place, content) in written.chain(printed) {
            let text = String::from_utf8_lossy(&content);
            assert!(!text.contains(TOKEN), "{once}{key}: in {place}:\n{}", around(&text, TOKEN));
            assert!(!text.contains(KEY), "{once}{key}: in {place}:\n{}", around(&text, KEY));
        }
    }
}

/// The secrets in all spellings that a person or a program could read.
fn spellings() -> Vec<String> {
    let mut spellings = vec![KEY.to_owned(), TOKEN.to_owned(), FILED.to_owned()];
    let json = serde_json::to_string(KEY).unwrap();
    spellings.push(json[1..json.len() - 1].to_owned());
    let twice = serde_json::to_string(&json).unwrap();
    spellings.push(twice[3..twice.len() - 3].to_owned());
    let percent: String =
        KEY.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    spellings.extend([percent.clone(), percent.to_lowercase(), percent.replace("%5C", "\\")]);
    let html = KEY.replace('&', "&amp;").replace('"', "&quot;");
    spellings.extend([html.replace('/', "&#x2F;"), html.replace("&quot;", "&#34;"), html]);
    // In Base64 behind 0, 1 and 2 other bytes; what is left out at both ends depends on what stands beside it.
    for (before, from) in [("", 0), ("a", 2), ("ab", 3)] {
        let encoded = base64(format!("{before}{KEY}").as_bytes());
        spellings.push(encoded[from..from + 12].to_owned());
    }
    spellings
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<_>>();
    let digits = bits.chunks(6).map(|chunk| {
        let value =
            chunk.iter().chain(&[0; 5]).take(6).fold(0_usize, |value, bit| value * 2 + usize::from(*bit));
        char::from(ALPHABET[value])
    });
    digits.collect()
}

fn around(text: &str, part: &str) -> String {
    let at = text.find(part).unwrap_or(0);
    let (from, to) = (
        text.floor_char_boundary(at.saturating_sub(300)),
        text.ceil_char_boundary((at + 200).min(text.len())),
    );
    text[from..to].to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn secrets_and_variables_that_are_missing_are_mistakes_before_the_run() {
    let project = Project::new(
        "services: { s: { base_url: http://localhost:1 } }\nenv: { HERE: x, THERE: null }\nsecrets: [GONE, EMPTY, SHORT, LONG, SHORTEST]\n",
    )
    .with("a.yaml", "scenario: a\nsteps:\n  - { request: 'GET s /${secrets.LONGER}/${env.HER}', expect: { status: 200 } }\n");
    let run = |there: Option<&str>| {
        let mut command = project.command(&["a.yaml"]);
        command.env("EMPTY", "").env("SHORT", "abc").env("SHORTEST", "a").env("LONG", "long enough");
        if let Some(there) = there {
            command
                .env("THERE", there)
                .env("GONE", "is here")
                .env("EMPTY", "is not")
                .env("SHORT", "is long")
                .env("SHORTEST", "is longer");
        }
        Ended::from(command.output().unwrap())
    };
    let ended = run(None);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for mistake in [
        "e2e.conf:2:17: the environment variable `THERE` isn't set",
        "e2e.conf:3:11: the environment variable `GONE`, which holds a secret, isn't set",
        "e2e.conf:3:17: this secret is empty",
        "e2e.conf:3:24: this secret has 3 characters",
        "e2e.conf:3:37: this secret has 1 character\n",
        "7 mistakes in 2 files",
    ] {
        assert!(ended.err.contains(mistake), "no {mistake} in:\n{}", ended.err);
    }
    let ended = run(Some("y"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for mistake in [
        "e2e.conf declares no `secrets.LONGER`",
        "did you mean `secrets.LONG`?",
        "e2e.conf declares no `env.HER`",
        "did you mean `env.HERE`?",
    ] {
        assert!(ended.err.contains(mistake), "no {mistake} in:\n{}", ended.err);
    }
}

#[test]
fn what_runs_nothing_needs_the_names_of_secrets_and_not_their_values() {
    let project = Project::new(
        "services: { s: { base_url: http://localhost:1 } }\nsnapshots: snapshots\nenv: { THERE: null }\nsecrets: { GONE: { env: GONE }, FILED: { file: no.txt } }\n",
    )
    .with("a.yaml", "scenario: a\nsteps:\n  - { request: 'GET s /${secrets.GONE}/${secrets.FILED}/${env.THERE}', expect: { status: 200 } }\n")
    .with("b.sh", "curl http://localhost:1/a\n");
    for arguments in [
        &["check", "a.yaml"][..],
        &["list", "a.yaml"],
        &["review"],
        &["a.yaml", "--dry-run"],
        &["import", "curl", "b.sh"],
    ] {
        let ended = project.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    }
    for arguments in [&["a.yaml"][..], &["sweep", "a.yaml"], &["explore", "a.yaml"], &["up"]] {
        let ended = project.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        for unset in
            ["`THERE` isn't set", "`GONE`, which holds a secret, isn't set", "`no.txt` can't be read"]
        {
            assert!(ended.err.contains(unset), "{arguments:?} without {unset}: {}", ended.err);
        }
    }
    let misspelled = project.with(
        "b.yaml",
        "scenario: b\nsteps:\n  - { request: 'GET s /${secrets.GON}', expect: { status: 200 } }\n",
    );
    let ended = misspelled.run(&["."]);
    assert!(
        ended.err.contains("no `secrets.GON`") && ended.err.contains("`GONE`, which"),
        "all mistakes at once: {}",
        ended.err
    );
}
