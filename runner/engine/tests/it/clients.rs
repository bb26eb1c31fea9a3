//! Clients: their cookies, what their requests bear, and their logins.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{sending::run_with, *};

/// A shop with logins: a cookie and a token for whoever knows the password, and what it was asked with at `/me`.
fn logins(count: &Arc<AtomicUsize>) -> Memory {
    let count = Arc::clone(count);
    let handler = move |request: http::Request<bytes::Bytes>| {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned())
                .unwrap_or_default()
        };
        let mut reply = http::Response::builder().header("content-type", "application/json");
        let body = String::from_utf8_lossy(request.body()).into_owned();
        if request.uri().path() != "/login" {
            let text = serde_json::json!({ "cookie": header("cookie"), "auth": header("authorization"), "tenant": header("x-tenant") });
            return reply.body(text.to_string().into()).expect("a reply");
        }
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        if body.contains("wrong") {
            return reply.status(401).body(r#"{"error": "no"}"#.into()).expect("a reply");
        }
        reply = reply.header("set-cookie", format!("sid={number}; Path=/; Max-Age=60"));
        let text = serde_json::json!({ "token": format!("t{number}"), "tenant": header("x-tenant") });
        reply.body(text.to_string().into()).expect("a reply")
    };
    Memory { shop: Arc::new(handler), signals: Arc::default(), start_fails: None }
}

