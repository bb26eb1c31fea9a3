//! The client for one dependency: retry (idempotent calls only) → breaker → timeout → transport.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use breaker::{Breaker, Outcome, Permit, State, Transition};
use bytes::Bytes;
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use crate::{
    environment::Environment,
    idempotency,
    problem::{self, Problem},
    service_key::{self, ServiceKey},
    start::StartError,
    transport::{Transport, TransportError},
};

/// How long a dependency has to say how it is.
const PROBE: Duration = Duration::from_secs(1);

/// How patient a client is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// When its circuit opens and closes.
    pub breaker: breaker::Config,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often an idempotent call is made at most. A time-out is not tried again: waiting twice helps nobody.
    pub attempts: u32,
    /// The longest pause before the second attempt; it doubles with each, and the pause is a random part of it.
    pub backoff: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            breaker: breaker::Config::default(),
            timeout: Duration::from_secs(2),
            attempts: 3,
            backoff: Duration::from_millis(50),
        }
    }
}

/// The root of a service's URLs, such as `http://localhost:5002`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl std::str::FromStr for BaseUrl {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, StartError> {
        let url: Option<Uri> = text.parse().ok();
        let fits = url.is_some_and(|url| {
            url.scheme_str() == Some("http") && url.authority().is_some() && url.query().is_none()
        });
        if fits {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(StartError::UnfitUrl { url: text.to_owned() })
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request to a dependency.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    repeatable: bool,
}

impl Call {
    /// Reads. `path` begins with a slash; ids go into it as numbers.
    pub fn get(path: impl fmt::Display) -> Self {
        Self::new(Method::GET, path, Bytes::new(), true)
    }

    /// Sets, with a JSON body.
    pub fn put(path: impl fmt::Display, body: &impl Serialize) -> Self {
        Self::new(Method::PUT, path, json(body), true).header(header::CONTENT_TYPE, JSON)
    }

    /// Does, with a JSON body. It is tried again only with an idempotency key.
    pub fn post(path: impl fmt::Display, body: &impl Serialize) -> Self {
        Self::new(Method::POST, path, json(body), false).header(header::CONTENT_TYPE, JSON)
    }

    /// Does something that doing again doesn't change, without a body.
    pub fn post_repeatable(path: impl fmt::Display) -> Self {
        Self::new(Method::POST, path, Bytes::new(), true)
    }

    fn new(method: Method, path: impl fmt::Display, body: Bytes, repeatable: bool) -> Self {
        Self { method, path: path.to_string(), headers: HeaderMap::new(), body, repeatable }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a key, so that doing it twice is doing it once.
    #[must_use]
    pub fn idempotency_key(mut self, key: &str) -> Self {
        let value = HeaderValue::from_str(key).expect("a key is visible ASCII");
        self.repeatable = true;
        self.header(idempotency::HEADER, value)
    }

    /// As one of the services.
    #[must_use]
    pub fn service_key(self, key: &ServiceKey) -> Self {
        self.header(service_key::HEADER, key.header())
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("a body is plain data").into()
}

/// A whole reply, of whatever status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status. A 5xx says nothing about whether the call took effect.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The body as `T`. One that is something else is as good as none.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, UpstreamError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            UpstreamError::Unavailable(TransportError::Other(format!("the reply is not understood: {error}")))
        })
    }

    /// Whether the service itself refused: anything else on the way would not write a problem of this status.
    pub fn is_refusal(&self) -> bool {
        #[derive(Deserialize)]
        struct Refusal {
            status: u16,
        }
        let typed = self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == problem::CONTENT_TYPE);
        typed && self.json().is_ok_and(|Refusal { status }| status == self.status.as_u16())
    }
}

/// Why a dependency gave no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// Its circuit is open: it was not called, or not again after an attempt that came to nothing.
    #[error("its circuit is open")]
    Open {
        /// When a call may get through again.
        retry_after: Duration,
    },
    /// It could not be reached, or its reply could not be read. It may have acted.
    #[error(transparent)]
    Unavailable(TransportError),
}

/// The client for one dependency. Clones share the circuit.
#[derive(Clone)]
pub struct Upstream(Arc<Inner>);

struct Inner {
    name: &'static str,
    base: BaseUrl,
    transport: Transport,
    breaker: Breaker,
    policy: Policy,
    started: Instant,
    jitter: Mutex<ChaCha8Rng>,
}

impl Upstream {
    /// A client for the service `name` at `base`, with a closed circuit. Needs a runtime: it reads its clock.
    pub fn new(name: &'static str, base: BaseUrl, environment: &Environment, policy: Policy) -> Self {
        // A generator for each dependency, so that one's retries don't move another's.
        let salt = name.bytes().fold(0, |salt: u64, byte| salt.wrapping_mul(31).wrapping_add(byte.into()));
        Self(Arc::new(Inner {
            name,
            base,
            transport: environment.transport.clone(),
            breaker: Breaker::new(policy.breaker).observed(move |moved| {
                let Transition { from, to, why, .. } = moved;
                tracing::warn!(dependency = name, %from, %to, %why, "its circuit moved");
            }),
            policy,
            started: Instant::now(),
            jitter: Mutex::new(ChaCha8Rng::seed_from_u64(environment.seed ^ salt)),
        }))
    }

