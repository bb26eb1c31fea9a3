use std::time::Duration;

use serde_json::{Value, json};
use verdict::{Exchange, NoReply, Reply};

use super::{
    sample::{SampleExchange, exchange, gzipped},
    text::plain,
};
use crate::{
    body::Bodies,
    exchange::{self, outcome},
};

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
            "delivered, no reply within 5s",
        ),
        (changed(|e| (e.delivered, e.answered, e.ending) = (0, None, None)), "on its way"),
        (changed(|e| (e.answered, e.ending) = (None, None)), "delivered, no answer yet"),
        (changed(|e| e.ending = None), "answered 200, reply on its way"),
    ] {
        assert_eq!(exchange.view(outcome), expected);
    }
}

fn lines(exchange: &Exchange<'_>) -> Vec<String> {
    exchange::lines(exchange, &Bodies::Whole)
}

#[test]
fn an_exchange_without_a_reply_says_why() {
    let lost = changed(|e| e.ending = Some(ended(Err(NoReply::CutOff))));
    let expected = ["GET b /x at 0 s", "no reply: reply cut off after 9 ms", "(the service answered 200 OK)"];
    assert_eq!(plain(&lost.view(lines).join("\n")), expected.join("\n"));
    let late = changed(|e| {
        (e.answered, e.ending) = (None, Some(ended(Err(NoReply::TimedOut(Duration::from_secs(5))))));
    });
    assert_eq!(plain(&late.view(lines).join("\n")), "GET b /x at 0 s\nno reply within 5s");
    let waiting = changed(|e| e.ending = None);
    assert_eq!(plain(&waiting.view(lines).join("\n")), "GET b /x at 0 s\nno reply yet");
}

#[test]
fn a_body_is_shown_as_it_was_meant_and_with_what_was_sent() {
    let shown = plain(&gzipped().view(lines).join("\n"));
    assert!(shown.contains("  content-encoding: gzip, 30 bytes\n  {\n    \"a\": \"ö\"\n  }"), "{shown}");
}
