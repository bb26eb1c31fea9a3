//! Polls a service until it is ready.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use scenario::Readiness;
use tokio::time::{Instant, timeout};
use tower::{Service, ServiceExt};
use verdict::{NoReply, ReadinessReply, UnmetCondition};

use crate::polling::{Pauses, Polling};

const PAUSES: Pauses =
    Pauses { first: Duration::from_millis(1), longest: Duration::from_millis(20), growth_percent: 125 };
/// How long one attempt waits for its reply: a service that is slow while it starts may answer the next one at once.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(2);
/// How long the last attempt waits at least, which is made when no time is left.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(20);

/// The replies that count as ready.
#[derive(Clone, Copy)]
enum Accepted {
    /// Any status.
    Any,
    /// 2xx.
    Success,
}

/// Polls a service until it has met all conditions. Without conditions it is ready once it answers `GET /`, with any
/// status, within [`Readiness::WITHIN`].
pub async fn until_ready<S>(client: &S, conditions: &[Readiness]) -> Result<(), UnmetCondition>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone,
{
    let began = Instant::now();
    if conditions.is_empty() {
        return poll(client, &Readiness::new("/"), Accepted::Any, began).await;
    }
    for condition in conditions {
        poll(client, condition, Accepted::Success, began).await?;
    }
    Ok(())
}

async fn poll<S>(
    client: &S,
    condition: &Readiness,
    accepted: Accepted,
    began: Instant,
) -> Result<(), UnmetCondition>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone,
{
    let mut polling = Polling::until(began + condition.within, PAUSES);
    let mut last = None;
    while polling.next().await {
        let left = polling.left();
        let attempt = attempt(client, condition, accepted);
        match timeout(left.clamp(SHORTEST_ATTEMPT, LONGEST_ATTEMPT), attempt).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => last = Some(why),
            Err(_) if left >= LONGEST_ATTEMPT => last = Some(ReadinessReply::Late),
            // The deadline has cut this attempt short: the result of the one before it says more.
            Err(_) => {}
        }
    }
    let last = last.unwrap_or(ReadinessReply::Late);
    Err(UnmetCondition { within: condition.within, condition: format!("GET {}", condition.path), last })
}

async fn attempt<S>(client: &S, condition: &Readiness, accepted: Accepted) -> Result<(), ReadinessReply>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone,
{
    let mut request = Request::get(&condition.path)
        .body(Bytes::new())
        .map_err(|error| ReadinessReply::None(error.to_string()))?;
    *request.headers_mut() = condition.headers.clone();
    match (client.clone().oneshot(request).await, accepted) {
        (Ok(_), Accepted::Any) => Ok(()),
        (Ok(reply), Accepted::Success) if reply.status().is_success() => Ok(()),
        (Ok(reply), Accepted::Success) => Err(ReadinessReply::Status(reply.status())),
        (Err(error), _) => Err(ReadinessReply::None(error.to_string())),
    }
}