const CONF: &str = "
services: { shop: { base_url: http://localhost:1 }, bank: { base_url: http://localhost:2 } }
clients:
  alice:
    headers: { X-Tenant: a, X-Token: '${token}' }
    auth: { bearer: '${token}' }
    login:
      request: POST shop /login
      body: { user: alice }
      expect: { status: 200, body: { tenant: a } }
      capture: { token: body.token }
  guest: { headers: { X-Tenant: g } }
  mallory: { auth: { bearer: '${token}' }, login: { request: POST shop /login, text: wrong, capture: { token: body.token } } }
";

async fn found(text: &str) -> (Vec<String>, usize, Vec<String>) {
    let count = Arc::default();
    let result = run_with(&logins(&count), CONF, text).await;
    let line =
        |exchange: verdict::Exchange<'_>| format!("{} {}", exchange.request.method, exchange.request.path);
    (findings(&result.verdict), count.load(Ordering::SeqCst), result.history.exchanges().map(line).collect())
}

#[tokio::test(start_paused = true)]
async fn a_client_logs_in_before_its_first_request_and_once() {
    let me = |client: &str, expected: &str| {
        format!("  - {{ request: GET shop /me, {client} expect: {{ status: 200, body: {expected} }} }}\n")
    };
    let text = "steps:\n".to_owned()
        + &me("", "{ cookie: '', auth: '', tenant: '' }")
        + &me("as: alice,", "{ cookie: sid=1, auth: Bearer t1, tenant: a }")
        + &me("as: alice, auth: none,", "{ cookie: sid=1, auth: '', tenant: a }")
        + &me("as: guest,", "{ cookie: '', auth: '', tenant: g }")
        + "  - { request: GET bank /me, as: alice, expect: { body: { cookie: '', auth: Bearer t1 } } }\n"
        + &me("", "{ cookie: '', auth: '', tenant: '' }");
    let (found, logins, sent) = found(&text).await;
    assert_eq!((found, logins), (Vec::new(), 1));
    assert_eq!(sent[..3], ["GET /me", "POST /login", "GET /me"]);
}

#[tokio::test(start_paused = true)]
async fn cookies_age_by_the_clock_of_the_world() {
    let me = |cookie: &str| {
        format!("  - {{ request: GET shop /me, as: alice, expect: {{ body: {{ cookie: '{cookie}' }} }} }}\n")
    };
    let text = format!("steps:\n{}  - wait: 59s\n{}  - wait: 1s\n{}", me("sid=1"), me("sid=1"), me(""));
    assert_eq!(found(&text).await.0, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_default_client_sends_every_request_and_together_has_each_client_log_in() {
    let text = "
defaults: { as: alice }
steps:
  - together:
      - { request: GET shop /me, expect: { body: { auth: Bearer t1 } } }
      - { request: GET shop /me, as: bob, expect: { body: { auth: Bearer t2 } } }
  - { request: GET shop /me, parallel: 3, as: bob, expect: { body: { cookie: sid=2 } } }
  - eventually: { within: 1s, request: GET shop /me, expect: { body: { cookie: sid=1 } } }
clients:
  bob: { auth: { bearer: '${word}' }, login: { request: POST shop /login, form: { name: '${name}' }, capture: { word: body.token } } }
vars: { name: bob }
";
    let (found, logins, _) = found(text).await;
    assert_eq!((found, logins), (Vec::new(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_is_told_once_with_its_exchange() {
    let text = "
steps:
  - together:
      - { request: GET shop /a, as: mallory, expect: { status: 200 } }
      - { request: GET shop /b, as: mallory, expect: { status: 200 } }
";
    let count = Arc::default();
    let result = run_with(&logins(&count), CONF, text).await;
    assert_eq!(findings(&result.verdict), ["login of mallory: status: below 400 / 401"]);
    let Verdict::Failed(failures) = &result.verdict else { panic!("it failed") };
    let exchange = result.history.exchange(failures[0].exchange.expect("the login"));
    assert_eq!((exchange.request.path.as_str(), result.history.exchanges().count()), ("/login", 1));

    let lenient = "steps:\n  - { request: GET shop /a, as: mallory, expect: { lenient: true } }\n  - { request: GET shop /b, as: mallory, expect: { status: 200 } }\n";
    let (found, logins, sent) = found(lenient).await;
    assert_eq!((found, logins), (vec!["login of mallory: reply: a login / it failed before".to_owned()], 1));
    assert_eq!(sent, ["POST /login"], "what its client can't send isn't sent");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_lost_is_tried_again_where_a_request_may_lack_its_reply() {
    let text = "
faults: { lost: { link: client -> shop, lose: reply, calls: 1 } }
steps:
  - inject: lost
  - { request: GET shop /me, as: alice, expect: { status: 200, no_reply: allowed } }
  - { request: GET shop /me, as: alice, expect: { body: { auth: Bearer t2 } } }
";
    let (found, logins, sent) = found(text).await;
    assert_eq!((found, logins), (Vec::new(), 2));
    assert_eq!(sent, ["POST /login", "POST /login", "GET /me"]);
}

#[tokio::test(start_paused = true)]
async fn a_login_for_a_run_is_sent_once_past_the_links_and_a_failure_breaks_the_run_off() {
    let conf = CONF.replace(
        "capture: { token: body.token }\n  guest",
        "once: run\n      capture: { token: body.token }\n  guest",
    );
    let count = Arc::default();
    let stage = logins(&count);
    let configuration = read_configuration(&conf, PathBuf::from("e2e.conf")).expect("a configuration");
    let rules = Rules::from(&configuration);
    let run = async |name: &str| {
        let text = format!(
            "scenario: {name}\nsteps:\n  - {{ request: GET shop /me, as: alice, expect: {{ body: {{ cookie: sid=1, auth: Bearer t1, tenant: a }} }} }}\n"
        );
        let Ok(File::Scenario(scenario)) = read_file(&text, "a.yaml".into(), &configuration) else {
            panic!("{text}")
        };
        run_scenario(&stage, Arc::from(scenario), &rules, Seed(1), |_| {}).await
    };
    for name in ["one", "two"] {
        let result = run(name).await;
        assert_eq!(findings(&result.verdict), [""; 0]);
        assert_eq!(result.history.exchanges().count(), 1, "the login is in no history");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);

    let refused = conf.replace("user: alice", "user: wrong");
    let text = "steps:\n  - { request: GET shop /me, as: alice, expect: { status: 200 } }\n";
    let result = run_with(&stage, &refused, text).await;
    let Verdict::BrokenOff(broken) = &result.verdict else { panic!("{:?}", result.verdict) };
    assert_eq!(
        broken.to_string(),
        "alice can't log in with POST shop /login: status: expected 200, found 401; body.tenant: expected \"a\", found absent"
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_while_a_service_starts_is_tried_again_by_a_step_that_polls() {
    let text = "
faults: { starting: { link: client -> shop, outage: refuse } }
steps:
  - { inject: starting, for: 1s }
  - eventually: { within: 5s, every: 400ms, request: GET shop /me, as: alice, expect: { body: { auth: Bearer t1 } } }
";
    let (found, logins, sent) = found(text).await;
    assert_eq!((found, logins), (Vec::new(), 1));
    assert_eq!(sent, ["POST /login", "POST /login", "POST /login", "POST /login", "GET /me"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_of_together_that_is_left_out_needs_no_login() {
    let text = "
vars: { kind: 1 }
steps:
  - together:
      - { request: GET shop /me, as: alice, expect: { body: { auth: Bearer t1 } } }
      - { if: kind == 2, request: GET shop /me, as: mallory, expect: { status: 200 } }
";
    let (found, logins, _) = found(text).await;
    assert_eq!((found, logins), (Vec::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_a_login_captures_is_hidden() {
    let conf = CONF.replace(
        "capture: { token: body.token }\n  guest",
        "capture: { token: { secret: 'body.token * 3' } }\n  guest",
    );
    for conf in [conf.clone(), conf.replacen("capture", "once: run\n      capture", 1)] {
        let text = "steps:\n  - { request: GET shop /me, as: alice, expect: { status: 200 } }\n";
        let result = run_with(&logins(&Arc::default()), &conf, text).await;
        assert_eq!(findings(&result.verdict), [""; 0]);
        let told = format!("{:?}", result.history);
        assert!(told.contains("Bearer ***") && !told.contains("t1t1t1"), "{told}");
    }
}
