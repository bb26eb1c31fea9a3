//! Payments and refunds: a saga that loses no money.
//!
//! A payment is recorded before anybody is asked for money, and then goes on, through lost replies, outages and crashes,
//! until it is completed, declined or voided. `CONTRACT.md` has the rules; this crate keeps them like this:
//!
//! - [`domain`] is pure and decides: a record and what happened in, a call to make or the next state out;
//! - [`store`] is all of redb, and runs the domain's decisions inside its transactions;
//! - [`saga`] makes the calls and takes one record one step further, for handlers, recovery and sweeper alike;
//! - [`api`] is all of HTTP.
//!
//! What there is not: a call before its intent is on disk (but for reading the order), a decision taken from silence, a
//! transaction held across an `.await`, a clock other than the environment's and tokio's.

use std::{sync::Arc, time::Duration};

use chassis::{App, BaseUrl, Environment, Policy, ServiceKey, StartError, Upstream};

pub mod api;
pub mod domain;
pub mod saga;
pub mod store;

/// Who this service is.
pub const ABOUT: chassis::About = chassis::About {
    name: "payment-service",
    purpose: "Payments and refunds: charges a user and confirms the order, once, or neither.",
    port: 5004,
    database: "payments.redb",
};

/// What this service is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Shows the other services that a service calls.
    pub service_key: ServiceKey,
    /// Where users is.
    pub users_url: BaseUrl,
    /// Where orders is.
    pub orders_url: BaseUrl,
    /// How long a payment may be pending before it is given up.
    pub deadline: Duration,
}

/// The deadline when none is given.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The service, ready to be served. What an earlier process left unfinished goes on in the background.
pub fn app(options: Options, environment: Environment) -> Result<App, StartError> {
    let users = Upstream::new("users-service", options.users_url, &environment, Policy::default());
    let orders = Upstream::new("orders-service", options.orders_url, &environment, Policy::default());
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
    let api = api::PaymentsApi { saga: Arc::clone(&saga), deadline: options.deadline };
    let app = App::new(&ABOUT, api, vec![users, orders], options.service_key).until(saga.store.failed());
    Ok(app.background(saga::sweeper::sweep(saga)))
}
