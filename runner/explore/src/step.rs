//! The steps that generated scenarios consist of, besides requests.

use std::time::Duration;

use fault::{FaultName, ServiceName};
use scenario::{
    Action, Call, EventuallyStep, Expectations, Expression, InjectStep, ProcessStep, RequestStep, Signal,
    Span, Step, Times,
};

/// How often it is asked, at most, what came of a request.
const ATTEMPTS: u32 = 20;
/// A reply that says that the request happened.
pub(crate) const SUCCESS: &str = "status >= 200 and status < 300";

/// How the name of a step ends that asks what came of a request.
pub(crate) const ASKED: &str = ": what came of it?";

/// Whether anything has been wrong by the time of a step.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Peace {
    /// Nothing ever has.
    #[default]
    Undisturbed,
    /// Something was, or still is.
    Disturbed,
}

pub(crate) fn plain(name: String, action: Action) -> Step {
    Step { name, span: Span::default(), condition: None, action }
}

pub(crate) fn inject(fault: &FaultName) -> Step {
    let inject = InjectStep { fault: fault.clone(), after: Duration::ZERO, lasting: None };
    plain(format!("inject {fault}"), Action::Inject(inject))
}

pub(crate) fn heal(fault: Option<&FaultName>) -> Step {
    let name = format!("heal {}", fault.map_or("all", FaultName::as_str));
    plain(name, Action::Heal(fault.cloned()))
}

pub(crate) fn wait(time: Duration) -> Step {
    plain(format!("wait {time:?}"), Action::Wait(time))
}

pub(crate) fn process(service: &ServiceName, signal: Signal) -> Step {
    let process = ProcessStep { service: service.clone(), signal };
    plain(format!("{signal:?} {service}").to_lowercase(), Action::Process(process))
}

/// Whether 202 says no more than that an answer is to come: not where it is the only success there is.
pub(crate) fn is_provisional(statuses: &[u16]) -> bool {
    let mut successes = statuses.iter().filter(|status| (200..300).contains(*status)).peekable();
    successes.peek().is_none() || successes.any(|status| *status != 202)
}

/// That a reply to a request that may have these statuses says for good that it happened.
pub(crate) fn definite(statuses: &[u16]) -> String {
    if is_provisional(statuses) { format!("{SUCCESS} and status != 202") } else { SUCCESS.into() }
}

/// Sends the request called `title` again until it has an outcome, which has to agree with what was `told` before.
pub(crate) fn ask(title: &str, call: Call, statuses: &[u16], told: Expression, within: Duration) -> Step {
    let certain = if is_provisional(statuses) { "status < 500 and status != 202" } else { "status < 500" };
    let expect = Expectations { that: vec![expression(certain), told], ..Expectations::default() };
    let request = RequestStep { call, times: Times::Once, expect, capture: Vec::new() };
    let action = Action::Eventually(EventuallyStep { within, every: within / ATTEMPTS, request });
    plain(format!("{title}{ASKED}"), action)
}

pub(crate) fn expression(source: &str) -> Expression {
    Expression::parse(source).expect("it is put together of expressions")
}
