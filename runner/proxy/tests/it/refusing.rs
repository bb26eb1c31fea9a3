//! An address that refuses connections for a while.

use std::{io::ErrorKind, time::Duration};

use fault::{Damage, Fault, Outage};
use proxy::{HttpLink, Links};
use tokio::time::{sleep, timeout};
use verdict::NoReply;

use crate::{
    callee::Callee, caller::Caller, eventually, exchange, exchanges, fault, inject, links, received, shop,
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
            // A connection that nobody has accepted yet is reset when the address closes.
            assert!(matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset));
            true
        }
    }
}

/// Waits until it takes connections, and says when that was.
async fn opens(link: &HttpLink, links: &Links) -> Duration {
    let opened = timeout(Duration::from_secs(10), async {
        while is_refused(link).await {
            sleep(Duration::from_millis(1)).await;
        }
        links.now()
    });
    opened.await.expect("the window closes")
}

/// How often each fault has closed it.
fn fired(links: &Links) -> Vec<u64> {
    links.fired().into_values().collect()
}

#[tokio::test]
async fn it_refuses_as_soon_as_it_is_told_and_no_longer() {
    let (links, callee, link) = world().await;
    // Nothing waits in between: a step must not meet the fault of the step before it.
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
async fn open_connections_are_reset_and_what_was_sent_arrives() {
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
    callee.let_go();
    eventually("it is answered", || exchanges(&links)[1].answered.is_some()).await;
}

#[tokio::test]
async fn it_stays_closed_while_another_fault_wants_it() {
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
async fn it_counts_once_however_often_other_faults_come_and_go() {
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
async fn a_refusal_of_some_requests_only_leaves_it_open() {
    let (links, callee, link) = world().await;
    let mut some = away();
    some.selector.path = fault::PathPattern::new("/pay");
    inject(&links, some);
    let mut caller = Caller::connect(link.address()).await.expect("it listens");
    let error = caller.call("/pay", b"ping").await.expect_err("no reply");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it was connected already");
    assert_eq!(received(&exchange(&links)), Some(Err(NoReply::Refused)));
    let mut caller = Caller::connect(link.address()).await.expect("it listens");
    caller.call("/other", b"ping").await.expect("a reply");
    assert_eq!(callee.seen().len(), 1);
}
