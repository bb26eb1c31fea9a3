//! Outages that come into force while exchanges are under way, and callees that are gone, in virtual time.

use std::time::Duration;

use bytes::Bytes;
use fault::{Damage, Fault, Outage, PathPattern, Side};
use http::Response;
use proxy::Links;
use tokio::time::sleep;
use tower::{Layer, ServiceExt, service_fn};
use verdict::NoReply;

use crate::{
    exchange, fault, fired, inject,
    layer::{Log, SECOND, call, callee, pay},
    links, received, shop,
};

/// A call that the callee works on for 5 s, while an outage comes into force after 1 s.
async fn interrupted(outage: Outage, begin: impl AsyncFnOnce(&Links, Fault)) -> (Links, Log) {
    let (links, log) = (links(), Log::default());
    let mut calling = Box::pin(links.layer(shop()).layer(callee(&log, 5 * SECOND)).oneshot(pay()));
    let away = fault("away", Damage::Outage(outage));
    let got = tokio::select! {
        got = &mut calling => got,
        () = async {
            begin(&links, away).await;
            sleep(100 * SECOND).await;
        } => Err(NoReply::Abandoned),
    };
    got.expect_err("no reply");
    drop(calling);
    (links, log)
}

#[tokio::test(start_paused = true)]
async fn an_outage_cuts_what_is_under_way_when_it_comes_into_force() {
    for outage in [Outage::Reset, Outage::Refuse] {
        let injected = interrupted(outage, async |links: &Links, away| {
            sleep(SECOND).await;
            inject(links, away);
        });
        let opened = interrupted(outage, async |links: &Links, away| {
            links.inject(away, SECOND, None).keep();
        });
        // It is over again before the caller's turn.
        let brief = interrupted(outage, async |links: &Links, away| {
            sleep(SECOND).await;
            drop(links.inject(away, Duration::ZERO, None));
        });
        for (links, log) in [injected.await, opened.await, brief.await] {
            let shown = exchange(&links);
            assert_eq!(received(&shown), Some(Err(NoReply::Reset)), "{outage:?}");
            assert_eq!(shown.ending.expect("an ending").took, SECOND, "{outage:?}: at once");
            assert_eq!((shown.delivered, shown.faults.len()), (1, 1), "{outage:?}");
            sleep(5 * SECOND).await;
            assert_eq!(log.lines(), ["POST /pay", "answered"], "{outage:?}: what was sent is processed");
            assert_eq!(exchange(&links).answered.expect("an answer").body, "pong", "{outage:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_hangs_withholds_the_replies_under_way() {
    let (links, log) = interrupted(Outage::Hang, async |links: &Links, away| {
        sleep(SECOND).await;
        inject(links, away);
        sleep(SECOND).await;
        links.heal_all();
    })
    .await;
    let shown = exchange(&links);
    assert_eq!(received(&shown), Some(Err(NoReply::Abandoned)), "silence, also after it is healed");
    assert_eq!((shown.delivered, shown.faults.len()), (1, 1));
    assert_eq!(log.lines(), ["POST /pay", "answered"]);
    assert_eq!(fired(&links), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_request_is_cut_by_a_reset() {
    let (links, log) = (links(), Log::default());
    inject(&links, fault("hang", Damage::Outage(Outage::Hang)));
    let cut = async {
        sleep(SECOND).await;
        inject(&links, fault("reset", Damage::Outage(Outage::Reset)));
    };
    let (reply, ()) = tokio::join!(call(&links, &log), cut);
    assert_eq!(reply.expect_err("no reply"), NoReply::Reset);
    assert_eq!(log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_outage_for_some_exchanges_cuts_none_that_is_under_way() {
    let (links, log) = (links(), Log::default());
    let mut away = fault("away", Damage::Outage(Outage::Reset));
    away.selector.path = PathPattern::new("/pay");
    links.inject(away, SECOND, None).keep();
    let call = links.layer(shop()).layer(callee(&log, 5 * SECOND)).oneshot(pay());
    call.await.expect("it was decided when it began");
    assert_eq!(fired(&links), [0]);
}

#[tokio::test(start_paused = true)]
async fn an_absent_callee_refuses_whatever_else_happens_on_the_link() {
    let (links, log) = (links(), Log::default());
    let late = Damage::Latency { delay: SECOND, jitter: Duration::ZERO, side: Side::Request };
    inject(&links, fault("late", late));
    let users = shop().callee;
    let absence = links.absent(&users);
    assert_eq!(call(&links, &log).await.expect_err("nothing listens"), NoReply::Refused);
    let shown = exchange(&links);
    assert_eq!((shown.delivered, shown.faults.len()), (0, 0));
    assert_eq!(shown.ending.expect("an ending").took, Duration::ZERO);
    absence.end();
    call(&links, &log).await.expect("a reply");
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_request_was_under_way_is_reset_rather_than_refused() {
    let links = links();
    let late = Damage::Latency { delay: SECOND, jitter: Duration::ZERO, side: Side::Request };
    inject(&links, fault("late", late));
    let dead = service_fn(|_| std::future::ready(Err::<Response<Bytes>, _>(NoReply::Refused)));
    let got = links.layer(shop()).layer(dead).oneshot(pay()).await;
    assert_eq!(
        got.expect_err("no reply"),
        NoReply::Reset,
        "its connection was open when the callee was gone"
    );
    assert_eq!(exchange(&links).delivered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_an_absent_callee_is_not_delivered() {
    for failure in [NoReply::Refused, NoReply::Reset] {
        let links = links();
        let callee = service_fn({
            let failure = failure.clone();
            move |_| std::future::ready(Err::<Response<Bytes>, _>(failure.clone()))
        });
        let got = links.layer(shop()).layer(callee).oneshot(pay()).await;
        assert_eq!(got.expect_err("no reply"), failure);
        // A callee may have received a request that was reset, but not one that was refused.
        assert_eq!(exchange(&links).delivered, u32::from(failure == NoReply::Reset));
    }
}
