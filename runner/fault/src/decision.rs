use std::time::Duration;

use crate::{CrashPoint, Damage, ErrorReply, Fault, FaultName, Injection, Outage, Seed, ServiceName, Side};

/// What a link does to one exchange. The fields are applied in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// The faults that meet the exchange, in the order they were injected, and how each would change it. Whether it
    /// does is known once that part of the decision is carried out: a short reply isn't truncated.
    pub faults: Vec<(FaultName, Effect)>,
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

/// The part of a [`Decision`] that is a fault's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// [`Decision::request_delay`].
    RequestDelay,
    /// [`Decision::crash_before`].
    CrashBefore,
    /// [`Decision::action`].
    Action,
    /// [`Decision::duplicate`].
    Duplicate,
    /// [`Decision::crash_after`].
    CrashAfter,
    /// [`Decision::reply_delay`].
    ReplyDelay,
    /// [`Decision::bytes_per_second`].
    Bandwidth,
    /// [`Decision::corrupt`].
    Corrupt,
    /// [`Decision::truncate`].
    Truncate,
}

/// A crash that a fault causes, unless the fault was healed before the exchange gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// The injection of the fault that causes it.
    pub injection: Injection,
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
    /// Adds what `fault` does to the exchange with this ordinal. Of several actions the one injected first wins, and
    /// of several limits the lowest; a fault that loses doesn't meet the exchange.
    pub(crate) fn add(&mut self, fault: &Fault, injection: Injection, seed: Seed, ordinal: u64) {
        let undecided = self.action == LinkAction::Deliver;
        let mut act = |action: LinkAction| {
            if undecided {
                self.action = action;
            }
            undecided.then_some(Effect::Action)
        };
        let effect = match &fault.damage {
            Damage::Latency { delay, jitter, side } => {
                let delay = seed.around(*delay, *jitter, &fault.name, ordinal);
                let (sum, effect) = match side {
                    Side::Request => (&mut self.request_delay, Effect::RequestDelay),
                    Side::Reply => (&mut self.reply_delay, Effect::ReplyDelay),
                };
                *sum += delay;
                (!delay.is_zero()).then_some(effect)
            }
            Damage::Outage(Outage::Refuse) => act(LinkAction::Refuse),
            Damage::Outage(Outage::Reset) => act(LinkAction::Reset),
            Damage::Outage(Outage::Hang) => act(LinkAction::Hang),
            Damage::Lose(Side::Request) => act(LinkAction::LoseRequest),
            Damage::Lose(Side::Reply) => act(LinkAction::LoseReply),
            Damage::Error(reply) => act(LinkAction::Answer(reply.clone())),
            Damage::Duplicate => (!std::mem::replace(&mut self.duplicate, true)).then_some(Effect::Duplicate),
            Damage::Truncate(bytes) => self.lowers(Effect::Truncate, |d| lower(&mut d.truncate, *bytes)),
            Damage::Bandwidth(rate) => {
                self.lowers(Effect::Bandwidth, |d| lower(&mut d.bytes_per_second, *rate))
            }
            Damage::Corrupt => {
                let first = self.corrupt.replace(seed.roll(&fault.name, ordinal, "corrupt")).is_none();
                first.then_some(Effect::Corrupt)
            }
            Damage::Crash { service, point } => {
                let (slot, effect) = match point {
                    CrashPoint::BeforeRequest => (&mut self.crash_before, Effect::CrashBefore),
                    CrashPoint::AfterReply => (&mut self.crash_after, Effect::CrashAfter),
                };
                let first = slot.is_none();
                slot.get_or_insert_with(|| Crash { injection, service: service.clone() });
                first.then_some(effect)
            }
        };
        self.faults.extend(effect.map(|effect| (fault.name.clone(), effect)));
    }

    /// Lowers a limit. A fault that set a higher one before has no effect then.
    fn lowers(&mut self, effect: Effect, lower: impl FnOnce(&mut Self) -> bool) -> Option<Effect> {
        lower(self).then(|| {
            self.faults.retain(|(_, other)| *other != effect);
            effect
        })
    }
}

/// Sets a limit unless a lower or equal one is set, and returns whether this has changed it.
fn lower<T: Ord + Copy>(limit: &mut Option<T>, to: T) -> bool {
    let lowers = limit.is_none_or(|limit| to < limit);
    if lowers {
        *limit = Some(to);
    }
    lowers
}
