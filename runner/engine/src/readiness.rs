//! Polls a service until it is ready.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use scenario::Readiness;
use tokio::time::{Instant, sleep, timeout};
use tower::{Service, ServiceExt};
use verdict::{NoReply, UnmetCondition};

/// The pause after the first attempt; each is longer by a quarter, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// How long one attempt waits for its reply: a service that is slow while it starts may answer the next one at once.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(2);
/// The result of an attempt without a reply.
const NO_REPLY: &str = "got no reply in time";

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
        let answers = Readiness { path: "/".into(), within: Readiness::WITHIN };
        return poll(client, &answers, Accepted::Any, began).await;
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
    let Readiness { path, within } = condition;
    let (mut pause, mut last) = (FIRST_PAUSE, None);
    loop {
        let left = within.saturating_sub(began.elapsed());
        match timeout(left.clamp(FIRST_PAUSE, LONGEST_ATTEMPT), attempt(client, path, accepted)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => last = Some(why),
            Err(_) if left >= LONGEST_ATTEMPT => last = Some(NO_REPLY.into()),
            // The deadline has cut this attempt short: the result of the one before it says more.
            Err(_) => {}
        }
        if began.elapsed() + pause >= *within {
            let last = last.unwrap_or_else(|| NO_REPLY.into());
            return Err(UnmetCondition { within: *within, condition: format!("GET {path}"), last });
        }
        sleep(pause).await;
        pause = (pause * 5 / 4).min(LONGEST_PAUSE);
    }
}

async fn attempt<S>(client: &S, path: &str, accepted: Accepted) -> Result<(), String>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone,
{
    let request = Request::get(path).body(Bytes::new()).map_err(|error| error.to_string())?;
    match (client.clone().oneshot(request).await, accepted) {
        (Ok(_), Accepted::Any) => Ok(()),
        (Ok(reply), Accepted::Success) if reply.status().is_success() => Ok(()),
        (Ok(reply), Accepted::Success) => Err(format!("answered {}", reply.status())),
        (Err(error), _) => Err(format!("got no reply ({error})")),
    }
}
