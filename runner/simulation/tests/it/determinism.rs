//! The same seed gives the same history.

use std::time::Duration;

use engine::World;
use fault::{Calls, CrashPoint, Damage, Probability};
use scenario::Signal;
use simulation::block_on;
use tokio::time::sleep;

use crate::fixture::{FRONT, TALLY, fault, name, post, signal, ticks, world};

/// The history of a world in which the seed decides much: delays, crashes, unsynced writes, order of requests.
async fn history(seed: u64) -> String {
    let world = world(seed).await;
    let mut shaky = fault(Damage::Latency {
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(39),
        side: fault::Side::Reply,
    });
    shaky.selector.calls = Calls::All;
    let mut deadly = fault(Damage::Crash { service: name(TALLY), point: CrashPoint::AfterReply });
    deadly.name = "deadly".parse().expect("a name");
    deadly.selector.calls = Calls::All;
    deadly.selector.probability = Probability::new(0.1).expect("a probability");
    for fault in [shaky, deadly] {
        world.links().inject(fault, Duration::ZERO, None).keep();
    }
    for _ in 0..10 {
        let mut replies = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let client = world.client(&name(FRONT));
            let request = http::Request::post("/add").body(bytes::Bytes::new()).expect("a request");
            replies.spawn(tower::ServiceExt::oneshot(client, request));
        }
        replies.join_all().await;
        post(&world, TALLY, "/carelessly").await.ok();
        signal(&world, TALLY, Signal::Start).await;
        sleep(Duration::from_millis(700)).await;
    }
    let history = world.links().read(|history| format!("{history:#?} {}", ticks(&world)));
    world.close().await;
    history
}

#[test]
fn the_same_seed_gives_the_same_history_byte_for_byte() {
    for seed in 0..10 {
        assert_eq!(block_on(history(seed)), block_on(history(seed)), "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_history() {
    assert_ne!(block_on(history(1)), block_on(history(2)));
}

#[test]
fn what_ran_before_on_the_same_runtime_changes_nothing() {
    let alone = block_on(history(7));
    let after_others = block_on(async {
        history(1).await;
        sleep(Duration::from_millis(12_345)).await;
        history(7).await
    });
    assert_eq!(alone, after_others);
}

#[test]
fn the_seed_decides_which_request_is_handled_first() {
    let order = |seed| {
        block_on(async move {
            let world = world(seed).await;
            let replies = (0..8).map(|_| post(&world, TALLY, "/add"));
            let replies = futures_util::future::join_all(replies).await;
            replies.into_iter().map(|reply| reply.expect("a reply").1).collect::<Vec<_>>()
        })
    };
    assert_ne!(order(1), order(2));
    assert_eq!(order(1), order(1));
}
