//! The steps that send requests: sends them, judges their exchanges, and stores their captures.

use std::{borrow::Cow, collections::BTreeSet};

use fault::Ordinal;
use futures_util::future::join_all;
use scenario::{
    Action, Call, CallsExpectation, EvaluationError, Expectations, Expression, Judging, RequestStep, Scope,
    Secrets, Step, Times, Value,
};
use verdict::{
    Exchange, FailedRequest, Finding, FindingKind, judge_calls, judge_circuits, judge_exchange, judge_links,
    judge_outcomes, judge_timing, reply_scope, slowest,
};

use super::{Condition, ScenarioRun, StepFindings};
use crate::{
    World,
    request::{PreparedRequest, RequestContext, Sent},
};

/// The request of a `request` step.
fn own_request(step: &Step) -> Option<&RequestStep> {
    match &step.action {
        Action::Request(request) => Some(request),
        _ => None,
    }
}

/// Hides the value of a capture. Returns the finding that it can't be hidden.
pub(super) fn unhidden(name: &str, value: &Value, secrets: &Secrets) -> Option<Finding> {
    let why = secrets.hide_value(value).err()?;
    let kind = FindingKind::Capture(name.to_owned());
    Some(Finding::new(kind, "a value that can be hidden", format!("it {why}")))
}

/// The number of the request at a position counted from 0.
fn numbered(position: usize) -> Ordinal {
    Ordinal(position as u64 + 1)
}

