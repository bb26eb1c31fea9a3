//! The steps of generated scenarios that send no request.

use std::time::Duration;

use fault::{FaultName, ServiceName};
use scenario::{Action, EffectExpectation, InjectStep, ProcessStep, Signal, StartWait, Step};

pub(crate) fn inject(fault: &FaultName) -> Step {
    let inject = InjectStep { fault: fault.clone(), after: Duration::ZERO, lasting: None };
    Step::new(format!("inject {fault}"), Action::Inject(inject))
}

/// Heals one fault, or all of them.
pub(crate) fn heal(fault: Option<&FaultName>) -> Step {
    let name = format!("heal {}", fault.map_or("all", FaultName::as_str));
    Step::new(name, Action::Heal(fault.cloned()))
}

pub(crate) fn wait(time: Duration) -> Step {
    Step::new(format!("wait {time:?}"), Action::Wait(time))
}

pub(crate) fn process(service: &ServiceName, signal: Signal, effect: EffectExpectation) -> Step {
    let process = ProcessStep { service: service.clone(), signal, wait: StartWait::Ready, effect };
    Step::new(format!("{signal} {service}"), Action::Process(process))
}
