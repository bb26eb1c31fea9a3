//! Users and their money: a double-entry ledger.
//!
//! Every operation moves money between a user and `clearing` (a charge, a refund) or `external` (a deposit), under a
//! key. Its *decision* is written with the entry and both accounts in one transaction and never changes: the same key
//! always gets the same answer, also a refusal. An operation can be cancelled, also before it arrives.
//!
//! The map of the crate: `domain` is pure and holds the rules; `store` is all of redb; `api` is all of HTTP.

use std::sync::Arc;

use chassis::{App, Environment, Routes, ServiceKey, StartError, Store};

mod api;
mod domain;
mod store;

/// Name and defaults of this service.
pub const ABOUT: chassis::About = chassis::About {
    name: "users-service",
    purpose: "Users and their money: a double-entry ledger whose balances, clearing and external always sum to zero.",
    port: 5002,
    database: "users.redb",
};

/// Options of this service.
#[derive(Debug, Clone)]
pub struct UsersOptions {
    /// The secret that allows to move money.
    pub service_key: ServiceKey,
}

/// The routes of this service, for any number of apps.
pub fn routes() -> Routes {
    Routes::new(&ABOUT, api::UsersApi)
}

/// The service, ready to be served. A new database gets alice, bob and charlie.
pub fn app(routes: &Routes, options: UsersOptions, environment: Environment) -> Result<App, StartError> {
    let store = Store::open(environment.disk)?;
    store.prepare(|transaction| store::prepare(transaction, environment.clock.now()))?;
    let failure = store.failed();
    let state = api::UsersState { users: store::Users::new(store), clock: environment.clock };
    Ok(App::new(routes, Arc::new(state), Vec::new(), options.service_key).until(failure))
}
