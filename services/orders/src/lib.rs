//! Orders and their statuses.
//!
//! The status of an order only moves forward: `pending → confirmed → shipped → delivered`, `pending → cancelled`,
//! `confirmed → refunded`. Every move is a compare-and-set in one transaction, so a request that arrives twice or late
//! changes nothing. Only the payment service may confirm and refund, each order by one payment.
//!
//! The map of the crate: `domain` is pure and holds the rules; `store` is all of redb; `users` calls users-service;
//! `api` is all of HTTP.

use std::sync::Arc;

use chassis::{App, BaseUrl, Environment, Policy, Routes, ServiceKey, StartError, Store, Upstream};

mod api;
mod domain;
mod store;
mod users;

/// Name and defaults of this service.
pub const ABOUT: chassis::About = chassis::About {
    name: "orders-service",
    purpose: "Orders, whose statuses only move forward.",
    port: 5003,
    database: "orders.redb",
};

/// Options of this service.
#[derive(Debug, Clone)]
pub struct OrdersOptions {
    /// The secret that allows to confirm and to refund orders.
    pub service_key: ServiceKey,
    /// Base URL of users-service.
    pub users_url: BaseUrl,
}

/// The routes of this service, for any number of apps.
pub fn routes() -> Routes {
    Routes::new(&ABOUT, api::OrdersApi)
}

/// The service, ready to be served. Needs a runtime, whose clock its circuit reads.
pub fn app(routes: &Routes, options: OrdersOptions, environment: Environment) -> Result<App, StartError> {
    let Environment { transport, seed, .. } = environment;
    let upstream = Upstream::new("users-service", options.users_url, transport, seed, Policy::default());
    let store = Store::open(environment.disk)?;
    store.prepare(store::prepare)?;
    let failure = store.failed();
    let state = api::OrdersState {
        orders: store::Orders::new(store),
        users: users::Users::new(upstream.clone()),
        clock: environment.clock,
    };
    Ok(App::new(routes, Arc::new(state), vec![upstream], options.service_key).until(failure))
}
