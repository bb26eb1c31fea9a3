//! How a service is: of itself, of what it depends on, and of its circuits.

use std::{collections::BTreeMap, time::Duration};

use breaker::CircuitState;
use futures_util::future::join_all;
use poem_openapi::{Enum, Object, OpenApi, payload::Json};

use crate::{
    app::BoundPort,
    problem::{Problem, Refused, statuses},
    upstream::Upstream,
};

/// The endpoints that every service has.
pub(crate) struct HealthApi {
    pub(crate) service: &'static str,
    pub(crate) port: BoundPort,
    pub(crate) upstreams: Vec<Upstream>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename = "DependencyState", rename_all = "snake_case")]
enum Dependency {
    Healthy,
    Unavailable,
}

#[derive(Enum, Clone, Copy)]
#[oai(rename = "CircuitState", rename_all = "snake_case")]
enum Circuit {
    Closed,
    Open,
    HalfOpen,
}

impl From<CircuitState> for Circuit {
    fn from(state: CircuitState) -> Self {
        match state {
            CircuitState::Closed => Self::Closed,
            CircuitState::Open => Self::Open,
            CircuitState::HalfOpen => Self::HalfOpen,
        }
    }
}

#[derive(Enum, Clone, Copy)]
#[oai(rename = "HealthStatus", rename_all = "snake_case")]
enum Status {
    Healthy,
}

#[derive(Object)]
struct Health {
    /// The process serves.
    status: Status,
    service: String,
    port: u16,
    /// What each dependency says of itself.
    dependencies: BTreeMap<String, Dependency>,
    /// The state of the circuit to each dependency.
    circuits: BTreeMap<String, Circuit>,
}

#[derive(Object)]
struct Alive {
    status: Status,
}

#[derive(Object)]
struct CircuitLog {
    state: Circuit,
    /// Oldest first.
    transitions: Vec<Move>,
}

#[derive(Object)]
#[oai(rename = "CircuitMove")]
struct Move {
    /// When, in milliseconds since the service started.
    at_ms: u64,
    from: Circuit,
    to: Circuit,
    /// The reason, in words.
    why: String,
}

#[derive(Object)]
struct Circuits {
    /// By the name of the dependency.
    circuits: BTreeMap<String, CircuitLog>,
}

#[OpenApi]
#[expect(clippy::unused_async, reason = "poem-openapi wants every operation async")]
impl HealthApi {
    /// How the service and what it depends on are
    ///
    /// 200 while the process serves, whatever its dependencies say.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> Json<Health> {
        let circuits = self
            .upstreams
            .iter()
            .map(|upstream| (upstream.name().to_owned(), upstream.state().into()))
            .collect();
        Json(Health {
            status: Status::Healthy,
            service: self.service.to_owned(),
            port: self.port.get(),
            dependencies: self.ask().await,
            circuits,
        })
    }

    /// Whether the process serves; asks nobody else
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> Json<Alive> {
        Json(Alive { status: Status::Healthy })
    }

    /// Whether the service can do its work
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(&self) -> Result<Json<Alive>, Refused<{ statuses([503]) }>> {
        let missing: Vec<String> = self
            .ask()
            .await
            .into_iter()
            .filter(|(_, state)| *state == Dependency::Unavailable)
            .map(|(name, _)| name)
            .collect();
        if missing.is_empty() {
            return Ok(Json(Alive { status: Status::Healthy }));
        }
        Err(Problem::unavailable(
            "not-ready",
            "The service is not ready",
            format_args!("unavailable: {}", missing.join(", ")),
            Duration::from_secs(1),
        )
        .into())
    }

    /// How each circuit came to be in its state
    #[oai(path = "/circuits", method = "get", operation_id = "circuits")]
    async fn circuits(&self) -> Json<Circuits> {
        let circuits = self.upstreams.iter().map(|upstream| {
            let transitions = upstream.transitions().into_iter().map(|transition| Move {
                at_ms: transition.at.as_millis().try_into().unwrap_or(u64::MAX),
                from: transition.from.into(),
                to: transition.to.into(),
                why: transition.reason.to_string(),
            });
            let log = CircuitLog { state: upstream.state().into(), transitions: transitions.collect() };
            (upstream.name().to_owned(), log)
        });
        Json(Circuits { circuits: circuits.collect() })
    }
}

impl HealthApi {
    /// Asks all dependencies side by side.
    async fn ask(&self) -> BTreeMap<String, Dependency> {
        join_all(self.upstreams.iter().map(async |upstream| {
            let state = if upstream.is_live().await { Dependency::Healthy } else { Dependency::Unavailable };
            (upstream.name().to_owned(), state)
        }))
        .await
        .into_iter()
        .collect()
    }
}
