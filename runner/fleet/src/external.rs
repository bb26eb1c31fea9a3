//! Services that the fleet doesn't start.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use engine::until_ready;
use fault::ServiceName;
use proxy::HttpClient;
use scenario::{Need, Readiness, Service};
use verdict::{BrokenOff, RunBy};

use crate::{Address, ports::Port};

/// A service of a world that the fleet hasn't started: it runs already, or it is missing.
#[derive(Debug)]
pub(crate) struct ExternalService {
    pub(crate) address: Address,
    pub(crate) client: HttpClient,
    pub(crate) ready: Vec<Readiness>,
    pub(crate) presence: Presence,
    /// The port of a missing service, reserved so that no other process listens on it.
    pub(crate) _port: Option<Port>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Running,
    Missing,
}

/// The clients for services that run already. The worlds of a fleet share them, so that a connection carries the requests of
/// one scenario after the other.
#[derive(Debug, Default)]
pub(crate) struct ExternalClients(Mutex<BTreeMap<ServiceName, HttpClient>>);

impl ExternalClients {
    /// The client for a service at this address.
    pub(crate) fn get(&self, service: &ServiceName, address: &Address) -> HttpClient {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(service.clone()).or_insert_with(|| address.client()).clone()
    }
}

/// Waits until a service that the fleet doesn't start is ready. An optional one that refuses the connection is absent
/// at once; a required one may still be starting. A service without conditions that has just replied is ready.
pub(crate) async fn wait_until_ready(service: &Service, clients: &ExternalClients) -> Result<(), BrokenOff> {
    let address = configured_address(service)?;
    let client = clients.get(&service.name, &address);
    if service.ready.is_empty() && client.is_connected().await {
        return Ok(());
    }
    let name = || service.name.clone();
    if service.need == Need::Optional && address.refuses_connections().await {
        return Err(BrokenOff::Absent { service: name(), address: address.to_string() });
    }
    let ready = until_ready(&client, &service.ready).await;
    ready.map_err(|unmet| BrokenOff::NotReady {
        service: name(),
        unmet: Box::new(unmet),
        run_by: RunBy::Other(address.to_string()),
        log: Vec::new(),
    })
}

/// Returns the address that a service's `base_url` gives.
pub(crate) fn configured_address(service: &Service) -> Result<Address, BrokenOff> {
    let unusable = |problem: String| BrokenOff::Address { service: service.name.clone(), problem };
    let base_url = service.base_url.as_ref();
    let base_url = base_url.ok_or_else(|| unusable("it has neither an address nor a command".into()))?;
    Address::new(base_url).map_err(|error| unusable(error.to_string()))
}
