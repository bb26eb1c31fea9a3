//! What the sequences of an exploration contained, in counts. An operation that never succeeded was not tested.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use engine::ScenarioResult;
use fault::{FaultName, ServiceName};
use scenario::{Action, Call, Exploration, Step};
use verdict::{Exchange, HistoryEvent, ProcessChange, Request, RequestOutcome};

use crate::{script::Script, untested::Untested};

/// What the sequences of an exploration contained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The requests of each operation, by how they ended.
    pub operations: BTreeMap<String, RequestCounts>,
    /// The number of exchanges that each fault met.
    pub faults: BTreeMap<FaultName, u64>,
    /// How often each service was killed or crashed.
    pub kills: BTreeMap<ServiceName, u64>,
    /// The operations of which a refusal is expected, not a success.
    refused: BTreeSet<String>,
}

/// Requests by how they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// 2xx.
    pub succeeded: u64,
    /// Any other reply below 500.
    pub refused: u64,
    /// Requests that certainly did not happen.
    pub failed: u64,
    /// Requests that may have happened.
    pub unknown: u64,
    /// All that got a reply, by its status.
    pub statuses: BTreeMap<u16, u64>,
}

impl RequestCounts {
    /// All of them.
    pub fn sent(&self) -> u64 {
        self.succeeded + self.refused + self.failed + self.unknown
    }
}

/// `12 sent, 12 refused (422: 12)`.
impl fmt::Display for RequestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sent() == 0 {
            return f.write_str("never sent");
        }
        write!(f, "{} sent", self.sent())?;
        let ends = [
            (self.succeeded, "succeeded"),
            (self.refused, "refused"),
            (self.failed, "certainly did not happen"),
            (self.unknown, "may have happened"),
        ];
        for (count, end) in ends.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {end}")?;
        }
        if !self.statuses.is_empty() {
            let statuses = self.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
            write!(f, " ({})", statuses.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}

impl Coverage {
    pub(crate) fn new(exploration: &Exploration) -> Self {
        let operations = &exploration.operations;
        let refused = operations.iter().filter(|operation| {
            let status = &operation.expect.status;
            !status.is_empty() && !status.iter().any(|status| status.is_success())
        });
        let killable = exploration.killable.iter().filter(|_| exploration.kill.weight > 0);
        Self {
            operations: operations
                .iter()
                .map(|operation| (operation.name.clone(), RequestCounts::default()))
                .collect(),
            faults: exploration.faults.iter().map(|fault| (fault.name.clone(), 0)).collect(),
            kills: killable.map(|service| (service.clone(), 0)).collect(),
            refused: refused.map(|operation| operation.name.clone()).collect(),
        }
    }

    /// What the sequences never did: operations that never had the reply they are there for, faults that met no exchange,
    /// services that were never killed.
    pub fn missing(&self) -> Vec<Untested> {
        let operations = self.operations.iter().filter_map(|(name, counts)| {
            let (count, untested): (_, fn(String) -> Untested) = if self.refused.contains(name) {
                (counts.refused, Untested::NeverRefused)
            } else {
                (counts.succeeded, Untested::NeverSucceeded)
            };
            (count == 0).then(|| untested(name.clone()))
        });
        let faults = self.faults.iter().filter(|(_, met)| **met == 0);
        let faults = faults.map(|(name, _)| Untested::IdleFault(name.clone()));
        let kills = self.kills.iter().filter(|(_, kills)| **kills == 0);
        let kills = kills.map(|(name, _)| Untested::NeverKilled(name.clone()));
        operations.chain(faults).chain(kills).collect()
    }

    /// The number of operations, faults and kills that there are.
    pub(crate) fn len(&self) -> usize {
        self.operations.len() + self.faults.len() + self.kills.len()
    }

    /// Whether no operation had the reply that it is there for, so that the sequences show nothing.
    pub fn shows_nothing(&self) -> bool {
        let operation = |untested: &&Untested| {
            matches!(untested, Untested::NeverSucceeded(_) | Untested::NeverRefused(_))
        };
        self.missing().iter().filter(operation).count() == self.operations.len()
    }

    /// The requests of the operation that something untested is about.
    pub fn requests(&self, untested: &Untested) -> Option<&RequestCounts> {
        match untested {
            Untested::NeverSucceeded(name) | Untested::NeverRefused(name) => self.operations.get(name),
            Untested::IdleFault(_) | Untested::NeverKilled(_) => None,
        }
    }

    /// Adds what one sequence did.
    pub(crate) fn add(&mut self, script: &Script, result: &ScenarioResult) {
        let client = ServiceName::client();
        for record in result.history.records() {
            match &record.event {
                HistoryEvent::Sent(sent) => {
                    let exchange = result.history.exchange(sent.exchange);
                    for fault in exchange.faults {
                        *self.faults.entry(fault.clone()).or_default() += 1;
                    }
                    if sent.link.caller == client
                        && let Some(operation) =
                            record.step.and_then(|step| operation(script, step, &exchange))
                    {
                        self.count(operation, &exchange);
                    }
                }
                HistoryEvent::Process { service, change: ProcessChange::Killed | ProcessChange::Crashed } => {
                    if let Some(kills) = self.kills.get_mut(service) {
                        *kills += 1;
                    }
                }
                _ => {}
            }
        }
    }

    fn count(&mut self, operation: &str, exchange: &Exchange<'_>) {
        let Some(counts) = self.operations.get_mut(operation) else { return };
        let reply = exchange.reply();
        if let Some(reply) = reply {
            *counts.statuses.entry(reply.status.as_u16()).or_default() += 1;
        }
        let count = match exchange.outcome() {
            RequestOutcome::Ok if reply.is_some_and(|reply| reply.status.is_success()) => {
                &mut counts.succeeded
            }
            RequestOutcome::Ok => &mut counts.refused,
            RequestOutcome::Failed => &mut counts.failed,
            RequestOutcome::Unknown => &mut counts.unknown,
        };
        *count += 1;
    }
}

/// The operation of which a request was sent during a step. In a `together` step it is that of the first member whose
/// request is like the one sent.
fn operation<'a>(script: &'a Script, step: usize, exchange: &Exchange<'_>) -> Option<&'a str> {
    let request = match &script.scenario.steps.get(step)?.action {
        Action::Together(members) => members.iter().position(|member| is_like(member, exchange))?,
        _ => 0,
    };
    script.operation(step, request)
}

fn is_like(member: &Step, exchange: &Exchange<'_>) -> bool {
    let Action::Request(request) = &member.action else { return false };
    request.call.method == exchange.request.method
        && request.call.service == exchange.link.callee
        && begins_alike(&request.call.path.source(), &exchange.request.path)
        && has_headers(&request.call, exchange.request)
}

/// Whether a request has the headers of a call that have no `${…}` in them, such as its key.
fn has_headers(call: &Call, sent: &Request) -> bool {
    call.headers.iter().all(|(name, value)| {
        let written = value.source();
        let same = |value: &http::HeaderValue| value.as_bytes() == written.as_bytes();
        written.contains("${") || sent.headers.get_all(name).iter().any(same)
    })
}

/// Whether a path begins like a written one, up to the first `${…}` of that.
fn begins_alike(written: &str, path: &str) -> bool {
    path.starts_with(written.split("${").next().unwrap_or_default())
}
