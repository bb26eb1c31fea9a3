//! Payments and refunds: a saga that loses no money.
//!
//! A payment is recorded before the first call that moves money, and then driven through lost replies, outages and
//! crashes until it is completed, declined or voided. `CONTRACT.md` has the rules. The map of the crate:
//!
//! - [`domain`] is pure and decides: a record and an event in, a call to make or the next state out;
//! - [`store`] is all of redb, and runs the domain's decisions inside its transactions;
//! - [`saga`] makes the calls and takes one record one step further, for handlers, recovery and sweeper alike;
//! - [`api`] is all of HTTP.
//!
//! What there is not: a call before its intent is on disk (except to read the order), a decision because of a missing
//! reply, a transaction held across an `.await`, a clock other than the environment's and tokio's.

use std::{sync::Arc, time::Duration};

use chassis::{App, BaseUrl, Environment, Policy, Routes, ServiceKey, StartError, Upstream};

pub mod api;
pub mod domain;
pub mod saga;
pub mod store;

/// Name and defaults of this service.
pub const ABOUT: chassis::About = chassis::About {
    name: "payment-service",
    purpose: "Payments and refunds: charges a user and confirms the order, once, or neither.",
    port: 5004,
    database: "payments.redb",
};

/// Options of this service.
#[derive(Debug, Clone)]
pub struct PaymentsOptions {
    /// The secret that calls to other services bear.
    pub service_key: ServiceKey,
    /// Base URL of users-service.
    pub users_url: BaseUrl,
    /// Base URL of orders-service.
    pub orders_url: BaseUrl,
    /// How long a payment may be pending before it is given up.
    pub deadline: Duration,
}

/// The deadline when none is given.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The routes of this service, for any number of apps.
pub fn routes() -> Routes {
    Routes::new(&ABOUT, api::PaymentsApi)
}

/// The service, ready to be served. It finishes in the background what an earlier process left unfinished.
pub fn app(routes: &Routes, options: PaymentsOptions, environment: Environment) -> Result<App, StartError> {
    let upstream = |name, url| {
        Upstream::new(name, url, environment.transport.clone(), environment.seed, Policy::default())
    };
    let users = upstream("users-service", options.users_url);
    let orders = upstream("orders-service", options.orders_url);
    let now = domain::Moment(environment.clock.now().as_millisecond());
    let saga = Arc::new(saga::Saga {
        store: store::PaymentStore::open(environment.disk, environment.seed, now)?,
        dependencies: saga::calls::Dependencies {
            users: users.clone(),
            orders: orders.clone(),
            service_key: options.service_key.clone(),
        },
        agenda: Arc::default(),
        clock: environment.clock,
        seed: environment.seed,
    });
    let state = api::PaymentsState { saga: Arc::clone(&saga), deadline: options.deadline };
    let upstreams = vec![users, orders];
    let app = App::new(routes, Arc::new(state), upstreams, options.service_key).until(saga.store.failed());
    Ok(app.background(saga::sweeper::sweep(saga)))
}
