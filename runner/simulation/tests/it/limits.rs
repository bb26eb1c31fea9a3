//! Limits: a world, a service or a loop that would never end is ended.

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
use simulation::{HostContext, Running, Services, Simulation, block_on};
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
        // Else its ticker would tick for a whole day.
        world.signal(&name(TALLY), Signal::Kill).await.expect("the day has just begun");
        sleep(Duration::from_hours(23)).await;
        post(&world, FRONT, "/add").await.expect("there is time left");
        sleep(Duration::from_hours(2)).await;
        let broken = world.signal(&name(TALLY), Signal::Start).await.expect_err("the day is over");
        assert_eq!(broken.to_string(), "the simulated world has used up its 24 hours");
        assert_eq!(post(&world, FRONT, "/add").await, Err(NoReply::Broken(broken.to_string())));
    });
}

#[test]
fn a_call_after_the_last_moment_of_a_world_never_ends() {
    let tried = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let counted = Arc::clone(&tried);
        let start = move |context: HostContext| {
            let (transport, counted) = (context.transport, Arc::clone(&counted));
            let nagging = async move {
                loop {
                    sleep(Duration::from_hours(7)).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                    let request = Request::post(HostContext::url(&name("itself"))).body(Bytes::new());
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
    assert_eq!(tried.load(Ordering::Relaxed), 4, "three calls within the day, and one that hangs");
}

#[test]
fn two_services_that_call_each_other_without_end_run_out_of_connections() {
    let calls = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let counted = Arc::clone(&calls);
        let echo = move |callee: &'static str| {
            let counted = Arc::clone(&counted);
            move |context: HostContext| {
                let (transport, counted) = (context.transport, Arc::clone(&counted));
                Ok::<_, Infallible>(Running::new(service_fn(move |_: Request<Bytes>| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let request = Request::post(format!("{}/", HostContext::url(&name(callee))));
                    transport.clone().oneshot(request.body(Bytes::new()).expect("a request"))
                })))
            }
        };
        let services = Services::new().with(name("ping"), echo("pong")).with(name("pong"), echo("ping"));
        let world = raise(&configuration(&[("ping", &["pong"]), ("pong", &["ping"])]), &services, 1).await;
        assert_eq!(
            post(&world, "ping", "/").await,
            Err(NoReply::Reset),
            "the refusal resets every connection on the way back"
        );
        world.close().await;
    });
    let calls = calls.load(Ordering::Relaxed);
    assert_eq!(calls, 20_000, "the connections of both services");
}

#[test]
fn a_service_that_loops_forever_does_not_hang_the_others() {
    block_on(async {
        let start = |_: HostContext| {
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
    let required = Simulation::new(&configuration(&[("absent", &[])]), &Services::new());
    assert_eq!(required.expect_err("it is required").to_string(), "absent isn't linked into this runner");
    let mut optional = configuration(&[("absent", &[])]);
    optional.services[0].need = scenario::Need::Optional;
    let simulation = Simulation::new(&optional, &Services::new()).expect("it is optional");
    assert!(simulation.missing().contains(&name("absent")));
}

#[test]
fn a_service_that_does_not_start_says_why() {
    block_on(async {
        let start = |_: HostContext| Err("the port is taken");
        let services = Services::new().with(name("unlucky"), start);
        let simulation = Simulation::new(&configuration(&[("unlucky", &[])]), &services);
        let simulation = simulation.expect("it is linked in");
        let world = engine::Stage::raise(&simulation, &crate::fixture::no_steps(), fault::Seed(1)).await;
        assert_eq!(world.expect_err("no world").to_string(), "unlucky can't be started: the port is taken");
    });
}

#[test]
fn a_service_that_is_never_ready_breaks_the_world_off() {
    block_on(async {
        let start = |_: HostContext| {
            Ok::<_, Infallible>(Running::new(service_fn(|_| async {
                let response = Response::builder().status(503).body(Bytes::new());
                Ok::<_, Infallible>(response.expect("a response"))
            })))
        };
        let mut configuration = configuration(&[("unready", &[])]);
        let within = Duration::from_secs(3);
        configuration.services[0].ready =
            vec![scenario::Readiness { within, ..scenario::Readiness::new("/livez") }];
        let services = Services::new().with(name("unready"), start);
        let simulation = Simulation::new(&configuration, &services).expect("it is linked in");
        let world = engine::Stage::raise(&simulation, &crate::fixture::no_steps(), fault::Seed(1)).await;
        let reason = world.expect_err("no world").to_string();
        assert_eq!(reason, "unready wasn't ready within 3s: GET /livez answered 503 Service Unavailable");
    });
}
