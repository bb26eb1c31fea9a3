//! Services made of axum routers, with the adapter that the crate's documentation shows.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header::HOST};
use simulation::{HostContext, Running, Services, StartError, Transport, block_on};
use tower::{ServiceExt, service_fn};

use crate::fixture::{configuration, name, raise};

/// Makes any axum router a service of a simulation.
fn axum_service(router: Router) -> Running {
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

fn greeter(_: HostContext) -> Result<Running, StartError> {
    Ok(axum_service(Router::new().route(
        "/greet/{whom}",
        get(|Path(whom): Path<String>, headers: HeaderMap| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let host = headers[HOST].to_str().expect("a name").to_owned();
            format!("hello {whom}, I am {host}")
        }),
    )))
}

fn frontend(context: HostContext) -> Result<Running, StartError> {
    async fn greet(State(transport): State<Transport>) -> Result<Bytes, StatusCode> {
        let request = Request::get("http://greeter/greet/axum").body(Bytes::new()).expect("a request");
        let reply = transport.oneshot(request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        Ok(reply.into_body())
    }
    Ok(axum_service(Router::new().route("/", get(greet)).with_state(context.transport)))
}

#[test]
fn routers_call_each_other() {
    block_on(async {
        let services = Services::new().with(name("greeter"), greeter).with(name("frontend"), frontend);
        let world =
            raise(&configuration(&[("greeter", &[]), ("frontend", &["greeter"])]), &services, 1).await;
        let request = Request::get("/").body(Bytes::new()).expect("a request");
        let reply = engine::World::client(&world, &name("frontend")).oneshot(request).await.expect("a reply");
        assert_eq!(reply.body(), "hello axum, I am greeter");
        let took = engine::World::links(&world).now();
        assert_eq!(took, Duration::from_secs(1));
    });
}
