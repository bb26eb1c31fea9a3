//! The kinds of faults that a sweep plants, and where they can't make a difference.

use std::{fmt, time::Duration};

use fault::{
    CLIENT, Calls, CrashPoint, Damage, ErrorReply, Fault, Outage, PathPattern, Selector, ServiceName, Side,
};
use http::StatusCode;
use scenario::{Action, Scenario, Step, Times};

use crate::sweep::{Reason, SweptCall};

/// Longer than callers wait, so that a late request is done after its caller has given up, or has asked again.
const LATE: Duration = Duration::from_secs(5);

/// A kind of fault at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The request is lost.
    LoseRequest,
    /// The request is processed, the reply is lost.
    LoseReply,
    /// The connection is refused.
    Refuse,
    /// There is no answer.
    Hang,
    /// The link answers 500.
    Fail,
    /// The reply breaks off half-way.
    CutOff,
    /// The request is delivered twice.
    Duplicate,
    /// The request is delivered seconds later.
    Late,
    /// The callee dies before it gets the request.
    CalleeDiesBefore,
    /// The callee dies when its reply has left.
    CalleeDiesAfter,
    /// The caller dies before the request is delivered.
    CallerDiesBefore,
    /// The caller dies when the callee has answered.
    CallerDiesAfter,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LoseRequest,
        Self::LoseReply,
        Self::Refuse,
        Self::Hang,
        Self::Fail,
        Self::CutOff,
        Self::Duplicate,
        Self::Late,
        Self::CalleeDiesBefore,
        Self::CalleeDiesAfter,
        Self::CallerDiesBefore,
        Self::CallerDiesAfter,
    ];

    /// Its name, of words and dashes.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose-request",
            Self::LoseReply => "lose-reply",
            Self::Refuse => "refuse",
            Self::Hang => "hang",
            Self::Fail => "error-500",
            Self::CutOff => "cut-off",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::CalleeDiesBefore => "callee-dies-before",
            Self::CalleeDiesAfter => "callee-dies-after",
            Self::CallerDiesBefore => "caller-dies-before",
            Self::CallerDiesAfter => "caller-dies-after",
        }
    }

    /// Who dies of it.
    pub(crate) fn victim(self, call: &SweptCall) -> Option<ServiceName> {
        match self {
            Self::CalleeDiesBefore | Self::CalleeDiesAfter => Some(call.link.callee.clone()),
            Self::CallerDiesBefore | Self::CallerDiesAfter => Some(call.link.caller.clone()),
            _ => None,
        }
    }

    /// The fault that does this to the call, which has this place among those of the sweep.
    pub(crate) fn fault(self, call: &SweptCall, place: usize) -> Fault {
        let dies = |service: &ServiceName, point| Damage::Crash { service: service.clone(), point };
        let damage = match self {
            Self::LoseRequest => Damage::Lose(Side::Request),
            Self::LoseReply => Damage::Lose(Side::Reply),
            Self::Refuse => Damage::Outage(Outage::Refuse),
            Self::Hang => Damage::Outage(Outage::Hang),
            Self::Fail => Damage::Error(ErrorReply {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                headers: Vec::new(),
                body: String::new(),
            }),
            Self::CutOff => Damage::Truncate(call.reply_length / 2),
            Self::Duplicate => Damage::Duplicate,
            Self::Late => Damage::Latency { delay: LATE, jitter: Duration::ZERO, side: Side::Request },
            Self::CalleeDiesBefore => dies(&call.link.callee, CrashPoint::BeforeRequest),
            Self::CalleeDiesAfter => dies(&call.link.callee, CrashPoint::AfterReply),
            Self::CallerDiesBefore => dies(&call.link.caller, CrashPoint::BeforeRequest),
            Self::CallerDiesAfter => dies(&call.link.caller, CrashPoint::AfterReply),
        };
        let selector = Selector {
            method: Some(call.method.clone()),
            path: PathPattern::new(call.path.as_str()),
            calls: Calls::Range(call.number..=call.number),
            ..Selector::default()
        };
        let name = format!("{}-at-{}", self.name(), place + 1);
        let name = name.parse().expect("it consists of letters, digits and dashes");
        Fault { name, link: call.link.clone(), selector, damage }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether a fault at a call can make a difference that is judged.
pub(crate) fn applicable(kind: Kind, call: &SweptCall, scenario: &Scenario) -> Result<(), Reason> {
    let by_client = call.link.caller.as_str() == CLIENT;
    let kills = kind.victim(call).is_some();
    if kind.victim(call).is_some_and(|victim| victim.as_str() == CLIENT) {
        return Err(Reason::ClientsDontDie);
    }
    if by_client && call.method.is_safe() && !kills {
        return Err(Reason::ClientReads);
    }
    if by_client && call.attempt > 1 && is_poll(scenario.steps.get(call.step)) {
        return Err(Reason::Polled);
    }
    if by_client && call.attempt > 1 && is_parallel(scenario.steps.get(call.step)) {
        return Err(Reason::Alike);
    }
    match kind {
        Kind::Duplicate if call.method.is_safe() => Err(Reason::ReadTwice),
        Kind::LoseRequest if call.method.is_safe() => Err(Reason::LostEitherWay),
        Kind::CutOff if call.reply_length == 0 => Err(Reason::NothingToCut),
        _ => Ok(()),
    }
}

fn is_poll(step: Option<&Step>) -> bool {
    step.is_some_and(|step| matches!(step.action, Action::Eventually(_)))
}

fn is_parallel(step: Option<&Step>) -> bool {
    step.is_some_and(|step| matches!(&step.action, Action::Request(request) if matches!(request.times, Times::Parallel(_))))
}