    /// The name of the dependency.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The state of its circuit.
    pub fn state(&self) -> State {
        self.0.breaker.state(self.elapsed())
    }

    /// How its circuit came to be in that state, oldest first.
    pub fn transitions(&self) -> Vec<Transition> {
        self.0.breaker.transitions()
    }

    /// Calls it. A reply of any status is a reply.
    pub async fn send(&self, call: &Call) -> Result<Reply, UpstreamError> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(call).await;
            if attempt == self.0.policy.attempts || !call.repeatable || !worth_repeating(&outcome) {
                return outcome;
            }
            sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Reply, UpstreamError> {
        let permit = self
            .0
            .breaker
            .admit(self.elapsed())
            .map_err(|open| UpstreamError::Open { retry_after: open.retry_after })?;
        let mut held = Held { upstream: self, permit: Some(permit) };
        let result = self.exchange(call, self.0.policy.timeout).await;
        let good = result.as_ref().is_ok_and(|reply| !reply.status.is_server_error());
        if let Some(permit) = held.permit.take() {
            permit.record(self.elapsed(), if good { Outcome::Success } else { Outcome::Failure });
        }
        result.map_err(UpstreamError::Unavailable)
    }

    /// Whether a call would get through now. The error says when one may again.
    pub fn admits(&self) -> Result<(), UpstreamError> {
        match self.0.breaker.admit(self.elapsed()) {
            Ok(permit) => {
                drop(permit);
                Ok(())
            }
            Err(open) => Err(UpstreamError::Open { retry_after: open.retry_after }),
        }
    }

    /// Whether it says that it lives. Goes past the circuit and leaves no mark on it.
    pub async fn is_live(&self) -> bool {
        self.exchange(&Call::get("/livez"), PROBE).await.is_ok_and(|reply| reply.status == StatusCode::OK)
    }

    async fn exchange(&self, call: &Call, patience: Duration) -> Result<Reply, TransportError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.0.base, call.path))
            .body(call.body.clone())
            .map_err(|error| TransportError::Other(error.to_string()))?;
        *request.headers_mut() = call.headers.clone();
        let reply = timeout(patience, self.0.transport.clone().oneshot(request))
            .await
            .map_err(|_| TransportError::TimedOut)??;
        let (parts, body) = reply.into_parts();
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }

    /// Reads a record: nothing when the service says that there is none, 503 when it can't be asked.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Problem> {
        let reply = self.send(call).await.map_err(|error| self.unreachable(&error))?;
        match reply.status {
            StatusCode::OK => reply.json().map(Some).map_err(|error| self.unreachable(&error)),
            StatusCode::NOT_FOUND if reply.is_refusal() => Ok(None),
            _ => Err(self.undecided(&reply)),
        }
    }

    /// The 503 for a call that came to nothing. What was to be recorded must not have been.
    pub fn unreachable(&self, error: &UpstreamError) -> Problem {
        let retry_after = match error {
            UpstreamError::Open { retry_after } => *retry_after,
            UpstreamError::Unavailable(_) => Duration::from_secs(1),
        };
        self.unavailable(error, retry_after)
    }

    /// The 503 for a reply that decides nothing: a 5xx, or what nobody promised.
    fn undecided(&self, reply: &Reply) -> Problem {
        self.unavailable(&format_args!("it answered {}", reply.status), Duration::from_secs(1))
    }

    fn unavailable(&self, why: &dyn fmt::Display, retry_after: Duration) -> Problem {
        Problem::unavailable(
            "dependency-unavailable",
            "Another service can't be reached",
            format_args!("{} can't be reached: {why}", self.0.name),
            retry_after,
        )
    }

    fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    fn pause(&self, attempt: u32) -> Duration {
        let longest = self.0.policy.backoff.saturating_mul(1 << attempt.min(10).saturating_sub(1));
        let drawn = self.0.jitter.lock().unwrap_or_else(PoisonError::into_inner).next_u32();
        longest.mul_f64(f64::from(drawn) / f64::from(u32::MAX))
    }
}

/// A permit whose caller may go away: a call that was slow by then counts.
struct Held<'a> {
    upstream: &'a Upstream,
    permit: Option<Permit>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.abandon(self.upstream.elapsed());
        }
    }
}

fn worth_repeating(outcome: &Result<Reply, UpstreamError>) -> bool {
    match outcome {
        Ok(reply) => reply.status.is_server_error(),
        Err(UpstreamError::Open { .. } | UpstreamError::Unavailable(TransportError::TimedOut)) => false,
        Err(UpstreamError::Unavailable(_)) => true,
    }
}
