use fault::Link;

use super::{CallsExpectation, StatusPattern};
use crate::{Bindings, Expression, Span, Template, TemplateValue};

/// The expectations on a request. All of them are judged, also after one has failed.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Where `expect:` stands; `None` when the step has captures only.
    pub span: Option<Span>,
    /// The reply's status is one of these; any when empty.
    pub status: Vec<StatusPattern>,
    /// What headers must be.
    pub headers: Vec<(http::HeaderName, HeaderExpectation)>,
    /// The reply's body.
    pub body: Option<BodyExpectation>,
    /// Expressions over `status`, `headers`, `body`, `took` and the variables, each of which must be true.
    pub that: Vec<Expression>,
    /// Expectations on the traffic on links while the step ran.
    pub links: Vec<LinkExpectation>,
    /// Expectations on single calls on links while the step ran.
    pub calls: Vec<CallsExpectation>,
    /// The states of circuits once the request has ended.
    pub circuits: Vec<CircuitExpectation>,
    /// Of a parallel or repeated step: expressions over `min`, `max`, `mean` and percentiles such as `p95`, in seconds, each of
    /// which must be true.
    pub timing: Vec<Expression>,
    /// Of a parallel or repeated step: how many requests end in each way. Ways that aren't named must not occur.
    pub outcomes: Vec<(OutcomePattern, OutcomeCount)>,
    /// Whether a reply must come, rather than a reset, a refusal or a timeout.
    pub reply: ReplyExpectation,
    /// What follows when an expectation isn't met.
    pub judging: Judging,
}

impl Expectations {
    /// Whether they demand something, lenient or not: a reply that may come or not, alone, is no demand.
    pub fn can_fail(&self) -> bool {
        let Self {
            span, status, headers, body, that, links, calls, circuits, timing, outcomes, reply, ..
        } = self;
        let of_reply = !status.is_empty() || !headers.is_empty() || body.is_some() || !that.is_empty();
        let of_traffic = !links.is_empty() || !calls.is_empty() || !circuits.is_empty();
        let of_all = !timing.is_empty() || !outcomes.is_empty();
        span.is_some() && (of_reply || of_traffic || of_all || *reply != ReplyExpectation::Optional)
    }
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

/// What follows when an expectation isn't met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Judging {
    /// The scenario fails.
    #[default]
    Strict,
    /// Nothing: the step is there for its effects, as under a fault that a sweep adds. What can't be captured is null.
    Lenient,
}

/// What a header of a reply must be.
#[derive(Debug, Clone)]
pub enum HeaderExpectation {
    /// It isn't there.
    Absent,
    /// It is there, with any value.
    Present,
    /// Each of these is one of its values, in any order; it may have others.
    Values(Vec<Template>),
}

/// What a body must be. Objects match by their keys; the order of an array counts.
#[derive(Debug, Clone)]
pub enum BodyExpectation {
    /// All of this must be there; objects may have more keys, arrays must be as long.
    Subset(TemplateValue),
    /// Nothing else may be there.
    Exact(TemplateValue),
}

/// An expectation on the traffic on a link while a step ran.
#[derive(Debug, Clone)]
pub struct LinkExpectation {
    /// The link.
    pub link: Link,
    /// An expression over `calls` (how many exchanges began), `delivered` (how many reached the callee), `replied`
    /// (how many replies the caller got) and `statuses` (a list of those).
    pub holds: Expression,
}

/// The state of a circuit, as its service tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitExpectation {
    /// The link whose calls the circuit guards.
    pub link: Link,
    /// Its state is one of these.
    pub states: Vec<String>,
}

impl CircuitExpectation {
    /// A state without what services spell differently: `HALF_OPEN` is `half-open`.
    pub fn plain(state: &str) -> String {
        state.trim().to_lowercase().replace(['_', ' '], "-")
    }

    /// Whether a state is one of those.
    pub fn allows(&self, state: &str) -> bool {
        self.states.iter().any(|expected| Self::plain(expected) == Self::plain(state))
    }
}

impl HeaderExpectation {
    /// The values that are named.
    pub(crate) fn values(&self) -> &[Template] {
        match self {
            Self::Absent | Self::Present => &[],
            Self::Values(values) => values,
        }
    }

    /// The same expectation with other names or values for some of its variables.
    pub(super) fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Absent | Self::Present => self.clone(),
            Self::Values(values) => Self::Values(values.iter().map(|value| value.bind(bindings)).collect()),
        }
    }
}

/// One way a request can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomePattern {
    /// A reply with this status.
    Status(u16),
    /// No reply.
    NoReply,
}

/// How many requests have to end one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeCount {
    /// Exactly this many.
    Exactly(u32),
    /// At least the first, at most the second.
    Between(u32, u32),
}

impl Expectations {
    /// The same expectations with other names or values for some of their variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let mut bound = self.clone();
        for (_, header) in &mut bound.headers {
            *header = header.bind(bindings);
        }
        if let Some(BodyExpectation::Subset(value) | BodyExpectation::Exact(value)) = &mut bound.body {
            *value = value.bind(bindings);
        }
        for condition in bound.that.iter_mut().chain(&mut bound.timing) {
            *condition = condition.bind(bindings);
        }
        for link in &mut bound.links {
            link.holds = link.holds.bind(bindings);
        }
        for calls in &mut bound.calls {
            *calls = calls.bind(bindings);
        }
        bound
    }

    /// The variables they use, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().flat_map(|(_, header)| header.values()).flat_map(Template::names);
        let body = self.body.iter().flat_map(|body| match body {
            BodyExpectation::Subset(value) | BodyExpectation::Exact(value) => value.names(),
        });
        let links = self.links.iter().map(|link| &link.holds);
        let conditions = self.that.iter().chain(&self.timing).chain(links);
        let calls = self.calls.iter().flat_map(CallsExpectation::names);
        headers.chain(body).chain(conditions.flat_map(Expression::names)).chain(calls)
    }
}
