//! Services that are killed, paused and stopped, and start again with what was synced.

use std::time::Duration;

use engine::World;
use fault::{CrashPoint, Damage, Side};
use http::StatusCode;
use scenario::Signal;
use simulation::{DiskFault, SimulatedWorld, UnsyncedWrites, block_on};
use tokio::time::sleep;
use verdict::{HistoryEvent, NoReply, ProcessChange};

use crate::fixture::{FRONT, TALLY, fault, name, post, signal, tallied, ticks, world};

#[test]
fn a_kill_drops_a_request_at_its_present_await() {
    block_on(async {
        for seconds in 0..10 {
            let world = world(seconds).await;
            let (reply, ()) = tokio::join!(post(&world, TALLY, "/slowly"), async {
                sleep(Duration::from_millis(seconds * 1000 + 500)).await;
                signal(&world, TALLY, Signal::Kill).await;
            });
            assert_eq!(reply, Err(NoReply::Reset), "the connection of its caller is reset");
            assert_eq!(post(&world, TALLY, "/add").await, Err(NoReply::Refused), "nothing listens");
            sleep(Duration::from_mins(1)).await;
            assert_eq!(tallied(&world), seconds, "the request made no further progress");
            signal(&world, TALLY, Signal::Start).await;
            assert_eq!(post(&world, TALLY, "/add").await, Ok((StatusCode::OK, (seconds + 1).to_string())));
            world.close().await;
        }
    });
}

#[test]
fn unsynced_writes_may_be_lost_and_may_survive() {
    let survived = |seed| {
        block_on(async {
            let world = world(seed).await;
            post(&world, TALLY, "/add").await.expect("a reply");
            post(&world, TALLY, "/carelessly").await.expect("a reply");
            signal(&world, TALLY, Signal::Kill).await;
            tallied(&world)
        })
    };
    let survived: Vec<u64> = (0..20).map(survived).collect();
    assert!(survived.iter().all(|number| [1, 2].contains(number)), "{survived:?}");
    assert!(survived.contains(&1) && survived.contains(&2), "{survived:?}");
}

#[test]
fn a_service_that_its_own_call_kills_does_nothing_more() {
    block_on(async {
        for point in [CrashPoint::BeforeRequest, CrashPoint::AfterReply] {
            let world = world(1).await;
            world
                .links()
                .inject(fault(Damage::Crash { service: name(FRONT), point }), Duration::ZERO, None)
                .keep();
            assert_eq!(post(&world, FRONT, "/add").await, Err(NoReply::Reset));
            let disk = world.disk(&name(FRONT)).expect("it is linked in");
            assert_eq!(disk.len().expect("a good disk"), 0, "the code after its call never ran");
            assert_eq!(world.down(), [name(FRONT)]);
            signal(&world, FRONT, Signal::Start).await;
            assert_eq!(post(&world, FRONT, "/add").await.expect("a reply").0, StatusCode::OK);
            world.close().await;
        }
    });
}

