//! The three services, as a simulation starts them.

use std::sync::Arc;

use bytes::Bytes;
use chassis::{App, Environment, ServiceKey, StartError};
use http::{Request, Response, uri::Scheme};
use poem::{
    Addr, Endpoint,
    endpoint::BoxEndpoint,
    error::ReadBodyError,
    web::{LocalAddr, RemoteAddr},
};
use simulation::{HostContext, Running, Services};
use tower::service_fn;

use crate::environment::environment;

/// Users, orders and payments, under the names that they have in `e2e.conf`.
pub fn shop() -> Services {
    let service_key = ServiceKey::development;
    let at = |service: chassis::About| {
        let url = HostContext::url(&service.name.parse().expect("a service's name is a name"));
        url.parse::<chassis::BaseUrl>().expect("it is a URL without a path")
    };
    let services = Services::new();
    let services = with(services, &users::ABOUT, move |environment| {
        users::app(users::Options { service_key: service_key() }, environment)
    });
    let services = with(services, &orders::ABOUT, move |environment| {
        orders::app(orders::Options { service_key: service_key(), users_url: at(users::ABOUT) }, environment)
    });
    with(services, &payments::ABOUT, move |environment| {
        let options = payments::Options {
            service_key: service_key(),
            users_url: at(users::ABOUT),
            orders_url: at(orders::ABOUT),
            deadline: payments::DEADLINE,
        };
        payments::app(options, environment)
    })
}

fn with(
    services: Services,
    about: &chassis::About,
    make: impl Fn(Environment) -> Result<App, StartError> + Send + Sync + 'static,
) -> Services {
    let (name, port) = (about.name.parse().expect("a service's name is a name"), about.port);
    services.with(name, move |context| {
        let app = make(environment(context))?;
        app.port.set(port);
        Ok::<_, StartError>(running(app))
    })
}

fn running(app: App) -> Running {
    let endpoint = Arc::new(app.endpoint);
    let service = service_fn(move |request: Request<Bytes>| {
        let endpoint = Arc::clone(&endpoint);
        async move { answer(&endpoint, request).await }
    });
    app.background.into_iter().fold(Running::new(service), Running::with_background)
}

/// Answers a request as the endpoint would over a socket.
async fn answer(
    endpoint: &BoxEndpoint<'static, poem::Response>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, ReadBodyError> {
    let (parts, body) = request.into_parts();
    let nowhere = Addr::custom("memory", "");
    let parts = (parts, LocalAddr(nowhere.clone()), RemoteAddr(nowhere), Scheme::HTTP);
    let request = poem::Request::from_parts(parts.into(), poem::Body::from_bytes(body));
    let (parts, body) = endpoint.get_response(request).await.into_parts();
    let mut response = Response::new(body.into_bytes().await?);
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    Ok(response)
}
