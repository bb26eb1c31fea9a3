//! A circuit breaker: stops calls to a dependency that fails or is slow, and lets single probes find out when it has
//! recovered.
//!
//! A circuit is *closed* (every call gets through), *open* (every call is rejected at once) or *half-open* (a few
//! probes get through). It opens when the share of failed or slow calls among the recent ones reaches a threshold of
//! its [`Config`], becomes half-open after [`open_wait`](Config::open_wait), and closes when the probes succeed.
//!
//! The crate reads no clock, starts no timer and makes no calls: times are [`Duration`](std::time::Duration)s since an
//! origin that the caller chooses, so it works with any runtime and under a test's clock.
//!
//! # Wrapping a call
//!
//! Make one [`Breaker`] for each dependency. Ask it with [`admit`](Breaker::admit) before each call, and turn the
//! [`Permit`] into a [`CallGuard`]. Record the outcome when the call has ended. When the caller is cancelled first,
//! dropping the guard tells the circuit so.
//!
//! ```
//! use std::future::{pending, ready};
//! use std::time::Instant;
//!
//! use breaker::{Breaker, CallOutcome, CallRejected, CircuitState, Config, ConfigError};
//! use futures_util::FutureExt;
//!
//! /// A client for one dependency.
//! struct Client {
//!     breaker: Breaker,
//!     started: Instant,
//! }
//!
//! #[derive(Debug)]
//! enum CallError<E> {
//!     /// The circuit is open: nothing was sent.
//!     Rejected(CallRejected),
//!     /// The call itself failed.
//!     Failed(E),
//! }
//!
//! impl Client {
//!     fn new(config: Config) -> Result<Self, ConfigError> {
//!         Ok(Self { breaker: Breaker::new(config)?, started: Instant::now() })
//!     }
//!
//!     async fn call<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, CallError<E>> {
//!         let now = || self.started.elapsed();
//!         let permit = self.breaker.admit(now()).map_err(CallError::Rejected)?;
//!         let guard = permit.guard(now);
//!         let result = call.await;
//!         guard.record(if result.is_ok() { CallOutcome::Success } else { CallOutcome::Failure });
//!         result.map_err(CallError::Failed)
//!     }
//! }
//!
//! let client = Client::new(Config { minimum_calls: 3, ..Config::default() })?;
//! for _ in 0..3 {
//!     let failed = client.call(ready(Err::<(), _>("connection reset"))).now_or_never();
//!     assert!(matches!(failed, Some(Err(CallError::Failed("connection reset")))));
//! }
//! assert_eq!(client.breaker.state(client.started.elapsed()), CircuitState::Open);
//! let rejected = client.call(ready(Ok::<_, &str>("never sent"))).now_or_never();
//! assert!(matches!(rejected, Some(Err(CallError::Rejected(_)))));
//!
//! // `now_or_never` drops a call that is still pending, as a cancelled caller does. It took no time, so it counts
//! // neither as a success nor as a failure.
//! let other = Client::new(Config { minimum_calls: 1, ..Config::default() })?;
//! assert!(other.call(pending::<Result<(), &str>>()).now_or_never().is_none());
//! assert_eq!(other.breaker.state(other.started.elapsed()), CircuitState::Closed);
//! # Ok::<(), ConfigError>(())
//! ```
//!
//! Which results are failures is the caller's decision: [`CallOutcome`] says what is usual for HTTP. A call that takes
//! [`slow_call`](Config::slow_call) or longer counts as slow, whatever its outcome.
//!
//! # Map for maintainers
//!
//! | file | content |
//! | --- | --- |
//! | `config` | the thresholds, and which of them are refused |
//! | `window` | the recent outcomes, limited by age and by number |
//! | `circuit` | the three states and the rules for moving between them, on plain data |
//! | `transition` | the names of the states, and the log of transitions with their reasons |
//! | `permit` | the right to make one call, and the guard that records when it is dropped |
//! | `breaker` | the handle that callers share |
//!
//! B1 to B15 of `services/CONTRACT.md` are each a test of that name in `tests/it/properties.rs`; `tests/it/model.rs`
//! compares random histories with a plain reference model.

mod breaker;
mod circuit;
mod config;
mod permit;
mod transition;
mod window;

pub use breaker::{Breaker, CallRejected};
pub use circuit::TRANSITIONS_KEPT;
pub use config::{Config, ConfigError};
pub use permit::{CallGuard, Permit};
pub use transition::{CircuitState, Transition, TransitionReason};
pub use window::CallOutcome;
