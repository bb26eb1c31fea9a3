//! Scenarios that a plan runs several times.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_repetition_is_the_only_run_of_a_later_seed() {
    let stage = shop(|_, _| (200, "{}".into()));
    let scenario = scenario("\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n");
    let seeds = async |seed: u64, repetitions: u32| {
        let planned = |repetition| Planned { repetition, ..Planned::new(Arc::clone(&scenario)) };
        let plan = Plan {
            scenarios: (0..repetitions).map(planned).collect(),
            rules: rules(""),
            seed: Seed(seed),
            jobs: NonZeroUsize::MIN,
            on_failure: OnFailure::Continue,
            kept_output: KeptOutput::OfFailures,
            stop: CancellationToken::new(),
        };
        let seeds = Mutex::new(Vec::new());
        let on_event = |event: Event| {
            if let Event::ScenarioEnded { result, .. } = event {
                seeds.lock().expect("not poisoned").push(result.seed);
            }
        };
        run(&plan, &stage, &no_review, &on_event).await;
        seeds.into_inner().expect("not poisoned")
    };
    let repeated = seeds(7, 3).await;
    assert_eq!(repeated, [seeds(7, 1).await, seeds(8, 1).await, seeds(9, 1).await].concat());
    assert!(repeated[0] != repeated[1] && repeated[1] != repeated[2]);
}
