//! The three services, with the functions that start them in a simulation.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use chassis::{App, Environment, ServiceKey, StartError};
use http::Request;
use simulation::{HostContext, Running, Services};
use tower::service_fn;

use crate::environment::environment;

/// Returns users, orders and payments, under their names in `e2e.conf`.
pub fn shop() -> Services {
    let service_key = ServiceKey::development;
    let base_url = |service: chassis::About| {
        let url = HostContext::url(&service.name.parse().expect("the name of a service is valid"));
        url.parse::<chassis::BaseUrl>().expect("the URL of a host has no path")
    };
    let services = Services::new();
    // Made once, not at every start: poem compiles a regular expression for every route.
    let (user_routes, order_routes, payment_routes) = (users::routes(), orders::routes(), payments::routes());
    let services = with_service(services, &users::ABOUT, move |environment| {
        users::app(&user_routes, users::UsersOptions { service_key: service_key() }, environment)
    });
    let services = with_service(services, &orders::ABOUT, move |environment| {
        let options = orders::OrdersOptions { service_key: service_key(), users_url: base_url(users::ABOUT) };
        orders::app(&order_routes, options, environment)
    });
    with_service(services, &payments::ABOUT, move |environment| {
        let options = payments::PaymentsOptions {
            service_key: service_key(),
            users_url: base_url(users::ABOUT),
            orders_url: base_url(orders::ABOUT),
            deadline: payments::DEADLINE,
        };
        payments::app(&payment_routes, options, environment)
    })
}

fn with_service(
    services: Services,
    about: &chassis::About,
    start: impl Fn(Environment) -> Result<App, StartError> + Send + Sync + 'static,
) -> Services {
    let (name, port) = (about.name.parse().expect("the name of a service is valid"), about.port);
    services.with(name, move |context| {
        let app = start(environment(context))?;
        app.port.set(port);
        Ok::<_, StartError>(running(app))
    })
}

fn running(app: App) -> Running {
    let endpoint = Arc::new(app.endpoint);
    let service = service_fn(move |request: Request<Bytes>| {
        let endpoint = Arc::clone(&endpoint);
        async move { Ok::<_, Infallible>(chassis::answer(&endpoint, request).await) }
    });
    let failure = app.failure;
    let running = app.background.into_iter().fold(Running::new(service), Running::with_background);
    // As the services' binaries end, with the exit code of a failure.
    running.with_main(async move {
        drop(failure.await);
        1
    })
}
