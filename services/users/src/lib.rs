//! Users and their money: a double-entry ledger.
//!
//! Every operation moves money between a user and `clearing` (a charge, a refund) or `external` (a deposit), under a
//! key. What came of it, the *decision*, is written with the entry and both accounts in one transaction, and never
//! changes: the same key gets the same answer for ever, a refusal too. An operation can be cancelled, also before it
//! comes.
//!
//! The map of the crate: `domain` is pure and knows the rules; `store` is all of redb; `api` is all of HTTP.

use chassis::{App, Environment, ServiceKey, StartError, Store};

mod api;
mod domain;
mod store;

/// Who this service is.
pub const ABOUT: chassis::About = chassis::About {
    name: "users-service",
    purpose: "Users and their money: a double-entry ledger whose balances, clearing and external always sum to zero.",
    port: 5002,
    database: "users.redb",
};

/// What this service is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who may move money.
    pub service_key: ServiceKey,
}

/// The service, ready to be served. A new database gets alice, bob and charlie.
pub fn app(options: Options, environment: Environment) -> Result<App, StartError> {
    let store = Store::open(environment.disk)?;
    store.prepare(|transaction| store::prepare(transaction, environment.clock.now()))?;
    let failure = store.failed();
    let api = api::UsersApi { users: store::Users::new(store), clock: environment.clock };
    Ok(App::new(&ABOUT, api, Vec::new(), options.service_key).until(failure))
}
