use std::{fs, sync::Arc, time::Duration};

use engine::ScenarioResult;
use http::Method;
use scenario::{Action, Expectations, Judging, ReplyExpectation, Times};
use serde_json::{Value, json};
use verdict::{History, HistoryEvent, NoReply, Record, Verdict};

use super::{
    check_text,
    sample::{
        FIRST, Run, SampleExchange, broken_off, exchange, expecting, failed, passed, request, result, step,
        unanswered,
    },
};
use crate::{
    SnapshotMismatch, happened, normalise,
    snapshot::{Update, Wishes, compare_as_wished},
};

const REVIEWED: Wishes = Wishes { changed: Update::Pending, new: Update::Pending, force_pass: false };
const LATER: Run = Run { slowness: 3, port: 51_234, minute: 59 };

#[test]
fn what_happened_reads_well() {
    check_text("happened_passed", &happened::text(&passed(FIRST)));
    check_text("happened_failed", &happened::text(&failed()));
    check_text("happened_broken_off", &happened::text(&broken_off()));
}

#[test]
fn runs_that_went_the_same_way_have_the_same_text() {
    let (first, later) = (passed(FIRST), passed(LATER));
    assert_ne!(first.history, later.history);
    assert_eq!(happened::text(&first), happened::text(&later));
}

#[test]
fn a_run_that_went_another_way_has_another_text() {
    let changed = |change: fn(&mut ScenarioResult)| {
        let mut result = passed(FIRST);
        change(&mut result);
        happened::text(&result)
    };
    let text = happened::text(&passed(FIRST));
    // The reply to the first order.
    assert_ne!(text, changed(|result| edit(result, |reply| reply.replace("pending", "confirmed"))));
    assert_ne!(text, changed(|result| edit(result, |reply| reply.replace("299.99", "300.00"))));
    assert_ne!(text, changed(|result| edit(result, |reply| reply.replace("created_at", "made_at"))));
    assert_ne!(text, changed(|result| result.verdict = failed().verdict));
    let undamaged = changed(|result| {
        let fault = |record: &Record| matches!(record.event, HistoryEvent::Fault { .. });
        let kept =
            result.history.records().iter().filter(|record| !fault(record)).cloned().collect::<Vec<_>>();
        result.history = History::default();
        for Record { at, step, event } in kept {
            result.history.append(at, step, event);
        }
    });
    assert_ne!(text, undamaged);
}

/// What a step says of itself, when these are its exchanges.
fn step_text(action: Action, exchanges: Vec<SampleExchange>) -> String {
    let mut history = History::default();
    for exchange in exchanges {
        exchange.add_to(&mut history, Duration::ZERO, Some(0));
    }
    let mut result = result(Verdict::Passed, history, Duration::ZERO);
    Arc::make_mut(&mut result.scenario).steps = vec![step(1, "it", action)];
    let text = happened::text(&result);
    let lines: Vec<&str> = text.lines().skip(3).map(str::trim).collect();
    lines.join(" | ")
}

#[test]
fn what_is_not_certain_is_not_said() {
    let pay = |expect| request(Method::POST, "payment-service", "/pay", Times::Once, expect);
    let paid = |status| exchange("client -> payment-service", "POST /pay", &json!({}), status, &Value::Null);
    let silent = || {
        let mut exchange = unanswered(paid(200), NoReply::Reset);
        exchange.faults.clear();
        exchange
    };
    let asked = "POST payment-service /pay";
    let maybe = Expectations { reply: ReplyExpectation::Optional, ..expecting(&[201]) };
    let whatever = Expectations { judging: Judging::Lenient, ..expecting(&[201]) };
    for (expect, ended, expected) in [
        (expecting(&[201]), paid(201), "201"),
        (expecting(&[201, 202]), paid(202), "201 or 202"),
        (maybe.clone(), paid(201), "201 or no reply"),
        (maybe, silent(), "201 or no reply"),
        (
            Expectations { reply: ReplyExpectation::Optional, ..expecting(&[]) },
            paid(500),
            "a reply or no reply",
        ),
        (Expectations { reply: ReplyExpectation::Forbidden, ..expecting(&[]) }, silent(), "no reply"),
        (whatever, paid(500), "any end"),
    ] {
        assert_eq!(step_text(Action::Request(pay(expect)), vec![ended]), format!("{asked} | {expected}"));
    }
    let read = request(Method::GET, "orders-service", "/api/orders", Times::Once, expecting(&[200]));
    let read_it = || exchange("client -> orders-service", "GET /api/orders", &Value::Null, 200, &json!([]));
    let both =
        [pay(expecting(&[201])), pay(expecting(&[409])), read].map(|r| step(1, "", Action::Request(r)));
    let expected = format!("GET orders-service /api/orders: 200 | {asked}: 201 or 409 | {asked}: 201 or 409");
    for sent in [vec![paid(201), paid(409), read_it()], vec![read_it(), paid(409), paid(201)]] {
        assert_eq!(step_text(Action::Together(both.to_vec()), sent), expected);
    }
}

/// Changes the body that the first exchange brought its caller.
fn edit(result: &mut ScenarioResult, change: fn(&str) -> String) {
    let mut records = result.history.records().to_vec();
    let received = records.iter_mut().find_map(|record| match &mut record.event {
        HistoryEvent::Ended(_, received) => Some(received),
        _ => None,
    });
    let reply = received.expect("an exchange has ended").as_mut().expect("with a reply");
    reply.body = change(std::str::from_utf8(&reply.body).unwrap()).into();
    result.history = History::default();
    for Record { at, step, event } in records {
        result.history.append(at, step, event);
    }
}

