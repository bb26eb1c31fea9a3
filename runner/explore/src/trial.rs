//! One run of a generated scenario, and what is wrong with it.

use std::{collections::BTreeSet, sync::Arc};

use engine::{Rules, ScenarioResult, Stage, run_scenario};
use fault::{CLIENT, Seed};
use scenario::{Action, Scenario};
use verdict::{Exchange, FailureLocation, Finding, FindingKind, RequestOutcome, Verdict};

/// Under how many other names something is tried when chance has a part in whether it fails.
pub(crate) const OTHER_NAMES: u32 = 5;

/// Where scenarios are tried.
pub(crate) struct Trials<'a, S> {
    pub(crate) stage: &'a S,
    pub(crate) rules: &'a Rules,
    /// The seed that a command line would be given.
    pub(crate) seed: Seed,
}

impl<S: Stage> Trials<'_, S> {
    /// Runs a scenario with the seed that it has in a run of scenarios.
    pub(crate) async fn run(&self, scenario: Arc<Scenario>) -> ScenarioResult {
        let seed = self.seed.derive(&scenario.name);
        self.run_with(scenario, seed).await
    }

    /// Runs a scenario with this very seed.
    pub(crate) async fn run_with(&self, scenario: Arc<Scenario>, seed: Seed) -> ScenarioResult {
        forgiving(run_scenario(self.stage, scenario, self.rules, seed, |_| {}).await)
    }

    /// Runs a scenario until it fails in this way, under its own name and then under so many others. Gives how it failed,
    /// and after how many runs.
    pub(crate) async fn run_until(
        &self,
        scenario: &Scenario,
        other_names: u32,
        fails: impl Fn(&ScenarioResult) -> bool,
    ) -> (Option<Arc<ScenarioResult>>, u32) {
        for number in 0..=other_names {
            let result = self.run(Arc::new(renamed(scenario, number))).await;
            if fails(&result) {
                return (Some(Arc::new(result)), number + 1);
            }
        }
        (None, other_names + 1)
    }

    /// Whether this scenario, which fails in this way, passes with other chance.
    pub(crate) async fn is_by_chance(
        &self,
        scenario: &Scenario,
        fails: impl Fn(&ScenarioResult) -> bool,
    ) -> bool {
        self.run_until(scenario, OTHER_NAMES, |result| !fails(result)).await.0.is_some()
    }
}

/// A scenario under another name, and hence with other chance, which comes from the command line's seed and the name.
fn renamed(scenario: &Scenario, number: u32) -> Scenario {
    const MARK: &str = ", chance ";
    let mut renamed = scenario.clone();
    if number > 0 {
        let base = scenario.name.split_once(MARK).map_or(&*scenario.name, |(base, _)| base);
        renamed.name = format!("{base}{MARK}{number}");
    }
    renamed
}

/// A generated fault may well meet nothing.
fn forgiving(mut result: ScenarioResult) -> ScenarioResult {
    let Verdict::Failed(failures) = &mut result.verdict else { return result };
    for failure in failures.iter_mut() {
        failure.findings.retain(|finding| !matches!(finding.kind, FindingKind::IdleFault(_)));
    }
    failures.retain(|failure| !failure.findings.is_empty());
    if failures.is_empty() {
        result.verdict = Verdict::Passed;
    }
    result
}

/// What is wrong, in words that stay the same when the sequence shrinks. Nothing when all holds.
pub(crate) fn complaints(result: &ScenarioResult, rules: &Rules) -> BTreeSet<String> {
    let Verdict::Failed(failures) = &result.verdict else { return BTreeSet::new() };
    let complaint = |place: &FailureLocation, finding: &Finding| {
        let invariant = rules.invariants.iter().any(|invariant| invariant.name == finding.subject());
        match place {
            FailureLocation::Step { index, name, .. }
                if !invariant && !is_group(&result.scenario, *index) =>
            {
                unnumbered(&format!("{name}: {}", finding.subject()))
            }
            _ => unnumbered(&finding.subject()),
        }
    };
    let of_failure = |failure: &verdict::Failure| {
        failure.findings.iter().map(|finding| complaint(&failure.location, finding)).collect::<Vec<_>>()
    };
    failures.iter().flat_map(of_failure).collect()
}

/// Whether this is what is wrong when an invariant is broken.
pub(crate) fn is_invariant(complaint: &str, rules: &Rules) -> bool {
    rules.invariants.iter().any(|invariant| unnumbered(&invariant.name) == complaint)
}

/// Whether what is wrong in the end is wrong whatever came of the requests under these keys, which nobody asked about:
/// each of them had a definite outcome, or never was sent.
pub(crate) fn is_certain(result: &ScenarioResult, unasked: &[String]) -> bool {
    let Verdict::Failed(failures) = &result.verdict else { return true };
    if failures.iter().any(|failure| failure.location != FailureLocation::End) {
        return true;
    }
    unasked.iter().all(|key| {
        let own = result
            .history
            .exchanges()
            .filter(|exchange| exchange.link.caller.as_str() == CLIENT && carries(exchange, key));
        let (mut unknown, mut answered) = (false, false);
        for exchange in own {
            let provisional =
                exchange.reply().is_some_and(|reply| reply.status == http::StatusCode::ACCEPTED);
            match exchange.outcome() {
                RequestOutcome::Ok if !provisional => answered = true,
                RequestOutcome::Failed => {}
                RequestOutcome::Ok | RequestOutcome::Unknown => unknown = true,
            }
        }
        answered || !unknown
    })
}

/// Whether a request bears this key, in a header, its path or its body.
fn carries(exchange: &Exchange<'_>, key: &str) -> bool {
    let request = exchange.request;
    let within = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        let ends = |at: usize| !text[at + key.len()..].starts_with(|c: char| c.is_ascii_digit());
        text.match_indices(key).any(|(at, _)| ends(at))
    };
    request.headers.values().any(|value| value.as_bytes() == key.as_bytes())
        || within(request.path.as_bytes())
        || within(&request.body)
}

/// Whether findings of a step already name the member that they are about.
fn is_group(scenario: &Scenario, step: usize) -> bool {
    matches!(scenario.steps.get(step).map(|step| &step.action), Some(Action::Together(_)))
}

fn unnumbered(text: &str) -> String {
    text.replace(" again", "").chars().filter(|c| !c.is_ascii_digit()).collect()
}
