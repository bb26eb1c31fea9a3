use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use fault::{FaultName, ServiceName};

use super::{Call, DuringStep, Expectations, ForStep, Judging, Phase, RunStep, SourceFile, WaitUntilStep};
use crate::{Expression, Span, TemplateValue};

/// One entry of a scenario.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its `name:`, or a summary of what it does.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// The file that it stands in; `None` for the scenario's own.
    pub file: Option<Arc<SourceFile>>,
    /// The part of the scenario that it belongs to.
    pub phase: Phase,
    /// The step is skipped, and captures null, unless this is true.
    pub condition: Option<Expression>,
    /// The services whose processes may end by themselves while it runs.
    pub may_end: Vec<ServiceName>,
    /// What it does.
    pub action: Action,
}

impl Step {
    /// A step without a condition, which stands in no file.
    pub fn new(name: impl Into<String>, action: Action) -> Self {
        let (span, file, phase, condition, may_end) = Default::default();
        Self { name: name.into(), span, file, phase, condition, may_end, action }
    }

    /// The steps within it: those of `together`, `for` and `during`.
    pub fn nested(&self) -> &[Self] {
        match &self.action {
            Action::Together(steps)
            | Action::For(ForStep { steps, .. })
            | Action::During(DuringStep { steps, .. }) => steps,
            _ => &[],
        }
    }

    /// It and all steps within it, from the outside inwards.
    pub fn all(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.nested().iter().flat_map(Self::all)).collect()
    }

    /// Whether a service's process may end by itself while it runs: the step or one within it says so.
    pub fn allows_end_of(&self, service: &ServiceName) -> bool {
        self.all().iter().any(|step| step.may_end.contains(service))
    }

    /// Whether it or a step within it can fail.
    pub fn is_judged(&self) -> bool {
        self.all().iter().any(|step| step.is_judged_itself())
    }

    /// Whether it can fail, apart from the steps within it: something is expected of it, or checked, or done to a service.
    pub fn is_judged_itself(&self) -> bool {
        self.expects_something() && self.judging() == Judging::Strict
    }

    /// Whether it can find what isn't as expected, though it may be lenient; apart from the steps within it.
    pub fn expects_something(&self) -> bool {
        match &self.action {
            Action::Check(_) | Action::Process(_) | Action::Run(_) | Action::WaitUntil(_) => true,
            _ => self.own_request().is_some_and(|request| request.expect.can_fail()),
        }
    }

    /// What follows when it doesn't find what it expects, apart from the steps within it.
    pub fn judging(&self) -> Judging {
        match &self.action {
            Action::For(ForStep { judging, .. }) | Action::WaitUntil(WaitUntilStep { judging, .. }) => {
                *judging
            }
            Action::Run(run) => run.expect.judging,
            _ => self.own_request().map_or(Judging::Strict, |request| request.expect.judging),
        }
    }

    /// Its own request, without those of steps within it.
    pub fn own_request(&self) -> Option<&RequestStep> {
        match &self.action {
            Action::Request(request)
            | Action::Eventually(EventuallyStep { request, .. })
            | Action::Watch(WatchStep { request, .. })
            | Action::During(DuringStep { request, .. }) => Some(request),
            _ => None,
        }
    }

    /// Its requests: its own, and those of the steps within it.
    pub fn requests(&self) -> Vec<&RequestStep> {
        self.all().into_iter().filter_map(Self::own_request).collect()
    }

    /// The names of the values that it or a step within it captures.
    pub fn captured(&self) -> impl Iterator<Item = &str> {
        self.all().into_iter().flat_map(|step| {
            let of_request = step.own_request().map_or(&[][..], |request| &request.capture);
            let of_command = if let Action::Run(run) = &step.action { run.capture.as_slice() } else { &[] };
            of_request.iter().chain(of_command).map(|(name, _)| name.as_str())
        })
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
    /// Runs a command.
    Run(RunStep),
    /// Evaluates expressions, each of which must be true.
    Check(Vec<Expression>),
    /// Sets variables, in this order.
    Vars(Vec<(String, TemplateValue)>),
    /// Runs steps several times.
    For(ForStep),
    /// Sends a request, and runs steps while it is in flight.
    During(DuringStep),
    /// Waits for traffic on a link.
    WaitUntil(WaitUntilStep),
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
    /// Those of these names whose values are secret.
    pub secret: BTreeSet<String>,
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
