//! The power is cut, or a disk fails, at every write and sync of every service while a customer orders, pays, is
//! refunded and is declined: nobody is told anything that is lost, and all ends as if nothing had happened.
//!
//! What a cut leaves of what wasn't synced is nothing, or any part of it with a torn last write, by seed. There are too many
//! points for every `cargo test`: it takes every few of them, each time the same. `SHOP_POWER_CUTS=all` takes them all.

use std::{
    cell::Cell,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
};

use engine::World;
use fault::Seed;
use scenario::Signal;
use simulation::{Disk, DiskFault, SimulatedWorld, UnsyncedWrites, block_on};
use verdict::{HistoryEvent, ProcessChange};

use crate::{
    customer::{Back, Customer, ORDERS, PAYMENTS, USERS, errands, name},
    linked::Linked,
};

const SEED: u64 = 1;
const SERVICES: [&str; 3] = [USERS, ORDERS, PAYMENTS];

/// Something that goes wrong once, at an operation of a service's disk.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    service: &'static str,
    after: u64,
    mishap: DiskFault,
    back: Back,
}

fn disk(world: &SimulatedWorld, service: &str) -> Disk {
    world.disk(&name(service)).expect("it is linked in")
}

fn crashes(world: &SimulatedWorld) -> usize {
    let crashed =
        |what: &HistoryEvent| matches!(what, HistoryEvent::Process { change: ProcessChange::Crashed, .. });
    world.links().read(|history| history.records().iter().filter(|record| crashed(&record.event)).count())
}

/// How many operations a service's disk is asked for while nothing goes wrong.
fn operations(shop: &Linked, service: &str) -> u64 {
    block_on(async {
        let world = shop.world(SEED).await;
        let before = disk(&world, service).operations();
        let mut customer = Customer::new(&world, &shop.rules, Back::Later);
        for errand in errands() {
            customer.run(errand).await;
        }
        assert!(customer.refused.is_empty(), "nothing goes wrong");
        disk(&world, service).operations() - before
    })
}

/// One run in which that goes wrong, and then, once something is started again, the other. Says how many services died.
fn shopping(shop: &Linked, first: Trouble, second: Option<Trouble>) -> usize {
    block_on(async {
        let world = shop.world(SEED).await;
        let upset = |Trouble { service, after, mishap, .. }: Trouble| {
            disk(&world, service).fail_after(after, mishap).expect("a good disk");
        };
        upset(first);
        let second = Cell::new(second);
        let customer = Customer::new(&world, &shop.rules, first.back);
        let mut customer = customer.before_starts(|| second.take().into_iter().for_each(upset));
        customer.goes_shopping().await;
        if first.mishap == DiskFault::Failure {
            assert!(!customer.refused.is_empty(), "a service whose disk failed says that it can't");
        }
        crashes(&world)
    })
}

/// Runs each, and says of one that fails which it was. Gives their results.
fn each<T: Copy + Debug, R>(all: impl Iterator<Item = T>, run: impl Fn(T) -> R) -> Vec<R> {
    let run = |one| catch_unwind(AssertUnwindSafe(|| run(one))).unwrap_or_else(|_| panic!("with {one:?}"));
    all.map(run).collect()
}

/// All of them, or one in so many.
fn every(sample: usize) -> usize {
    if std::env::var("SHOP_POWER_CUTS").is_ok_and(|which| which == "all") { 1 } else { sample }
}

fn back(after: u64) -> Back {
    if after.is_multiple_of(2) { Back::AtOnce } else { Back::Later }
}

/// Nothing of what wasn't synced is left after the first of four cuts, and what chance leaves after the others.
fn unsynced(after: u64, way: u64) -> UnsyncedWrites {
    if way == 0 { UnsyncedWrites::Lost } else { UnsyncedWrites::Random(Seed(after * 4 + way)) }
}

