//! One difference from what is expected.

use std::{fmt, time::Duration};

use fault::{FaultName, Link, ServiceName};
use scenario::EvaluationError;

use crate::{Computed, ExchangeId, ProcessFailure};

/// One difference from what is expected. Programs compare findings by their kind; the texts are for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What differs.
    pub kind: FindingKind,
    /// The name of the member of a `together` step in which it was found.
    pub member: Option<String>,
    /// What is expected, as text.
    pub expected: String,
    /// What was found, as text.
    pub found: String,
    /// The last lines that the service concerned wrote, oldest first.
    pub log: Vec<String>,
    /// The parts of a condition that are false.
    pub computed: Vec<Computed>,
    /// Of an invariant that held before: the last time it was seen to.
    pub last_held: Option<LastHeld>,
    /// Of `expect.outcomes`: the exchanges that ended in a way that wasn't expected, or not so often.
    pub unexpected: Vec<ExchangeId>,
}

/// The last time at which an invariant was checked and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastHeld {
    /// The step after which it was checked, counted from 0.
    pub step: usize,
    /// When, since the world's beginning.
    pub at: Duration,
    /// The number of records that the history had then.
    pub records: usize,
}

/// The part of an exchange or scenario that differs. Its [`Display`](fmt::Display) is what a person reads:
/// `body.order.status`, `header etag`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A reply is missing, or came where none is expected.
    Reply,
    /// The reply's status.
    Status,
    /// A header of the reply, by its name.
    Header(String),
    /// A value of the reply's body.
    Body(BodyPath),
    /// A condition of `expect.that`.
    Condition,
    /// How the requests of a step ended (`expect.outcomes`).
    Outcomes,
    /// A redirect that can't be followed.
    Redirect,
    /// The traffic on a link (`expect.links`).
    Traffic(Link),
    /// The calls on a link that match (`expect.calls`): the link, and what they match.
    Calls(String),
    /// The order of calls (`expect.calls`).
    CallOrder,
    /// The state of the circuit of a link (`expect.circuits`).
    Circuit(Link),
    /// How long the requests of a step took (`expect.timing`).
    Timing,
    /// A value that can't be captured, by its name.
    Capture(String),
    /// An expression of a step that can't be evaluated.
    Expression,
    /// An `eventually` step that didn't succeed in time.
    Eventually,
    /// A condition under which an `eventually` step gives up.
    FailIf,
    /// An `always` step whose request didn't meet its expectations once.
    Always,
    /// A `never` step whose request met its expectations, or got no reply at all.
    Never,
    /// A condition of a `check` step.
    Check,
    /// An invariant, by its name: it doesn't hold, or can't be observed.
    Invariant(String),
    /// A fault that was injected and damaged no exchange.
    IdleFault(FaultName),
    /// The process of a service: it ended by itself, can't be started again, or wasn't changed by a signal.
    Process(ServiceName, ProcessFailure),
    /// The environment failed after a step had failed, so that the settled system wasn't judged.
    Unsettled,
    /// No step that could fail ran.
    NothingJudged,
    /// The scenario's snapshot.
    Snapshot,
}

/// Position of a value in a body: `body.orders[0].id`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BodyPath(Vec<PathSegment>);

/// One step of a [`BodyPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathSegment {
    /// To the member of an object.
    Key(String),
    /// To the item of a list, counted from 0.
    Index(usize),
    /// To the length of a list.
    Length,
}

impl Finding {
    /// A finding that isn't about a member of a `together` step.
    pub fn new(kind: FindingKind, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            kind,
            member: None,
            expected: expected.into(),
            found: found.into(),
            computed: Vec::new(),
            last_held: None,
            unexpected: Vec::new(),
            log: Vec::new(),
        }
    }

    /// The finding that an expression has no value.
    pub fn unevaluated(kind: FindingKind, error: EvaluationError) -> Self {
        Self::new(kind, error.expression, error.reason)
    }

    /// What differs, as a person reads it.
    pub fn subject(&self) -> String {
        match &self.member {
            Some(member) => format!("{member}: {}", self.kind),
            None => self.kind.to_string(),
        }
    }

    /// What to do about it, where that follows from its kind.
    pub fn help(&self) -> Option<String> {
        match &self.kind {
            FindingKind::Process(service, failure) => failure.help(service),
            _ => None,
        }
    }
}

impl FindingKind {
    /// The same kind with every position in a list as 0: which of ten orders differs depends on what else was ordered.
    #[must_use]
    pub fn without_positions(&self) -> Self {
        match self {
            Self::Body(path) => Self::Body(path.without_positions()),
            other => other.clone(),
        }
    }
}

impl BodyPath {
    /// The member `key` of the object at this path.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(PathSegment::Key(key.to_owned()))
    }

    /// The item at `index`, counted from 0, of the list at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(PathSegment::Index(index))
    }

    /// The length of the list at this path.
    #[must_use]
    pub fn length(&self) -> Self {
        self.with(PathSegment::Length)
    }

    /// Its segments, from the body inwards.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    fn with(&self, segment: PathSegment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }

    fn without_positions(&self) -> Self {
        let anywhere = |segment: &PathSegment| match segment {
            PathSegment::Index(_) => PathSegment::Index(0),
            other => other.clone(),
        };
        Self(self.0.iter().map(anywhere).collect())
    }
}

impl fmt::Display for BodyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("body")?;
        self.0.iter().try_for_each(|segment| match segment {
            PathSegment::Key(key) => write!(f, ".{key}"),
            PathSegment::Index(index) => write!(f, "[{index}]"),
            PathSegment::Length => f.write_str(".length"),
        })
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply => f.write_str("reply"),
            Self::Status => f.write_str("status"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Body(path) => path.fmt(f),
            Self::Condition => f.write_str("that"),
            Self::Outcomes => f.write_str("outcomes"),
            Self::Redirect => f.write_str("redirect"),
            Self::Traffic(link) => link.fmt(f),
            Self::Calls(calls) => write!(f, "calls {calls}"),
            Self::CallOrder => f.write_str("order of calls"),
            Self::Circuit(link) => write!(f, "circuit {link}"),
            Self::Timing => f.write_str("timing"),
            Self::Capture(name) => write!(f, "capture {name}"),
            Self::Expression => f.write_str("expression"),
            Self::Eventually => f.write_str("eventually"),
            Self::FailIf => f.write_str("fail_if"),
            Self::Always => f.write_str("always"),
            Self::Never => f.write_str("never"),
            Self::Check => f.write_str("check"),
            Self::Invariant(name) => f.write_str(name),
            Self::IdleFault(name) => write!(f, "fault {name}"),
            Self::Process(service, _) => write!(f, "process {service}"),
            Self::Unsettled => f.write_str("settled system"),
            Self::NothingJudged => f.write_str("nothing was judged"),
            Self::Snapshot => f.write_str("snapshot"),
        }
    }
}
