//! Orders and their statuses.
//!
//! An order's statuses only ever move forward: `pending → confirmed → shipped → delivered`, `pending → cancelled`,
//! `confirmed → refunded`. Every move is a compare-and-set in one transaction, so a refusal stays one, and a request
//! that comes twice or late changes nothing. Only the payment service may confirm and refund, each order by one payment.
//!
//! The map of the crate: `domain` is pure and knows the rules; `store` is all of redb; `users` asks users-service;
//! `api` is all of HTTP.

use chassis::{App, BaseUrl, Environment, Policy, ServiceKey, StartError, Store, Upstream};

mod api;
mod domain;
mod store;
mod users;

/// Who this service is.
pub const ABOUT: chassis::About = chassis::About {
    name: "orders-service",
    purpose: "Orders, whose statuses only ever move forward.",
    port: 5003,
    database: "orders.redb",
};

/// What this service is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who may confirm and refund orders.
    pub service_key: ServiceKey,
    /// Where users-service is.
    pub users_url: BaseUrl,
}

/// The service, ready to be served. Needs a runtime: its circuit reads its clock.
pub fn app(options: Options, environment: Environment) -> Result<App, StartError> {
    let upstream = Upstream::new("users-service", options.users_url, &environment, Policy::default());
    let store = Store::open(environment.disk)?;
    store.prepare(store::prepare)?;
    let failure = store.failed();
    let api = api::OrdersApi {
        orders: store::Orders::new(store),
        users: users::Users::new(upstream.clone()),
        clock: environment.clock,
    };
    Ok(App::new(&ABOUT, api, vec![upstream], options.service_key).until(failure))
}
