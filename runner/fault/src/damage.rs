use std::{fmt, time::Duration};

use crate::ServiceName;

/// The half of an exchange that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request, from the caller to the callee.
    Request,
    /// The reply, from the callee back to the caller.
    Reply,
}

/// How a callee is unreachable.
///
/// An outage of a whole link also meets what is under way when it comes into force. The callee still gets and
/// processes a request that was sent before; the caller gets no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The caller's connection is refused, as if nothing listened on the address. A connection that is open is reset.
    Refuse,
    /// The connection is reset before the callee sees the request.
    Reset,
    /// The connection stays open without a reply; the callee never sees the request.
    Hang,
}

/// The point of an exchange at which a service crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// The request has left the caller and has not reached the callee.
    BeforeRequest,
    /// The callee has answered, and the reply has not reached the caller. Without an answer nothing crashes.
    AfterReply,
}

/// A reply that the link gives in the callee's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReply {
    /// The HTTP status, 100 to 599.
    pub status: http::StatusCode,
    /// Headers, in the order they are sent.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body, as sent.
    pub body: String,
}

/// What happens to the exchanges that a fault meets.
#[derive(Debug, Clone, PartialEq)]
pub enum Damage {
    /// One side arrives `delay` later, give or take up to `jitter`.
    Latency {
        /// The mean delay.
        delay: Duration,
        /// The most by which the delay is shorter or longer.
        jitter: Duration,
        /// The half that is delayed.
        side: Side,
    },
    /// The callee can't be reached.
    Outage(Outage),
    /// One half is lost and the connection is cut, so that the caller can't tell which half it was. A lost request
    /// never reaches the callee; before a lost reply it has been processed.
    Lose(Side),
    /// The link answers by itself; the callee never sees the request.
    Error(ErrorReply),
    /// The callee gets the request twice, one after the other; the caller gets the second reply.
    Duplicate,
    /// The reply is cut off after this many bytes of its body.
    Truncate(usize),
    /// Bodies pass at this many bytes a second.
    Bandwidth(u64),
    /// Bits of the reply's body are flipped.
    Corrupt,
    /// A service crashes during the exchange.
    Crash {
        /// The service that crashes.
        service: ServiceName,
        /// The point of the exchange at which it crashes.
        point: CrashPoint,
    },
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Reply => "reply",
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency { delay, jitter, side } if jitter.is_zero() => write!(f, "{side} {delay:?} late"),
            Self::Latency { delay, jitter, side } => write!(f, "{side} {delay:?} ± {jitter:?} late"),
            Self::Outage(Outage::Refuse) => f.write_str("connections refused"),
            Self::Outage(Outage::Reset) => f.write_str("connections reset"),
            Self::Outage(Outage::Hang) => f.write_str("no answer"),
            Self::Lose(side) => write!(f, "{side} lost"),
            Self::Error(reply) => write!(f, "answered {} by the link", reply.status.as_u16()),
            Self::Duplicate => f.write_str("request delivered twice"),
            Self::Truncate(bytes) => write!(f, "reply cut after {bytes} bytes"),
            Self::Bandwidth(rate) => write!(f, "{rate} bytes a second"),
            Self::Corrupt => f.write_str("reply corrupted"),
            Self::Crash { service, point: CrashPoint::BeforeRequest } => {
                write!(f, "{service} crashes before the request is delivered")
            }
            Self::Crash { service, point: CrashPoint::AfterReply } => {
                write!(f, "{service} crashes after the reply left")
            }
        }
    }
}
