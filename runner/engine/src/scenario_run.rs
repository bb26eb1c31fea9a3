//! Runs one scenario in a fresh world.

use std::{sync::Arc, time::Duration};

use fault::{Seed, ServiceName};
use futures_util::future::join_all;
use scenario::{
    Action, Configuration, Draws, EvaluationError, Invariant, Judging, Outside, Scenario, Scope, Secrets,
    Signal, Step, TemplateValue, Value,
};
use verdict::{
    BrokenOff, Circuit, ExchangeId, FailedRequest, Failure, FailureLocation, Finding, FindingKind, Verdict,
    judge_check, judge_fired,
};

use self::{place::Place, process::failed_signal, values::given_variables};
use crate::{
    RequestRules, ScenarioResult, ServiceOutput, Stage, Stub, World, circuits, clients::Clients,
    exits::ExitWatch, invariants::InvariantChecker, judged::Judged,
};

mod command;
mod during;
mod login;
mod phases;
mod place;
mod polls;
mod process;
mod requests;
mod rounds;
mod values;

/// The invariants and time limits of all scenarios of a run.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The invariants.
    pub invariants: Vec<Invariant>,
    /// How long the system may take to settle, unless a scenario has its own limit.
    pub settle: Duration,
    /// How long a request waits for its reply, unless its step has its own timeout.
    pub timeout: Duration,
    /// The services that tell their circuits, each with the path at which it does. They are asked once a scenario has failed, and by
    /// steps that expect a state.
    pub circuits: Vec<(ServiceName, http::Uri)>,
    /// What requests bear, and the clients that send them.
    pub requests: RequestRules,
    /// What all scenarios have from outside.
    pub outside: Outside,
    /// Seed of the run that the scenarios belong to, for `run_id`; `None` where each scenario is a run of its own. The scenarios
    /// of a [`Plan`](crate::Plan) have that of the plan.
    pub run: Option<Seed>,
}

impl From<&Configuration> for Rules {
    fn from(configuration: &Configuration) -> Self {
        let services = configuration.services.iter();
        let circuits = services.filter_map(|service| Some((service.name.clone(), service.circuits.clone()?)));
        Self {
            invariants: configuration.invariants.clone(),
            settle: configuration.settle,
            timeout: configuration.timeout,
            circuits: circuits.collect(),
            requests: configuration.into(),
            outside: configuration.outside.clone(),
            run: None,
        }
    }
}

/// Runs a scenario in a world of its own. `on_step` is called with the index of each step that starts.
pub async fn run_scenario<S: Stage>(
    stage: &S,
    scenario: Arc<Scenario>,
    rules: &Rules,
    seed: Seed,
    on_step: impl Fn(usize) + Send + Sync,
) -> ScenarioResult {
    run_reviewed(stage, scenario, rules, seed, on_step, &|_| Vec::new()).await
}

/// Runs a scenario like [`run_scenario`]. `review` can add findings to one that passed; its world is kept open for that, so
/// that it knows whether its scenario has failed.
pub(crate) async fn run_reviewed<S: Stage>(
    stage: &S,
    scenario: Arc<Scenario>,
    rules: &Rules,
    seed: Seed,
    on_step: impl Fn(usize) + Send + Sync,
    review: &impl Fn(&ScenarioResult) -> Vec<Finding>,
) -> ScenarioResult {
    let secrets = rules.outside.secrets.for_scenario();
    let mut world = match stage.raise(&scenario, seed).await {
        Ok(world) => world,
        Err(broken) => {
            let (history, took) = Default::default();
            let (verdict, output) = (Verdict::BrokenOff(broken), ServiceOutput::default());
            return ScenarioResult { scenario, seed, verdict, history, took, output };
        }
    };
    world.keep_secret(&secrets);
    let verdict = ScenarioRun::new(&world, &scenario, rules, seed, &secrets).run(&on_step).await;
    let took = world.links().now();
    let history = world.links().read(Clone::clone);
    let output = ServiceOutput::default();
    let mut result = ScenarioResult { scenario, seed, verdict, history, took, output };
    result.mask(&secrets);
    if result.verdict == Verdict::Passed {
        let findings = review(&result);
        if !findings.is_empty() {
            let failure = failure(FailureLocation::End, StepFindings::of(findings));
            result.verdict = Verdict::Failed(vec![failure]);
        }
    }
    result.output = world.output(&result.verdict);
    result.output.mask(&secrets);
    world.close().await;
    result
}

