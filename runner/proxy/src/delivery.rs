use std::time::Duration;

use bytes::Bytes;
use fault::{Decision, ErrorReply, LinkAction};
use http::{HeaderName, HeaderValue, Request, Response};
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

/// Delivers a request to the callee and its reply to the caller, damaged as decided, in the order of [`Decision`]'s
/// fields.
pub(crate) async fn deliver<S>(
    recorder: ExchangeRecorder,
    decision: Decision,
    request: Request<Bytes>,
    mut callee: S,
) -> DeliveryOutcome
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply>,
{
    wait(decision.request_delay).await;
    if let Some(crash) = &decision.crash_before {
        recorder.crash(crash);
    }
    match decision.action {
        LinkAction::Deliver | LinkAction::LoseReply => {}
        LinkAction::Refuse => return DeliveryOutcome::NoReply(NoReply::Refused),
        LinkAction::Reset | LinkAction::LoseRequest => return DeliveryOutcome::NoReply(NoReply::Reset),
        LinkAction::Hang => return DeliveryOutcome::Never,
        LinkAction::Answer(answer) => {
            return error_reply(answer).map_or_else(DeliveryOutcome::NoReply, DeliveryOutcome::Reply);
        }
    }
    let second = decision.duplicate.then(|| request.clone());
    wait(transfer(request.body().len(), decision.bytes_per_second)).await;
    let mut reply = send(&recorder, request, &mut callee).await;
    if let Some(second) = second {
        reply = send(&recorder, second, &mut callee).await;
    }
    drop(callee);
    if let Some(crash) = &decision.crash_after {
        recorder.crash(crash);
    }
    let mut reply = match reply {
        Ok(_) if decision.action == LinkAction::LoseReply => return DeliveryOutcome::NoReply(NoReply::Reset),
        Ok(reply) => reply,
        Err(why) => return DeliveryOutcome::NoReply(why),
    };
    wait(transfer(reply.body().len(), decision.bytes_per_second) + decision.reply_delay).await;
    if let Some(roll) = decision.corrupt {
        corrupt(reply.body_mut(), roll);
    }
    match decision.truncate {
        Some(after) if after < reply.body().len() => DeliveryOutcome::CutOff { reply, after },
        _ => DeliveryOutcome::Reply(reply),
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

fn error_reply(answer: ErrorReply) -> Result<Response<Bytes>, NoReply> {
    let broken =
        |header: &str| NoReply::Broken(format!("the fault's reply can't have the header `{header}`"));
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        match (HeaderName::try_from(&name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                response.headers_mut().append(name, value);
            }
            _ => return Err(broken(&name)),
        }
    }
    Ok(response)
}
