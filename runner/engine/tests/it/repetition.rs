//! Scenarios that a plan runs several times.

use super::*;

/// Runs a scenario so many times, with seeds from this one on.
async fn repeated(scenario: &Arc<Scenario>, seed: u64, repetitions: u32) -> Vec<ScenarioResult> {
    let planned = |repetition| Planned { repetition, ..Planned::new(Arc::clone(scenario)) };
    let plan = Plan {
        scenarios: (0..repetitions).map(planned).collect(),
        rules: rules(""),
        seed: Seed(seed),
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
        kept_output: KeptOutput::OfFailures,
        stop: CancellationToken::new(),
    };
    let results = Mutex::new(Vec::new());
    let on_event = |event: Event| {
        if let Event::ScenarioEnded { result, .. } = event {
            results.lock().expect("not poisoned").push(ScenarioResult::clone(&result));
        }
    };
    run(&plan, &shop(|_, _| (200, "{}".into())), &no_review, &on_event).await;
    results.into_inner().expect("not poisoned")
}

#[tokio::test(start_paused = true)]
async fn a_repetition_is_the_only_run_of_a_later_seed() {
    let scenario = scenario("\nsteps:\n  - request: GET shop /${run_id}\n    expect: { status: 200 }\n");
    let seeds = async |seed: u64, repetitions: u32| -> Vec<(Seed, String)> {
        let path = |result: &ScenarioResult| {
            result.history.exchanges().next().expect("one was sent").request.path.clone()
        };
        let results = repeated(&scenario, seed, repetitions).await;
        results.iter().map(|result| (result.seed, path(result))).collect()
    };
    let repeated = seeds(7, 3).await;
    assert_eq!(repeated, [seeds(7, 1).await, seeds(8, 1).await, seeds(9, 1).await].concat());
    assert!(repeated[0] != repeated[1] && repeated[1] != repeated[2]);
}
