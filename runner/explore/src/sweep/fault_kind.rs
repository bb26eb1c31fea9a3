//! The kinds of faults of a sweep, and the calls at which they can make a difference.

use std::{fmt, time::Duration};

use fault::{
    CLIENT, Calls, CrashPoint, Damage, ErrorReply, Fault, Outage, PathPattern, Selector, ServiceName, Side,
};
use http::StatusCode;
use scenario::{Action, Scenario, Step, Times};

use crate::sweep::{call::SweptCall, skip::SkipReason};

/// Longer than callers wait: a late request is processed after its caller has given up or retried.
const LATE: Duration = Duration::from_secs(5);

/// A kind of fault that a sweep injects at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The request is lost.
    LoseRequest,
    /// The request is processed, the reply is lost.
    LoseReply,
    /// The connection is refused.
    Refuse,
    /// No reply comes.
    Hang,
    /// The link replies with status 500.
    Error500,
    /// The reply's body is cut off half-way.
    CutOff,
    /// The request is delivered twice.
    Duplicate,
    /// The request is delivered five seconds later.
    Late,
    /// The callee crashes before the request is delivered.
    CalleeCrashesBefore,
    /// The callee crashes once its reply has left.
    CalleeCrashesAfter,
    /// The caller crashes before the request is delivered.
    CallerCrashesBefore,
    /// The caller crashes once the callee has replied.
    CallerCrashesAfter,
}

impl FaultKind {
    /// All kinds, in the order of a table's columns.
    pub const ALL: [Self; 12] = [
        Self::LoseRequest,
        Self::LoseReply,
        Self::Refuse,
        Self::Hang,
        Self::Error500,
        Self::CutOff,
        Self::Duplicate,
        Self::Late,
        Self::CalleeCrashesBefore,
        Self::CalleeCrashesAfter,
        Self::CallerCrashesBefore,
        Self::CallerCrashesAfter,
    ];

    /// The kind's name, in words joined by dashes.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose-request",
            Self::LoseReply => "lose-reply",
            Self::Refuse => "refuse",
            Self::Hang => "hang",
            Self::Error500 => "error-500",
            Self::CutOff => "cut-off",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::CalleeCrashesBefore => "callee-crashes-before",
            Self::CalleeCrashesAfter => "callee-crashes-after",
            Self::CallerCrashesBefore => "caller-crashes-before",
            Self::CallerCrashesAfter => "caller-crashes-after",
        }
    }

    /// The service that a fault of this kind crashes.
    pub(crate) fn crashed_service(self, call: &SweptCall) -> Option<ServiceName> {
        match self {
            Self::CalleeCrashesBefore | Self::CalleeCrashesAfter => Some(call.link.callee.clone()),
            Self::CallerCrashesBefore | Self::CallerCrashesAfter => Some(call.link.caller.clone()),
            _ => None,
        }
    }

    /// The fault of this kind at a call, which has this index in the sweep's table.
    pub(crate) fn fault(self, call: &SweptCall, index: usize) -> Fault {
        let crash = |service: &ServiceName, point| Damage::Crash { service: service.clone(), point };
        let damage = match self {
            Self::LoseRequest => Damage::Lose(Side::Request),
            Self::LoseReply => Damage::Lose(Side::Reply),
            Self::Refuse => Damage::Outage(Outage::Refuse),
            Self::Hang => Damage::Outage(Outage::Hang),
            Self::Error500 => Damage::Error(ErrorReply {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                headers: Vec::new(),
                body: String::new(),
            }),
            Self::CutOff => Damage::Truncate(call.reply_length / 2),
            Self::Duplicate => Damage::Duplicate,
            Self::Late => Damage::Latency { delay: LATE, jitter: Duration::ZERO, side: Side::Request },
            Self::CalleeCrashesBefore => crash(&call.link.callee, CrashPoint::BeforeRequest),
            Self::CalleeCrashesAfter => crash(&call.link.callee, CrashPoint::AfterReply),
            Self::CallerCrashesBefore => crash(&call.link.caller, CrashPoint::BeforeRequest),
            Self::CallerCrashesAfter => crash(&call.link.caller, CrashPoint::AfterReply),
        };
        let selector = Selector {
            method: Some(call.method.clone()),
            path: PathPattern::new(call.path.as_str()),
            calls: Calls::Range(call.number..=call.number),
            ..Selector::default()
        };
        let name = format!("{}-at-{}", self.name(), index + 1);
        let name = name.parse().expect("letters, digits and dashes are a name");
        Fault { name, link: call.link.clone(), selector, damage }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether a fault at a call can make a difference that is judged.
pub(crate) fn applicable(kind: FaultKind, call: &SweptCall, scenario: &Scenario) -> Result<(), SkipReason> {
    let by_client = call.link.caller.as_str() == CLIENT;
    let crashes = kind.crashed_service(call).is_some();
    if kind.crashed_service(call).is_some_and(|service| service.as_str() == CLIENT) {
        return Err(SkipReason::ClientCrash);
    }
    if by_client && call.method.is_safe() && !crashes {
        return Err(SkipReason::ClientRead);
    }
    if by_client && call.attempt > 1 && is_poll(scenario.steps.get(call.step)) {
        return Err(SkipReason::Polled);
    }
    if by_client && call.attempt > 1 && is_parallel(scenario.steps.get(call.step)) {
        return Err(SkipReason::Alike);
    }
    match kind {
        FaultKind::Duplicate if call.method.is_safe() => Err(SkipReason::ReadTwice),
        FaultKind::LoseRequest if call.method.is_safe() => Err(SkipReason::SameAsLostReply),
        FaultKind::CutOff if call.reply_length == 0 => Err(SkipReason::EmptyReply),
        _ => Ok(()),
    }
}

fn is_poll(step: Option<&Step>) -> bool {
    step.is_some_and(|step| matches!(step.action, Action::Eventually(_) | Action::Watch(_)))
}

fn is_parallel(step: Option<&Step>) -> bool {
    step.is_some_and(|step| matches!(&step.action, Action::Request(request) if matches!(request.times, Times::Parallel(_))))
}
