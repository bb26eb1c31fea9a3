use std::time::Duration;

use crate::{CrashPoint, Damage, ErrorReply, Fault, FaultName, Outage, Seed, ServiceName, Side};

/// What a link does to one exchange. The fields are applied in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// The faults that meet the exchange, in the order they were injected.
    pub faults: Vec<FaultName>,
    /// How long the request is delayed before anything else happens.
    pub request_delay: Duration,
    /// The crash to cause before the request is delivered.
    pub crash_before: Option<Crash>,
    /// Whether the request is delivered and its reply returned, or what happens instead.
    pub action: LinkAction,
    /// Whether the callee gets the request a second time.
    pub duplicate: bool,
    /// The crash to cause once the callee has answered.
    pub crash_after: Option<Crash>,
    /// How long the reply is delayed.
    pub reply_delay: Duration,
    /// The rate at which bodies pass; unlimited when `None`.
    pub bytes_per_second: Option<u64>,
    /// The random number that selects which bits of the reply's body are flipped; none are when `None`.
    pub corrupt: Option<u64>,
    /// The number of bytes after which the reply's body is cut off; it is complete when `None`.
    pub truncate: Option<usize>,
}

/// A crash that a fault causes, unless the fault was healed before the exchange gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// The fault that causes it.
    pub fault: FaultName,
    /// The service that crashes.
    pub service: ServiceName,
}

/// Whether a link delivers an exchange, or what it does instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LinkAction {
    /// The request is delivered and the reply comes back.
    #[default]
    Deliver,
    /// The caller's connection is refused.
    Refuse,
    /// The connection is reset before the request is delivered.
    Reset,
    /// The request is held, and no reply ever comes.
    Hang,
    /// The request is lost, then the connection is cut.
    LoseRequest,
    /// The request is processed, the reply is lost, then the connection is cut.
    LoseReply,
    /// The link answers in the callee's place.
    Answer(ErrorReply),
}

impl Decision {
    /// Adds what `fault` does to the exchange with this ordinal, and returns whether that changed anything. Of several
    /// actions the one injected first wins.
    pub(crate) fn add(&mut self, fault: &Fault, seed: Seed, ordinal: u64) -> bool {
        let undecided = self.action == LinkAction::Deliver;
        let mut act = |action: LinkAction| {
            if undecided {
                self.action = action;
            }
            undecided
        };
        match &fault.damage {
            Damage::Latency { delay, jitter, side } => {
                let delay = seed.around(*delay, *jitter, &fault.name, ordinal);
                match side {
                    Side::Request => self.request_delay += delay,
                    Side::Reply => self.reply_delay += delay,
                }
                true
            }
            Damage::Outage(Outage::Refuse) => act(LinkAction::Refuse),
            Damage::Outage(Outage::Reset) => act(LinkAction::Reset),
            Damage::Outage(Outage::Hang) => act(LinkAction::Hang),
            Damage::Lose(Side::Request) => act(LinkAction::LoseRequest),
            Damage::Lose(Side::Reply) => act(LinkAction::LoseReply),
            Damage::Error(reply) => act(LinkAction::Answer(reply.clone())),
            Damage::Duplicate => !std::mem::replace(&mut self.duplicate, true),
            Damage::Truncate(bytes) => {
                let least = self.truncate.map_or(*bytes, |other| other.min(*bytes));
                self.truncate.replace(least) != Some(least)
            }
            Damage::Bandwidth(rate) => {
                let least = self.bytes_per_second.map_or(*rate, |other| other.min(*rate));
                self.bytes_per_second.replace(least) != Some(least)
            }
            Damage::Corrupt => self.corrupt.replace(seed.roll(&fault.name, ordinal, "corrupt")).is_none(),
            Damage::Crash { service, point } => {
                let slot = match point {
                    CrashPoint::BeforeRequest => &mut self.crash_before,
                    CrashPoint::AfterReply => &mut self.crash_after,
                };
                let first = slot.is_none();
                slot.get_or_insert_with(|| Crash { fault: fault.name.clone(), service: service.clone() });
                first
            }
        }
    }
}
