//! Health of a service, of its dependencies and of its circuits.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use breaker::CircuitState;
use futures_util::future::join_all;
use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json, registry::MetaSchema};
use serde_json::Value;

use super::{
    documented_problem::DocumentedProblem,
    problem::Problem,
    wire::{Wire, WireFormat, WireName},
};
use crate::client::upstream::Upstream;

/// The endpoints that every service has.
pub(super) struct HealthApi;

/// What `/health` and its like report of a service.
pub(crate) struct Reported {
    pub(crate) service: &'static str,
    pub(crate) port: BoundPort,
    pub(crate) upstreams: Vec<Upstream>,
}

/// Port that a service serves on; 0 until it listens.
#[derive(Debug, Clone, Default)]
pub struct BoundPort(Arc<AtomicU16>);

impl BoundPort {
    /// Sets the port.
    pub fn set(&self, port: u16) {
        self.0.store(port, Ordering::Relaxed);
    }

    /// The port.
    pub fn get(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}

values::names! {
    enum DependencyState {
        Healthy = "healthy",
        Unavailable = "unavailable",
    }
}

impl WireName for DependencyState {}

values::names! {
    enum HealthStatus {
        Healthy = "healthy",
    }
}

impl WireName for HealthStatus {}

const STATES: [CircuitState; 3] = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];

/// The states of a circuit, as [`CircuitState`] displays them.
impl WireFormat for CircuitState {
    const COMPONENT: Option<&'static str> = Some("CircuitState");

    fn schema() -> MetaSchema {
        let enum_items = STATES.iter().map(WireFormat::write).collect();
        MetaSchema { enum_items, ..MetaSchema::new("string") }
    }

    fn read(value: &Value) -> Result<Self, String> {
        let state = STATES.into_iter().find(|state| *value == state.write());
        state.ok_or_else(|| "must be the state of a circuit".into())
    }

    fn write(&self) -> Value {
        self.to_string().into()
    }
}

#[derive(Object)]
struct Health {
    /// The process serves.
    status: Wire<HealthStatus>,
    service: String,
    port: u16,
    /// Health of each dependency, as it answers on `/livez`.
    dependencies: BTreeMap<String, Wire<DependencyState>>,
    /// The state of the circuit to each dependency.
    circuits: BTreeMap<String, Wire<CircuitState>>,
}

#[derive(Object)]
struct Alive {
    status: Wire<HealthStatus>,
}

#[derive(Object)]
struct CircuitLog {
    state: Wire<CircuitState>,
    /// Oldest first.
    transitions: Vec<Move>,
}

#[derive(Object)]
#[oai(rename = "CircuitMove")]
struct Move {
    /// When, in milliseconds since the service started.
    at_ms: u64,
    from: Wire<CircuitState>,
    to: Wire<CircuitState>,
    /// The reason, in words.
    why: String,
}

#[derive(Object)]
struct Circuits {
    /// By the name of the dependency.
    circuits: BTreeMap<String, CircuitLog>,
}

#[OpenApi]
#[expect(clippy::unused_async, reason = "poem-openapi awaits every handler")]
impl HealthApi {
    /// Health of the service and of its dependencies
    ///
    /// 200 while the process serves, also when a dependency is unavailable.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self, Data(reported): Data<&Arc<Reported>>) -> Json<Health> {
        let circuits = reported
            .upstreams
            .iter()
            .map(|upstream| (upstream.name().to_owned(), Wire(upstream.state())))
            .collect();
        Json(Health {
            status: Wire(HealthStatus::Healthy),
            service: reported.service.to_owned(),
            port: reported.port.get(),
            dependencies: reported.ask().await,
            circuits,
        })
    }

    /// Whether the process serves, without asking its dependencies
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> Json<Alive> {
        Json(Alive { status: Wire(HealthStatus::Healthy) })
    }

    /// Whether the service can do its work
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(
        &self,
        Data(reported): Data<&Arc<Reported>>,
    ) -> Result<Json<Alive>, DocumentedProblem<503>> {
        let unavailable = |(name, Wire(state))| (state == DependencyState::Unavailable).then_some(name);
        let missing: Vec<String> = reported.ask().await.into_iter().filter_map(unavailable).collect();
        if missing.is_empty() {
            return Ok(Json(Alive { status: Wire(HealthStatus::Healthy) }));
        }
        Err(Problem::unavailable(
            "not-ready",
            "The service is not ready",
            format_args!("unavailable: {}", missing.join(", ")),
            Duration::from_secs(1),
        )
        .into())
    }

    /// The transitions of each circuit
    #[oai(path = "/circuits", method = "get", operation_id = "circuits")]
    async fn circuits(&self, Data(reported): Data<&Arc<Reported>>) -> Json<Circuits> {
        let circuits = reported.upstreams.iter().map(|upstream| {
            let transitions = upstream.transitions().into_iter().map(|transition| Move {
                at_ms: transition.at.as_millis().try_into().unwrap_or(u64::MAX),
                from: Wire(transition.from),
                to: Wire(transition.to),
                why: transition.reason.to_string(),
            });
            let log = CircuitLog { state: Wire(upstream.state()), transitions: transitions.collect() };
            (upstream.name().to_owned(), log)
        });
        Json(Circuits { circuits: circuits.collect() })
    }
}

impl Reported {
    /// Asks all dependencies side by side.
    async fn ask(&self) -> BTreeMap<String, Wire<DependencyState>> {
        join_all(self.upstreams.iter().map(async |upstream| {
            let is_live = upstream.is_live().await;
            let state = if is_live { DependencyState::Healthy } else { DependencyState::Unavailable };
            (upstream.name().to_owned(), Wire(state))
        }))
        .await
        .into_iter()
        .collect()
    }
}
