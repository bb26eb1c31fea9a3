//! Cuts the power of a service, or fails its disk, at every write and sync while a client orders, pays, is refunded and
//! is declined: nothing that a reply confirmed is lost, and the final state is the same as without faults.
//!
//! A cut leaves none of the unsynced writes, or a seeded part of them with a torn last write. `cargo test` runs a fixed
//! sample of the cases, `SHOP_POWER_CUTS=all` runs all of them.

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
    customer::{Customer, ORDERS, PAYMENTS, Restart, USERS, alices_requests, name},
    linked::Linked,
};

const SEED: u64 = 1;
const SERVICES: [&str; 3] = [USERS, ORDERS, PAYMENTS];

/// One fault of a service's disk.
#[derive(Debug, Clone, Copy)]
struct PlannedFault {
    service: &'static str,
    /// Disk operations that succeed before the one that meets the fault.
    after: u64,
    fault: DiskFault,
    restart: Restart,
}

fn disk(world: &SimulatedWorld, service: &str) -> Disk {
    world.disk(&name(service)).expect("the service is linked in")
}

fn crashes(world: &SimulatedWorld) -> usize {
    let crashed =
        |event: &HistoryEvent| matches!(event, HistoryEvent::Process { change: ProcessChange::Crashed, .. });
    world.links().read(|history| history.records().iter().filter(|record| crashed(&record.event)).count())
}

/// Returns the number of disk operations of a service in a run without faults.
fn operations(shop: &Linked, service: &str) -> u64 {
    block_on(async {
        let world = shop.world(SEED).await;
        let before = disk(&world, service).operations();
        let mut customer = Customer::new(&world, &shop.rules, Restart::AfterAttempt);
        for request in alices_requests() {
            customer.run(request).await;
        }
        assert!(customer.undecided.is_empty(), "without faults the first reply is final");
        disk(&world, service).operations() - before
    })
}

/// Runs all requests with the first fault, and with the second one from the next start of a service on. Returns the
/// number of crashes.
fn run_with_faults(shop: &Linked, first: PlannedFault, second: Option<PlannedFault>) -> usize {
    block_on(async {
        let world = shop.world(SEED).await;
        let plan = |PlannedFault { service, after, fault, .. }: PlannedFault| {
            disk(&world, service).fail_after(after, fault).expect("the disk is mounted");
        };
        plan(first);
        let second = Cell::new(second);
        let customer = Customer::new(&world, &shop.rules, first.restart);
        let mut customer = customer.before_each_start(|| second.take().into_iter().for_each(plan));
        customer.run_all().await;
        if first.fault == DiskFault::Failure {
            assert!(!customer.undecided.is_empty(), "a service whose disk failed replies with an error");
        }
        crashes(&world)
    })
}

/// Runs every case and returns the results. A panic names the case that failed.
fn run_each<T: Copy + Debug, R>(cases: impl Iterator<Item = T>, run: impl Fn(T) -> R) -> Vec<R> {
    let run = |case| {
        catch_unwind(AssertUnwindSafe(|| run(case))).unwrap_or_else(|_| panic!("case {case:?} failed"))
    };
    cases.map(run).collect()
}

/// Returns the step by which cases are taken: `step`, or 1 for all of them.
fn sample_step(step: usize) -> usize {
    if std::env::var("SHOP_POWER_CUTS").is_ok_and(|value| value == "all") { 1 } else { step }
}

fn restart(after: u64) -> Restart {
    if after.is_multiple_of(2) { Restart::Immediate } else { Restart::AfterAttempt }
}

/// Returns what a power cut leaves of the unsynced writes: nothing in variant 0, a random part in variants 1 to 3.
fn unsynced(after: u64, variant: u64) -> UnsyncedWrites {
    if variant == 0 { UnsyncedWrites::Lost } else { UnsyncedWrites::Random(Seed(after * 4 + variant)) }
}

