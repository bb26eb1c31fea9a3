//! The three processes under load, killed repeatedly while replies are lost and late. Afterwards every answer given to a client
//! still holds, no payment is unfinished, and every cent is accounted for.
//!
//! Every test run makes six kills. `SHOP_CRASHES=50 cargo test --test scenarios -- load` kills payment-service fifty
//! times, every third time with users-service and every third time with orders-service, and prints the counts.
#![expect(clippy::print_stdout, reason = "the long run exists for its figures")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use engine::{InvariantChecker, Rules, Stage, World};
use fault::{Damage, Fault, Link, Probability, Seed, Selector, Side};
use futures_util::future::join_all;
use scenario::{Scenario, Signal};
use tokio::time::{Instant, sleep};

use crate::{
    audit,
    shop::{ORDERS, PAYMENTS, USERS, get, name, roll},
    shopper::{Ask, Shopper},
};

const SHOPPERS: u64 = 6;
/// Kills of payment-service unless `SHOP_CRASHES` sets another number.
const KILLS: u64 = 6;
/// Most exchanges on links between two kills; the least is one.
const BETWEEN: u64 = 300;
/// Longest time until nothing is unfinished, after the last start.
const SETTLE: Duration = Duration::from_secs(10);
/// Timeout of one observation of the invariants.
const OBSERVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts the shop, loads it while it is killed, and checks it.
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
        let killed = kill_repeatedly(&world, seed, kills).await;
        stop.store(true, Ordering::Relaxed);
        killed
    };
    let shopping = join_all(shoppers.iter_mut().map(|shopper| shopper.shop(&stop)));
    let (killed, _, seen) = tokio::join!(killing, shopping, audit::the_ledger_adds_up(&world, &stop));
    let fired: u64 = world.links().fired().values().map(|count| count.damaged).sum();
    world.links().heal_all();

    let began = Instant::now();
    settles(&world, rules).await;
    let rest = began.elapsed();
    let told: Vec<_> =
        shoppers.iter().flat_map(|shopper| &shopper.asks).map(|ask| ask.told.is_some()).collect();
    let unknown = told.iter().filter(|told| !**told).count();
    // Clients ask again only now: what was recorded has finished without them.
    join_all(shoppers.iter_mut().map(Shopper::ask_again)).await;
    settles(&world, rules).await;
    let asks: Vec<&Ask> = shoppers.iter().flat_map(|shopper| &shopper.asks).collect();
    let paid = audit::nothing_is_lost(&world, &asks).await;
    a_new_payment_succeeds(&world, seed).await;

    assert!(
        fired > 0 && unknown > 0 && seen > 0,
        "{fired} damaged exchanges, {unknown} unknown outcomes, {seen} readings of the ledger: nothing was tested"
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

/// Loses requests and replies and delays replies on every link, the clients' links too.
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

/// Kills payment-service `kills` times while exchanges are in flight, and with every second and third kill another service.
/// Returns the number of killed processes.
async fn kill_repeatedly(world: &impl World, seed: Seed, kills: u64) -> u64 {
    let mut killed = 0;
    for kill in 0..kills {
        let victims: &[&str] = match kill % 3 {
            0 => &[PAYMENTS],
            1 => &[USERS, PAYMENTS],
            _ => &[PAYMENTS, ORDERS],
        };
        for (number, victim) in (0..).zip(victims) {
            wait_for_exchanges(world, 1 + roll(seed, "between", kill * 2 + number, BETWEEN)).await;
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

/// Waits until the links have carried this many more exchanges.
async fn wait_for_exchanges(world: &impl World, exchanges: u64) {
    let carried = || world.links().read(|history| history.records().len());
    let enough = carried() + usize::try_from(exchanges).expect("a few");
    while carried() < enough {
        sleep(Duration::from_millis(1)).await;
    }
}

async fn settles(world: &impl World, rules: &Rules) {
    let findings = InvariantChecker::new(&rules.invariants, OBSERVE_TIMEOUT).settle(world, SETTLE).await;
    assert!(findings.is_empty(), "the shop doesn't settle: {findings:#?}");
}

/// Checks that a new payment succeeds once the circuits admit it, and that the circuits are closed then.
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
