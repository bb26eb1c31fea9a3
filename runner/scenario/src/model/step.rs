use std::{fmt, time::Duration};

use fault::{FaultName, ServiceName};

use super::{Call, Expectations};
use crate::{Expression, Span};

/// One entry of a scenario.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its `name:`, or a summary of what it does.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// The step is skipped, and captures null, unless this is true.
    pub condition: Option<Expression>,
    /// The services whose processes may end by themselves while it runs.
    pub may_end: Vec<ServiceName>,
    /// What it does.
    pub action: Action,
}

impl Step {
    /// Whether a service's process may end by itself while it runs: the step or a member of it says so.
    pub fn allows_end_of(&self, service: &ServiceName) -> bool {
        let members = match &self.action {
            Action::Together(members) => members.as_slice(),
            _ => &[],
        };
        self.may_end.contains(service) || members.iter().any(|member| member.allows_end_of(service))
    }

    /// Whether it can fail: something is expected of it, or checked, or done to a service. Of `together`, whether a member
    /// can.
    pub fn is_judged(&self) -> bool {
        match &self.action {
            Action::Check(_) | Action::Process(_) => true,
            Action::Request(_) | Action::Together(_) | Action::Eventually(_) | Action::Watch(_) => {
                self.requests().iter().any(|request| request.expect.span.is_some())
            }
            Action::Inject(_) | Action::Heal(_) | Action::Wait(_) => false,
        }
    }

    /// Its requests: several for `together`, none for a step that sends none.
    pub fn requests(&self) -> Vec<&RequestStep> {
        match &self.action {
            Action::Request(request) => vec![request],
            Action::Eventually(eventually) => vec![&eventually.request],
            Action::Watch(watch) => vec![&watch.request],
            Action::Together(members) => members.iter().flat_map(Self::requests).collect(),
            Action::Inject(_) | Action::Heal(_) | Action::Wait(_) | Action::Process(_) | Action::Check(_) => {
                Vec::new()
            }
        }
    }
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends a request, once or several times.
    Request(RequestStep),
    /// Sends requests at once, each with its own condition, expectations and captures.
    Together(Vec<Step>),
    /// Sends a request again and again until it meets its expectations.
    Eventually(EventuallyStep),
    /// Sends a request again and again for a time, in which it always meets its expectations, or never does.
    Watch(WatchStep),
    /// Puts a fault in force.
    Inject(InjectStep),
    /// Takes a fault out of force; all of them when there is no name.
    Heal(Option<FaultName>),
    /// Lets time pass.
    Wait(Duration),
    /// Sends a signal to a service's process.
    Process(ProcessStep),
    /// Evaluates expressions, each of which must be true.
    Check(Vec<Expression>),
}

/// A request, its expectations and its captures.
#[derive(Debug, Clone)]
pub struct RequestStep {
    /// The request.
    pub call: Call,
    /// How often it is sent.
    pub times: Times,
    /// What must come back.
    pub expect: Expectations,
    /// Names and the expressions that give their values, evaluated on the (last) reply.
    pub capture: Vec<(String, Expression)>,
}

/// How often a step's request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// This many times, one after the other; each must meet the expectations.
    Repeat(u32),
    /// This many times at once; `outcomes` are expectations on all of them.
    Parallel(u32),
}

/// A request that is sent until it meets its expectations.
#[derive(Debug, Clone)]
pub struct EventuallyStep {
    /// The time within which an attempt must succeed.
    pub within: Duration,
    /// The pause between two attempts.
    pub every: Duration,
    /// The request. Each attempt sends it [`Times::Once`].
    pub request: RequestStep,
    /// Conditions on a reply that can't become what is expected any more. The step fails as soon as one of them is true of a
    /// reply that doesn't meet the expectations.
    pub fail_if: Vec<Expression>,
}

/// A request that is sent for a time.
#[derive(Debug, Clone)]
pub struct WatchStep {
    /// How often it has to meet its expectations.
    pub rule: WatchRule,
    /// The time from the first attempt to the last.
    pub lasting: Duration,
    /// The pause between two attempts.
    pub every: Duration,
    /// The request. Each attempt sends it [`Times::Once`].
    pub request: RequestStep,
}

/// How often a request that is sent for a time has to meet its expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchRule {
    /// Each time.
    Always,
    /// Not once.
    Never,
}

impl WatchRule {
    /// The key of the step, which is also its word in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// A fault to be put in force.
#[derive(Debug, Clone)]
pub struct InjectStep {
    /// The fault's name.
    pub fault: FaultName,
    /// The time from the step until the fault is in force.
    pub after: Duration,
    /// How long it is in force; until it is healed when `None`.
    pub lasting: Option<Duration>,
}

/// A signal to be sent to a service's process.
#[derive(Debug, Clone)]
pub struct ProcessStep {
    /// The service.
    pub service: ServiceName,
    /// The signal.
    pub signal: Signal,
    /// What `start` and `restart` wait for; the other signals wait for their effect.
    pub wait: StartWait,
    /// Whether it has to change something.
    pub effect: EffectExpectation,
}

/// Whether a signal has to change the state of its service's process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EffectExpectation {
    /// It does. A `start` of a service that runs, or a `kill` of one that doesn't, fails.
    #[default]
    Required,
    /// The process may be in the wanted state already.
    Optional,
}

/// What a step that starts a service waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartWait {
    /// The service is ready.
    #[default]
    Ready,
    /// Its process runs. Later steps find out whether it is ready.
    Running,
}

/// What can be done to a service's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Ends it at once: SIGKILL, or its tasks dropped. Its unsynced writes are lost.
    Kill,
    /// Asks it to end, and waits until it has.
    Stop,
    /// Starts it again with the data it left, and waits until it is ready.
    Start,
    /// Stops it, then starts it.
    Restart,
    /// Halts it without ending it.
    Pause,
    /// Lets a halted process continue.
    Resume,
}

impl Signal {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 6] =
        [Self::Kill, Self::Stop, Self::Start, Self::Restart, Self::Pause, Self::Resume];

    /// The key of the step that sends it, which is also its verb in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