fn power_cuts(service: &'static str, at_least: u64) {
    let shop = Linked::new();
    let operations = operations(&shop, service);
    assert!(operations >= at_least, "only {operations} disk operations of {service}");
    let cuts = (0..operations).flat_map(|after| (0..4).map(move |variant| (after, variant)));
    let cuts = cuts.step_by(sample_step(5)).map(|(after, variant)| {
        let fault = DiskFault::PowerCut(unsynced(after, variant));
        PlannedFault { service, after, fault, restart: restart(after) }
    });
    let crashes = run_each(cuts, |cut| run_with_faults(&shop, cut, None));
    assert!(crashes.iter().all(|crashes| *crashes == 1), "every run has one crash: {crashes:?}");
}

#[test]
fn a_power_cut_of_users_loses_nothing_confirmed() {
    power_cuts(USERS, 30);
}

#[test]
fn a_power_cut_of_orders_loses_nothing_confirmed() {
    power_cuts(ORDERS, 25);
}

#[test]
fn a_power_cut_of_payments_loses_nothing_confirmed() {
    power_cuts(PAYMENTS, 80);
}

#[test]
fn a_second_power_cut_during_recovery_loses_nothing_confirmed() {
    let shop = Linked::new();
    let firsts = SERVICES.into_iter().flat_map(|service| {
        (0..operations(&shop, service)).step_by(sample_step(5)).map(move |after| (service, after))
    });
    // The second cut hits the same service, or another one.
    let cuts = firsts.flat_map(|first| (0..16).step_by(3).map(move |later| (first, later)));
    let cuts = cuts.step_by(sample_step(5)).map(|((service, after), later)| {
        let cut = |service, after, variant| {
            let fault = DiskFault::PowerCut(unsynced(after, variant));
            PlannedFault { service, after, fault, restart: restart(after) }
        };
        let index = SERVICES.iter().position(|other| *other == service).expect("one of the services");
        let other = if later % 4 == 0 { SERVICES[(index + 1) % 3] } else { service };
        (cut(service, after, later % 2), cut(other, later, after % 4))
    });
    let crashes = run_each(cuts, |(first, second)| run_with_faults(&shop, first, Some(second)));
    let twice = crashes.iter().filter(|crashes| **crashes == 2).count();
    assert!(
        twice * 4 >= crashes.len() * 3 && twice >= 30,
        "only {twice} second cuts in {} runs",
        crashes.len()
    );
}

#[test]
fn a_failed_disk_operation_is_never_confirmed() {
    let shop = Linked::new();
    let failures = SERVICES.into_iter().flat_map(|service| {
        let failure = move |after| PlannedFault {
            service,
            after,
            fault: DiskFault::Failure,
            restart: Restart::AfterAttempt,
        };
        (0..operations(&shop, service)).map(failure)
    });
    let crashes = run_each(failures.step_by(sample_step(3)), |failure| run_with_faults(&shop, failure, None));
    assert!(crashes.len() >= 45, "only {} failures", crashes.len());
}

#[test]
fn a_power_cut_while_a_database_is_created_loses_nothing_confirmed() {
    let shop = Linked::new();
    for service in SERVICES {
        let start_on_an_empty_disk = |planned: Option<(u64, DiskFault)>| {
            block_on(async {
                let world = shop.world(SEED).await;
                world.signal(&name(service), Signal::Kill).await.expect("the service is linked in");
                let empty = disk(&world, service);
                empty.set_len(0).and_then(|()| empty.sync_data()).expect("the disk is mounted");
                let before = empty.operations();
                let Some((after, fault)) = planned else {
                    world
                        .signal(&name(service), Signal::Start)
                        .await
                        .expect("the service creates its database");
                    return empty.operations() - before;
                };
                empty.fail_after(after, fault).expect("the disk is mounted");
                let mut customer = Customer::new(&world, &shop.rules, restart(after));
                customer.start_services_that_are_down().await;
                assert_eq!(crashes(&world), 1, "the power is cut during the start");
                customer.run_all().await;
                0
            })
        };
        let operations = start_on_an_empty_disk(None);
        assert!(operations >= 8, "only {operations} disk operations to create the database of {service}");
        let cuts =
            (0..operations).map(|after| Some((after, DiskFault::PowerCut(unsynced(after, after % 4)))));
        run_each(cuts.step_by(sample_step(3)), start_on_an_empty_disk);
    }
}
