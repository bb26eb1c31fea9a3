//! Redirects: where they lead, and what is sent there.

use super::{
    sending::{CONF, run_with},
    *,
};

/// Runs one step against services that redirect as `answer` says, and returns its requests and its findings.
async fn followed(
    step: &str,
    answer: impl Fn(&str) -> (u16, &'static str) + Send + Sync + 'static,
) -> (Vec<String>, Vec<String>) {
    let stage = Memory {
        shop: Arc::new(move |request: http::Request<bytes::Bytes>| {
            let (status, location) = answer(&format!("{} {}", request.method(), request.uri()));
            let mut reply = http::Response::builder().status(status);
            if !location.is_empty() {
                reply = reply.header("location", location);
            }
            reply.body("{}".into()).expect("a reply")
        }),
        signals: Arc::default(),
        start_fails: None,
    };
    let text = format!("steps:\n  - {{ {step} }}\n");
    let result = run_with(&stage, CONF, &text).await;
    let shown = |exchange: verdict::Exchange<'_>| {
        let request = exchange.request;
        let auth = request.headers.get("authorization").map(|value| value.to_str().expect("text"));
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let kind = request.headers.get("content-type").map_or("", |_| "typed ");
        let line = format!("{} {} {}", request.method, exchange.link.callee, request.path);
        format!("{line} {kind}{body} [{}]", auth.unwrap_or_default())
    };
    (result.history.exchanges().map(shown).collect(), findings(&result.verdict))
}

const OK: &str = "expect: { status: 200 }";

#[tokio::test(start_paused = true)]
async fn each_redirect_is_an_exchange_and_the_last_reply_is_judged() {
    let step = format!("request: POST shop /a, body: {{ n: 1 }}, follow: true, {OK}");
    let (sent, found) = followed(&step, |request| match request {
        "POST /a" => (307, "/api/b"),
        "POST /b" => (303, "c?d=1"),
        _ => (200, ""),
    })
    .await;
    let basic = "[Basic YW5uOnggeQ==]";
    let expected = [
        format!("POST shop /a typed {{\"n\":1}} {basic}"),
        format!("POST shop /b typed {{\"n\":1}} {basic}"),
        format!("GET shop /c?d=1  {basic}"),
    ];
    assert_eq!((sent.as_slice(), found), (expected.as_slice(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_was_left_out_once_is_not_sent_by_a_later_redirect() {
    let step = format!("request: POST shop /a, text: x, follow: true, {OK}");
    let (sent, _) = followed(&step, |request| match request {
        "POST /a" => (302, "/api/b"),
        "GET /b" => (308, "/api/c"),
        _ => (200, ""),
    })
    .await;
    assert_eq!(sent[2], "GET shop /c  [Basic YW5uOnggeQ==]");
}

#[tokio::test(start_paused = true)]
async fn another_service_gets_what_it_is_meant_to_bear_and_no_secret_of_the_first() {
    let (sent, found) = followed(
        &format!("request: GET shop /a, headers: {{ Authorization: mine, X-Own: o }}, follow: true, {OK}"),
        |request| if request == "GET /a" { (302, "http://127.0.0.1:2/b") } else { (200, "") },
    )
    .await;
    assert_eq!(sent, ["GET shop /a  [mine]", "GET bank /b  [Bearer of-the-bank]"]);
    assert_eq!(found, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_that_leads_nowhere_or_too_far_is_a_finding() {
    let away = |_: &str| (302, "https://login.example.org/x");
    let (sent, found) = followed("request: GET shop /a, follow: true, expect: { status: 302 }", away).await;
    assert_eq!(sent.len(), 1);
    let expected = "redirect: a `Location` at a service of e2e.conf / 302: https://login.example.org/x, where there is none";
    assert_eq!(found, [expected]);

    let round = |_: &str| (302, "/api/a");
    let (sent, found) = followed("request: GET shop /a, follow: 2, expect: { status: 302 }", round).await;
    assert_eq!(
        (sent.len(), found),
        (3, vec!["redirect: at most 2 redirects / one more, to /api/a".to_owned()])
    );

    let (sent, found) = followed("request: GET shop /a, expect: { status: 302 }", round).await;
    assert_eq!((sent.len(), found.len()), (1, 0), "it isn't followed unless the step says so");

    let (_, found) =
        followed("request: GET shop /a, follow: true, expect: { status: 302 }", |_| (302, "")).await;
    assert_eq!(found, [""; 0], "without a Location it is a reply like any other");
}

#[tokio::test(start_paused = true)]
async fn a_default_to_follow_can_be_turned_off() {
    let text = "defaults: { follow: true }\nsteps:\n  - { request: GET shop /a, follow: false, expect: { status: 302 } }\n";
    let stage = shop(|_, _| (302, "{}".into()));
    assert_eq!(run_with(&stage, CONF, text).await.history.exchanges().count(), 1);
}
