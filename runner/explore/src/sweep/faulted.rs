//! The scenario of a sweep with faults added to it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fault::{Damage, Fault, FaultName, ServiceName};
use scenario::{
    Action, Call, DuringStep, EffectExpectation, EventuallyStep, Expectations, Expression, ForStep, Judging,
    Phase, ProcessStep, ReplyExpectation, RequestStep, Scenario, Signal, StatusPattern, Step, TemplateValue,
    Times, WatchRule, WatchStep,
};

use crate::{
    captures::{captured, without_unused_captures},
    interference::Interference,
    outcome_check::{SUCCESS, expression, final_success, outcome_check},
    step,
    sweep::{call::SweptCall, placement::FaultPlacement},
};

/// The number of a scenario's steps during which no added fault is in force yet: those of e2e.conf before the others.
pub(crate) fn steps_before_faults(scenario: &Scenario) -> usize {
    scenario.steps.iter().take_while(|step| step.phase == Phase::ConfiguredBefore).count()
}

/// The header under which a request can be sent again.
const KEY: &str = "idempotency-key";

/// The scenario of a sweep with faults added to it. Its steps are sent for their effects; what they expect isn't judged. The
/// steps of e2e.conf before the others meet no added fault, nor do those at the end.
pub(crate) struct FaultedScenario {
    pub(crate) faults: Vec<FaultPlacement>,
    /// The faults' names in the scenario.
    pub(crate) names: Vec<FaultName>,
    pub(crate) scenario: Arc<Scenario>,
    /// For each step, the index of the same step in the swept scenario; `None` for an added step.
    origins: Vec<Option<usize>>,
}

impl FaultedScenario {
    /// The index in the swept scenario of a step of this one.
    pub(crate) fn origin(&self, step: usize) -> Option<usize> {
        self.origins.get(step).copied().flatten()
    }

    /// The number of steps before the first fault is injected.
    pub(crate) fn first(&self) -> usize {
        steps_before_faults(&self.scenario)
    }

    /// Adds faults at calls of a scenario, and steps that start the services again which they crash.
    pub(crate) fn new(
        base: &Scenario,
        calls: &[SweptCall],
        placements: &[FaultPlacement],
        within: Duration,
    ) -> Self {
        let faults: Vec<_> =
            placements.iter().map(|fault| fault.kind.fault(&calls[fault.call], fault.call)).collect();
        let names: Vec<FaultName> = faults.iter().map(|fault| fault.name.clone()).collect();
        let of_phase = |phase: Phase| base.steps.iter().filter(move |step| step.phase == phase);
        let as_they_are = |phase: Phase| of_phase(phase).map(|step| (None, step.clone()));
        let mut steps: Vec<(Option<usize>, Step)> = as_they_are(Phase::ConfiguredBefore).collect();
        steps.extend(names.iter().map(|name| (None, step::inject(name))));
        let captured = captured(base);
        let mut keyed = Vec::new();
        for (index, step) in base.steps.iter().enumerate().filter(|(_, step)| step.phase == Phase::Main) {
            let interferes = |step: &Step| {
                let mut all = step.all().into_iter();
                all.any(|step| matches!(step.action, Action::Inject(_) | Action::Process(_)))
            };
            let interference = if base.steps[..index].iter().any(interferes) {
                Interference::Possible
            } else {
                Interference::None
            };
            let known = keyed.len();
            if let Some(step) = lenient(step, interference, &captured, Some(&mut keyed)) {
                steps.extend(
                    keyed[known..].iter().filter_map(|request| Some((None, request.draws(&captured)?))),
                );
                steps.push((Some(index), step));
            }
            let during = placements.iter().filter(|fault| calls[fault.call].step == index);
            let crashed = during.filter_map(|fault| fault.kind.crashed_service(&calls[fault.call]));
            steps.extend(crashed.map(|service| (None, start(&service))));
        }
        let at_end = of_phase(Phase::Finally).chain(of_phase(Phase::ConfiguredFinally)).next();
        if !keyed.is_empty() || at_end.is_some() {
            let all = || base.faults.iter().chain(&faults);
            let down = possibly_down(base, all());
            // A request that is delivered late crashes its service late.
            let delay = all().map(delay).max().filter(|delay| !delay.is_zero() && !down.is_empty());
            steps.push((None, step::heal(None)));
            steps.extend(delay.map(|delay| (None, step::wait(delay))));
            steps.extend(down.iter().map(|service| (None, start(service))));
            steps.extend(keyed.iter().map(|request| (None, request.outcome_check(&captured, within))));
        }
        let finally = of_phase(Phase::Finally);
        let finally = finally.filter_map(|step| lenient(step, Interference::Possible, &captured, None));
        steps.extend(finally.map(|step| (None, step)));
        steps.extend(as_they_are(Phase::ConfiguredFinally));
        let (origins, mut steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        without_unused_captures(&mut steps);
        let described: Vec<String> =
            placements.iter().map(|fault| format!("{} at {}", fault.kind, calls[fault.call])).collect();
        let scenario = Scenario {
            name: format!("{} ({})", base.name, described.join("; ")),
            faults: base.faults.iter().cloned().chain(faults).collect(),
            steps,
            ..base.clone()
        };
        Self { faults: placements.to_vec(), names, scenario: Arc::new(scenario), origins }
    }
}

/// A request with an idempotency key, whose outcome is checked at the end.
struct KeyedRequest {
    /// The name of its step.
    name: String,
    /// When its step is carried out.
    condition: Option<Expression>,
    call: Call,
    /// The values of the variables that stand for what it draws: they are drawn once, for it and its check.
    drawn: Vec<(String, TemplateValue)>,
    statuses: Vec<StatusPattern>,
    /// The variable that is true if the reply was a success, false if it wasn't, and null without a final reply.
    succeeded: String,
}

impl KeyedRequest {
    /// A step that draws its values; `None` if it draws none.
    fn draws(&self, captured: &BTreeSet<&str>) -> Option<Step> {
        let names = self.drawn.iter().flat_map(|(_, value)| value.names());
        let step = Step::new(format!("{}: drawn values", self.name), Action::Vars(self.drawn.clone()));
        let condition = guarded(names, self.condition.as_ref(), captured);
        (!self.drawn.is_empty()).then_some(Step { condition, ..step })
    }

