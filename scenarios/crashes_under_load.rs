//! The three processes under load, killed again and again while replies are lost and late: what a client was told is
//! true afterwards, nothing is in between, and every cent is where it belongs.
//!
//! A few kills are part of every test run. `SHOP_CRASHES=50 cargo test --test scenarios -- load` kills payments fifty
//! times, every third time with users and every third time with orders, and prints what was counted.
#![expect(clippy::print_stdout, reason = "the long form is there for its figures")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use engine::{Rules, Stage, Watch, World};
use fault::{Damage, Fault, Link, Probability, Seed, Selector, ServiceName, Side};
use futures_util::future::join_all;
use scenario::{Scenario, Signal};
use tokio::time::{Instant, sleep};

use crate::{
    audit,
    shopper::{Ask, Shopper, get},
};

pub(crate) const USERS: &str = "users-service";
pub(crate) const ORDERS: &str = "orders-service";
pub(crate) const PAYMENTS: &str = "payment-service";

const SHOPPERS: u64 = 6;
/// Kills of payments when nobody says how many.
const KILLS: u64 = 6;
/// What links carry between two kills: at least one exchange, and up to so many.
const BETWEEN: u64 = 300;
/// How long the shop has to come to rest after the last start.
const SETTLE: Duration = Duration::from_secs(10);
/// How long a look at it may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn name(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

/// A number below `limit` that depends on the seed, on what it is for, and on which it is.
pub(crate) fn roll(seed: Seed, purpose: &str, ordinal: u64, limit: u64) -> u64 {
    seed.roll(&"crashes".parse().expect("a name"), ordinal, purpose) % limit
}

/// Raises the shop, has it loaded and killed, and judges it.
pub(crate) async fn run(stage: &impl Stage, rules: &Rules, scenario: &Scenario, seed: Seed) {
    let wished = std::env::var("SHOP_CRASHES").ok();
    let kills = wished.as_ref().map_or(KILLS, |kills| kills.parse().expect("SHOP_CRASHES is a number"));
    let world = stage
        .raise(scenario, seed)
        .await
        .unwrap_or_else(|broken| panic!("{}", report::render_broken_off(&broken)));
    for user in 1..=3 {
        Shopper::new(&world, user, user, seed).deposit().await;
    }
    inject_all(&world);
    let stop = AtomicBool::new(false);
    let mut shoppers: Vec<_> =
        (0..SHOPPERS).map(|number| Shopper::new(&world, number, number % 3 + 1, seed)).collect();
    let killing = async {
        let killed = kill_them(&world, seed, kills).await;
        stop.store(true, Ordering::Relaxed);
        killed
    };
    let shopping = join_all(shoppers.iter_mut().map(|shopper| shopper.shop(&stop)));
    let (killed, _, seen) = tokio::join!(killing, shopping, audit::the_ledger_adds_up(&world, &stop));
    let fired: u64 = world.links().fired().values().sum();
    world.links().heal_all();

    let began = Instant::now();
    settles(&world, rules).await;
    let rest = began.elapsed();
    let told: Vec<_> =
        shoppers.iter().flat_map(|shopper| &shopper.asks).map(|ask| ask.told.is_some()).collect();
    let unknown = told.iter().filter(|told| !**told).count();
    // Only now anybody asks again: what was recorded has come to rest by itself.
    join_all(shoppers.iter_mut().map(Shopper::asks_again)).await;
    settles(&world, rules).await;
    let asks: Vec<&Ask> = shoppers.iter().flat_map(|shopper| &shopper.asks).collect();
    let paid = audit::nothing_is_lost(&world, &asks).await;
    a_new_payment_succeeds(&world, seed).await;

    assert!(
        fired > 0 && unknown > 0 && seen > 0,
        "{fired} damaged exchanges, {unknown} unknown outcomes, {seen} looks at the ledger: that was no test"
    );
    assert!(paid >= kills, "{paid} payments completed while payments were killed {kills} times");
    if wished.is_some() {
        println!(
            "{killed} kills ({kills} of payments); {} requests, {unknown} of unknown outcome; {paid} payments completed; \
             {fired} exchanges damaged; at rest {rest:.1?} after the last start",
            asks.len()
        );
    }
    drop(shoppers);
    world.close().await;
}

/// Replies are lost and late, and requests are lost, on every link; also on those of the clients.
fn inject_all(world: &impl World) {
    let links = [(ORDERS, USERS), (PAYMENTS, USERS), (PAYMENTS, ORDERS)];
    let links = links.map(|(caller, callee)| Link::new(name(caller), name(callee)));
    let clients = [ORDERS, PAYMENTS].map(|service| verdict::client_link(&name(service)));
    let late = Damage::Latency {
        delay: Duration::from_millis(30),
        jitter: Duration::from_millis(30),
        side: Side::Reply,
    };
    let damages = [
        ("reply-lost", Damage::Lose(Side::Reply), 0.05),
        ("request-lost", Damage::Lose(Side::Request), 0.03),
        ("late", late, 0.2),
    ];
    for (number, link) in links.into_iter().chain(clients).enumerate() {
        for (what, damage, probability) in &damages {
            let fault = Fault {
                name: format!("{what}-{number}").parse().expect("a name"),
                link: link.clone(),
                selector: Selector {
                    probability: Probability::new(*probability).expect("a share"),
                    ..Selector::default()
                },
                damage: damage.clone(),
            };
            world.links().inject(fault, Duration::ZERO, None).keep();
        }
    }
}

/// Kills payments so many times, and the others now and then, each time in the midst of exchanges. Says how many died.
async fn kill_them(world: &impl World, seed: Seed, kills: u64) -> u64 {
    let mut killed = 0;
    for kill in 0..kills {
        let victims: &[&str] = match kill % 3 {
            0 => &[PAYMENTS],
            1 => &[USERS, PAYMENTS],
            _ => &[PAYMENTS, ORDERS],
        };
        for (number, victim) in (0..).zip(victims) {
            happens(world, 1 + roll(seed, "between", kill * 2 + number, BETWEEN)).await;
            world.signal(&name(victim), Signal::Kill).await.expect("it is killed");
            killed += 1;
        }
        sleep(Duration::from_millis(roll(seed, "down", kill, 100))).await;
        for victim in victims {
            let started = world.signal(&name(victim), Signal::Start).await;
            started.unwrap_or_else(|broken| panic!("{}", report::render_broken_off(&broken)));
        }
    }
    killed
}

/// Waits until links have carried so much more.
async fn happens(world: &impl World, records: u64) {
    let happened = || world.links().read(|history| history.records().len());
    let enough = happened() + usize::try_from(records).expect("a few");
    while happened() < enough {
        sleep(Duration::from_millis(1)).await;
    }
}

async fn settles(world: &impl World, rules: &Rules) {
    let findings = Watch::new(&rules.invariants, PATIENCE).settle(world, SETTLE).await;
    assert!(findings.is_empty(), "it doesn't come to rest: {findings:#?}");
}

/// A new payment goes through once the circuits let it, and then they are closed.
async fn a_new_payment_succeeds(world: &impl World, seed: Seed) {
    let end = Instant::now() + SETTLE;
    let mut shopper = Shopper::new(world, SHOPPERS, 1, seed);
    while !shopper.has_paid() {
        assert!(Instant::now() < end, "no new payment succeeds: {:#?}", shopper.asks);
        shopper.buy().await;
    }
    for service in [ORDERS, PAYMENTS] {
        let health = get(world, service, "/health").await;
        let circuits = health["circuits"].as_object().expect("circuits");
        assert!(circuits.values().all(|state| state == "closed"), "{service}: {health}");
    }
}
