//! The layer by itself, in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use fault::{
    CrashPoint, Damage, ErrorReply, FaultCount, Outage, PathPattern, Probability, Seed, Selector,
    ServiceName, Side,
};
use http::{Method, Request, Response, StatusCode};
use proxy::Links;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use verdict::{FaultChange, HistoryEvent, NoReply};

use crate::{exchange, exchanges, fault, fired, inject, links, received, shop};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Requests to the callee, its answers, and crashes, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: impl Into<String>) {
        self.0.lock().expect("unpoisoned").push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

/// Answers `pong` after `work`.
pub(crate) fn callee(
    log: &Log,
    work: Duration,
) -> impl Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let log = log.clone();
    service_fn(move |request: Request<Bytes>| {
        log.write(format!("{} {}", request.method(), request.uri().path()));
        let log = log.clone();
        async move {
            sleep(work).await;
            log.write("answered");
            Ok(Response::new(Bytes::from_static(b"pong")))
        }
    })
}

pub(crate) fn pay() -> Request<Bytes> {
    Request::post("/pay").body(Bytes::from_static(b"ping")).expect("a request")
}

/// Sends one request over the link, and returns what the caller gets.
pub(crate) async fn call(links: &Links, log: &Log) -> Result<Response<Bytes>, NoReply> {
    links.layer(shop()).layer(callee(log, Duration::ZERO)).oneshot(pay()).await
}

