//! A service whose process isn't as a scenario needs it.

use fault::ServiceName;
use scenario::Signal;

use crate::{BrokenOff, Exit, Finding, FindingKind, PortState, ProcessChange};

/// What is wrong with the process of a service under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessFailure {
    /// It ended by itself.
    Exited(Exit),
    /// It wasn't ready in time after a start.
    NotReady,
    /// It refused to start.
    NotStarted,
    /// It doesn't run, and was to be halted or resumed.
    NotRunning,
    /// It was in the state already that this signal was to bring about.
    Unchanged(Signal),
}

impl ProcessFailure {
    /// What to do about it, for the service with this name.
    pub(crate) fn help(self, service: &ServiceName) -> Option<String> {
        match self {
            Self::Exited(_) => Some(format!("a step during which it may end says so: `may_end: {service}`")),
            Self::NotReady => Some(format!(
                "if it needs longer, raise `within` of its `ready`; a start that doesn't wait for it is \
                 `start: {{ service: {service}, ready: no }}`"
            )),
            Self::NotRunning => Some(format!("start it first: `start: {service}`")),
            Self::Unchanged(signal) => Some(format!(
                "leave the step out; if it may have nothing to do, it says so: \
                 `{signal}: {{ service: {service}, no_effect: allowed }}`"
            )),
            Self::NotStarted => None,
        }
    }
}

impl Finding {
    /// The finding that a service's process ended by itself. `log` has the last lines that it wrote.
    pub fn exited(service: &ServiceName, exit: Exit, log: Vec<String>) -> Self {
        let kind = FindingKind::Process(service.clone(), ProcessFailure::Exited(exit));
        let found = format!("{service} ended by itself with {exit}");
        Self { log, ..Self::new(kind, "it keeps running", found) }
    }

    /// The finding that a signal changed nothing. `last` is what happened to the service's process before, if anything did.
    pub fn unchanged(service: &ServiceName, signal: Signal, last: Option<ProcessChange>) -> Self {
        let (expected, state) = match signal {
            Signal::Start | Signal::Restart if last == Some(ProcessChange::Paused) => {
                ("it doesn't run", "is paused")
            }
            Signal::Start | Signal::Restart => ("it doesn't run", "runs already"),
            Signal::Kill | Signal::Stop => ("it runs", "doesn't run"),
            Signal::Pause => ("it isn't paused", "is paused already"),
            Signal::Resume => ("it is paused", "isn't paused"),
        };
        let kind = FindingKind::Process(service.clone(), ProcessFailure::Unchanged(signal));
        Self::new(kind, expected, format!("{service} {state}: {signal} changes nothing"))
    }
}

impl BrokenOff {
    /// The finding that this is when it happens within a scenario, because the system under test caused it: a service
    /// that can't be started again. `None` if the environment failed. Before a scenario begins, both break it off.
    pub fn finding(&self) -> Option<Finding> {
        let (service, failure, expected) = match self {
            Self::EndedEarly { service, exit, port: PortState::Available, .. } => {
                (service, ProcessFailure::Exited(*exit), "it starts and keeps running".into())
            }
            Self::StartFailed { service, .. } => (service, ProcessFailure::NotStarted, "it starts".into()),
            Self::NotReady { service, unmet, .. } => {
                (service, ProcessFailure::NotReady, format!("it is ready within {:?}", unmet.within))
            }
            Self::NotRunning { service, .. } => (service, ProcessFailure::NotRunning, "it runs".into()),
            _ => return None,
        };
        let kind = FindingKind::Process(service.clone(), failure);
        Some(Finding { log: self.log().to_vec(), ..Finding::new(kind, expected, self.to_string()) })
    }
}
