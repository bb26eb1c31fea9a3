//! What the sequences of an exploration consisted of: one that never pays says nothing about paying.

use std::collections::{BTreeMap, BTreeSet};

use engine::ScenarioResult;
use fault::{FaultName, ServiceName};
use scenario::{Action, Call, Exploration};
use verdict::{Exchange, HistoryEvent, ProcessChange, Request, RequestOutcome};

/// What happened how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What came of the requests of each operation.
    pub operations: BTreeMap<String, Answers>,
    /// How many exchanges each fault met.
    pub faults: BTreeMap<FaultName, u64>,
    /// How often each service died.
    pub deaths: BTreeMap<ServiceName, u64>,
    /// The operations that are there to be refused.
    refused: BTreeSet<String>,
}

/// What came of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// 2xx.
    pub succeeded: u64,
    /// Any other reply below 500.
    pub refused: u64,
    /// It certainly did not happen.
    pub failed: u64,
    /// It may have happened.
    pub unknown: u64,
}

impl Coverage {
    pub(crate) fn new(exploration: &Exploration) -> Self {
        let mortal = exploration.killable.iter().filter(|_| exploration.kill.weight > 0);
        Self {
            operations: exploration
                .operations
                .iter()
                .map(|operation| (operation.name.clone(), Answers::default()))
                .collect(),
            faults: exploration.faults.iter().map(|fault| (fault.name.clone(), 0)).collect(),
            deaths: mortal.map(|service| (service.clone(), 0)).collect(),
            refused: exploration
                .operations
                .iter()
                .filter(|operation| {
                    let status = &operation.expect.status;
                    !status.is_empty() && !status.iter().any(|status| (200..300).contains(status))
                })
                .map(|operation| operation.name.clone())
                .collect(),
        }
    }

    /// What never happened, in words: operations that never had the answer they are there for, faults that met nothing, services that never
    /// died. Nothing has been learned about those.
    pub fn missing(&self) -> Vec<String> {
        let operations = self.operations.iter().filter_map(|(name, answers)| {
            let (count, what) = if self.refused.contains(name) {
                (answers.refused, "was never refused")
            } else {
                (answers.succeeded, "never succeeded")
            };
            (count == 0).then(|| format!("`{name}` {what}"))
        });
        let faults = self.faults.iter().filter(|(_, met)| **met == 0);
        let faults = faults.map(|(name, _)| format!("the fault `{name}` met nothing"));
        let deaths = self.deaths.iter().filter(|(_, deaths)| **deaths == 0);
        let deaths = deaths.map(|(name, _)| format!("`{name}` never died"));
        operations.chain(faults).chain(deaths).collect()
    }

    /// Adds what happened in one sequence.
    pub(crate) fn add(&mut self, result: &ScenarioResult) {
        let client = ServiceName::client();
        for record in result.history.records() {
            match &record.event {
                HistoryEvent::Sent(sent) => {
                    let exchange = result.history.exchange(sent.exchange);
                    for fault in exchange.faults {
                        *self.faults.entry(fault.clone()).or_default() += 1;
                    }
                    if sent.link.caller == client
                        && let Some(step) = record.step.and_then(|step| result.scenario.steps.get(step))
                    {
                        self.answer(&sender(step, &exchange), &exchange);
                    }
                }
                HistoryEvent::Process { service, change: ProcessChange::Killed | ProcessChange::Crashed } => {
                    if let Some(deaths) = self.deaths.get_mut(service) {
                        *deaths += 1;
                    }
                }
                _ => {}
            }
        }
    }

    fn answer(&mut self, operation: &str, exchange: &Exchange<'_>) {
        let Some(answers) = self.operations.get_mut(operation) else { return };
        let reply = exchange.reply();
        let count = match exchange.outcome() {
            RequestOutcome::Ok if reply.is_some_and(|reply| reply.status.is_success()) => {
                &mut answers.succeeded
            }
            RequestOutcome::Ok => &mut answers.refused,
            RequestOutcome::Failed => &mut answers.failed,
            RequestOutcome::Unknown => &mut answers.unknown,
        };
        *count += 1;
    }
}

/// The operation that sent a request: a step's name begins with it. Of several requests at once it is one that looks
/// like this.
fn sender(step: &scenario::Step, exchange: &Exchange<'_>) -> String {
    let of = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    match &step.action {
        Action::Together(members) => {
            let alike = members.iter().find(|member| match &member.action {
                Action::Request(request) => {
                    request.call.method == exchange.request.method
                        && request.call.service == exchange.link.callee
                        && begins_alike(&request.call.path.source(), &exchange.request.path)
                        && has_headers(&request.call, exchange.request)
                }
                _ => false,
            });
            alike.map(|member| of(&member.name)).unwrap_or_default()
        }
        _ => of(&step.name),
    }
}

/// Whether a request bears the headers that are written without holes, such as its key.
fn has_headers(call: &Call, sent: &Request) -> bool {
    call.headers.iter().all(|(name, value)| {
        let written = value.source();
        let same = |value: &http::HeaderValue| value.as_bytes() == written.as_bytes();
        written.contains("${") || sent.headers.get(name).is_some_and(same)
    })
}

/// Whether a path can come of what is written up to its first hole.
fn begins_alike(written: &str, path: &str) -> bool {
    path.starts_with(written.split("${").next().unwrap_or_default())
}
