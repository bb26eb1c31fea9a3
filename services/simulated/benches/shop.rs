//! How many of the shop's scenarios run in a second, and how much faster than time: `cargo bench -p simulated`.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use engine::{Stage, World, run_scenario};
use fault::Seed;
use http::Request;
use runner::Project;
use simulation::{Simulation, block_on};
use tower::ServiceExt;
use verdict::Verdict;

const ROUNDS: u64 = 50;
const WORLDS: u64 = 500;
const CALLS: u64 = 5_000;

fn main() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let project = Project::read(None, &[scenarios]).unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
    let simulation =
        Simulation::new(&project.configuration, &simulated::shop()).expect("the shop is linked in");
    let rules = runner::rules(&project.configuration);
    block_on(async {
        let started = Instant::now();
        for seed in 0..WORLDS {
            let world = simulation.raise(&project.scenarios[0], Seed(seed)).await.expect("a world");
            world.close().await;
        }
        println!("{:>10.3} ms for a fresh shop", per(started.elapsed(), WORLDS) * 1e3);

        let world = simulation.raise(&project.scenarios[0], Seed(1)).await.expect("a world");
        let client = world.client(&"orders-service".parse().expect("a name"));
        let started = Instant::now();
        for _ in 0..CALLS {
            let asked = Request::get("/api/users/1/orders").body(Bytes::new()).expect("a request");
            let reply = client.clone().oneshot(asked).await.expect("a reply");
            assert!(reply.status().is_success());
        }
        println!("{:>10.0} calls between services a second", 1.0 / per(started.elapsed(), CALLS));
        world.close().await;

        let (mut runs, mut exchanges, mut simulated) = (0, 0, Duration::ZERO);
        let started = Instant::now();
        for seed in 0..ROUNDS {
            for scenario in &project.scenarios {
                let result =
                    run_scenario(&simulation, Arc::clone(scenario), &rules, Seed(seed), |_| {}).await;
                assert_eq!(result.verdict, Verdict::Passed, "{} with seed {seed}", scenario.name);
                runs += 1;
                exchanges +=
                    result.history.records().iter().filter(|record| record.exchange().is_some()).count();
                simulated += result.took;
            }
        }
        let real = started.elapsed();
        println!("{:>10.0} scenarios a second", 1.0 / per(real, runs));
        println!("{:>10.0} exchanges a second", 1.0 / per(real, exchanges as u64));
        println!("{:>10.0} times real time", simulated.as_secs_f64() / real.as_secs_f64());
    });
}

/// The seconds that each of so many took.
#[expect(clippy::cast_precision_loss, reason = "a benchmark has no more digits than that")]
fn per(all: Duration, times: u64) -> f64 {
    all.as_secs_f64() / times as f64
}
