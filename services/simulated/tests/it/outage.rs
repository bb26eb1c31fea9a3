//! Outages of 30 s on one link, or on all links, under steady load. Each link carries no more calls than its circuit
//! allows (B9), and requests succeed again one `open_wait` of the circuit after the outage.

use std::{cell::RefCell, time::Duration};

use engine::{InvariantChecker, World};
use fault::{Damage, Fault, Link, Outage, Selector, Side};
use futures_util::future::join_all;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use simulation::{SimulatedWorld, block_on};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use crate::{
    customer::{ORDERS, PAYMENTS, USERS, name},
    linked::Linked,
};

const CLIENTS: u32 = 8;
/// Pause of a client between two rounds.
const PAUSE: Duration = Duration::from_millis(400);
/// Durations of the load before the outage, of the outage, and of the load after it.
const BEFORE: Duration = Duration::from_secs(5);
const OUTAGE: Duration = Duration::from_secs(30);
const AFTER: Duration = Duration::from_secs(10);

const ORDERS_TO_USERS: (&str, &str) = (ORDERS, USERS);
const PAYMENTS_TO_USERS: (&str, &str) = (PAYMENTS, USERS);
const PAYMENTS_TO_ORDERS: (&str, &str) = (PAYMENTS, ORDERS);
const LINKS: [(&str, &str); 3] = [ORDERS_TO_USERS, PAYMENTS_TO_USERS, PAYMENTS_TO_ORDERS];

/// A request of a client, with its reply.
#[derive(Debug)]
struct RequestRecord {
    sent_at: Instant,
    service: &'static str,
    status: StatusCode,
    replayed: bool,
}

/// The world and the records of requests, shared by all clients.
struct Load<'a> {
    world: &'a SimulatedWorld,
    requests: RefCell<Vec<RequestRecord>>,
}

impl Load<'_> {
    /// Places an order and pays the oldest unpaid order in each round, until `end`.
    async fn client(&self, number: u32, end: Instant) {
        let user = number % 3 + 1;
        let mut unpaid = Vec::new();
        let mut round = 0;
        sleep(PAUSE / CLIENTS * number).await;
        while Instant::now() < end {
            round += 1;
            let order = json!({ "user_id": user, "items": ["Pin"], "total_amount": 0.01 });
            if let (StatusCode::CREATED, order) =
                self.post(ORDERS, "/api/orders", &format!("{number}-{round}"), order).await
            {
                unpaid.push(order["order"]["id"].clone());
            }
            // Nothing is paid in the first rounds, so that there are unpaid orders while none can be placed.
            if let Some(order) = unpaid.first().cloned()
                && round > 5
            {
                let pay = json!({ "order_id": order, "user_id": user });
                if self.post(PAYMENTS, "/api/payments", &format!("pay-{order}"), pay).await.0
                    == StatusCode::CREATED
                {
                    unpaid.remove(0);
                }
            }
            sleep(PAUSE).await;
        }
    }

    async fn post(&self, service: &'static str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let sent_at = Instant::now();
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body.to_string().into())
            .expect("a request");
        let reply =
            self.world.client(&name(service)).oneshot(request).await.expect("no service is killed here");
        let replayed = reply.headers().contains_key("idempotency-replayed");
        let record = RequestRecord { sent_at, service, status: reply.status(), replayed };
        self.requests.borrow_mut().push(record);
        (reply.status(), serde_json::from_slice(reply.body()).expect("JSON"))
    }
}

fn link((caller, callee): (&str, &str)) -> Link {
    Link::new(name(caller), name(callee))
}

fn fault(fault: &str, on: (&str, &str), damage: Damage) -> Fault {
    let name = format!("{fault}-{}-{}", on.0, on.1).parse().expect("a valid name");
    Fault { name, link: link(on), selector: Selector::default(), damage }
}

/// Returns the most calls that a circuit admits during the outage (B9). Retries don't raise it: each needs a permit,
/// like any call.
fn max_calls() -> u32 {
    let circuit = chassis::Policy::default().breaker;
    let waits = u32::try_from(OUTAGE.as_millis().div_ceil(circuit.open_wait.as_millis())).expect("a few");
    circuit.window_calls + CLIENTS + circuit.permitted_probes * waits
}