#[tokio::test(start_paused = true)]
async fn what_each_damage_does() {
    let unavailable = ErrorReply {
        status: StatusCode::SERVICE_UNAVAILABLE,
        headers: vec![(http::header::RETRY_AFTER, http::HeaderValue::from_static("3"))],
        body: "later".into(),
    };
    // Damage; what the caller gets; how often the request is delivered; whether the callee answers.
    let cases = [
        (Damage::Outage(Outage::Refuse), Err(NoReply::Refused), 0),
        (Damage::Outage(Outage::Reset), Err(NoReply::Reset), 0),
        (Damage::Lose(Side::Request), Err(NoReply::Reset), 0),
        (Damage::Lose(Side::Reply), Err(NoReply::Reset), 1),
        (Damage::Error(unavailable), Ok((503, "later")), 0),
        (Damage::Duplicate, Ok((200, "pong")), 2),
        (Damage::Truncate(3), Err(NoReply::CutOff), 1),
        (Damage::Bandwidth(1), Ok((200, "pong")), 1),
    ];
    for (damage, expected, delivered) in cases {
        for selector in [Selector::default(), Selector { method: Some(Method::POST), ..Selector::default() }]
        {
            let (links, log) = (links(), Log::default());
            let mut fault = fault("it", damage.clone());
            fault.selector = selector;
            inject(&links, fault);
            let got = call(&links, &log).await;

            let expected = expected.clone();
            let shown = exchange(&links);
            assert_eq!(received(&shown), Some(expected.clone().map(|(status, _)| status)), "{damage}");
            let got = got.map(|reply| (reply.status().as_u16(), reply.into_body()));
            assert_eq!(got, expected.map(|(status, body)| (status, body.into())), "{damage}");
            assert_eq!(shown.delivered, delivered, "{damage}");
            assert_eq!(shown.answered.is_some(), delivered > 0, "{damage}");
            assert_eq!(shown.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), ["it"]);
            assert_eq!(log.lines().len(), 2 * delivered as usize, "{damage}: {:?}", log.lines());
            assert_eq!(fired(&links), [1], "{damage}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_fault_nothing_changes() {
    let (links, log) = (links(), Log::default());
    let reply = call(&links, &log).await.expect("a reply");
    assert_eq!(reply.body(), "pong");
    let shown = exchange(&links);
    assert_eq!(received(&shown), Some(Ok(200)));
    assert_eq!((shown.delivered, shown.faults.len()), (1, 0));
    assert_eq!((shown.request.path.as_str(), &shown.request.body[..]), ("/pay", &b"ping"[..]));
    assert_eq!(shown.ending.expect("an ending").took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_corrupt_reply_has_its_length_and_not_its_bytes() {
    let (links, log) = (links(), Log::default());
    inject(&links, fault("rot", Damage::Corrupt));
    let reply = call(&links, &log).await.expect("a reply");
    assert_eq!(reply.body().len(), 4);
    assert_ne!(reply.body(), "pong");
    let shown = exchange(&links);
    assert_eq!(shown.answered.expect("an answer").body, "pong", "the callee sent it right");
    assert_eq!(shown.ending.expect("an ending").received.expect("a reply").body, reply.body());
}

#[tokio::test(start_paused = true)]
async fn delays_apply_to_their_side() {
    let late = |side| Damage::Latency { delay: SECOND, jitter: Duration::ZERO, side };
    for (damage, took, begins) in [
        (late(Side::Request), SECOND, SECOND),
        (late(Side::Reply), SECOND, Duration::ZERO),
        // Four bytes of request, four bytes of reply.
        (Damage::Bandwidth(2), 4 * SECOND, 2 * SECOND),
    ] {
        let links = links();
        inject(&links, fault("slow", damage.clone()));
        let began = Arc::new(Mutex::new(None));
        let callee = service_fn({
            let (links, began) = (links.clone(), began.clone());
            move |_: Request<Bytes>| {
                *began.lock().expect("unpoisoned") = Some(links.now());
                async { Ok(Response::new(Bytes::from_static(b"pong"))) }
            }
        });
        links.layer(shop()).layer(callee).oneshot(pay()).await.expect("a reply");
        assert_eq!(exchange(&links).ending.expect("an ending").took, took, "{damage}");
        assert_eq!(*began.lock().expect("unpoisoned"), Some(begins), "{damage}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_fault_kills_before_the_request_or_after_the_reply() {
    for (point, expected) in [
        (CrashPoint::BeforeRequest, ["users crashes", "POST /pay", "answered"]),
        (CrashPoint::AfterReply, ["POST /pay", "answered", "users crashes"]),
    ] {
        let log = Log::default();
        let hook = log.clone();
        let links =
            Links::new(Seed(7), move |service: &ServiceName| hook.write(format!("{service} crashes")));
        let users = "users".parse().expect("a name");
        inject(&links, fault("kill", Damage::Crash { service: users, point }));
        call(&links, &log).await.expect("a reply");
        assert_eq!(log.lines(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_fault_that_was_healed_meanwhile_kills_nothing() {
    let log = Log::default();
    let hook = log.clone();
    let links = Links::new(Seed(7), move |service: &ServiceName| hook.write(format!("{service} crashes")));
    let users = "users".parse().expect("a name");
    let kill = fault("kill", Damage::Crash { service: users, point: CrashPoint::BeforeRequest });
    inject(&links, kill.clone());
    let late = Damage::Latency { delay: 5 * SECOND, jitter: Duration::ZERO, side: Side::Request };
    inject(&links, fault("late", late));
    let heal = async {
        sleep(SECOND).await;
        links.heal(&kill.name);
    };
    let (reply, ()) = tokio::join!(call(&links, &log), heal);
    reply.expect("a reply");
    assert_eq!(log.lines(), ["POST /pay", "answered"]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_fault_that_was_injected_again_meanwhile_kills_nothing() {
    let log = Log::default();
    let hook = log.clone();
    let links = Links::new(Seed(7), move |service: &ServiceName| hook.write(format!("{service} crashes")));
    let users = "users".parse().expect("a name");
    let mut kill = fault("kill", Damage::Crash { service: users, point: CrashPoint::BeforeRequest });
    inject(&links, kill.clone());
    let late = Damage::Latency { delay: 5 * SECOND, jitter: Duration::ZERO, side: Side::Request };
    inject(&links, fault("late", late));
    kill.selector.path = PathPattern::new("/other");
    let replace = async {
        sleep(SECOND).await;
        inject(&links, kill);
    };
    let (reply, ()) = tokio::join!(call(&links, &log), replace);
    reply.expect("a reply");
    assert_eq!(log.lines(), ["POST /pay", "answered"], "the new fault doesn't meet the exchange");
    assert_eq!(fired(&links), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_changes_nothing_has_not_fired() {
    let late = |side| Damage::Latency { delay: SECOND, jitter: Duration::ZERO, side };
    let crash = || Damage::Crash { service: "users".parse().expect("a name"), point: CrashPoint::AfterReply };
    let damages = || {
        [
            Damage::Truncate(4),
            late(Side::Reply),
            Damage::Duplicate,
            crash(),
            Damage::Corrupt,
            Damage::Bandwidth(1),
            Damage::Lose(Side::Reply),
        ]
    };
    let unavailable =
        ErrorReply { status: StatusCode::SERVICE_UNAVAILABLE, headers: Vec::new(), body: "later".into() };
    // None of them changes an exchange that never reaches the callee.
    for first in [
        Damage::Outage(Outage::Refuse),
        Damage::Outage(Outage::Reset),
        Damage::Lose(Side::Request),
        Damage::Error(unavailable),
    ] {
        for damage in damages() {
            let (links, log) = (links(), Log::default());
            inject(&links, fault("a-first", first.clone()));
            inject(&links, fault("b-idle", damage.clone()));
            drop(call(&links, &log).await);
            assert_eq!(fired(&links), [1, 0], "{damage} after {first}");
            assert_eq!(exchange(&links).faults.len(), 1, "{damage} after {first}");
        }
    }
    // Nor one with an empty body, or without an answer.
    for damage in damages() {
        let changes = matches!(damage, Damage::Bandwidth(_));
        let (links, absent) =
            (links(), service_fn(|_| std::future::ready(Err::<Response<Bytes>, _>(NoReply::Refused))));
        inject(&links, fault("idle", damage.clone()));
        links.layer(shop()).layer(absent).oneshot(pay()).await.expect_err("no reply");
        assert_eq!(
            fired(&links),
            [u64::from(changes)],
            "{damage}: the request has a body, but there is no reply"
        );
    }
    for damage in [Damage::Truncate(0), Damage::Corrupt, Damage::Bandwidth(1), Damage::Truncate(4)] {
        let links = links();
        inject(&links, fault("idle", damage.clone()));
        let empty = service_fn(|_| std::future::ready(Ok(Response::new(Bytes::new()))));
        let request = Request::get("/pay").body(Bytes::new()).expect("a request");
        links.layer(shop()).layer(empty).oneshot(request).await.expect("a reply");
        let count = links.fired().into_values().next().expect("it was injected");
        assert_eq!(count, FaultCount { met: 1, ..FaultCount::default() }, "{damage}");
        assert_eq!(exchange(&links).faults, [], "{damage}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_delivered_after_its_caller_gave_up() {
    // When the caller gives up, the request is in flight, or the callee is processing it behind a damaged link.
    for (side, work, delivered_then) in [(Side::Request, Duration::ZERO, 0), (Side::Reply, 5 * SECOND, 1)] {
        let (links, log) = (links(), Log::default());
        let late = Damage::Latency { delay: 5 * SECOND, jitter: Duration::ZERO, side };
        inject(&links, fault("late", late));
        let call = links.layer(shop()).layer(callee(&log, work)).oneshot(pay());
        timeout(SECOND, call).await.expect_err("the caller gives up first");

        let shown = exchange(&links);
        assert_eq!(received(&shown), Some(Err(NoReply::Abandoned)));
        assert_eq!((shown.delivered, shown.answered.is_some()), (delivered_then, false));
        assert_eq!(shown.ending.expect("an ending").took, SECOND);

        sleep(5 * SECOND).await;
        assert_eq!(log.lines(), ["POST /pay", "answered"]);
        let shown = exchange(&links);
        assert_eq!(received(&shown), Some(Err(NoReply::Abandoned)), "the first ending counts");
        assert_eq!((shown.delivered, shown.answered.is_some()), (1, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_callee_at_work_is_cancelled_when_its_caller_gives_up() {
    let (links, log) = (links(), Log::default());
    let call = links.layer(shop()).layer(callee(&log, 5 * SECOND)).oneshot(pay());
    timeout(SECOND, call).await.expect_err("the caller gives up first");
    sleep(5 * SECOND).await;
    assert_eq!(log.lines(), ["POST /pay"], "the callee's handler is dropped");
    let shown = exchange(&links);
    assert_eq!(received(&shown), Some(Err(NoReply::Abandoned)));
    assert_eq!((shown.delivered, shown.answered.is_some()), (1, false));
}

#[tokio::test(start_paused = true)]
async fn detached_deliveries_end_when_the_links_are_closed() {
    for end in [|links: Links| links.close(), drop] {
        let (links, log) = (links(), Log::default());
        let late = Damage::Latency { delay: 5 * SECOND, jitter: Duration::ZERO, side: Side::Request };
        inject(&links, fault("late", late));
        let call = links.layer(shop()).layer(callee(&log, Duration::ZERO)).oneshot(pay());
        timeout(SECOND, call).await.expect_err("the caller gives up first");
        end(links);
        sleep(10 * SECOND).await;
        assert_eq!(log.lines(), Vec::<String>::new());
    }
    let (links, log) = (links(), Log::default());
    links.close();
    let call = links.layer(shop()).layer(callee(&log, 5 * SECOND)).oneshot(pay());
    timeout(SECOND, call).await.expect_err("the caller gives up first");
    sleep(10 * SECOND).await;
    assert_eq!(log.lines(), ["POST /pay"], "after the links are closed, no delivery outlives its caller");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_request_hangs_after_its_fault_is_healed() {
    let (links, log) = (links(), Log::default());
    inject(&links, fault("hang", Damage::Outage(Outage::Hang)));
    let mut hanging = Box::pin(call(&links, &log));
    timeout(SECOND, &mut hanging).await.expect_err("it hangs");
    links.heal_all();
    timeout(1000 * SECOND, &mut hanging).await.expect_err("it still hangs");
    assert_eq!(received(&exchange(&links)), None);
    drop(hanging);
    sleep(1000 * SECOND).await;
    assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Abandoned)));
    assert_eq!(log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn other_links_are_untouched() {
    let (links, log) = (links(), Log::default());
    inject(&links, fault("away", Damage::Outage(Outage::Refuse)));
    let other = links.layer("payments -> users".parse().expect("a link"));
    other.layer(callee(&log, Duration::ZERO)).oneshot(pay()).await.expect("a reply");
    assert_eq!(fired(&links), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_window_opens_and_closes_by_the_clock() {
    let (links, log) = (links(), Log::default());
    links.inject(fault("away", Damage::Outage(Outage::Reset)), SECOND, Some(SECOND)).keep();
    let mut got = Vec::new();
    for _ in 0..3 {
        got.push(call(&links, &log).await.is_ok());
        sleep(SECOND).await;
    }
    assert_eq!(got, [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_belongs_to_the_step_in_which_it_was_sent() {
    let (links, log) = (links(), Log::default());
    links.enter_step(Some(3));
    inject(&links, fault("away", Damage::Outage(Outage::Reset)));
    call(&links, &log).await.expect_err("no reply");
    links.enter_step(None);
    assert!(links.heal(&"away".parse().expect("a name")));
    assert!(!links.heal(&"away".parse().expect("a name")), "it is healed already");
    let steps: Vec<_> = links.read(|history| history.records().iter().map(|record| record.step).collect());
    // Injected, sent, damaged, ended; healed.
    assert_eq!(steps, [Some(3), Some(3), Some(3), Some(3), None]);
    let change = |at: usize| {
        links.read(|history| match &history.records()[at].event {
            HistoryEvent::Fault { change, .. } => Some(*change),
            _ => None,
        })
    };
    assert_eq!([0, 4].map(change), [Some(FaultChange::Injected), Some(FaultChange::Healed)]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_history() {
    let run = async |links: Links| {
        let half = Probability::new(0.5).expect("a probability");
        let half = Selector { probability: half, ..Selector::default() };
        let slow = Damage::Latency { delay: SECOND, jitter: SECOND / 2, side: Side::Request };
        for (name, damage) in [("slow", slow), ("lost", Damage::Lose(Side::Reply))] {
            let mut fault = fault(name, damage);
            fault.selector = half.clone();
            inject(&links, fault);
        }
        let log = Log::default();
        let one_at_a_time = Arc::new(Semaphore::new(1));
        let calls = (0..50).map(|_| {
            let (links, log, turn) = (links.clone(), log.clone(), one_at_a_time.clone());
            tokio::spawn(async move {
                let _turn = turn.acquire().await;
                // Some callers give up; their requests arrive later, between others.
                drop(timeout(SECOND, call(&links, &log)).await);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.expect("no panic");
        }
        sleep(5 * SECOND).await;
        exchanges(&links)
    };
    let links = |seed: u64| Links::new(Seed(seed), |_| {});
    let history = run(links(1)).await;
    assert_eq!(history.len(), 50);
    assert!(history.iter().any(|one| received(one) == Some(Err(NoReply::Abandoned))));
    assert_eq!(history, run(links(1)).await);
    assert_ne!(history, run(links(2)).await);
    let waited = links(2);
    waited.halt();
    sleep(5 * SECOND).await;
    waited.start(Seed(1));
    assert_eq!(history, run(waited).await, "the seed and the time are those of the scenario");
}

/// Whether a request gets a reply now.
async fn replied(links: &Links) -> Result<(), NoReply> {
    links.layer(shop()).layer(callee(&Log::default(), Duration::ZERO)).oneshot(pay()).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_healed_when_its_guard_is_dropped() {
    let links = links();
    let guard = links.inject(fault("lost", Damage::Lose(Side::Reply)), Duration::ZERO, None);
    assert_eq!(replied(&links).await, Err(NoReply::Reset));
    drop(guard);
    assert_eq!(replied(&links).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_fault_whose_guard_is_kept_stays_until_it_is_healed_by_name() {
    let links = links();
    links.inject(fault("lost", Damage::Lose(Side::Reply)), Duration::ZERO, None).keep();
    assert_eq!(replied(&links).await, Err(NoReply::Reset));
    assert!(links.heal(&"lost".parse().expect("a name")));
    assert_eq!(replied(&links).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_guard_does_not_heal_a_later_fault_of_the_same_name() {
    let links = links();
    let first = links.inject(fault("lost", Damage::Lose(Side::Reply)), Duration::ZERO, None);
    let second = links.inject(fault("lost", Damage::Lose(Side::Reply)), Duration::ZERO, None);
    drop(first);
    assert_eq!(replied(&links).await, Err(NoReply::Reset));
    drop(second);
    assert_eq!(replied(&links).await, Ok(()));
}