/// A scenario that is running.
struct ScenarioRun<'a, W> {
    world: &'a W,
    scenario: &'a Scenario,
    rules: &'a Rules,
    seed: Seed,
    secrets: &'a Secrets,
    variables: Scope,
    /// The place whose expressions draw values now.
    drawing: String,
    clients: Clients<'a>,
    invariants: InvariantChecker<'a>,
    exits: ExitWatch,
    judged: Judged,
}

/// Whether the condition of a step holds; a step without one runs.
enum Condition {
    Holds,
    Fails,
}

/// The findings of a step, with the exchange that shows them.
#[derive(Default)]
struct StepFindings {
    findings: Vec<Finding>,
    exchange: Option<ExchangeId>,
    /// The requests that didn't end as the step expects.
    failed: Vec<FailedRequest>,
}

impl StepFindings {
    fn unevaluated(error: EvaluationError) -> Self {
        Self::one(Finding::unevaluated(FindingKind::Expression, error))
    }

    /// Findings that no exchange shows.
    fn of(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }

    /// A finding that no exchange shows.
    fn one(finding: Finding) -> Self {
        Self::of(vec![finding])
    }
}

/// Whether a finding is about an invariant that was broken before, or a process that failed in the same way: it is told where
/// it was first seen.
fn is_known(finding: &Finding, failures: &[Failure]) -> bool {
    let is_same = |known: &Finding| known.kind == finding.kind;
    matches!(finding.kind, FindingKind::Invariant(_) | FindingKind::Process(..))
        && failures.iter().any(|failure| failure.findings.iter().any(is_same))
}

fn failure(location: FailureLocation, found: StepFindings) -> Failure {
    let StepFindings { findings, exchange, failed } = found;
    Failure { location, findings, exchange, failed }
}

impl<'a, W: World> ScenarioRun<'a, W> {
    fn new(world: &'a W, scenario: &'a Scenario, rules: &'a Rules, seed: Seed, secrets: &'a Secrets) -> Self {
        let variables = given_variables(rules, seed);
        let mut observing = variables.clone();
        observing.draw_from(Draws::new(seed.derive("values of invariants"), world.clock()));
        let invariants = InvariantChecker::new(&rules.invariants, rules.timeout)
            .with_requests(&rules.requests)
            .with_variables(observing);
        Self {
            world,
            scenario,
            rules,
            seed,
            secrets,
            variables,
            drawing: String::new(),
            clients: Clients::new(&rules.requests, scenario),
            invariants,
            exits: ExitWatch::default(),
            judged: Judged::default(),
        }
    }

