use std::time::Duration;

use bytes::Bytes;
use fault::{Decision, ErrorReply, LinkAction};
use http::{HeaderName, HeaderValue, Request, Response};
use tokio::time::sleep;
use tower::{Service, ServiceExt};
use verdict::NoReply;

use crate::record::Entry;

/// What comes out at the caller's end of a link.
pub(crate) enum Passage {
    /// The reply.
    Reply(Response<Bytes>),
    /// The reply's head, and so many bytes of its body.
    CutOff {
        /// The reply as it was before it broke off.
        reply: Response<Bytes>,
        /// How many bytes of its body get through; fewer than it has.
        after: usize,
    },
    /// No reply.
    Lost(NoReply),
    /// Nothing, however long the caller waits.
    Never,
}

impl Passage {
    /// What a caller gets who can't use half a reply.
    pub(crate) fn received(self) -> Result<Response<Bytes>, NoReply> {
        match self {
            Self::Reply(reply) => Ok(reply),
            Self::CutOff { .. } => Err(NoReply::CutOff),
            Self::Lost(why) => Err(why),
            Self::Never => Err(NoReply::Abandoned),
        }
    }

    /// The same, to look at.
    pub(crate) fn as_received(&self) -> Result<&Response<Bytes>, NoReply> {
        match self {
            Self::Reply(reply) => Ok(reply),
            Self::CutOff { .. } => Err(NoReply::CutOff),
            Self::Lost(why) => Err(why.clone()),
            Self::Never => Err(NoReply::Abandoned),
        }
    }
}

/// Does to one exchange what was decided, in the order of [`Decision`]'s fields.
pub(crate) async fn travel<S>(
    entry: Entry,
    decision: Decision,
    request: Request<Bytes>,
    mut callee: S,
) -> Passage
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply>,
{
    wait(decision.request_delay).await;
    if let Some(victim) = &decision.crash_before {
        entry.book().crash(victim);
    }
    match decision.action {
        LinkAction::Deliver | LinkAction::LoseReply => {}
        LinkAction::Refuse => return Passage::Lost(NoReply::Refused),
        LinkAction::Reset | LinkAction::LoseRequest => return Passage::Lost(NoReply::Reset),
        LinkAction::Hang => return Passage::Never,
        LinkAction::Answer(answer) => {
            return answer_by_itself(answer).map_or_else(Passage::Lost, Passage::Reply);
        }
    }
    let second = decision.duplicate.then(|| request.clone());
    wait(transfer(request.body().len(), decision.bytes_per_second)).await;
    let mut reply = deliver(&entry, request, &mut callee).await;
    if let Some(second) = second {
        reply = deliver(&entry, second, &mut callee).await;
    }
    drop(callee);
    if let Some(victim) = &decision.crash_after {
        entry.book().crash(victim);
    }
    let mut reply = match reply {
        Ok(_) if decision.action == LinkAction::LoseReply => return Passage::Lost(NoReply::Reset),
        Ok(reply) => reply,
        Err(why) => return Passage::Lost(why),
    };
    wait(transfer(reply.body().len(), decision.bytes_per_second) + decision.reply_delay).await;
    if let Some(roll) = decision.corrupt {
        corrupt(reply.body_mut(), roll);
    }
    match decision.truncate {
        Some(after) if after < reply.body().len() => Passage::CutOff { reply, after },
        _ => Passage::Reply(reply),
    }
}

/// Hands the request to the callee, and writes down that it got there and what it answered.
async fn deliver<S>(
    entry: &Entry,
    request: Request<Bytes>,
    callee: &mut S,
) -> Result<Response<Bytes>, NoReply>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply>,
{
    let callee = callee.ready().await?;
    entry.delivered();
    let answer = callee.call(request).await;
    match &answer {
        Ok(response) => entry.answered(response),
        Err(NoReply::Refused) => entry.not_delivered(),
        Err(_) => {}
    }
    answer
}

/// Waits, and doesn't give way when there is nothing to wait for.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// How long a body takes to pass.
fn transfer(bytes: usize, bytes_per_second: Option<u64>) -> Duration {
    let Some(rate) = bytes_per_second else { return Duration::ZERO };
    let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Flips one bit of every 64 bytes, at least one, in places that the roll chooses.
fn corrupt(body: &mut Bytes, roll: u64) {
    let mut damaged = body.to_vec();
    for chunk in damaged.chunks_mut(64) {
        let place = usize::try_from(roll % chunk.len() as u64).expect("less than 64");
        chunk[place] ^= 1 << (roll / 64 % 8);
    }
    *body = damaged.into();
}

fn answer_by_itself(answer: ErrorReply) -> Result<Response<Bytes>, NoReply> {
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
