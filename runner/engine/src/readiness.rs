//! Waits until a service is ready.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use scenario::Readiness;
use tokio::time::{Instant, sleep, timeout};
use tower::{Service, ServiceExt};
use verdict::NoReply;

/// The pause after the first attempt; each is longer by a quarter, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// How long one attempt waits for its reply: a service that was slow while it started may answer the next one.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(2);
/// What is said of an attempt that had no reply.
const NO_REPLY: &str = "got no reply in time";

/// The condition that didn't come true, and what its last attempt brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    /// How long the service had.
    pub within: Duration,
    /// The condition: `GET /livez`.
    pub condition: String,
    /// What the last attempt brought: "answered 503 Service Unavailable".
    pub last: String,
}

/// Which replies count as ready.
#[derive(Clone, Copy)]
enum Accepted {
    /// Any status: the service answers at all.
    Any,
    /// 2xx.
    Success,
}

/// Polls a service until all conditions have come true. Without a condition it is ready once it answers on `/`, with
/// any status, within [`Readiness::WITHIN`].
pub async fn until_ready<S>(client: &S, conditions: &[Readiness]) -> Result<(), NotReady>
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
) -> Result<(), NotReady>
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
            // An attempt that was cut short by the deadline says less than the one before it.
            Err(_) => {}
        }
        if began.elapsed() + pause >= *within {
            let last = last.unwrap_or_else(|| NO_REPLY.into());
            return Err(NotReady { within: *within, condition: format!("GET {path}"), last });
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
