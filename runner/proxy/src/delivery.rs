use std::time::Duration;

use bytes::Bytes;
use fault::{Decision, Effect, ErrorReply, LinkAction};
use http::{Request, Response};
use tokio::time::sleep;
use tower::{Service, ServiceExt};
use verdict::NoReply;

use crate::recorder::ExchangeRecorder;

/// What arrives at the caller's end of a link.
pub(crate) enum DeliveryOutcome {
    /// The reply.
    Reply(Response<Bytes>),
    /// The reply's head, and the beginning of its body.
    CutOff {
        /// The reply as it was before it broke off.
        reply: Response<Bytes>,
        /// How many bytes of its body get through; fewer than it has.
        after: usize,
    },
    /// No reply.
    NoReply(NoReply),
    /// Nothing, however long the caller waits.
    Never,
}

impl DeliveryOutcome {
    /// What a caller in this process receives: a reply that is cut off counts as none.
    pub(crate) fn into_received(self) -> Result<Response<Bytes>, NoReply> {
        match self {
            Self::Reply(reply) => Ok(reply),
            other => other.received().cloned(),
        }
    }

    /// Like [`DeliveryOutcome::into_received`], by reference.
    pub(crate) fn received(&self) -> Result<&Response<Bytes>, NoReply> {
        match self {
            Self::Reply(reply) => Ok(reply),
            Self::CutOff { .. } => Err(NoReply::CutOff),
            Self::NoReply(why) => Err(why.clone()),
            Self::Never => Err(NoReply::Abandoned),
        }
    }
}

/// Whether a caller is connected to the link, and so can't be refused any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerState {
    Connected,
    /// It connects when the request is delivered, if nothing happens before that.
    Connecting,
}

/// Delivers a request to the callee and its reply to the caller, damaged as decided, in the order of [`Decision`]'s
/// fields. A fault is recorded once it changes the exchange.
pub(crate) async fn deliver<S>(
    recorder: ExchangeRecorder,
    decision: Decision,
    request: Request<Bytes>,
    mut callee: S,
    caller: CallerState,
) -> DeliveryOutcome
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply>,
{
    let damage = |effect| recorder.damaged_by(&decision, effect);
    // A caller whose request was on its way for some time is connected.
    let mut at_delivery = caller;
    if !decision.request_delay.is_zero() {
        damage(Effect::RequestDelay);
        sleep(decision.request_delay).await;
        at_delivery = CallerState::Connected;
    }
    if let Some(crash) = &decision.crash_before
        && recorder.crash(crash)
    {
        damage(Effect::CrashBefore);
        at_delivery = CallerState::Connected;
    }
    if !matches!(decision.action, LinkAction::Deliver | LinkAction::LoseReply) {
        damage(Effect::Action);
    }
    match &decision.action {
        LinkAction::Deliver | LinkAction::LoseReply => {}
        LinkAction::Refuse => return caller.refused(),
        LinkAction::Reset | LinkAction::LoseRequest => return DeliveryOutcome::NoReply(NoReply::Reset),
        LinkAction::Hang => return DeliveryOutcome::Never,
        LinkAction::Answer(answer) => return DeliveryOutcome::Reply(error_reply(answer)),
    }
    let second = decision.duplicate.then(|| request.clone());
    let transfer_time = transfer(request.body().len(), decision.bytes_per_second);
    if !transfer_time.is_zero() {
        damage(Effect::Bandwidth);
        sleep(transfer_time).await;
        at_delivery = CallerState::Connected;
    }
    let mut reply = send(&recorder, request, &mut callee).await;
    if let Some(second) = second {
        let first_was_refused = matches!(reply, Err(NoReply::Refused));
        reply = send(&recorder, second, &mut callee).await;
        if !(first_was_refused && matches!(reply, Err(NoReply::Refused))) {
            damage(Effect::Duplicate);
        }
    }
    drop(callee);
    let mut reply = match reply {
        Ok(reply) => reply,
        Err(NoReply::Refused) => return at_delivery.refused(),
        Err(why) => return DeliveryOutcome::NoReply(why),
    };
    if let Some(crash) = &decision.crash_after
        && recorder.crash(crash)
    {
        damage(Effect::CrashAfter);
    }
    if decision.action == LinkAction::LoseReply {
        damage(Effect::Action);
        return DeliveryOutcome::NoReply(NoReply::Reset);
    }
    let transfer_time = transfer(reply.body().len(), decision.bytes_per_second);
    if !transfer_time.is_zero() {
        damage(Effect::Bandwidth);
    }
    if !decision.reply_delay.is_zero() {
        damage(Effect::ReplyDelay);
    }
    wait(transfer_time + decision.reply_delay).await;
    if let Some(roll) = decision.corrupt
        && !reply.body().is_empty()
    {
        damage(Effect::Corrupt);
        corrupt(reply.body_mut(), roll);
    }
    match decision.truncate {
        Some(after) if after < reply.body().len() => {
            damage(Effect::Truncate);
            DeliveryOutcome::CutOff { reply, after }
        }
        _ => DeliveryOutcome::Reply(reply),
    }
}

impl CallerState {
    /// What the caller gets when its request is refused.
    pub(crate) fn refused(self) -> DeliveryOutcome {
        DeliveryOutcome::NoReply(match self {
            Self::Connected => NoReply::Reset,
            Self::Connecting => NoReply::Refused,
        })
    }
}

/// Sends the request to the callee, and records the delivery and the answer.
async fn send<S>(
    recorder: &ExchangeRecorder,
    request: Request<Bytes>,
    callee: &mut S,
) -> Result<Response<Bytes>, NoReply>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply>,
{
    let callee = callee.ready().await?;
    recorder.delivered();
    let answer = callee.call(request).await;
    match &answer {
        Ok(response) => recorder.answered(response),
        Err(NoReply::Refused) => recorder.undeliverable(),
        Err(_) => {}
    }
    answer
}

/// Sleeps. Without a delay it doesn't yield to other tasks.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// How long a body takes at this rate.
fn transfer(bytes: usize, bytes_per_second: Option<u64>) -> Duration {
    let Some(rate) = bytes_per_second else { return Duration::ZERO };
    let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Flips one bit of every 64 bytes, at least one, at positions that the roll chooses.
fn corrupt(body: &mut Bytes, roll: u64) {
    let mut damaged = body.to_vec();
    for chunk in damaged.chunks_mut(64) {
        let position = usize::try_from(roll % chunk.len() as u64).expect("less than 64");
        chunk[position] ^= 1 << (roll / 64 % 8);
    }
    *body = damaged.into();
}

fn error_reply(answer: &ErrorReply) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(answer.body.clone()));
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        response.headers_mut().append(name, value.clone());
    }
    response
}