#[test]
fn a_killed_callee_resets_all_its_requests() {
    block_on(async {
        let world = world(1).await;
        let damage = Damage::Crash { service: name(TALLY), point: CrashPoint::BeforeRequest };
        world.links().inject(fault(damage), Duration::ZERO, None).keep();
        let (slow, reply) = tokio::join!(post(&world, TALLY, "/slowly"), post(&world, FRONT, "/add"));
        assert_eq!(slow, Err(NoReply::Reset), "its other request is reset too");
        assert_eq!(reply.expect("front runs").0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((tallied(&world), world.links().now()), (0, Duration::ZERO));
        let crashed = HistoryEvent::Process { service: name(TALLY), change: ProcessChange::Crashed };
        assert!(world.links().read(|history| history.records().iter().any(|record| record.event == crashed)));
    });
}

#[test]
fn a_stopping_callee_refuses_new_calls_over_its_link_and_a_started_one_takes_them() {
    block_on(async {
        let world = world(1).await;
        // A request that was accepted and delayed would be reset.
        let (delay, jitter, side) = (Duration::from_secs(1), Duration::ZERO, Side::Request);
        let late = fault(Damage::Latency { delay, jitter, side });
        world.links().inject(late, Duration::ZERO, None).keep();
        let (slow, ()) = tokio::join!(post(&world, TALLY, "/slowly"), async {
            sleep(Duration::from_millis(500)).await;
            let (called, ()) = tokio::join!(
                async {
                    sleep(Duration::from_millis(500)).await;
                    post(&world, FRONT, "/add").await
                },
                signal(&world, TALLY, Signal::Stop)
            );
            assert_eq!(called.expect("front runs").0, StatusCode::SERVICE_UNAVAILABLE);
        });
        assert_eq!(slow.expect("it finishes its work").0, StatusCode::OK);
        let refused = |world: &SimulatedWorld| {
            world.links().read(|history| {
                let ending = history.exchanges().last().and_then(|exchange| exchange.ending);
                ending.map(|ending| ending.received == Err(&NoReply::Refused))
            })
        };
        assert_eq!(refused(&world), Some(true));
        signal(&world, TALLY, Signal::Start).await;
        assert_eq!(post(&world, FRONT, "/add").await.expect("front runs").0, StatusCode::OK);
        assert_eq!(refused(&world), Some(false));
    });
}

#[test]
fn callers_of_a_paused_service_wait() {
    block_on(async {
        let world = world(1).await;
        sleep(Duration::from_millis(2_500)).await;
        signal(&world, TALLY, Signal::Pause).await;
        assert_eq!(world.down(), [name(TALLY)]);
        let (reply, ()) = tokio::join!(post(&world, TALLY, "/add"), async {
            sleep(Duration::from_mins(1)).await;
            assert_eq!(
                (tallied(&world), ticks(&world)),
                (0, 2),
                "neither the request nor the background work makes progress"
            );
            signal(&world, TALLY, Signal::Resume).await;
        });
        assert_eq!(reply, Ok((StatusCode::OK, "1".into())));
        assert_eq!(ticks(&world), 3, "the tick that was due meanwhile comes at once");
    });
}

#[test]
fn a_stopped_service_finishes_its_requests_in_flight() {
    block_on(async {
        let world = world(1).await;
        let (reply, ()) = tokio::join!(post(&world, TALLY, "/slowly"), async {
            sleep(Duration::from_millis(1_500)).await;
            tokio::join!(signal(&world, TALLY, Signal::Stop), async {
                sleep(Duration::from_millis(1)).await;
                assert_eq!(
                    post(&world, TALLY, "/add").await,
                    Err(NoReply::Refused),
                    "new requests are refused"
                );
            });
        });
        assert_eq!(reply, Ok((StatusCode::OK, "10".into())));
        let ticked = ticks(&world);
        sleep(Duration::from_mins(1)).await;
        assert_eq!(ticks(&world), ticked, "background work has ended");
        signal(&world, TALLY, Signal::Start).await;
        assert_eq!(post(&world, TALLY, "/add").await, Ok((StatusCode::OK, "11".into())));
    });
}

#[test]
fn a_stopped_service_loses_no_unsynced_write() {
    for seed in 0..20 {
        block_on(async {
            let world = world(seed).await;
            post(&world, TALLY, "/carelessly").await.expect("a reply");
            signal(&world, TALLY, Signal::Restart).await;
            assert_eq!(tallied(&world), 1);
        });
    }
}

#[test]
fn a_handler_is_dropped_when_its_caller_closes_the_connection() {
    block_on(async {
        let world = world(1).await;
        let reply = tokio::time::timeout(Duration::from_millis(1_500), post(&world, TALLY, "/slowly")).await;
        assert!(reply.is_err());
        sleep(Duration::from_mins(1)).await;
        assert_eq!(tallied(&world), 1);
    });
}

#[test]
fn a_panic_resets_one_connection() {
    block_on(async {
        let world = world(1).await;
        assert_eq!(post(&world, TALLY, "/panic").await, Err(NoReply::Reset));
        assert_eq!(post(&world, TALLY, "/add").await, Ok((StatusCode::OK, "1".into())));
    });
}

#[test]
fn a_failed_sync_is_an_error_of_the_service() {
    block_on(async {
        let world = world(1).await;
        world
            .disk(&name(TALLY))
            .expect("it is linked in")
            .fail_after(1, DiskFault::Failure)
            .expect("a good disk");
        assert_eq!(post(&world, TALLY, "/add").await, Err(NoReply::Reset));
        assert_eq!(post(&world, TALLY, "/add").await, Ok((StatusCode::OK, "2".into())));
    });
}

#[test]
fn a_power_cut_kills_the_service() {
    block_on(async {
        let world = world(1).await;
        let disk = || world.disk(&name(TALLY)).expect("it is linked in");
        disk().fail_after(0, DiskFault::PowerCut(UnsyncedWrites::Lost)).expect("a good disk");
        assert_eq!(post(&world, TALLY, "/add").await, Err(NoReply::Reset));
        assert_eq!(world.down(), [name(TALLY)]);
        disk()
            .fail_after(0, DiskFault::PowerCut(UnsyncedWrites::Lost))
            .expect("the disk of the next process");
        signal(&world, TALLY, Signal::Start).await;
        assert_eq!(post(&world, TALLY, "/add").await, Err(NoReply::Reset), "during the next request as well");
        signal(&world, TALLY, Signal::Start).await;
        assert_eq!(post(&world, TALLY, "/add").await, Ok((StatusCode::OK, "1".into())), "nothing was kept");
        world.close().await;
    });
}