fn power_cuts(service: &'static str, at_least: u64) {
    let shop = Linked::new();
    let operations = operations(&shop, service);
    assert!(operations >= at_least, "{service} asks its disk for {operations} operations only");
    let cuts = (0..operations).flat_map(|after| (0..4).map(move |way| (after, way)));
    let cuts = cuts.step_by(every(5)).map(|(after, way)| {
        let mishap = DiskFault::PowerCut(unsynced(after, way));
        Trouble { service, after, mishap, back: back(after) }
    });
    let crashes = each(cuts, |cut| shopping(&shop, cut, None));
    assert!(crashes.iter().all(|crashes| *crashes == 1), "every power cut comes: {crashes:?}");
}

#[test]
fn the_power_of_users_is_cut() {
    power_cuts(USERS, 30);
}

#[test]
fn the_power_of_orders_is_cut() {
    power_cuts(ORDERS, 25);
}

#[test]
fn the_power_of_payments_is_cut() {
    power_cuts(PAYMENTS, 80);
}

#[test]
fn the_power_is_cut_again_while_they_recover() {
    let shop = Linked::new();
    let firsts = SERVICES.into_iter().flat_map(|service| {
        (0..operations(&shop, service)).step_by(every(5)).map(move |after| (service, after))
    });
    // The second time it is the same machine's power, or another's.
    let cuts = firsts.flat_map(|first| (0..16).step_by(3).map(move |later| (first, later)));
    let cuts = cuts.step_by(every(5)).map(|((service, after), later)| {
        let cut = |service, after, way| {
            let mishap = DiskFault::PowerCut(unsynced(after, way));
            Trouble { service, after, mishap, back: back(after) }
        };
        let at = SERVICES.iter().position(|one| *one == service).expect("one of them");
        let other = if later % 4 == 0 { SERVICES[(at + 1) % 3] } else { service };
        (cut(service, after, later % 2), cut(other, later, after % 4))
    });
    let crashes = each(cuts, |(first, second)| shopping(&shop, first, Some(second)));
    let twice = crashes.iter().filter(|crashes| **crashes == 2).count();
    assert!(twice * 4 >= crashes.len() * 3 && twice >= 30, "{twice} second cuts in {} runs", crashes.len());
}

#[test]
fn a_disk_fails_and_nobody_is_told_that_anything_was_recorded() {
    let shop = Linked::new();
    let failures = SERVICES.into_iter().flat_map(|service| {
        let failure = move |after| Trouble { service, after, mishap: DiskFault::Failure, back: Back::Later };
        (0..operations(&shop, service)).map(failure)
    });
    let crashes = each(failures.step_by(every(3)), |failure| shopping(&shop, failure, None));
    assert!(crashes.len() >= 45, "{} failures only", crashes.len());
}

#[test]
fn the_power_is_cut_while_a_database_is_made() {
    let shop = Linked::new();
    for service in SERVICES {
        let on_an_empty_disk = |mishap: Option<(u64, DiskFault)>| {
            block_on(async {
                let world = shop.world(SEED).await;
                world.signal(&name(service), Signal::Kill).await.expect("it is linked in");
                let empty = disk(&world, service);
                empty.set_len(0).and_then(|()| empty.sync_data()).expect("a good disk");
                let before = empty.operations();
                let Some((after, mishap)) = mishap else {
                    world.signal(&name(service), Signal::Start).await.expect("it makes its database");
                    return empty.operations() - before;
                };
                empty.fail_after(after, mishap).expect("a good disk");
                let mut customer = Customer::new(&world, &shop.rules, back(after));
                customer.start_what_is_down().await;
                assert_eq!(crashes(&world), 1, "the power is cut while it starts");
                customer.goes_shopping().await;
                0
            })
        };
        let operations = on_an_empty_disk(None);
        assert!(operations >= 8, "{service}'s database is made in {operations} operations");
        let cuts =
            (0..operations).map(|after| Some((after, DiskFault::PowerCut(unsynced(after, after % 4)))));
        each(cuts.step_by(every(3)), on_an_empty_disk);
    }
}
