//! Virtual time: it passes only while everything waits.

use std::{
    convert::Infallible,
    time::{Duration, SystemTime},
};

use engine::World;
use fault::{Calls, Damage, Fault, Outage};
use http::StatusCode;
use simulation::{Running, Services, block_on};
use tokio::time::sleep;
use tower::service_fn;

use crate::fixture::{FRONT, configuration, fault, name, post, raise, world};

#[test]
fn an_outage_of_thirty_seconds_takes_no_time() {
    let started = std::time::Instant::now();
    block_on(async {
        let world = world(1).await;
        let mut outage = fault(Damage::Outage(Outage::Refuse));
        outage.selector.calls = Calls::All;
        world.links().inject(outage, Duration::ZERO, Some(Duration::from_secs(30))).keep();
        assert_eq!(post(&world, FRONT, "/insist").await, Ok((StatusCode::OK, "1".into())));
        assert_eq!(world.links().now(), Duration::from_secs(30));
    });
    assert!(started.elapsed() < Duration::from_secs(10), "30 s of real time would show");
}

#[test]
fn a_late_request_is_late_by_the_clock_of_the_world() {
    block_on(async {
        let world = world(1).await;
        let delay = Duration::from_secs(3);
        let Fault { name, link, selector, .. } = fault(Damage::Duplicate);
        let damage = Damage::Latency { delay, jitter: Duration::ZERO, side: fault::Side::Request };
        world.links().inject(Fault { name, link, selector, damage }, Duration::ZERO, None).keep();
        post(&world, FRONT, "/add").await.expect("a reply");
        let took = world.links().read(|history| {
            let exchange = history.exchanges().next();
            exchange.and_then(|exchange| exchange.ending).expect("it has ended").took
        });
        assert_eq!(took, delay);
    });
}

#[test]
fn every_world_begins_at_the_same_time() {
    let beginning = SystemTime::UNIX_EPOCH + Duration::from_hours(20_454 * 24);
    block_on(async {
        for _ in 0..2 {
            let (send, receive) = std::sync::mpsc::channel();
            let services = Services::new().with(name("clock"), move |context| {
                send.send(context.clock).expect("the test listens");
                Ok::<_, Infallible>(Running::new(service_fn(|_| async {
                    Ok::<_, Infallible>(http::Response::new(bytes::Bytes::new()))
                })))
            });
            raise(&configuration(&[("clock", &[])]), &services, 1).await;
            let clock = receive.recv().expect("it has started");
            assert_eq!(clock.now(), beginning);
            sleep(Duration::from_secs(90)).await;
            assert_eq!(clock.now(), beginning + Duration::from_secs(90));
        }
    });
}