    async fn run(mut self, on_step: &(impl Fn(usize) + Send + Sync)) -> Verdict {
        self.draw_at("vars");
        if let Err(error) = self.set_vars(&self.scenario.vars) {
            let found = StepFindings::unevaluated(error);
            return Verdict::Failed(vec![failure(FailureLocation::Start, found)]);
        }
        if let Err(broken) = self.log_in_for_run().await {
            return Verdict::BrokenOff(broken);
        }
        let mut failures = match self.steps(on_step).await {
            Ok(failures) => failures,
            Err(broken) => return Verdict::BrokenOff(broken),
        };
        let found = match self.end(failures.is_empty()).await {
            Ok(found) => found,
            Err(broken) if failures.is_empty() => return Verdict::BrokenOff(broken),
            Err(broken) => StepFindings::one(Finding::new(
                FindingKind::Unsettled,
                "it can be judged",
                broken.to_string(),
            )),
        };
        let mut at_end = self.failures(FailureLocation::End, found).await;
        for failure in &mut at_end {
            failure.findings.retain(|finding| !is_known(finding, &failures));
        }
        at_end.retain(|failure| !failure.findings.is_empty());
        if failures.is_empty() && !at_end.is_empty() {
            self.record_circuits().await;
        }
        failures.extend(at_end);
        if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) }
    }

    fn set_vars(&mut self, vars: &[(String, TemplateValue)]) -> Result<(), EvaluationError> {
        for (name, value) in vars {
            let value = value.render(&self.variables)?;
            self.variables.set(name, value);
        }
        Ok(())
    }

    /// What services tell of their circuits at these paths.
    async fn circuits(&self, paths: &[(ServiceName, http::Uri)]) -> Vec<Circuit> {
        circuits::observe(self.world, paths, &self.rules.requests, &self.variables).await
    }

    async fn record_circuits(&self) {
        for circuit in self.circuits(&self.rules.circuits).await {
            self.world.links().record_circuit(circuit);
        }
    }

    /// Heals all faults, starts the services that are down, and waits until the invariants hold. A service that can't be
    /// started is a finding, and then the system isn't judged any further.
    async fn end(&mut self, completed: bool) -> Result<StepFindings, BrokenOff> {
        let links = self.world.links();
        self.world.enter_step(None);
        links.heal_all();
        let down = self.world.down();
        // All at once: one may need another one to be ready.
        let restarts = down.iter().map(|service| self.world.signal(service, Signal::Restart));
        let mut findings = Vec::new();
        for restarted in join_all(restarts).await {
            findings.extend(failed_signal(restarted)?);
        }
        if findings.is_empty() {
            let within = self.scenario.settle.unwrap_or(self.rules.settle);
            findings = self.invariants.settle(self.world, within).await;
        }
        findings.extend(self.world.stubs().iter().flat_map(Stub::take_findings));
        if completed {
            findings.extend(self.world.stubs().iter().flat_map(Stub::idle));
            findings.extend(judge_fired(&self.scenario.faults, &links.fired()));
            findings.extend(self.judged.finding());
        }
        Ok(StepFindings::of(findings))
    }

    /// Evaluates a step's condition. If it doesn't hold, the step's captures become null, and the variables that it would set
    /// first.
    fn condition(&mut self, step: &Step) -> Result<Condition, EvaluationError> {
        let condition = match &step.condition {
            Some(condition) if !condition.holds(&self.variables)? => condition,
            _ => {
                // Each step within it has a condition of its own.
                self.judged.ran(step);
                return Ok(Condition::Holds);
            }
        };
        self.judged.left_out(step, condition);
        self.without_captures(step);
        for name in step.made() {
            if !self.variables.has(name) {
                self.variables.set(name, Value::Null);
            }
        }
        Ok(Condition::Fails)
    }

    /// Makes what a step captures null.
    fn without_captures(&mut self, step: &Step) {
        for name in step.captured() {
            self.variables.set(name, Value::Null);
        }
    }

    /// Carries out a step. The failures of the steps within it stand beside what it has found itself.
    async fn step(&mut self, place: &Place, step: &Step) -> Result<(StepFindings, Vec<Failure>), BrokenOff> {
        let polls = matches!(step.action, Action::Eventually(_));
        if let Some(request) = step.own_request().filter(|_| !polls)
            && let Some(found) = self.log_in(&[request]).await
        {
            return Ok((found, Vec::new()));
        }
        let mut inner = Vec::new();
        let found = match &step.action {
            Action::Request(request) => self.request(request).await,
            Action::Together(members) => self.together(members).await,
            Action::Eventually(eventually) => self.eventually(eventually).await,
            Action::Watch(watch) => self.watch(watch).await,
            Action::Inject(inject) => {
                let fault = self.scenario.faults.iter().find(|fault| fault.name == inject.fault);
                let fault = fault.expect("reading a scenario checks that its faults exist").clone();
                self.world.links().inject(fault, inject.after, inject.lasting).keep();
                Ok(StepFindings::default())
            }
            Action::Heal(Some(fault)) => {
                self.world.links().heal(fault);
                Ok(StepFindings::default())
            }
            Action::Heal(None) => {
                self.world.links().heal_all();
                Ok(StepFindings::default())
            }
            Action::Wait(duration) => {
                tokio::time::sleep(*duration).await;
                Ok(StepFindings::default())
            }
            Action::Process(process) => {
                let findings = self.signal(process).await?.into_iter().collect();
                Ok(StepFindings::of(findings))
            }
            Action::Run(run) => self.command(run).await?,
            Action::Check(conditions) => Ok(StepFindings::of(judge_check(conditions, &self.variables))),
            Action::Vars(vars) => self.set_vars(vars).map(|()| StepFindings::default()),
            Action::For(rounds) => {
                let found;
                (found, inner) = self.rounds(place, step, rounds).await?;
                Ok(found)
            }
            Action::During(during) => {
                let found;
                (found, inner) = self.during(place, step, during).await?;
                Ok(found)
            }
            Action::WaitUntil(wait) => Ok(self.wait_until(wait).await),
        };
        if step.judging() == Judging::Strict {
            return Ok((found.unwrap_or_else(StepFindings::unevaluated), inner));
        }
        if found.is_err() {
            self.without_captures(step);
        }
        Ok((StepFindings::default(), inner))
    }
}
