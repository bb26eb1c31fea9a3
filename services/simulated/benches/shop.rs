//! Measures the simulated shop: scenarios, calls and sequences a second, and simulated time a second of real time.
//!
//! Run it with `cargo bench -p simulated`. Each figure is for one core, by wall-clock time and by processor time. On a
//! machine with other load, compare the processor time.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use engine::{Rules, Stage, World, run_scenario};
use explore::{ExplorationOptions, ExplorationOutcome, explore};
use fault::Seed;
use http::Request;
use runner::Project;
use scenario::{File, Scenario, read_file};
use simulation::{Simulation, block_on};
use tower::ServiceExt;
use verdict::Verdict;

const ROUNDS: u64 = 50;
const WORLDS: u64 = 1_000;
const CALLS: u64 = 10_000;
const SEQUENCES: u64 = 1_000;

/// Confirmations fail for 30 s. The customer has paid and repeats the payment until it is completed.
const OUTAGE: &str = "
scenario: Half a minute without orders
faults:
  orders-away: { link: payment-service -> orders-service, match: PUT /api/orders/*/status, outage: reset }
steps:
  - request: POST orders-service /api/orders
    body: { user_id: 1, items: [Phone], total_amount: 299.99 }
    expect: { status: 201 }
    capture: { order_id: body.order.id }
  - inject: orders-away
    for: 30s
  - request: POST payment-service /api/payments
    headers: { Idempotency-Key: click-1 }
    body: { order_id: '${order_id}', user_id: 1 }
    expect: { status: 202 }
  - eventually:
      within: 60s
      every: 1s
      request: POST payment-service /api/payments
      headers: { Idempotency-Key: click-1 }
      body: { order_id: '${order_id}', user_id: 1 }
      expect: { status: 201 }
";

fn main() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let project = Project::read(None, &[scenarios]).unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
    let simulation =
        Simulation::new(&project.configuration, &simulated::shop()).expect("the shop is linked in");
    let outage = match read_file(OUTAGE, PathBuf::from("outage.yaml"), &project.configuration) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:?}"),
    };
    let shop = Shop { simulation, rules: Rules::from(&*project.configuration) };
    block_on(async {
        shop.worlds(&project.scenarios[0]).await;
        shop.calls(&project.scenarios[0]).await;
        shop.scenarios("scenarios", &project.scenarios).await;
        let mut long = Vec::new();
        for scenario in &project.scenarios {
            if shop.run(scenario, 0).await.0 >= Duration::from_secs(1) {
                long.push(Arc::clone(scenario));
            }
        }
        shop.scenarios("scenarios that take a second or more", &long).await;
        shop.scenarios("scenarios with an outage of 30 s", &[outage]).await;
        let options = ExplorationOptions::new(Seed(7), SEQUENCES);
        for exploration in &project.explorations {
            let stopwatch = Stopwatch::start();
            let result = explore(exploration, &shop.simulation, &shop.rules, &options, &|_| {}).await;
            assert!(matches!(result.outcome, ExplorationOutcome::Held), "{:?}", result.outcome);
            stopwatch.rate("sequences of an exploration", SEQUENCES);
        }
    });
}

/// A simulation of the shop, with the rules that runs are judged by.
struct Shop {
    simulation: Simulation,
    rules: Rules,
}

impl Shop {
    async fn worlds(&self, scenario: &Scenario) {
        let stopwatch = Stopwatch::start();
        for seed in 0..WORLDS {
            let world = self.simulation.raise(scenario, Seed(seed)).await.expect("a world");
            world.close().await;
        }
        stopwatch.rate("fresh worlds", WORLDS);
    }

    async fn calls(&self, scenario: &Scenario) {
        let world = self.simulation.raise(scenario, Seed(1)).await.expect("a world");
        let client = world.client(&"orders-service".parse().expect("a name"));
        let stopwatch = Stopwatch::start();
        for _ in 0..CALLS {
            let request = Request::get("/api/users/1/orders").body(Bytes::new()).expect("a request");
            let reply = client.clone().oneshot(request).await.expect("a reply");
            assert!(reply.status().is_success());
        }
        stopwatch.rate("calls between services", CALLS);
        world.close().await;
    }

    async fn scenarios(&self, label: &str, scenarios: &[Arc<Scenario>]) {
        let (mut runs, mut exchanges, mut simulated) = (0, 0, Duration::ZERO);
        let stopwatch = Stopwatch::start();
        for seed in 0..ROUNDS {
            for scenario in scenarios {
                let (duration, exchanged) = self.run(scenario, seed).await;
                runs += 1;
                exchanges += exchanged;
                simulated += duration;
            }
        }
        stopwatch.rate(label, runs);
        stopwatch.rate("  exchanges in them", exchanges);
        stopwatch.print("  times real time", simulated.as_secs_f64());
    }

    /// Runs a scenario. Returns its duration in simulated time and the number of exchanges on links.
    async fn run(&self, scenario: &Arc<Scenario>, seed: u64) -> (Duration, u64) {
        let result =
            run_scenario(&self.simulation, Arc::clone(scenario), &self.rules, Seed(seed), |_| {}).await;
        assert_eq!(result.verdict, Verdict::Passed, "{} with seed {seed}", scenario.name);
        let exchanges = result.history.exchanges().count();
        (result.took, exchanges as u64)
    }
}

/// Measures wall-clock time and processor time since it was started.
struct Stopwatch {
    started: Instant,
    processor: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self { started: Instant::now(), processor: processor_time() }
    }

    /// Prints `count` a second.
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    fn rate(&self, label: &str, count: u64) {
        self.print(&format!("{label} a second"), count as f64);
    }

    fn print(&self, label: &str, count: f64) {
        let (clock, processor) = (self.started.elapsed(), processor_time().saturating_sub(self.processor));
        let (by_clock, by_processor) = (count / clock.as_secs_f64(), count / processor.as_secs_f64());
        println!("{by_clock:>10.0} ({by_processor:>8.0} by processor time) {label}");
    }
}

/// Returns the processor time of this thread, which does all the work.
fn processor_time() -> Duration {
    let file = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the file begins with a number"))
}
