//! Links that refuse connections during an outage.

use std::{io::ErrorKind, time::Duration};

use fault::{Damage, Fault, Outage, Refusal, ServiceName};
use proxy::{HttpLink, Links, ProcessChange};
use tokio::time::{sleep, timeout};
use verdict::NoReply;

use crate::{
    callee::Callee, caller::Caller, eventually, exchange, exchanges, fault, fired, inject, links, received,
    shop,
};

fn away() -> Fault {
    fault("away", Damage::Outage(Outage::Refuse))
}

async fn world() -> (Links, Callee, HttpLink) {
    let (links, callee) = (links(), Callee::start());
    let link = HttpLink::open(&links, shop(), None, callee.authority()).await.expect("a free port");
    (links, callee, link)
}

async fn is_refused(link: &HttpLink) -> bool {
    match Caller::connect(link.address()).await {
        Ok(_) => false,
        Err(error) => {
            // A connection that isn't accepted yet is reset when the listener is closed.
            assert!(matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset));
            true
        }
    }
}

/// Waits until the link accepts connections, and returns the time.
async fn opens(link: &HttpLink, links: &Links) -> Duration {
    let opened = timeout(Duration::from_secs(10), async {
        while is_refused(link).await {
            sleep(Duration::from_millis(1)).await;
        }
        links.now()
    });
    opened.await.expect("the window closes")
}

#[tokio::test]
async fn an_outage_begins_with_its_injection_and_ends_with_its_healing() {
    let (links, callee, link) = world().await;
    // No pauses: a step must not meet the fault of the step before it.
    for round in 1..=20 {
        inject(&links, away());
        assert!(is_refused(&link).await, "round {round}");
        links.heal_all();
        let mut caller = Caller::connect(link.address()).await.expect("it listens again");
        caller.call("/pay", b"ping").await.expect("a reply");
        assert_eq!(fired(&links), [round]);
    }
    assert_eq!((callee.seen().len(), exchanges(&links).len()), (20, 20));
}

#[tokio::test]
async fn a_window_opens_and_closes_by_the_clock() {
    let (links, _callee, link) = world().await;
    let a_while = Duration::from_millis(30);
    let injected = links.now();
    links.inject(away(), a_while, Some(a_while)).keep();
    eventually("it closes", || fired(&links) == [1]).await;
    assert!(links.now() >= injected + a_while);
    assert!(opens(&link, &links).await >= injected + 2 * a_while);

    let injected = links.now();
    links.inject(away(), Duration::ZERO, Some(a_while)).keep();
    assert_eq!(fired(&links), [2], "it closes at once");
    assert!(opens(&link, &links).await >= injected + a_while);
}

#[tokio::test]
async fn an_outage_resets_connections_and_delivers_what_was_sent() {
    let (links, callee, link) = world().await;
    let mut idle = Caller::connect(link.address()).await.expect("it listens");
    idle.call("/pay", b"ping").await.expect("a reply");
    let mut waiting = Caller::connect(link.address()).await.expect("it listens");
    waiting.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 2).await;

    inject(&links, away());
    for caller in [&mut idle, &mut waiting] {
        assert_eq!(caller.reply().await.expect_err("it is reset").kind(), ErrorKind::ConnectionReset);
    }
    let shown = exchanges(&links).remove(1);
    assert_eq!(received(&shown), Some(Err(NoReply::Reset)), "the caller did not give up");
    callee.release();
    eventually("it is answered", || exchanges(&links)[1].answered.is_some()).await;
}

#[tokio::test]
async fn a_link_refuses_while_any_outage_is_in_force() {
    let (links, _callee, link) = world().await;
    inject(&links, away());
    inject(&links, fault("away-too", Damage::Outage(Outage::Refuse)));
    assert_eq!(fired(&links), [1, 0], "it was closed already");
    assert!(links.heal(&"away".parse().expect("a name")));
    assert!(is_refused(&link).await);
    links.heal_all();
    assert!(!is_refused(&link).await);
}

#[tokio::test]
async fn an_outage_counts_once_whatever_other_faults_do() {
    let (links, _callee, link) = world().await;
    let mut elsewhere = fault("elsewhere", Damage::Outage(Outage::Reset));
    elsewhere.link = "shop -> bank".parse().expect("a link");
    let a_while = Duration::from_millis(10);
    links.inject(away(), Duration::ZERO, Some(4 * a_while)).keep();
    links.inject(elsewhere, a_while, Some(a_while)).keep();
    opens(&link, &links).await;
    assert_eq!(fired(&links), [1, 0]);
}

