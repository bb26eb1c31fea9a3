//! The client for one dependency: retry (idempotent calls only) → breaker → timeout → transport.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use breaker::{Breaker, CallOutcome, CircuitState, Transition};
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use http::{Request, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::{
    base_url::BaseUrl,
    call::{Call, Reply},
    transport::{Transport, TransportError},
};

/// Deadline for a dependency's reply on `/livez`.
const PROBE: Duration = Duration::from_secs(1);

/// Timeout, retries and circuit of a client.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// When its circuit opens and closes.
    pub breaker: breaker::Config,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Most attempts of an idempotent call. A call that timed out is not retried: a second wait rarely ends better.
    pub attempts: u32,
    /// Upper bound of the pause before the second attempt. It doubles with each further one; the pause is drawn at random
    /// below it.
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

/// A call got no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The circuit is open: no attempt was made, or none after one that failed.
    #[error("its circuit is open")]
    Open {
        /// Time until a call may be admitted again.
        retry_after: Duration,
    },
    /// The dependency could not be reached, or its reply could not be read. The call may have taken effect.
    #[error(transparent)]
    Unavailable(TransportError),
}

/// A dependency gave no answer that decides anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// There was no reply.
    #[error("{service} can't be reached: {error}")]
    NoReply {
        /// Name of the dependency.
        service: &'static str,
        /// What happened to the call.
        error: UpstreamError,
    },
    /// The reply was a 5xx, or one that its contract doesn't have.
    #[error("{service} can't be reached: it answered {status}")]
    Undecided {
        /// Name of the dependency.
        service: &'static str,
        /// Status of the reply.
        status: StatusCode,
    },
}

impl Unreachable {
    /// Time after which a further attempt may succeed.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::NoReply { error: UpstreamError::Open { retry_after }, .. } => *retry_after,
            Self::NoReply { .. } | Self::Undecided { .. } => Duration::from_secs(1),
        }
    }
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
    /// A client for the service `name` at `base`, with a closed circuit; `seed` seeds the jitter of its retries. Needs a
    /// runtime, whose clock it reads.
    pub fn new(name: &'static str, base: BaseUrl, transport: Transport, seed: u64, policy: Policy) -> Self {
        // A generator for each dependency, so that the retries of one don't change the pauses of another.
        let salt = name.bytes().fold(0, |salt: u64, byte| salt.wrapping_mul(31).wrapping_add(byte.into()));
        let breaker =
            Breaker::new(policy.breaker).expect("a policy is written in code, with good thresholds");
        Self(Arc::new(Inner {
            name,
            base,
            transport,
            breaker: breaker.on_transition(move |moved| {
                let Transition { from, to, reason, .. } = moved;
                tracing::warn!(dependency = name, %from, %to, why = %reason, "its circuit moved");
            }),
            policy,
            started: Instant::now(),
            jitter: Mutex::new(ChaCha8Rng::seed_from_u64(seed ^ salt)),
        }))
    }

    /// The name of the dependency.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The state of its circuit.
    pub(crate) fn state(&self) -> CircuitState {
        self.0.breaker.state(self.elapsed())
    }

    /// The transitions of its circuit, oldest first.
    pub fn transitions(&self) -> Vec<Transition> {
        self.0.breaker.transitions()
    }

    /// Calls it. A reply of any status is `Ok`.
    pub async fn send(&self, call: &Call) -> Result<Reply, UpstreamError> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(call).await;
            if attempt >= self.0.policy.attempts || !call.repeatable || !worth_repeating(&outcome) {
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
            .map_err(|rejected| UpstreamError::Open { retry_after: rejected.retry_after })?;
        let guard = permit.guard(|| self.elapsed());
        let result = self.exchange(call, self.0.policy.timeout).await;
        let good = result.as_ref().is_ok_and(|reply| !reply.status.is_server_error());
        guard.record(if good { CallOutcome::Success } else { CallOutcome::Failure });
        result.map_err(UpstreamError::Unavailable)
    }

    /// Whether the circuit would admit a call now.
    pub fn admits(&self) -> Result<(), Unreachable> {
        match self.0.breaker.admit(self.elapsed()) {
            Ok(permit) => {
                drop(permit);
                Ok(())
            }
            Err(rejected) => Err(self.unreachable(UpstreamError::Open { retry_after: rejected.retry_after })),
        }
    }

    /// Whether it answers on `/livez`. The call bypasses the circuit.
    pub async fn is_live(&self) -> bool {
        self.exchange(&Call::get("/livez"), PROBE).await.is_ok_and(|reply| reply.status == StatusCode::OK)
    }

    async fn exchange(&self, call: &Call, deadline: Duration) -> Result<Reply, TransportError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.0.base, call.path))
            .body(call.body.clone())
            .map_err(|error| TransportError::Other(error.to_string()))?;
        *request.headers_mut() = call.headers.clone();
        let reply = timeout(deadline, self.0.transport.clone().oneshot(request))
            .await
            .map_err(|_| TransportError::TimedOut)??;
        let (parts, body) = reply.into_parts();
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }

    /// Reads a record; `None` when the service says that there is no such record.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Unreachable> {
        let reply = self.send(call).await.map_err(|error| self.unreachable(error))?;
        match reply.status {
            StatusCode::OK => {
                reply.json().map(Some).map_err(|error| self.unreachable(UpstreamError::Unavailable(error)))
            }
            StatusCode::NOT_FOUND if reply.is_refusal() => Ok(None),
            status => Err(Unreachable::Undecided { service: self.0.name, status }),
        }
    }

    fn unreachable(&self, error: UpstreamError) -> Unreachable {
        Unreachable::NoReply { service: self.0.name, error }
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

fn worth_repeating(outcome: &Result<Reply, UpstreamError>) -> bool {
    match outcome {
        Ok(reply) => reply.status.is_server_error(),
        Err(UpstreamError::Open { .. } | UpstreamError::Unavailable(TransportError::TimedOut)) => false,
        Err(UpstreamError::Unavailable(_)) => true,
    }
}