#[test]
fn what_differs_from_run_to_run_is_taken_out() {
    for (text, expected) in [
        ("made 2026-03-01T10:03:07.123Z", "made [time]"),
        ("made 2026-03-01T10:03:07+00:00.", "made [time]."),
        ("on 2026-03-01 at noon", "on [date] at noon"),
        ("Sun, 01 Mar 2026 10:03:07 GMT", "[time]"),
        ("id 6F9619FF-8B86-D011-B42D-00CF4FC964FF!", "id [uuid]!"),
        ("charge-7eae777d9e1fd92d-1 of cafe", "charge-[hex]-1 of cafe"),
        (
            "http://127.0.0.1:40001/x and localhost:5002, [::1]:80",
            "http://127.0.0.1:[port]/x and localhost:[port], [::1]:[port]",
        ),
        ("no reply from users-service within 1.5s", "no reply from users-service within [duration]"),
        ("order 12 of 3 items costs 299.99", "order 12 of 3 items costs 299.99"),
        ("/api/users/1/operations/payment-3", "/api/users/1/operations/payment-3"),
    ] {
        assert_eq!(normalise::text(text), expected);
    }
    let fields = json!({"created_at": null, "port": 5002, "took_ms": 3, "id": 7, "status": "paid", "list": [{"uptime": 1.5}]});
    let stable = json!({"created_at": null, "port": "[port]", "took_ms": "[took_ms]", "id": 7, "status": "paid", "list": [{"uptime": "[uptime]"}]});
    assert_eq!(normalise::value(fields), stable);
}

#[test]
fn a_new_snapshot_waits_for_a_review_and_an_accepted_one_passes() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("deep/lost-reply.snap");
    let pending = folder.path().join("deep/lost-reply.snap.new");
    let Err(SnapshotMismatch::Differs { diff, pending: written, .. }) =
        compare_as_wished(&snapshot, &passed(FIRST), REVIEWED)
    else {
        panic!("a snapshot that isn't there can't match")
    };
    assert!(diff.contains("+1. alice orders a phone"), "{diff}");
    assert_eq!(written.as_deref(), Some(pending.as_path()));
    let read = insta::Snapshot::from_file(&pending).expect("insta reads what was written");
    assert_eq!(read.metadata().source(), Some("scenarios/faults/lost-reply.yaml"));
    assert_eq!(read.metadata().description(), Some("A payment survives a lost reply"));
    fs::rename(&pending, &snapshot).unwrap();
    compare_as_wished(&snapshot, &passed(LATER), REVIEWED).expect("it went the same way");

    let Err(SnapshotMismatch::Differs { diff, .. }) = compare_as_wished(&snapshot, &failed(), REVIEWED)
    else {
        panic!("another verdict can't match")
    };
    assert!(diff.contains("-A payment survives a lost reply: passed"), "{diff}");
    assert!(diff.contains("+A payment survives a lost reply: failed"), "{diff}");
    assert!(pending.exists());
    compare_as_wished(&snapshot, &passed(FIRST), REVIEWED).expect("it is as accepted");
    assert!(!pending.exists(), "there is nothing left to review");
}

#[test]
fn instas_variables_say_what_is_done() {
    use Update::{InPlace, No, Pending};
    let read = |pairs: &[(&str, &str)]| {
        let value =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        Wishes::read(value).map(|wishes| (wishes.changed, wishes.new, wishes.force_pass))
    };
    assert_eq!(read(&[]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("CI", "true")]), Ok((No, No, false)));
    assert_eq!(read(&[("CI", "false"), ("TF_BUILD", "1")]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("TF_BUILD", "1")]), Ok((No, No, false)));
    assert_eq!(read(&[("CI", "true"), ("INSTA_UPDATE", "new")]), Ok((Pending, Pending, false)));
    assert_eq!(read(&[("INSTA_UPDATE", "always"), ("INSTA_FORCE_PASS", "1")]), Ok((InPlace, InPlace, true)));
    assert_eq!(read(&[("INSTA_UPDATE", "unseen")]), Ok((Pending, InPlace, false)));
    assert!(read(&[("INSTA_UPDATE", "maybe")]).unwrap_err().contains("maybe"));
}

#[test]
fn wishes_are_granted() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("a.snap");
    let wish = |update, force_pass| Wishes { changed: update, new: update, force_pass };
    assert!(compare_as_wished(&snapshot, &passed(FIRST), wish(Update::No, false)).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    compare_as_wished(&snapshot, &passed(FIRST), wish(Update::Pending, true)).expect("differences pass");
    assert!(!snapshot.exists() && folder.path().join("a.snap.new").exists());
    compare_as_wished(&snapshot, &passed(FIRST), wish(Update::InPlace, false)).expect("it is accepted");
    compare_as_wished(&snapshot, &passed(LATER), wish(Update::No, false)).expect("it was accepted");

    let unseen = Wishes { new: Update::InPlace, ..REVIEWED };
    compare_as_wished(&folder.path().join("b.snap"), &passed(FIRST), unseen).expect("it is new");
    assert!(compare_as_wished(&snapshot, &failed(), unseen).is_err(), "it isn't new");
}
