//! A scenario with faults planted in it, whose steps are there for what they do.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fault::{Damage, Fault, FaultName, ServiceName};
use scenario::{Action, Call, Expression, Judging, ProcessStep, Scenario, Signal, Step, Times};

use crate::{
    captures::{captured, without_unused_captures},
    step::{self, Peace, expression},
    sweep::{Planted, SweptCall},
};

/// The header under which a request can be sent again.
const KEY: &str = "idempotency-key";

/// A scenario with faults in it.
pub(crate) struct Planned {
    pub(crate) faults: Vec<Planted>,
    /// Their names in the scenario.
    pub(crate) names: Vec<FaultName>,
    pub(crate) scenario: Arc<Scenario>,
    /// Which step of the scenario that is swept each of its steps is.
    origins: Vec<Option<usize>>,
}

impl Planned {
    /// The step of the scenario that is swept that this one is.
    pub(crate) fn origin(&self, step: usize) -> Option<usize> {
        self.origins.get(step).copied().flatten()
    }

    /// Plants faults at calls of a scenario. Who dies of them is started again once the step is over.
    pub(crate) fn new(base: &Scenario, calls: &[SweptCall], faults: &[Planted], within: Duration) -> Self {
        let planted: Vec<_> =
            faults.iter().map(|fault| fault.kind.fault(&calls[fault.call], fault.call)).collect();
        let names: Vec<FaultName> = planted.iter().map(|fault| fault.name.clone()).collect();
        let mut steps: Vec<(Option<usize>, Step)> =
            names.iter().map(|name| (None, step::inject(name))).collect();
        let captured = captured(base);
        let mut asked = Vec::new();
        for (at, step) in base.steps.iter().enumerate() {
            let disturbs = |step: &Step| matches!(step.action, Action::Inject(_) | Action::Process(_));
            let disturbed = base.steps[..at].iter().any(disturbs);
            let peace = if disturbed { Peace::Disturbed } else { Peace::Undisturbed };
            if let Some(step) = lenient(step, peace, &captured, &mut asked) {
                steps.push((Some(at), step));
            }
            for fault in faults.iter().filter(|fault| calls[fault.call].step == at) {
                steps.extend(fault.kind.victim(&calls[fault.call]).map(|service| (None, start(&service))));
            }
        }
        if !asked.is_empty() {
            let all = || base.faults.iter().chain(&planted);
            let dead = dead(base, all());
            // Who dies at a call that is late dies late.
            let late = all().map(lateness).max().filter(|late| !late.is_zero() && !dead.is_empty());
            steps.push((None, step::heal(None)));
            steps.extend(late.map(|late| (None, step::wait(late))));
            steps.extend(dead.iter().map(|service| (None, start(service))));
            steps.extend(asked.iter().map(|asked| (None, asked.ask(&captured, within))));
        }
        let (origins, mut steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        without_unused_captures(&mut steps);
        let described: Vec<String> =
            faults.iter().map(|fault| format!("{} at {}", fault.kind, calls[fault.call])).collect();
        let scenario = Scenario {
            name: format!("{} ({})", base.name, described.join("; ")),
            faults: base.faults.iter().cloned().chain(planted).collect(),
            steps,
            ..base.clone()
        };
        Self { faults: faults.to_vec(), names, scenario: Arc::new(scenario), origins }
    }
}

/// A request with a key, whose outcome is asked for in the end.
struct Asked {
    name: String,
    call: Call,
    statuses: Vec<u16>,
    /// The variable that tells whether it succeeded.
    said: String,
}

impl Asked {
    fn ask(&self, captured: &BTreeSet<&str>, within: Duration) -> Step {
        let told = expression(&format!("{} is none or {}", self.said, step::definite(&self.statuses)));
        let asked = step::ask(&self.name, self.call.clone(), &self.statuses, told, within);
        let condition = there(self.call.names(), captured).map(|there| expression(&there));
        Step { condition, ..asked }
    }
}

/// A step that is there for what it does; nothing for one that only judges.
fn lenient(step: &Step, peace: Peace, captured: &BTreeSet<&str>, asked: &mut Vec<Asked>) -> Option<Step> {
    let mut step = step.clone();
    match &mut step.action {
        Action::Check(_) => return None,
        Action::Request(request) => {
            request.expect.judging = Judging::Lenient;
            let has_key = request.call.headers.iter().any(|(name, _)| name.as_str() == KEY);
            if has_key && request.times == Times::Once {
                let said = format!("request_{}_said", asked.len() + 1);
                // 202 may be all that is expected of a request that can't be finished now.
                let statuses = match peace {
                    Peace::Undisturbed => request.expect.status.clone(),
                    Peace::Disturbed => Vec::new(),
                };
                let told = expression(&format!("status if {} else none", step::definite(&statuses)));
                request.capture.push((said.clone(), told));
                asked.push(Asked { name: step.name.clone(), call: request.call.clone(), statuses, said });
            }
        }
        Action::Eventually(eventually) => eventually.request.expect.judging = Judging::Lenient,
        Action::Together(members) => {
            *members = members.iter().filter_map(|member| lenient(member, peace, captured, asked)).collect();
        }
        Action::Inject(_) | Action::Heal(_) | Action::Wait(_) | Action::Process(_) => {}
    }
    let used: Vec<&str> = match &step.action {
        Action::Request(request) => request.call.names().collect(),
        Action::Eventually(eventually) => eventually.request.call.names().collect(),
        _ => Vec::new(),
    };
    let own = step.condition.iter().flat_map(Expression::names);
    let guard = there(used.into_iter().chain(own), captured);
    let condition = match (guard, step.condition.take()) {
        (None, condition) => condition,
        (Some(guard), None) => Some(expression(&guard)),
        (Some(guard), Some(condition)) => Some(expression(&format!("{guard} and ({})", condition.source()))),
    };
    Some(Step { condition, ..step })
}

/// That what was to be captured was: nothing to say when nothing was to be.
fn there<'n>(names: impl Iterator<Item = &'n str>, captured: &BTreeSet<&str>) -> Option<String> {
    let needed: BTreeSet<&str> = names.filter(|name| captured.contains(name)).collect();
    let needed: Vec<String> = needed.into_iter().map(|name| format!("{name} is not none")).collect();
    (!needed.is_empty()).then(|| needed.join(" and "))
}

/// How much later something happens because of a fault.
fn lateness(fault: &Fault) -> Duration {
    match fault.damage {
        Damage::Latency { delay, jitter, .. } => delay + jitter,
        _ => Duration::ZERO,
    }
}

/// The services that steps and faults may have left dead.
fn dead<'a>(base: &Scenario, faults: impl Iterator<Item = &'a Fault>) -> BTreeSet<ServiceName> {
    let stopped = base.steps.iter().filter_map(|step| match &step.action {
        Action::Process(ProcessStep { service, signal: Signal::Kill | Signal::Stop }) => {
            Some(service.clone())
        }
        _ => None,
    });
    let crashed = faults.filter_map(|fault| match &fault.damage {
        Damage::Crash { service, .. } => Some(service.clone()),
        _ => None,
    });
    stopped.chain(crashed).collect()
}

fn start(service: &ServiceName) -> Step {
    step::process(service, Signal::Start)
}
