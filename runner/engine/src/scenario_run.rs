//! Runs one scenario in a fresh world.

use std::{sync::Arc, time::Duration};

use fault::{Seed, ServiceName};
use futures_util::future::join_all;
use scenario::{
    Action, EvaluationError, EventuallyStep, Invariant, Judging, RequestStep, Scenario, Scope, Signal, Step,
    Times,
};
use serde_json::{Value, json};
use tokio::time::Instant;
use verdict::{
    BrokenOff, Exchange, ExchangeId, Failure, FailureLocation, Finding, FindingKind, Verdict, judge_check,
    judge_exchange, judge_fired, judge_links, judge_outcomes, reply_scope,
};

use crate::{ScenarioResult, Stage, World, circuits, invariants::InvariantChecker, request::PreparedRequest};

/// The invariants and time limits of all scenarios of a run.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The invariants.
    pub invariants: Vec<Invariant>,
    /// How long the system may take to settle, unless a scenario has its own limit.
    pub settle: Duration,
    /// How long a request waits for its reply, unless its step has its own timeout.
    pub timeout: Duration,
    /// The services that tell their circuits, each with the path at which it does. They are asked once a scenario has failed.
    pub circuits: Vec<(ServiceName, http::Uri)>,
}

/// Runs a scenario in a world of its own. `on_step` is called with the index of each step that starts.
pub async fn run_scenario<S: Stage>(
    stage: &S,
    scenario: Arc<Scenario>,
    rules: &Rules,
    seed: Seed,
    on_step: impl Fn(usize) + Send + Sync,
) -> ScenarioResult {
    let world = match stage.raise(&scenario, seed).await {
        Ok(world) => world,
        Err(broken) => {
            let (history, took) = Default::default();
            return ScenarioResult { scenario, seed, verdict: Verdict::BrokenOff(broken), history, took };
        }
    };
    let verdict = ScenarioRun::new(&world, &scenario, rules).run(&on_step).await;
    let took = world.links().now();
    let history = world.links().read(Clone::clone);
    world.close().await;
    ScenarioResult { scenario, seed, verdict, history, took }
}

/// A scenario that is running.
struct ScenarioRun<'a, W> {
    world: &'a W,
    scenario: &'a Scenario,
    rules: &'a Rules,
    variables: Scope,
    invariants: InvariantChecker<'a>,
}

/// Whether the condition of a step holds; a step without one runs.
enum Condition {
    Holds,
    Fails,
}

/// The request of a `request` step.
fn own_request(step: &Step) -> Option<&RequestStep> {
    match &step.action {
        Action::Request(request) => Some(request),
        _ => None,
    }
}

/// Whether a step's findings are ignored.
fn is_lenient(step: &Step) -> bool {
    match &step.action {
        Action::Request(RequestStep { expect, .. }) => expect.judging == Judging::Lenient,
        Action::Eventually(EventuallyStep { request, .. }) => request.expect.judging == Judging::Lenient,
        _ => false,
    }
}

/// The findings of a step, with the exchange that shows them.
#[derive(Default)]
struct StepFindings {
    findings: Vec<Finding>,
    exchange: Option<ExchangeId>,
}

impl StepFindings {
    fn unevaluated(error: &EvaluationError) -> Self {
        let finding = Finding::new(FindingKind::Expression, &*error.expression, error.reason.clone());
        Self { findings: vec![finding], exchange: None }
    }
}

/// Whether a finding is about an invariant that was broken before: it is told where it was first seen.
fn is_known(finding: &Finding, failures: &[Failure]) -> bool {
    let is_same = |known: &Finding| known.kind == finding.kind;
    matches!(finding.kind, FindingKind::Invariant(_))
        && failures.iter().any(|failure| failure.findings.iter().any(is_same))
}

fn failure(location: FailureLocation, found: StepFindings) -> Failure {
    Failure { location, findings: found.findings, exchange: found.exchange }
}

impl<'a, W: World> ScenarioRun<'a, W> {
    fn new(world: &'a W, scenario: &'a Scenario, rules: &'a Rules) -> Self {
        let invariants = InvariantChecker::new(&rules.invariants, rules.timeout);
        Self { world, scenario, rules, variables: Scope::default(), invariants }
    }

