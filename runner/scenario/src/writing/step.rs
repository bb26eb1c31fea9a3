use std::path::Path;

use super::{mapping::Mapping, request::request_step};
use crate::{Action, EffectExpectation, Expression, ProcessStep, StartWait, Step, Value, duration};

/// Writes a step of a file in `folder`.
pub(super) fn step(step: &Step, folder: &Path) -> Value {
    let mut written = Mapping::default();
    written.put("name", step.name.as_str());
    written.maybe("if", step.condition.as_ref().map(Expression::source));
    written.list("may_end", step.may_end.iter().map(|service| service.as_str().into()));
    match &step.action {
        Action::Request(request) => request_step(&mut written, request, folder),
        Action::Together(members) => {
            written.list("together", members.iter().map(|member| self::step(member, folder)))
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
        Action::Check(conditions) => written.conditions("check", conditions),
    }
    written.0.into()
}

fn process_step(ProcessStep { service, wait, effect, .. }: &ProcessStep) -> Value {
    let mut written = Mapping::default();
    written.put("service", service.as_str());
    written.maybe("ready", (*wait == StartWait::Running).then_some("no"));
    written.maybe("no_effect", (*effect == EffectExpectation::Optional).then_some("allowed"));
    if written.0.len() == 1 { service.as_str().into() } else { written.0.into() }
}
