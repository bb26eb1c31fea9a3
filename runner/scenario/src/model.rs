//! What a scenario means, once nothing in it is a mistake.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use fault::{Fault, FaultName, Link, ServiceName};

use crate::{Expression, Span, Template, TemplateValue};

/// A scenario, ready to be run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it says of itself.
    pub name: String,
    /// What it can be selected by.
    pub tags: Vec<String>,
    /// The file it was read from, as it was named.
    pub file: Arc<PathBuf>,
    /// Variables, evaluated in this order when it starts.
    pub vars: Vec<(String, TemplateValue)>,
    /// The faults it can inject.
    pub faults: Vec<Fault>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// How long the system may take to settle after the last step; `None` for the configuration's.
    pub settle: Option<Duration>,
}

/// One entry of a scenario.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its `name:`, or what it does in a few words.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// Whether it is to happen at all. A step that doesn't happen captures null.
    pub condition: Option<Expression>,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends a request, once or several times.
    Request(RequestStep),
    /// Requests that are released at once, each with its own condition, expectations and captures.
    Together(Vec<Step>),
    /// Sends a request again and again until it meets its expectations.
    Eventually(EventuallyStep),
    /// Puts a fault in force.
    Inject(InjectStep),
    /// Takes a fault out of force; all of them without a name.
    Heal(Option<FaultName>),
    /// Lets time pass.
    Wait(Duration),
    /// Does something to a service's process.
    Process(ProcessStep),
    /// Evaluates expressions, each of which must be true.
    Check(Vec<Expression>),
}

/// A request, what it must bring and what is kept of that.
#[derive(Debug, Clone)]
pub struct RequestStep {
    /// What is sent.
    pub call: Call,
    /// How often.
    pub times: Times,
    /// What must come of it.
    pub expect: Expectations,
    /// Names and the expressions that give their values, evaluated on the (last) reply.
    pub capture: Vec<(String, Expression)>,
}

/// How often a step's request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// So many times, one after the other; each must meet the expectations.
    Repeat(u32),
    /// So many times, released together; `outcomes` says what must come of all of them.
    Parallel(u32),
}

/// A request that is sent until it meets its expectations.
#[derive(Debug, Clone)]
pub struct EventuallyStep {
    /// How long it may take.
    pub within: Duration,
    /// The pause between two attempts.
    pub every: Duration,
    /// The request, and what must come of it in the end. It is sent [`Times::Once`] an attempt.
    pub request: RequestStep,
}

/// An HTTP request with holes.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: http::Method,
    /// Who is asked.
    pub service: ServiceName,
    /// The path and query.
    pub path: Template,
    /// Headers in the order they are sent.
    pub headers: Vec<(http::HeaderName, Template)>,
    /// The body.
    pub body: Body,
    /// How long to wait for the reply before giving up; `None` for the default.
    pub timeout: Option<Duration>,
}

/// What a request carries.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON, sent as `application/json` unless a header says otherwise.
    Json(TemplateValue),
    /// Text, sent as `text/plain` unless a header says otherwise.
    Text(Template),
    /// Fields, sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
}

/// What must come of a request. All of it is judged; nothing stops at the first failure.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Where `expect:` stands; `None` when the step has none, which only captures can make up for.
    pub span: Option<Span>,
    /// The reply's status is one of these; empty when it doesn't matter.
    pub status: Vec<u16>,
    /// Headers and what they must be; `None`: it must be absent.
    pub headers: Vec<(http::HeaderName, Option<Template>)>,
    /// What the body must be.
    pub body: Option<BodyExpectation>,
    /// Expressions over `status`, `headers`, `body`, `took` and the variables, each of which must be true.
    pub that: Vec<Expression>,
    /// What must have passed on links while the step ran.
    pub links: Vec<LinkExpectation>,
    /// Of a parallel or repeated step: how many requests ended how. Those that aren't named must not occur.
    pub outcomes: Vec<(OutcomePattern, OutcomeCount)>,
    /// Whether a reply must come, rather than a reset, a refusal or a timeout.
    pub reply: ReplyExpectation,
    /// What it means when something isn't as expected.
    pub judging: Judging,
}

/// Whether a request must, may or must not get a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReplyExpectation {
    /// A reply must come.
    #[default]
    Required,
    /// A reply may come; if it does, it must meet the other expectations.
    Optional,
    /// No reply may come.
    Forbidden,
}

/// What it means when something isn't as expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Judging {
    /// The scenario fails.
    #[default]
    Strict,
    /// Nothing: the step is there for what it does, as under a fault that a sweep adds. What can't be captured is null.
    Lenient,
}

/// What a body must be. Objects match by their keys; the order of an array counts.
#[derive(Debug, Clone)]
pub enum BodyExpectation {
    /// What is named must be there; objects may have more, arrays must be as long.
    Subset(TemplateValue),
    /// Nothing else may be there.
    Exact(TemplateValue),
}

/// An expectation on what passed on a link while a step ran.
#[derive(Debug, Clone)]
pub struct LinkExpectation {
    /// The link.
    pub link: Link,
    /// An expression over `calls` (how many exchanges began), `delivered` (how many reached the callee), `replied`
    /// (how many replies the caller got) and `statuses` (a list of those).
    pub holds: Expression,
}

/// One way a request can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomePattern {
    /// A reply with this status.
    Status(u16),
    /// No reply.
    NoReply,
}

/// How many requests are to end one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeCount {
    /// Exactly so many.
    Exactly(u32),
    /// At least the first, at most the second.
    Between(u32, u32),
}

/// A fault to be put in force.
#[derive(Debug, Clone)]
pub struct InjectStep {
    /// Which.
    pub fault: FaultName,
    /// How long after the step.
    pub after: Duration,
    /// For how long; until it is healed when `None`.
    pub lasting: Option<Duration>,
}

/// Something done to a service's process.
#[derive(Debug, Clone)]
pub struct ProcessStep {
    /// Whose.
    pub service: ServiceName,
    /// What.
    pub signal: Signal,
}

/// What can be done to a service's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Dies at once: SIGKILL, or its tasks dropped. Its unsynced writes are lost.
    Kill,
    /// Asked to end, and waited for.
    Stop,
    /// Started again on what it left behind, and waited for until it is ready.
    Start,
    /// Stopped, then started.
    Restart,
    /// Halted where it is, without dying.
    Pause,
    /// Let go on.
    Resume,
}

impl Signal {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 6] =
        [Self::Kill, Self::Stop, Self::Start, Self::Restart, Self::Pause, Self::Resume];

    /// The key of the step that sends it, which is also its verb in messages.
    pub fn as_str(self) -> &'static str {
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

/// A condition that holds for every scenario.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// What it says.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// The file it is written in.
    pub file: Arc<PathBuf>,
    /// When it must hold.
    pub when: InvariantTiming,
    /// The requests whose replies' bodies it is about, by the names it uses for them. They cross no fault.
    pub observe: Vec<(String, Call)>,
    /// Expressions over those names, each of which must be true.
    pub holds: Vec<Expression>,
}

/// When an invariant must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvariantTiming {
    /// Whenever it can be observed: after every step.
    Always,
    /// Once faults are healed, services run and the system has had time to come to rest.
    Settled,
}
