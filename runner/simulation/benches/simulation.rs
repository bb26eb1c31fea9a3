//! Calls and worlds in a second of real time: `cargo bench -p simulation`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::unnecessary_wraps,
    reason = "the signature of a start function returns a `Result`; these never fail"
)]

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use bytes::Bytes;
use engine::{Stage, World};
use fault::{Damage, Fault, Seed, ServiceName, Side};
use http::{Request, Response};
use scenario::{Scenario, read_configuration};
use simulation::{HostContext, Running, Services, SimulatedWorld, Simulation, StartError, block_on};
use tower::{ServiceExt, service_fn};

const CALLS: u32 = 20_000;
const WORLDS: u32 = 2_000;
const DELAY: Duration = Duration::from_secs(30);

fn main() {
    block_on(async {
        let simulation = simulation();
        rate("calls between services", CALLS, || call_often(&simulation)).await;
        rate("fresh worlds", WORLDS, || raise_often(&simulation)).await;
        let started = Instant::now();
        let simulated = wait_often(&simulation).await;
        let ratio = simulated.as_secs_f64() / started.elapsed().as_secs_f64();
        println!("{ratio:>12.0} times real time: {CALLS} calls that are {DELAY:?} late");
    });
}

/// Prints the rate of something that `work` does `times` times.
async fn rate<F: Future<Output = Duration>>(what: &str, times: u32, work: impl Fn() -> F) {
    let started = Instant::now();
    work().await;
    println!("{:>12.0} {what} a second", f64::from(times) / started.elapsed().as_secs_f64());
}

async fn call_often(simulation: &Simulation) -> Duration {
    let world = raise(simulation, 1).await;
    for _ in 0..CALLS {
        call(&world).await;
    }
    world.links().now()
}

async fn raise_often(simulation: &Simulation) -> Duration {
    for seed in 0..WORLDS {
        let world = raise(simulation, seed.into()).await;
        call(&world).await;
        world.close().await;
    }
    Duration::ZERO
}

async fn wait_often(simulation: &Simulation) -> Duration {
    let world = raise(simulation, 1).await;
    world
        .links()
        .inject(
            Fault {
                name: "late".parse().expect("a name"),
                link: "front -> back".parse().expect("a link"),
                selector: fault::Selector::default(),
                damage: Damage::Latency { delay: DELAY, jitter: Duration::from_secs(10), side: Side::Reply },
            },
            Duration::ZERO,
            None,
        )
        .keep();
    // At 30 s each, ten at a time, they fit into the day that a world lasts.
    for _ in 0..CALLS / 10 {
        call_at_once(&world, 10).await;
    }
    world.links().now()
}

async fn call_at_once(world: &SimulatedWorld, calls: usize) {
    let mut calls: tokio::task::JoinSet<_> =
        (0..calls).map(|_| world.client(&name("front")).oneshot(request("/"))).collect();
    while let Some(reply) = calls.join_next().await {
        drop(reply.expect("no panic").expect("a reply"));
    }
}

async fn call(world: &SimulatedWorld) {
    world.client(&name("front")).oneshot(request("/")).await.expect("a reply");
}

async fn raise(simulation: &Simulation, seed: u64) -> SimulatedWorld {
    let scenario = Scenario::new("bench", "");
    simulation.raise(&scenario, Seed(seed)).await.expect("a world")
}

/// `front` passes every request on to `back`, which writes and syncs a page.
fn simulation() -> Simulation {
    let text = "
services:
  back: { command: linked-in }
  front: { command: linked-in, depends_on: [back] }
";
    let configuration = read_configuration(text, "e2e.conf".into()).expect("no mistakes");
    let services = Services::new().with(name("front"), front).with(name("back"), back);
    Simulation::new(&configuration, &services).expect("both are linked in")
}

fn front(context: HostContext) -> Result<Running, StartError> {
    let transport = context.transport;
    Ok(Running::new(service_fn(move |_: Request<Bytes>| transport.clone().oneshot(request("http://back/")))))
}

fn back(context: HostContext) -> Result<Running, StartError> {
    let disk = context.disk;
    Ok(Running::new(service_fn(move |_: Request<Bytes>| {
        disk.write(0, &[1; 4096]).and_then(|()| disk.sync_data()).expect("a good disk");
        std::future::ready(Ok::<_, Infallible>(Response::new(Bytes::from_static(b"done"))))
    })))
}

fn request(uri: &str) -> Request<Bytes> {
    Request::post(uri).body(Bytes::from_static(b"{}")).expect("a request")
}

fn name(name: &str) -> ServiceName {
    name.parse().expect("a name")
}