    fn outcome_check(&self, captured: &BTreeSet<&str>, within: Duration) -> Step {
        let consistent =
            expression(&format!("{} is none or {}", self.succeeded, final_success(&self.statuses)));
        let check = outcome_check(&self.name, self.call.clone(), &self.statuses, consistent, within);
        // A step that isn't carried out draws nothing.
        let drawn = self.drawn.iter().map(|(name, _)| name.as_str());
        let needed: BTreeSet<&str> = captured.iter().copied().chain(drawn).collect();
        Step { condition: guarded(self.call.names(), None, &needed), ..check }
    }
}

/// The step without its expectations; `None` for a step that has nothing else. Adds requests with a key to `keyed`: not those
/// within a loop, which send another request in each round, or beside another request.
fn lenient(
    step: &Step,
    interference: Interference,
    captured: &BTreeSet<&str>,
    mut keyed: Option<&mut Vec<KeyedRequest>>,
) -> Option<Step> {
    let mut step = step.clone();
    // Before variables stand for what it draws.
    let own: Option<BTreeSet<String>> =
        step.own_request().map(|request| request.call.names().map(str::to_owned).collect());
    let inner = |steps: &[Step]| -> Vec<Step> {
        steps.iter().filter_map(|step| lenient(step, interference, captured, None)).collect()
    };
    match &mut step.action {
        Action::Check(_) => return None,
        Action::Request(request) => {
            sent_leniently(request, (&step.name, &step.condition), interference, keyed);
        }
        Action::During(DuringStep { request, steps }) => {
            sent_leniently(request, (&step.name, &step.condition), interference, keyed);
            *steps = inner(steps);
        }
        Action::Eventually(EventuallyStep { request, .. }) => judged_leniently(request),
        Action::Watch(watch) => watched_leniently(watch),
        Action::Together(members) => {
            let kept = |member: &Step| lenient(member, interference, captured, keyed.as_deref_mut());
            *members = members.iter().filter_map(kept).collect();
        }
        Action::For(ForStep { steps, judging, .. }) => {
            *steps = inner(steps);
            *judging = Judging::Lenient;
        }
        Action::WaitUntil(wait) => wait.judging = Judging::Lenient,
        // An added fault may have crashed the service before.
        Action::Process(process) => process.effect = EffectExpectation::Optional,
        Action::Run(run) => run.expect.judging = Judging::Lenient,
        Action::Inject(_) | Action::Heal(_) | Action::Wait(_) | Action::Vars(_) => {}
    }
    match step.action {
        Action::For(ForStep { steps, .. }) if steps.is_empty() => return None,
        Action::During(DuringStep { request, steps }) if steps.is_empty() => {
            step.action = Action::Request(request);
        }
        // What `always` captures is needed, and its expectations go: one attempt is left.
        Action::Watch(WatchStep { request, .. }) if !request.capture.is_empty() => {
            step.action = Action::Request(request);
        }
        action => step.action = action,
    }
    let used = match own {
        Some(own) => own,
        None if matches!(step.action, Action::Together(_)) => BTreeSet::new(),
        None => step.names(),
    };
    let condition = guarded(used.iter().map(String::as_str), step.condition.as_ref(), captured);
    Some(Step { condition, ..step })
}

/// Takes the expectations from a request. Where it expects a success, it captures null of any other reply: an error has values
/// of other kinds, with which later steps can't do what they do with these.
fn judged_leniently(request: &mut RequestStep) {
    let expect = &mut request.expect;
    expect.judging = Judging::Lenient;
    if !expect.status.is_empty() && expect.status.iter().all(|status| status.is_success()) {
        for (_, value) in &mut request.capture {
            *value = expression(&format!("({}) if {SUCCESS} else none", value.source()));
        }
    }
}

/// Takes the expectations from a request that is sent for a time: whether a reply comes doesn't matter, so that every attempt is
/// sent. `always` and `never` have no `lenient`.
fn watched_leniently(watch: &mut WatchStep) {
    if !watch.request.capture.is_empty() {
        judged_leniently(&mut watch.request);
        return;
    }
    watch.rule = WatchRule::Always;
    let span = watch.request.expect.span;
    watch.request.expect =
        Expectations { span, reply: ReplyExpectation::Optional, ..Expectations::default() };
}

/// Takes the expectations from a request. One with a key is added to `keyed`.
fn sent_leniently(
    request: &mut RequestStep,
    (name, condition): (&str, &Option<Expression>),
    interference: Interference,
    keyed: Option<&mut Vec<KeyedRequest>>,
) {
    judged_leniently(request);
    let has_key = request.call.headers.iter().any(|(name, _)| name.as_str() == KEY);
    let Some(keyed) = keyed.filter(|_| has_key && request.times == Times::Once) else { return };
    let succeeded = format!("request_{}_said", keyed.len() + 1);
    // Under the scenario's own faults, 202 may be expected of a request that can't be finished now.
    let statuses = match interference {
        Interference::None => request.expect.status.clone(),
        Interference::Possible => Vec::new(),
    };
    let success = format!("status if {} else none", final_success(&statuses));
    request.capture.push((succeeded.clone(), expression(&success)));
    let (call, drawn) = request.call.drawn_once(&format!("request_{}_drew_", keyed.len() + 1));
    request.call.clone_from(&call);
    let (name, condition) = (name.to_owned(), condition.clone());
    keyed.push(KeyedRequest { name, condition, call, drawn, statuses, succeeded });
}

/// The condition, and that those of its names and of these that are captured have values.
fn guarded<'n>(
    names: impl Iterator<Item = &'n str>,
    condition: Option<&'n Expression>,
    captured: &BTreeSet<&str>,
) -> Option<Expression> {
    let guard = all_captured(names.chain(condition.into_iter().flat_map(Expression::names)), captured);
    match (guard, condition) {
        (None, condition) => condition.cloned(),
        (Some(guard), None) => Some(expression(&guard)),
        (Some(guard), Some(condition)) => Some(expression(&format!("{guard} and ({})", condition.source()))),
    }
}

/// Condition that those of these names that are captured have values; `None` if none of them is captured.
fn all_captured<'n>(names: impl Iterator<Item = &'n str>, captured: &BTreeSet<&str>) -> Option<String> {
    let needed: BTreeSet<&str> = names.filter(|name| captured.contains(name)).collect();
    let needed: Vec<String> = needed.into_iter().map(|name| format!("{name} is not none")).collect();
    (!needed.is_empty()).then(|| needed.join(" and "))
}

/// The longest time by which a fault delays a request or reply.
fn delay(fault: &Fault) -> Duration {
    match fault.damage {
        Damage::Latency { delay, jitter, .. } => delay + jitter,
        _ => Duration::ZERO,
    }
}

/// The services that steps or faults may have left down.
fn possibly_down<'a>(base: &Scenario, faults: impl Iterator<Item = &'a Fault>) -> BTreeSet<ServiceName> {
    let stopped = base.steps.iter().flat_map(Step::all).filter_map(|step| match &step.action {
        Action::Process(ProcessStep { service, signal: Signal::Kill | Signal::Stop, .. }) => {
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
    step::process(service, Signal::Start, EffectExpectation::Optional)
}
