//! A world that never comes to rest ends.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use engine::World;
use http::{Request, Response};
use scenario::Signal;
use simulation::{Place, Running, Services, Simulation, block_on};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};
use tower::{ServiceExt, service_fn};
use verdict::NoReply;

use crate::fixture::{FRONT, TALLY, configuration, name, post, raise, world};

#[test]
fn a_world_lasts_a_day_at_most() {
    block_on(async {
        let world = world(1).await;
        // Its ticker would tick for a day.
        world.signal(&name(TALLY), Signal::Kill).await.expect("there is all the time");
        sleep(Duration::from_hours(23)).await;
        post(&world, FRONT, "/add").await.expect("there is time left");
        sleep(Duration::from_hours(2)).await;
        let broken = world.signal(&name(TALLY), Signal::Start).await.expect_err("there is none left");
        assert_eq!(broken.to_string(), "the simulated world has used up its 24 hours");
        assert_eq!(post(&world, FRONT, "/add").await, Err(NoReply::Broken(broken.to_string())));
    });
}

#[test]
fn a_service_that_has_no_time_left_waits_for_ever() {
    let tried = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let counted = Arc::clone(&tried);
        let start = move |place: Place| {
            let (transport, counted) = (place.transport, Arc::clone(&counted));
            let nagging = async move {
                loop {
                    sleep(Duration::from_hours(7)).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                    let request = Request::post(Place::url(&name("itself"))).body(Bytes::new());
                    transport.clone().oneshot(request.expect("a request")).await.ok();
                }
            };
            let nothing = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Bytes::new())) });
            Ok::<_, Infallible>(Running::new(nothing).with_background(nagging))
        };
        let services = Services::new().with(name("itself"), start);
        let world = raise(&configuration(&[("itself", &["itself"])]), &services, 1).await;
        sleep(Duration::from_hours(100)).await;
        world.close().await;
    });
    assert_eq!(tried.load(Ordering::Relaxed), 4, "three calls in time, and one that hangs");
}

#[test]
fn two_services_that_call_each_other_without_end_are_cut_short() {
    let calls = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let counted = Arc::clone(&calls);
        let echo = move |callee: &'static str| {
            let counted = Arc::clone(&counted);
            move |place: Place| {
                let (transport, counted) = (place.transport, Arc::clone(&counted));
                Ok::<_, Infallible>(Running::new(service_fn(move |_: Request<Bytes>| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let request = Request::post(format!("{}/", Place::url(&name(callee))));
                    transport.clone().oneshot(request.body(Bytes::new()).expect("a request"))
                })))
            }
        };
        let services = Services::new().with(name("ping"), echo("pong")).with(name("pong"), echo("ping"));
        let world = raise(&configuration(&[("ping", &["pong"]), ("pong", &["ping"])]), &services, 1).await;
        assert_eq!(post(&world, "ping", "/").await, Err(NoReply::Reset), "the error came all the way back");
        world.close().await;
    });
    let calls = calls.load(Ordering::Relaxed);
    assert_eq!(calls, 20_000, "as many as both services can be at");
}

#[test]
fn a_service_that_is_busy_without_end_hangs_alone() {
    block_on(async {
        let start = |_: Place| {
            let nothing = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Bytes::new())) });
            let busy = async {
                sleep(Duration::from_secs(1)).await;
                loop {
                    yield_now().await;
                }
            };
            Ok::<_, Infallible>(Running::new(nothing).with_background(busy))
        };
        let services = Services::new().with(name("busy"), start);
        let world = raise(&configuration(&[("busy", &[])]), &services, 1).await;
        post(&world, "busy", "/").await.expect("it answers");
        sleep(Duration::from_secs(2)).await;
        let unanswered = timeout(Duration::from_hours(1), post(&world, "busy", "/")).await;
        assert!(unanswered.is_err(), "{unanswered:?}");
        world.signal(&name("busy"), Signal::Kill).await.expect("it can be killed");
        world.signal(&name("busy"), Signal::Start).await.expect("it can be started");
        post(&world, "busy", "/").await.expect("it answers again");
        world.close().await;
    });
}

#[test]
fn a_service_that_is_not_linked_in_is_named() {
    let required = Simulation::new(&configuration(&[("nobody", &[])]), &Services::new());
    assert_eq!(required.expect_err("it is required").to_string(), "nobody isn't linked into this runner");
    let mut optional = configuration(&[("nobody", &[])]);
    optional.services[0].need = scenario::Need::Optional;
    let simulation = Simulation::new(&optional, &Services::new()).expect("it is optional");
    assert!(simulation.missing().contains(&name("nobody")));
}

#[test]
fn a_service_that_does_not_start_says_why() {
    block_on(async {
        let start = |_: Place| Err("it has no heart");
        let services = Services::new().with(name("tin-man"), start);
        let simulation = Simulation::new(&configuration(&[("tin-man", &[])]), &services);
        let simulation = simulation.expect("it is linked in");
        let world = engine::Stage::raise(&simulation, &crate::fixture::nothing(), fault::Seed(1)).await;
        assert_eq!(world.expect_err("no world").to_string(), "tin-man can't be started: it has no heart");
    });
}

#[test]
fn a_service_that_is_never_ready_breaks_the_world_off() {
    block_on(async {
        let start = |_: Place| {
            Ok::<_, Infallible>(Running::new(service_fn(|_| async {
                let response = Response::builder().status(503).body(Bytes::new());
                Ok::<_, Infallible>(response.expect("a response"))
            })))
        };
        let mut configuration = configuration(&[("sleepy", &[])]);
        let within = Duration::from_secs(3);
        configuration.services[0].ready = vec![scenario::Readiness { path: "/livez".into(), within }];
        let services = Services::new().with(name("sleepy"), start);
        let simulation = Simulation::new(&configuration, &services).expect("it is linked in");
        let world = engine::Stage::raise(&simulation, &crate::fixture::nothing(), fault::Seed(1)).await;
        let reason = world.expect_err("no world").to_string();
        assert_eq!(reason, "sleepy wasn't ready within 3s: GET /livez answered 503 Service Unavailable");
    });
}
