//! Thirty seconds without a dependency, or without any of them, under steady load: each link carries no more calls than the
//! circuit's thresholds allow, and all is well again one wait of the circuit after the outage.

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
/// How long a client rests between two rounds.
const PAUSE: Duration = Duration::from_millis(400);
/// What lies before the outage, it, and what lies after it.
const BEFORE: Duration = Duration::from_secs(5);
const OUTAGE: Duration = Duration::from_secs(30);
const AFTER: Duration = Duration::from_secs(10);

const ORDERS_TO_USERS: (&str, &str) = (ORDERS, USERS);
const PAYMENTS_TO_USERS: (&str, &str) = (PAYMENTS, USERS);
const PAYMENTS_TO_ORDERS: (&str, &str) = (PAYMENTS, ORDERS);
const LINKS: [(&str, &str); 3] = [ORDERS_TO_USERS, PAYMENTS_TO_USERS, PAYMENTS_TO_ORDERS];

/// A request that a client made.
#[derive(Debug)]
struct Asked {
    at: Instant,
    service: &'static str,
    status: StatusCode,
    replayed: bool,
}

/// What the clients share.
struct Load<'a> {
    world: &'a SimulatedWorld,
    asked: RefCell<Vec<Asked>>,
}

impl Load<'_> {
    /// Orders, and pays the oldest order that isn't paid, again and again.
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
            // Some orders are kept back, so that there is something to pay when no order can be placed.
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
        let at = Instant::now();
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body.to_string().into())
            .expect("a request");
        let reply = self.world.client(&name(service)).oneshot(request).await.expect("nobody dies here");
        let replayed = reply.headers().contains_key("idempotency-replayed");
        self.asked.borrow_mut().push(Asked { at, service, status: reply.status(), replayed });
        (reply.status(), serde_json::from_slice(reply.body()).expect("JSON"))
    }
}

fn link((caller, callee): (&str, &str)) -> Link {
    Link::new(name(caller), name(callee))
}

fn fault(fault: &str, on: (&str, &str), damage: Damage) -> Fault {
    let name = format!("{fault}-{}-{}", on.0, on.1).parse().expect("a name");
    Fault { name, link: link(on), selector: Selector::default(), damage }
}

/// What a circuit lets through at most while its dependency is away (B9). A retry is a call as any other, and asks the
/// circuit as any other, so retries add nothing.
fn most_calls() -> u32 {
    let circuit = chassis::Policy::default().breaker;
    let waits = u32::try_from(OUTAGE.as_millis().div_ceil(circuit.open_wait.as_millis())).expect("a few");
    circuit.window_calls + CLIENTS + circuit.permitted_probes * waits
}

/// Takes these links away; those of them that are `felt` have callers all the time.
fn check(away: &[(&str, &str)], outage: Outage, felt: &[(&str, &str)]) {
    let shop = Linked::new();
    block_on(async {
        let world = shop.world(1).await;
        for on in LINKS {
            let near = Damage::Latency {
                delay: Duration::from_millis(5),
                jitter: Duration::from_millis(4),
                side: Side::Request,
            };
            world.links().inject(fault("near", on, near), Duration::ZERO, None).keep();
        }
        for on in away {
            world.links().inject(fault("away", *on, Damage::Outage(outage)), BEFORE, Some(OUTAGE)).keep();
        }
        let born = Instant::now();
        let (began, offset) = (born + BEFORE, world.links().now());
        let load = Load { world: &world, asked: RefCell::default() };
        join_all((0..CLIENTS).map(|number| load.client(number, began + OUTAGE + AFTER))).await;

        let most = most_calls();
        for on in LINKS {
            let window = offset + BEFORE..offset + BEFORE + OUTAGE;
            let calls = world.links().read(|history| {
                let during = history.exchanges().filter(|call| window.contains(&call.at));
                during.filter(|call| *call.link == link(on)).count()
            });
            let calls = u32::try_from(calls).expect("a few");
            if away.contains(&on) {
                assert!(calls <= most, "{on:?} carried {calls} calls, more than {most}");
            }
            if felt.contains(&on) {
                // It took failures to open the circuit, and after each wait somebody looked.
                assert!(calls >= 15, "{on:?} carried {calls} calls: nobody felt the outage");
            }
        }

        // The last probe may have begun just before the end, and an answer that never comes takes its time.
        let policy = chassis::Policy::default();
        let silence = if outage == Outage::Hang { policy.timeout } else { Duration::ZERO };
        let well = began + OUTAGE + silence + policy.breaker.open_wait + PAUSE;
        for service in [ORDERS, PAYMENTS] {
            let asked = load.asked.borrow();
            let of_it = || asked.iter().filter(|asked| asked.service == service && !asked.replayed);
            let fine = |asked: &&Asked| asked.status == StatusCode::CREATED;
            let healthy = of_it().filter(|asked| asked.at < began).filter(fine).count();
            let after: Vec<_> = of_it().filter(|asked| asked.at >= well).collect();
            let refused: Vec<_> = after.iter().filter(|asked| !fine(asked)).collect();
            assert!(refused.is_empty(), "{service} isn't well again {:?}: {refused:#?}", well - born);
            assert!(
                healthy >= 40 && after.len() >= 40,
                "{healthy} and {} requests of {service}",
                after.len()
            );
        }
        let mut watch = InvariantChecker::new(&shop.rules.invariants, policy.timeout);
        let findings = watch.settle(&world, policy.breaker.open_wait).await;
        assert!(findings.is_empty(), "{findings:#?}");
    });
}

#[test]
fn users_are_away_from_payments() {
    check(&[PAYMENTS_TO_USERS], Outage::Reset, &[PAYMENTS_TO_USERS]);
}

#[test]
fn everybody_is_away_from_everybody() {
    // Payments ask orders first, so nothing new comes to the link from payments to users.
    check(&LINKS, Outage::Reset, &[ORDERS_TO_USERS, PAYMENTS_TO_ORDERS]);
}

#[test]
fn nobody_answers_anybody() {
    check(&LINKS, Outage::Hang, &[ORDERS_TO_USERS, PAYMENTS_TO_ORDERS]);
}
