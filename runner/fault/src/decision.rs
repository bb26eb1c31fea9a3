use std::time::Duration;

use crate::{ErrorReply, FaultName, ServiceName};

/// What a link has to do to one exchange, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// The faults that meet the exchange, in the order they were injected.
    pub faults: Vec<FaultName>,
    /// How long the request waits before anything else happens.
    pub request_delay: Duration,
    /// Who dies before the request is delivered.
    pub crash_before: Option<Death>,
    /// Whether, and how, the request gets through.
    pub fate: Fate,
    /// Whether the callee gets the request a second time.
    pub duplicate: bool,
    /// Who dies once the callee has answered.
    pub crash_after: Option<Death>,
    /// How long the reply waits.
    pub reply_delay: Duration,
    /// At how many bytes a second bodies pass.
    pub bytes_per_second: Option<u64>,
    /// What the flipped bits of the reply are chosen by.
    pub corrupt: Option<u64>,
    /// After how many bytes the reply's body breaks off.
    pub truncate: Option<usize>,
}

/// A service that dies of a fault, unless that was healed by the time the exchange gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Of which fault.
    pub fault: FaultName,
    /// Who.
    pub service: ServiceName,
}

/// Whether, and how, an exchange gets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fate {
    /// The request is delivered and the reply comes back.
    #[default]
    Deliver,
    /// The caller's connection is refused.
    Refuse,
    /// The connection is reset before the request is delivered.
    Reset,
    /// The request is kept, and nothing ever comes back.
    Hang,
    /// The request is lost, then the connection is cut.
    LoseRequest,
    /// The request is processed, the reply is lost, then the connection is cut.
    LoseReply,
    /// The link answers in the callee's place.
    Answer(ErrorReply),
}