    async fn run(mut self, on_step: &(impl Fn(usize) + Send + Sync)) -> Verdict {
        let mut failures = Vec::new();
        for (name, value) in &self.scenario.vars {
            match value.render(&self.variables) {
                Ok(value) => self.variables.set(name, value),
                Err(error) => {
                    return Verdict::Failed(vec![failure(
                        FailureLocation::End,
                        StepFindings::unevaluated(&error),
                    )]);
                }
            }
        }
        for (index, step) in self.scenario.steps.iter().enumerate() {
            on_step(index);
            self.world.links().enter_step(Some(index));
            let mut found = match self.condition(step) {
                Err(error) => StepFindings::unevaluated(&error),
                Ok(Condition::Fails) => continue,
                Ok(Condition::Holds) => match self.step(index, step).await {
                    Ok(found) => found,
                    Err(broken) => return Verdict::BrokenOff(broken),
                },
            };
            found.findings.extend(self.invariants.check_after(index, self.world).await);
            if !found.findings.is_empty() {
                let location = FailureLocation::Step { index, name: step.name.clone(), span: step.span };
                failures.push(failure(location, found));
                self.record_circuits().await;
                break;
            }
        }
        let completed = failures.is_empty();
        match self.end(completed).await {
            Err(broken) => return Verdict::BrokenOff(broken),
            Ok(mut found) => {
                found.findings.retain(|finding| !is_known(finding, &failures));
                if !found.findings.is_empty() {
                    if failures.is_empty() {
                        self.record_circuits().await;
                    }
                    failures.push(failure(FailureLocation::End, found));
                }
            }
        }
        if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) }
    }

    async fn record_circuits(&self) {
        for circuit in circuits::observe(self.world, &self.rules.circuits).await {
            self.world.links().record_circuit(circuit);
        }
    }

    /// Heals all faults, starts the services that are down, and waits until the invariants hold.
    async fn end(&mut self, completed: bool) -> Result<StepFindings, BrokenOff> {
        let links = self.world.links();
        links.enter_step(None);
        links.heal_all();
        for service in self.world.down() {
            self.world.signal(&service, Signal::Restart).await?;
        }
        let within = self.scenario.settle.unwrap_or(self.rules.settle);
        let mut findings = self.invariants.settle(self.world, within).await;
        if completed {
            findings.extend(judge_fired(&self.scenario.faults, &links.fired()));
        }
        Ok(StepFindings { findings, exchange: None })
    }

    /// Evaluates a step's condition. If it doesn't hold, the step's captures become null.
    fn condition(&mut self, step: &Step) -> Result<Condition, EvaluationError> {
        let Some(condition) = &step.condition else { return Ok(Condition::Holds) };
        if condition.holds(&self.variables)? {
            return Ok(Condition::Holds);
        }
        for (name, _) in step.requests().into_iter().flat_map(|request| &request.capture) {
            self.variables.set(name, Value::Null);
        }
        Ok(Condition::Fails)
    }

    async fn step(&mut self, index: usize, step: &Step) -> Result<StepFindings, BrokenOff> {
        let found = match &step.action {
            Action::Request(request) => self.request(index, request).await,
            Action::Together(members) => self.together(index, members).await,
            Action::Eventually(eventually) => self.eventually(index, eventually).await,
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
                self.world.signal(&process.service, process.signal).await?;
                Ok(StepFindings::default())
            }
            Action::Check(conditions) => {
                Ok(StepFindings { findings: judge_check(conditions, &self.variables), exchange: None })
            }
        };
        let found = found.unwrap_or_else(|error| StepFindings::unevaluated(&error));
        Ok(if is_lenient(step) { StepFindings::default() } else { found })
    }

    /// Sends the requests of all members at once, then judges them in the order of the scenario.
    async fn together(&mut self, index: usize, members: &[Step]) -> Result<StepFindings, EvaluationError> {
        let mut sent = Vec::new();
        for member in members {
            if let (Condition::Holds, Some(request)) = (self.condition(member)?, own_request(member)) {
                sent.push((
                    member,
                    request,
                    PreparedRequest::new(&request.call, &self.variables, self.rules.timeout)?,
                ));
            }
        }
        let exchanges = join_all(sent.iter().map(|(_, _, prepared)| prepared.send(self.world))).await;
        let mut all = StepFindings::default();
        for ((member, request, _), exchange) in sent.iter().zip(exchanges) {
            let found = self.judge(index, request, &[exchange]);
            if is_lenient(member) {
                continue;
            }
            let named = |finding: Finding| Finding { member: Some(member.name.clone()), ..finding };
            all.exchange = all.exchange.or(found.exchange.filter(|_| !found.findings.is_empty()));
            all.findings.extend(found.findings.into_iter().map(named));
        }
        Ok(all)
    }

    async fn request(&mut self, index: usize, step: &RequestStep) -> Result<StepFindings, EvaluationError> {
        let exchanges = self.exchanges(step).await?;
        Ok(self.judge(index, step, &exchanges))
    }

    /// Judges a step's exchanges, and stores its captures.
    fn judge(&mut self, index: usize, step: &RequestStep, exchanges: &[ExchangeId]) -> StepFindings {
        let world = self.world;
        world.links().read(|history| {
            let mut found = StepFindings::default();
            let exchanges: Vec<Exchange<'_>> = exchanges.iter().map(|id| history.exchange(*id)).collect();
            for exchange in &exchanges {
                let findings = judge_exchange(&step.expect, *exchange, &self.variables);
                if !findings.is_empty() {
                    found = StepFindings { findings, exchange: Some(exchange.id) };
                    break;
                }
            }
            for finding in judge_outcomes(&step.expect.outcomes, &exchanges) {
                found.exchange = found.exchange.or(finding.unexpected.first().copied());
                found.findings.push(finding);
            }
            found.findings.extend(judge_links(&step.expect.links, history, index, &self.variables));
            let last = exchanges.last().copied();
            if found.findings.is_empty() || step.expect.judging == Judging::Lenient {
                found.findings.extend(self.capture(step, last));
            }
            if !found.findings.is_empty() {
                found.exchange = found.exchange.or(last.map(|exchange| exchange.id));
            }
            found
        })
    }

    /// Sends a step's request as often as it says; the variable `index` counts from 0.
    async fn exchanges(&self, step: &RequestStep) -> Result<Vec<ExchangeId>, EvaluationError> {
        let prepared = |index: u32| {
            let mut variables = self.variables.clone();
            variables.set("index", json!(index));
            PreparedRequest::new(&step.call, &variables, self.rules.timeout)
        };
        Ok(match step.times {
            Times::Once => vec![prepared(0)?.send(self.world).await],
            Times::Repeat(times) => {
                let mut exchanges = Vec::new();
                for index in 0..times {
                    exchanges.push(prepared(index)?.send(self.world).await);
                }
                exchanges
            }
            Times::Parallel(times) => {
                let requests: Vec<PreparedRequest> = (0..times).map(prepared).collect::<Result<_, _>>()?;
                join_all(requests.iter().map(|request| request.send(self.world))).await
            }
        })
    }

    async fn eventually(
        &mut self,
        index: usize,
        step: &EventuallyStep,
    ) -> Result<StepFindings, EvaluationError> {
        let deadline = Instant::now() + step.within;
        let mut attempts = 0_u32;
        loop {
            let mut found = self.request(index, &step.request).await?;
            attempts += 1;
            if found.findings.is_empty() {
                return Ok(found);
            }
            if Instant::now() + step.every >= deadline {
                let expected = format!("within {:?}", step.within);
                found.findings.push(Finding::new(
                    FindingKind::Eventually,
                    expected,
                    format!("not in {attempts} attempts"),
                ));
                return Ok(found);
            }
            tokio::time::sleep(step.every).await;
        }
    }

    /// Stores a step's captures, and returns those that can't be evaluated.
    fn capture(&mut self, step: &RequestStep, last: Option<Exchange<'_>>) -> Vec<Finding> {
        if step.capture.is_empty() {
            return Vec::new();
        }
        let scope = reply_scope(&self.variables, last.and_then(|exchange| exchange.ending));
        let mut findings = Vec::new();
        for (name, expression) in &step.capture {
            match expression.evaluate(&scope) {
                Ok(value) => self.variables.set(name, value),
                Err(error) => {
                    self.variables.set(name, Value::Null);
                    let kind = FindingKind::Capture(name.clone());
                    findings.push(Finding::new(kind, error.expression, error.reason));
                }
            }
        }
        findings
    }
}