/// Runs the load with an outage on the `broken` links, and checks calls and recovery. On those in `called`, callers
/// attempt calls during the whole outage.
fn check(broken: &[(&str, &str)], outage: Outage, called: &[(&str, &str)]) {
    let shop = Linked::new();
    block_on(async {
        let world = shop.world(1).await;
        for on in LINKS {
            let latency = Damage::Latency {
                delay: Duration::from_millis(5),
                jitter: Duration::from_millis(4),
                side: Side::Request,
            };
            world.links().inject(fault("near", on, latency), Duration::ZERO, None).keep();
        }
        for on in broken {
            world.links().inject(fault("away", *on, Damage::Outage(outage)), BEFORE, Some(OUTAGE)).keep();
        }
        let load_start = Instant::now();
        let (outage_start, offset) = (load_start + BEFORE, world.links().now());
        let load = Load { world: &world, requests: RefCell::default() };
        join_all((0..CLIENTS).map(|number| load.client(number, outage_start + OUTAGE + AFTER))).await;

        let max_calls = max_calls();
        for on in LINKS {
            let window = offset + BEFORE..offset + BEFORE + OUTAGE;
            let calls = world.links().read(|history| {
                let during = history.exchanges().filter(|call| window.contains(&call.at));
                during.filter(|call| *call.link == link(on)).count()
            });
            let calls = u32::try_from(calls).expect("a few");
            if broken.contains(&on) {
                assert!(calls <= max_calls, "{on:?} carried {calls} calls, more than {max_calls}");
            }
            if called.contains(&on) {
                // Failed calls opened the circuit, and there was a probe after each wait.
                assert!(calls >= 15, "{on:?} carried only {calls} calls: the outage was not noticed");
            }
        }

        // The last probe may begin just before the end of the outage. A probe without a reply ends with its timeout.
        let policy = chassis::Policy::default();
        let probe_timeout = if outage == Outage::Hang { policy.timeout } else { Duration::ZERO };
        let recovered = outage_start + OUTAGE + probe_timeout + policy.breaker.open_wait + PAUSE;
        for service in [ORDERS, PAYMENTS] {
            let requests = load.requests.borrow();
            let of_service =
                || requests.iter().filter(|request| request.service == service && !request.replayed);
            let created = |request: &&RequestRecord| request.status == StatusCode::CREATED;
            let before =
                of_service().filter(|request| request.sent_at < outage_start).filter(created).count();
            let after: Vec<_> = of_service().filter(|request| request.sent_at >= recovered).collect();
            let failed: Vec<_> = after.iter().filter(|request| !created(request)).collect();
            assert!(
                failed.is_empty(),
                "requests to {service} still fail after {:?}: {failed:#?}",
                recovered - load_start
            );
            assert!(
                before >= 40 && after.len() >= 40,
                "only {before} requests to {service} before the outage and {} after it",
                after.len()
            );
        }
        let mut watch = InvariantChecker::new(&shop.rules.invariants, policy.timeout);
        let findings = watch.settle(&world, policy.breaker.open_wait).await;
        assert!(findings.is_empty(), "{findings:#?}");
    });
}

#[test]
fn calls_are_bounded_and_succeed_again_when_payments_cannot_reach_users() {
    check(&[PAYMENTS_TO_USERS], Outage::Reset, &[PAYMENTS_TO_USERS]);
}

#[test]
fn calls_are_bounded_and_succeed_again_when_all_links_are_reset() {
    // Payments call orders first, so new payments don't reach the link to users.
    check(&LINKS, Outage::Reset, &[ORDERS_TO_USERS, PAYMENTS_TO_ORDERS]);
}

#[test]
fn calls_are_bounded_and_succeed_again_when_all_links_hang() {
    check(&LINKS, Outage::Hang, &[ORDERS_TO_USERS, PAYMENTS_TO_ORDERS]);
}
