//! Somebody else's services: an axum router, as the crate's documentation shows it.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header::HOST};
use simulation::{Place, Running, Services, StartError, Transport, block_on};
use tower::{ServiceExt, service_fn};

use crate::fixture::{configuration, name, raise};

/// Any axum router as a service of a simulation.
fn axum(router: Router) -> Running {
    Running::new(service_fn(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request.map(Body::from)).await;
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await?;
            Ok::<_, axum::Error>(Response::from_parts(parts, body))
        }
    }))
}

fn greeter(_: Place) -> Result<Running, StartError> {
    Ok(axum(Router::new().route(
        "/greet/{whom}",
        get(|Path(whom): Path<String>, headers: HeaderMap| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let host = headers[HOST].to_str().expect("a name").to_owned();
            format!("hello {whom}, I am {host}")
        }),
    )))
}

fn porch(place: Place) -> Result<Running, StartError> {
    async fn enter(State(transport): State<Transport>) -> Result<Bytes, StatusCode> {
        let request = Request::get("http://greeter/greet/axum").body(Bytes::new()).expect("a request");
        let reply = transport.oneshot(request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        Ok(reply.into_body())
    }
    Ok(axum(Router::new().route("/", get(enter)).with_state(place.transport)))
}

#[test]
fn routers_call_each_other() {
    block_on(async {
        let services = Services::new().with(name("greeter"), greeter).with(name("porch"), porch);
        let world = raise(&configuration(&[("greeter", &[]), ("porch", &["greeter"])]), &services, 1).await;
        let request = Request::get("/").body(Bytes::new()).expect("a request");
        let reply = engine::World::client(&world, &name("porch")).oneshot(request).await.expect("a reply");
        assert_eq!(reply.body(), "hello axum, I am greeter");
        let took = engine::World::links(&world).now();
        assert_eq!(took, Duration::from_secs(1));
    });
}
