//! Why a fault is left out of a sweep.

use std::fmt;

/// Why a fault, or a pair of faults, is left out of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A client can't be killed.
    ClientCrash,
    /// A client's own read changes nothing, and nothing is expected of its reply.
    ClientRead,
    /// A failed attempt of an `eventually` is followed by another one.
    Polled,
    /// Of requests that are alike and sent at once, it makes no difference which one meets the fault.
    Alike,
    /// A read that is delivered twice changes nothing.
    ReadTwice,
    /// A read whose request is lost has the same effect as one whose reply is lost.
    SameAsLostReply,
    /// The reply has no body that could be truncated.
    EmptyReply,
    /// One fault of the pair is enough to fail.
    FailsAlone,
    /// The limit of runs was reached.
    RunLimit,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClientCrash => "a client can't be killed",
            Self::ClientRead => "what a client reads changes nothing",
            Self::Polled => "a poll that fails is followed by another one",
            Self::Alike => {
                "of requests that are alike and sent at once, it makes no difference which one meets the fault"
            }
            Self::ReadTwice => "a read that is delivered twice changes nothing",
            Self::SameAsLostReply => "a read whose request is lost is like one whose reply is lost",
            Self::EmptyReply => "the reply has no body that could be cut off",
            Self::FailsAlone => "one of the two fails alone",
            Self::RunLimit => "the limit of runs was reached",
        })
    }
}