#[tokio::test]
async fn an_outage_for_some_requests_keeps_the_link_open() {
    let (links, callee, link) = world().await;
    let mut some = away();
    some.selector.path = fault::PathPattern::new("/pay");
    inject(&links, some);
    let mut caller = Caller::connect(link.address()).await.expect("it listens");
    let error = caller.call("/pay", b"ping").await.expect_err("no reply");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it was connected already");
    assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Reset)));
    let mut caller = Caller::connect(link.address()).await.expect("it listens");
    caller.call("/other", b"ping").await.expect("a reply");
    assert_eq!(callee.seen().len(), 1);
}

fn users() -> ServiceName {
    shop().callee
}

#[tokio::test]
async fn a_link_to_an_absent_callee_refuses_until_it_listens() {
    let (links, callee, link) = world().await;
    // No pauses: a step must not meet what the step before it left.
    for round in 1..=20 {
        links.record_process(users(), ProcessChange::Killed);
        assert!(is_refused(&link).await, "round {round}");
        links.absent(&users()).end();
        let mut caller = Caller::connect(link.address()).await.expect("it listens again");
        caller.call("/pay", b"ping").await.expect("a reply");
    }
    assert_eq!((callee.seen().len(), exchanges(&links).len()), (20, 20));
    links.record_process(users(), ProcessChange::Paused);
    assert!(!is_refused(&link).await, "the kernel accepts connections for a halted process");
}

#[tokio::test]
async fn only_the_last_absence_can_end() {
    let (links, _callee, link) = world().await;
    let starting = links.absent(&users());
    links.record_process(users(), ProcessChange::Exited(verdict::Exit::Code(1)));
    starting.end();
    assert!(is_refused(&link).await, "it ended after it had begun to listen");
    links.absent(&users()).end();
    assert!(!is_refused(&link).await);

    inject(&links, away());
    drop(links.absent(&users()));
    links.heal_all();
    assert!(is_refused(&link).await, "the outage is over, but nothing listens");
}

#[tokio::test]
async fn an_absent_callee_finishes_what_is_under_way() {
    let (links, callee, link) = world().await;
    let mut idle = Caller::connect(link.address()).await.expect("it listens");
    idle.call("/pay", b"ping").await.expect("a reply");
    let mut waiting = Caller::connect(link.address()).await.expect("it listens");
    waiting.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 2).await;

    drop(links.absent(&users()));
    idle.reply().await.expect_err("an idle connection is closed");
    assert!(is_refused(&link).await);
    callee.release();
    assert_eq!(waiting.reply().await.expect("the callee is still there").status, 200);
    waiting.reply().await.expect_err("the connection is closed then");
}

#[tokio::test]
async fn an_outage_cuts_what_an_absent_callee_was_to_finish() {
    let (links, callee, link) = world().await;
    let mut waiting = Caller::connect(link.address()).await.expect("it listens");
    waiting.send("/held", b"charge").await;
    eventually("the callee has it", || callee.seen().len() == 1).await;
    drop(links.absent(&users()));
    inject(&links, away());
    assert_eq!(waiting.reply().await.expect_err("it is reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Reset)));
}

#[tokio::test]
async fn refusals_of_a_step_are_known_and_those_of_other_steps_are_not() {
    let (links, _callee, _link) = world().await;
    let all = [shop(), "client -> users".parse().expect("a link")];
    let refusals = |links: &Links| links.refusals(&all).into_iter().collect::<Vec<_>>();
    links.enter_step(Some(0));
    assert_eq!(refusals(&links), []);
    let absence = links.absent(&users());
    links.enter_step(Some(1));
    absence.end();
    // The history has every request of the client.
    assert_eq!(refusals(&links), [(shop(), Refusal::Absent(users()))]);
    links.enter_step(Some(2));
    assert_eq!(refusals(&links), []);

    let a_while = Duration::from_millis(1);
    links.inject(away(), Duration::ZERO, Some(a_while)).keep();
    eventually("its window closes", || links.now() > 2 * a_while).await;
    assert_eq!(refusals(&links), [(shop(), Refusal::Outage(away().name))]);
}
