use std::path::Path;

use super::{mapping::Mapping, request::request_step};
use crate::{
    Action, DuringStep, EffectExpectation, Expression, ForStep, Judging, Object, ProcessStep, Rounds,
    StartWait, Step, TemplateValue, Value, WaitUntilStep, duration,
};

/// Writes a step of a file in `folder`.
pub(super) fn step(step: &Step, folder: &Path) -> Value {
    let mut written = Mapping::default();
    written.put("name", step.name.as_str());
    written.maybe("if", step.condition.as_ref().map(Expression::source));
    written.list("may_end", step.may_end.iter().map(|service| service.as_str().into()));
    match &step.action {
        Action::Request(request) => request_step(&mut written, request, folder),
        Action::Together(members) => {
            written.list("together", members.iter().map(|member| self::step(member, folder)));
        }
        Action::Eventually(eventually) => {
            let mut inner = Mapping::default();
            inner.put("within", duration::written(eventually.within));
            inner.put("every", duration::written(eventually.every));
            request_step(&mut inner, &eventually.request, folder);
            inner.conditions("fail_if", &eventually.fail_if);
            written.put("eventually", inner.0);
        }
        Action::Watch(watch) => {
            let mut inner = Mapping::default();
            inner.put("for", duration::written(watch.lasting));
            inner.put("every", duration::written(watch.every));
            request_step(&mut inner, &watch.request, folder);
            written.put(watch.rule.as_str(), inner.0);
        }
        Action::Inject(inject) => {
            written.put("inject", inject.fault.as_str());
            written.maybe("after", (!inject.after.is_zero()).then(|| duration::written(inject.after)));
            written.maybe("for", inject.lasting.map(duration::written));
        }
        Action::Heal(fault) => written.put("heal", fault.as_ref().map_or("all", |fault| fault.as_str())),
        Action::Wait(time) => written.put("wait", duration::written(*time)),
        Action::Process(process) => written.put(process.signal.as_str(), process_step(process)),
        Action::Run(run) => super::run::run(&mut written, run),
        Action::Check(conditions) => written.conditions("check", conditions),
        Action::Vars(vars) => written.put("vars", self::vars(vars)),
        Action::For(step) => {
            written.put("for", rounds(step));
            written.put("steps", steps(&step.steps, folder));
        }
        Action::During(DuringStep { request, steps: meanwhile }) => {
            request_step(&mut written, request, folder);
            written.put("during", steps(meanwhile, folder));
        }
        Action::WaitUntil(wait) => written.put("wait", wait_until(wait)),
    }
    written.0.into()
}

fn steps(steps: &[Step], folder: &Path) -> Value {
    steps.iter().map(|step| self::step(step, folder)).collect()
}

/// Names with their values.
pub(super) fn vars(vars: &[(String, TemplateValue)]) -> Object {
    vars.iter().map(|(name, value)| (name.clone(), value.source())).collect()
}

fn rounds(ForStep { rounds, judging, .. }: &ForStep) -> Object {
    let mut written = Mapping::default();
    match rounds {
        Rounds::Each { list, name } => {
            written.put("each", list.source());
            written.maybe("as", name.as_deref());
        }
        Rounds::Until { condition, at_most } => {
            written.put("until", condition.source());
            written.put("at_most", *at_most);
        }
    }
    written.maybe("lenient", (*judging == Judging::Lenient).then_some(true));
    written.0
}

fn wait_until(WaitUntilStep { link, holds, within, judging }: &WaitUntilStep) -> Object {
    let mut written = Mapping::default();
    written.names("until", [(link.to_string(), holds.source().into())].into_iter());
    written.put("within", duration::written(*within));
    written.maybe("lenient", (*judging == Judging::Lenient).then_some(true));
    written.0
}

fn process_step(ProcessStep { service, wait, effect, .. }: &ProcessStep) -> Value {
    let mut written = Mapping::default();
    written.put("service", service.as_str());
    written.maybe("ready", (*wait == StartWait::Running).then_some("no"));
    written.maybe("no_effect", (*effect == EffectExpectation::Optional).then_some("allowed"));
    if written.0.len() == 1 { service.as_str().into() } else { written.0.into() }
}
