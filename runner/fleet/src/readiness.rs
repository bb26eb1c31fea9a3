//! Waits until a service is ready.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use scenario::Readiness;
use tokio::time::{Instant, sleep, timeout};

use crate::Client;

/// The pause after the first attempt; each is longer by a quarter, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// A reply that takes longer isn't waited for: the next attempt may find a service that has come to itself.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(2);
/// What is said of an attempt that brought nothing.
const NO_REPLY: &str = "got no reply in time";
/// How long a service without a condition may take to listen.
const TO_LISTEN: Duration = Duration::from_secs(10);

/// Which condition didn't come true, and what its last attempt brought.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wasn't ready within {within:?}: {what} {last}")]
pub(crate) struct NotReady {
    within: Duration,
    what: String,
    last: String,
}

/// Waits until all conditions have come true.
pub(crate) async fn until_ready(client: &Client, conditions: &[Readiness]) -> Result<(), NotReady> {
    let begun = Instant::now();
    if conditions.is_empty() {
        return poll(begun, TO_LISTEN, "its port", || async {
            client.connect().await.map(drop).map_err(|error| format!("can't be reached ({error})"))
        })
        .await;
    }
    for Readiness { path, within } in conditions {
        poll(begun, *within, &format!("GET {path}"), || async {
            let request =
                Request::get(path.as_str()).body(Bytes::new()).map_err(|error| error.to_string())?;
            match client.send(request).await {
                Ok(reply) if reply.status().is_success() => Ok(()),
                Ok(reply) => Err(format!("answered {}", reply.status())),
                Err(error) => Err(format!("got no reply ({error})")),
            }
        })
        .await?;
    }
    Ok(())
}

async fn poll<A: Future<Output = Result<(), String>>>(
    begun: Instant,
    within: Duration,
    what: &str,
    attempt: impl Fn() -> A,
) -> Result<(), NotReady> {
    let mut pause = FIRST_PAUSE;
    let mut last = None;
    loop {
        let left = within.saturating_sub(begun.elapsed());
        match timeout(left.clamp(FIRST_PAUSE, LONGEST_ATTEMPT), attempt()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => last = Some(why),
            Err(_) if left >= LONGEST_ATTEMPT => last = Some(NO_REPLY.into()),
            // An attempt that was cut short by the end says less than the one before it.
            Err(_) => {}
        }
        if begun.elapsed() + pause >= within {
            let last = last.unwrap_or_else(|| NO_REPLY.into());
            return Err(NotReady { within, what: what.to_owned(), last });
        }
        sleep(pause).await;
        pause = (pause * 5 / 4).min(LONGEST_PAUSE);
    }
}
