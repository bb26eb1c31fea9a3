use super::{mapping::Mapping, request::request_step};
use crate::{Action, EffectExpectation, Expression, ProcessStep, StartWait, Step, Value, duration};

pub(super) fn step(step: &Step) -> Value {
    let mut written = Mapping::default();
    written.put("name", step.name.as_str());
    written.maybe("if", step.condition.as_ref().map(Expression::source));
    written.list("may_end", step.may_end.iter().map(|service| service.as_str().into()));
    match &step.action {
        Action::Request(request) => request_step(&mut written, request),
        Action::Together(members) => written.list("together", members.iter().map(self::step)),
        Action::Eventually(eventually) => {
            let mut inner = Mapping::default();
            inner.put("within", duration::written(eventually.within));
            inner.put("every", duration::written(eventually.every));
            request_step(&mut inner, &eventually.request);
            written.put("eventually", inner.0);
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