impl<W: World> ScenarioRun<'_, W> {
    /// Sends the requests of all members at once, then judges them in the order of the scenario.
    pub(super) async fn together<'m>(
        &mut self,
        members: &'m [Step],
    ) -> Result<StepFindings, EvaluationError> {
        let mut sending = Vec::new();
        for member in members {
            if let (Condition::Holds, Some(request)) = (self.condition(member)?, own_request(member)) {
                sending.push((member, request));
            }
        }
        let requests: Vec<&RequestStep> = sending.iter().map(|(_, request)| *request).collect();
        if let Some(found) = self.log_in(&requests).await {
            return Ok(found);
        }
        sending.retain(|(_, request)| !self.lacks_login(&request.call));
        let prepare = |(member, request): (_, &'m RequestStep)| {
            Ok((member, request, self.prepare(&request.call, &self.variables)?))
        };
        let sent: Vec<(&Step, _, _)> =
            sending.into_iter().map(prepare).collect::<Result<_, EvaluationError>>()?;
        let exchanges = join_all(sent.iter().map(|(_, _, prepared)| self.send_request(prepared))).await;
        let mut all = StepFindings::default();
        for (position, ((member, request, _), exchange)) in sent.iter().zip(exchanges).enumerate() {
            let found = self.judge_all(request, &[exchange]).await;
            if member.judging() == Judging::Lenient {
                continue;
            }
            if let (false, Some(exchange)) = (found.findings.is_empty(), found.exchange) {
                all.exchange = all.exchange.or(Some(exchange));
                all.failed.push(FailedRequest { exchange, number: numbered(position) });
            }
            let named = |finding: Finding| Finding { member: Some(member.name.clone()), ..finding };
            all.findings.extend(found.findings.into_iter().map(named));
        }
        Ok(all)
    }

    pub(super) async fn request(&mut self, step: &RequestStep) -> Result<StepFindings, EvaluationError> {
        let exchanges = self.exchanges(step).await?;
        Ok(self.judge_all(step, &exchanges).await)
    }

    /// Judges a step's exchanges, and the circuits that it expects to be in a state after them.
    pub(super) async fn judge_all(&mut self, step: &RequestStep, sent: &[Sent]) -> StepFindings {
        let circuits = self.circuit_findings(&step.expect).await;
        let mut found = self.judge(step, sent);
        if !circuits.is_empty() {
            found.exchange = found.exchange.or(sent.last().map(|sent| sent.exchange));
        }
        found.findings.extend(circuits);
        found
    }

    /// Asks the services whose circuits are expected to be in a state, and compares what they tell.
    async fn circuit_findings(&self, expect: &Expectations) -> Vec<Finding> {
        let callers: BTreeSet<_> = expect.circuits.iter().map(|circuit| &circuit.link.caller).collect();
        let paths = self.rules.circuits.iter().filter(|(service, _)| callers.contains(service));
        let paths: Vec<_> = paths.cloned().collect();
        judge_circuits(&expect.circuits, &self.circuits(&paths).await)
    }

    /// Evaluates the expressions of a request.
    pub(super) fn prepare(&self, call: &Call, variables: &Scope) -> Result<PreparedRequest, EvaluationError> {
        let context = RequestContext {
            rules: &self.rules.requests,
            defaults: &self.scenario.defaults,
            timeout: self.rules.timeout,
            seed: self.seed,
        };
        PreparedRequest::new(call, variables, context, &self.clients)
    }

    /// Sends a request over the link to its service, and returns once it has ended.
    pub(super) async fn send_request(&self, request: &PreparedRequest) -> Sent {
        request.send(self.world, self.world.links(), &self.clients).await
    }

    /// Judges a step's exchanges, and stores its captures.
    fn judge(&mut self, step: &RequestStep, sent: &[Sent]) -> StepFindings {
        let world = self.world;
        let first = world.links().sent_before_step();
        let calls = step.expect.calls.iter().flat_map(CallsExpectation::links);
        let links = step.expect.links.iter().map(|expected| &expected.link).chain(calls);
        let refusals = world.links().refusals(links);
        world.links().read(|history| {
            let mut found = StepFindings::default();
            let exchanges: Vec<Exchange<'_>> =
                sent.iter().map(|sent| history.exchange(sent.exchange)).collect();
            for (position, (exchange, sent)) in exchanges.iter().zip(sent).enumerate() {
                let variables = self.with_index(step.times, position);
                let mut findings: Vec<Finding> = sent.redirect.iter().cloned().collect();
                findings.extend(judge_exchange(&step.expect, *exchange, &variables));
                if findings.is_empty() {
                    continue;
                }
                if found.failed.is_empty() {
                    (found.findings, found.exchange) = (findings, Some(exchange.id));
                }
                found.failed.push(FailedRequest { exchange: exchange.id, number: numbered(position) });
            }
            for finding in judge_outcomes(&step.expect.outcomes, &exchanges) {
                found.exchange = found.exchange.or(finding.unexpected.first().copied());
                found.findings.push(finding);
            }
            found.findings.extend(judge_links(
                &step.expect.links,
                history,
                first,
                &self.variables,
                &refusals,
            ));
            found.findings.extend(judge_calls(
                &step.expect.calls,
                history,
                first,
                &self.variables,
                &refusals,
            ));
            let timing = judge_timing(&step.expect.timing, &exchanges, &self.variables);
            if !timing.is_empty() {
                found.exchange = found.exchange.or(slowest(&exchanges).map(|exchange| exchange.id));
            }
            found.findings.extend(timing);
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

    /// The variables of one of a step's requests: the `index` of one that is sent several times counts from 0.
    fn with_index(&self, times: Times, index: usize) -> Cow<'_, Scope> {
        if times == Times::Once {
            return Cow::Borrowed(&self.variables);
        }
        let mut variables = self.variables.clone();
        variables.set("index", index);
        Cow::Owned(variables)
    }

    /// Sends a step's request as often as it says.
    pub(super) async fn exchanges(&self, step: &RequestStep) -> Result<Vec<Sent>, EvaluationError> {
        if self.lacks_login(&step.call) {
            return Ok(Vec::new());
        }
        let prepared = |index: u32| {
            let variables = self.with_index(step.times, index as usize);
            self.prepare(&step.call, &variables)
        };
        Ok(match step.times {
            Times::Once => vec![self.send_request(&prepared(0)?).await],
            Times::Repeat(times) => {
                let mut exchanges = Vec::new();
                for index in 0..times {
                    exchanges.push(self.send_request(&prepared(index)?).await);
                }
                exchanges
            }
            Times::Parallel(times) => {
                let requests: Vec<PreparedRequest> = (0..times).map(prepared).collect::<Result<_, _>>()?;
                join_all(requests.iter().map(|request| self.send_request(request))).await
            }
        })
    }

    /// Stores a step's captures, and returns those that can't be evaluated.
    fn capture(&mut self, step: &RequestStep, last: Option<Exchange<'_>>) -> Vec<Finding> {
        if step.capture.is_empty() {
            return Vec::new();
        }
        let scope = reply_scope(&self.variables, last.and_then(|exchange| exchange.ending));
        self.store(&step.capture, &step.secret, &scope)
    }

    /// Stores captures, and returns those that can't be evaluated, or be kept secret.
    pub(super) fn store(
        &mut self,
        capture: &[(String, Expression)],
        secret: &BTreeSet<String>,
        scope: &Scope,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, expression) in capture {
            match expression.evaluate(scope) {
                Ok(value) => {
                    if secret.contains(name) {
                        findings.extend(unhidden(name, &value, self.secrets));
                    }
                    self.variables.set(name, value);
                }
                Err(error) => {
                    self.variables.set(name, Value::Null);
                    findings.push(Finding::unevaluated(FindingKind::Capture(name.clone()), error));
                }
            }
        }
        findings
    }
}
