//! The steps that send requests: sends them, judges their exchanges, and stores their captures.

use std::{borrow::Cow, collections::BTreeSet};

use fault::Ordinal;
use futures_util::future::join_all;
use scenario::{
    Action, EvaluationError, EventuallyStep, Expression, Judging, RequestStep, Scope, Step, Times, Value,
};
use tokio::time::Instant;
use verdict::{
    Exchange, ExchangeId, FailedRequest, Finding, FindingKind, judge_exchange, judge_links, judge_outcomes,
    reply_scope,
};

use super::{Condition, ScenarioRun, StepFindings, is_lenient};
use crate::{
    World,
    polling::{Pauses, Polling},
    request::PreparedRequest,
};

/// The request of a `request` step.
fn own_request(step: &Step) -> Option<&RequestStep> {
    match &step.action {
        Action::Request(request) => Some(request),
        _ => None,
    }
}

/// The number of the request at a position counted from 0.
fn numbered(position: usize) -> Ordinal {
    Ordinal(position as u64 + 1)
}

impl<W: World> ScenarioRun<'_, W> {
    /// Sends the requests of all members at once, then judges them in the order of the scenario.
    pub(super) async fn together(
        &mut self,
        index: usize,
        members: &[Step],
    ) -> Result<StepFindings, EvaluationError> {
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
        for (position, ((member, request, _), exchange)) in sent.iter().zip(exchanges).enumerate() {
            let found = self.judge(index, request, &[exchange]);
            if is_lenient(member) {
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

    pub(super) async fn request(
        &mut self,
        index: usize,
        step: &RequestStep,
    ) -> Result<StepFindings, EvaluationError> {
        let exchanges = self.exchanges(step).await?;
        Ok(self.judge(index, step, &exchanges))
    }

    /// Judges a step's exchanges, and stores its captures.
    fn judge(&mut self, index: usize, step: &RequestStep, exchanges: &[ExchangeId]) -> StepFindings {
        let world = self.world;
        let refusals = world.links().refusals(step.expect.links.iter().map(|expected| &expected.link));
        world.links().read(|history| {
            let mut found = StepFindings::default();
            let exchanges: Vec<Exchange<'_>> = exchanges.iter().map(|id| history.exchange(*id)).collect();
            for (position, exchange) in exchanges.iter().enumerate() {
                let variables = self.with_index(step.times, position);
                let findings = judge_exchange(&step.expect, *exchange, &variables);
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
                index,
                &self.variables,
                &refusals,
            ));
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
    async fn exchanges(&self, step: &RequestStep) -> Result<Vec<ExchangeId>, EvaluationError> {
        let prepared = |index: u32| {
            let variables = self.with_index(step.times, index as usize);
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

    pub(super) async fn eventually(
        &mut self,
        index: usize,
        step: &EventuallyStep,
    ) -> Result<StepFindings, EvaluationError> {
        let mut polling = Polling::until(Instant::now() + step.within, Pauses::equal(step.every));
        let mut found = StepFindings::default();
        while polling.next().await {
            self.draw_at(&format!("step {index}, attempt {}", polling.attempts()));
            found = self.request(index, &step.request).await?;
            if found.findings.is_empty() {
                return Ok(found);
            }
        }
        let tried = match polling.attempts() {
            1 => "its only attempt ended after that".into(),
            attempts => format!("not in {attempts} attempts"),
        };
        let expected = format!("within {:?}", step.within);
        found.findings.push(Finding::new(FindingKind::Eventually, expected, tried));
        Ok(found)
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
                    if secret.contains(name)
                        && let Err(why) = self.secrets.hide_value(&value)
                    {
                        let kind = FindingKind::Capture(name.clone());
                        findings.push(Finding::new(kind, "a value that can be hidden", format!("it {why}")));
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
