//! The steps of generated scenarios that send no request.

use std::time::Duration;

use fault::{FaultName, ServiceName};
use scenario::{Action, EffectExpectation, InjectStep, ProcessStep, Signal, Span, StartWait, Step};

/// A step without a condition, which stands in no file.
pub(crate) fn unconditional(name: String, action: Action) -> Step {
    Step { name, span: Span::default(), condition: None, may_end: Vec::new(), action }
}

pub(crate) fn inject(fault: &FaultName) -> Step {
    let inject = InjectStep { fault: fault.clone(), after: Duration::ZERO, lasting: None };
    unconditional(format!("inject {fault}"), Action::Inject(inject))
}

/// Heals one fault, or all of them.
pub(crate) fn heal(fault: Option<&FaultName>) -> Step {
    let name = format!("heal {}", fault.map_or("all", FaultName::as_str));
    unconditional(name, Action::Heal(fault.cloned()))
}

pub(crate) fn wait(time: Duration) -> Step {
    unconditional(format!("wait {time:?}"), Action::Wait(time))
}

pub(crate) fn process(service: &ServiceName, signal: Signal, effect: EffectExpectation) -> Step {
    let process = ProcessStep { service: service.clone(), signal, wait: StartWait::Ready, effect };
    unconditional(format!("{signal} {service}"), Action::Process(process))
}
