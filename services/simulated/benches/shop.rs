//! How many of the shop's scenarios run in a second, and how much faster than time: `cargo bench -p simulated`.
//!
//! Each figure is for one core, by the wall clock and by the processor time that was spent: on a machine that does
//! something else too, the second says more.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

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

/// Nothing can be confirmed for half a minute, and somebody who has paid asks until it is done.
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
    let shop = Shop { simulation, rules: runner::rules(&project.configuration) };
    block_on(async {
        shop.worlds(&project.scenarios[0]).await;
        shop.calls(&project.scenarios[0]).await;
        shop.scenarios("scenarios", &project.scenarios).await;
        let mut waiting = Vec::new();
        for scenario in &project.scenarios {
            if shop.run(scenario, 0).await.0 >= Duration::from_secs(1) {
                waiting.push(Arc::clone(scenario));
            }
        }
        shop.scenarios("scenarios that take a second or more", &waiting).await;
        shop.scenarios("scenarios with an outage of 30 s", &[outage]).await;
        let options = ExplorationOptions::new(Seed(7), SEQUENCES);
        for exploration in &project.explorations {
            let spent = Spent::now();
            let result = explore(exploration, &shop.simulation, &shop.rules, &options, &|_| {}).await;
            assert!(matches!(result.outcome, ExplorationOutcome::Held), "{:?}", result.outcome);
            spent.rate("sequences of an exploration", SEQUENCES);
        }
    });
}

/// The shop, and what must hold in it.
struct Shop {
    simulation: Simulation,
    rules: Rules,
}

impl Shop {
    async fn worlds(&self, scenario: &Scenario) {
        let spent = Spent::now();
        for seed in 0..WORLDS {
            let world = self.simulation.raise(scenario, Seed(seed)).await.expect("a world");
            world.close().await;
        }
        spent.rate("fresh shops", WORLDS);
    }

    async fn calls(&self, scenario: &Scenario) {
        let world = self.simulation.raise(scenario, Seed(1)).await.expect("a world");
        let client = world.client(&"orders-service".parse().expect("a name"));
        let spent = Spent::now();
        for _ in 0..CALLS {
            let asked = Request::get("/api/users/1/orders").body(Bytes::new()).expect("a request");
            let reply = client.clone().oneshot(asked).await.expect("a reply");
            assert!(reply.status().is_success());
        }
        spent.rate("calls between services", CALLS);
        world.close().await;
    }

    async fn scenarios(&self, what: &str, scenarios: &[Arc<Scenario>]) {
        let (mut runs, mut exchanges, mut simulated) = (0, 0, Duration::ZERO);
        let spent = Spent::now();
        for seed in 0..ROUNDS {
            for scenario in scenarios {
                let (took, exchanged) = self.run(scenario, seed).await;
                runs += 1;
                exchanges += exchanged;
                simulated += took;
            }
        }
        spent.rate(what, runs);
        spent.rate("  exchanges in them", exchanges);
        spent.print("  times real time", simulated.as_secs_f64());
    }

    /// Runs a scenario. Says how long that took in its world, and how many requests crossed a link.
    async fn run(&self, scenario: &Arc<Scenario>, seed: u64) -> (Duration, u64) {
        let result =
            run_scenario(&self.simulation, Arc::clone(scenario), &self.rules, Seed(seed), |_| {}).await;
        assert_eq!(result.verdict, Verdict::Passed, "{} with seed {seed}", scenario.name);
        let exchanges = result.history.exchanges().count();
        (result.took, exchanges as u64)
    }
}

/// What has been spent since some moment.
struct Spent {
    clock: Instant,
    processor: Duration,
}

impl Spent {
    fn now() -> Self {
        Self { clock: Instant::now(), processor: processor() }
    }

    /// Prints how many there were a second.
    #[expect(clippy::cast_precision_loss, reason = "a benchmark has no more digits than that")]
    fn rate(&self, what: &str, many: u64) {
        self.print(&format!("{what} a second"), many as f64);
    }

    fn print(&self, what: &str, many: f64) {
        let (clock, processor) = (self.clock.elapsed(), processor().saturating_sub(self.processor));
        let (by_clock, by_processor) = (many / clock.as_secs_f64(), many / processor.as_secs_f64());
        println!("{by_clock:>10.0} ({by_processor:>8.0} by processor time) {what}");
    }
}

/// The processor time that this thread, which does it all, has used.
fn processor() -> Duration {
    let file = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("it begins with a number"))
}
