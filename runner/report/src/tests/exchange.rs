use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};
use verdict::{EncodedBody, NoReply, Reply};

use super::{
    sample::{SampleExchange, exchange, gzipped},
    text::plain,
};
use crate::exchange::{body_lines, lines, outcome};

fn answered(status: u16) -> SampleExchange {
    exchange("a -> b", "GET /x", &Value::Null, status, &json!({"status": status}))
}

fn changed(change: impl FnOnce(&mut SampleExchange)) -> SampleExchange {
    let mut exchange = answered(200);
    change(&mut exchange);
    exchange
}

fn ended(received: Result<Reply, NoReply>) -> (Duration, Result<Reply, NoReply>) {
    (Duration::from_millis(9), received)
}

#[test]
fn an_outcome_says_what_was_lost_and_where() {
    let from_link = answered(503).ending;
    let timed_out = NoReply::TimedOut(Duration::from_secs(5));
    for (exchange, expected) in [
        (answered(200), "200"),
        (changed(|e| e.delivered = 2), "200, delivered 2 times"),
        (
            changed(|e| (e.delivered, e.answered, e.ending) = (0, None, from_link.clone())),
            "503 from the link, not delivered",
        ),
        (changed(|e| e.ending = from_link.clone()), "503 from the link, answered 200"),
        (
            changed(|e| e.ending = Some(ended(Err(NoReply::Reset)))),
            "answered 200, reply lost: connection reset",
        ),
        (
            changed(|e| (e.delivered, e.answered, e.ending) = (0, None, Some(ended(Err(NoReply::Refused))))),
            "not delivered: connection refused",
        ),
        (
            changed(|e| (e.answered, e.ending) = (None, Some(ended(Err(timed_out.clone()))))),
            "delivered, no answer: no reply within 5s",
        ),
        (changed(|e| (e.delivered, e.answered, e.ending) = (0, None, None)), "on its way"),
        (changed(|e| (e.answered, e.ending) = (None, None)), "delivered, no answer yet"),
        (changed(|e| e.ending = None), "answered 200, reply on its way"),
    ] {
        assert_eq!(exchange.view(outcome), expected);
    }
}

#[test]
fn an_exchange_without_a_reply_says_why() {
    let lost = changed(|e| e.ending = Some(ended(Err(NoReply::CutOff))));
    let expected = ["GET b /x", "no reply: reply cut off after 9 ms", "(the service answered 200 OK)"];
    assert_eq!(plain(&lost.view(lines).join("\n")), expected.join("\n"));
    let waiting = changed(|e| e.ending = None);
    assert_eq!(plain(&waiting.view(lines).join("\n")), "GET b /x\nno reply yet");
}

#[test]
fn bodies_are_bounded_and_harmless() {
    let body_lines = |bytes: &[u8]| body_lines(&EncodedBody::new(&HeaderMap::new(), bytes));
    assert_eq!(body_lines(b""), [""; 0]);
    assert_eq!(body_lines(br#"{"a":[1]}"#), ["{", "  \"a\": [", "    1", "  ]", "}"]);
    assert_eq!(body_lines(b"\x1b[2Jgone"), [r"\u{1b}[2Jgone"]);
    let not_text =
        "(2 bytes, not text: byte 0 of 2 is 0xFF, which isn't UTF-8, and its content-type names no charset)";
    assert_eq!(body_lines(&[0xff, 0x00]), [not_text]);
    let many = body_lines("line\n".repeat(1_000).as_bytes());
    assert_eq!((many.len(), many.last().map(String::as_str)), (41, Some("… 960 more lines")));
    assert_eq!(body_lines("x".repeat(10_000).as_bytes())[0].chars().count(), 200);
}

#[test]
fn a_body_is_shown_as_it_was_meant_and_with_what_was_sent() {
    let shown = plain(&gzipped().view(lines).join("\n"));
    assert!(shown.contains("  content-encoding: gzip, 30 bytes\n  {\n    \"a\": \"ö\"\n  }"), "{shown}");
}

#[test]
fn a_body_shows_its_numbers_as_they_came() {
    let headers = HeaderMap::new();
    let shown =
        body_lines(&EncodedBody::new(&headers, br#"{"n":[123456789012345678901234567890,1E400,1.10]}"#));
    assert_eq!(
        shown,
        ["{", "  \"n\": [", "    123456789012345678901234567890,", "    1E400,", "    1.10", "  ]", "}"]
    );
}
