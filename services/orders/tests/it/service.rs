//! A service on a disk in memory, with a users-service in memory.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chassis::{App, Disk, Environment, Problem, ServiceKey, SystemClock, TransportError};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::util::BoxCloneSyncService;

/// The service key that the service is started with.
pub(crate) const KEY: (&str, &str) = ("x-service-key", "development-key");

/// Behaviour of users-service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    /// Has alice (1) and bob (2).
    Well,
    Refuses,
    CutsOff,
    Hangs,
    Fails,
    /// Answers 200 with a body that is no user.
    WrongBody,
    /// Another server answers in its place, with 404.
    Replaced,
}

#[derive(Debug)]
struct Dependency {
    users: Users,
    calls: Vec<String>,
}

pub(crate) struct Service {
    app: App,
    dependency: Arc<Mutex<Dependency>>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

async fn answer(users: Users, path: String) -> Result<Response<Bytes>, TransportError> {
    let reply = |status: u16, body: Value| {
        Ok(Response::builder().status(status).body(body.to_string().into()).unwrap())
    };
    let missing = Problem::not_found("there is no such user");
    // As on a network, other tasks run meanwhile.
    tokio::task::yield_now().await;
    match users {
        Users::Well => match path.as_str() {
            "/livez" => reply(200, json!({})),
            "/api/users/1" => reply(200, json!({"id": 1, "username": "alice", "email": "alice@example.com"})),
            "/api/users/2" => reply(200, json!({"id": 2, "username": "bob", "email": "bob@example.com"})),
            _ => {
                let (parts, body) = missing.response(&path).into_parts();
                let mut response = Response::new(body.into_bytes().await.unwrap());
                (*response.status_mut(), *response.headers_mut()) = (parts.status, parts.headers);
                Ok(response)
            }
        },
        Users::Refuses => Err(TransportError::Refused),
        Users::CutsOff => Err(TransportError::CutOff),
        Users::Hangs => pending().await,
        Users::Fails => reply(500, json!({})),
        Users::WrongBody => reply(200, json!({"hello": "world"})),
        Users::Replaced => reply(404, json!({})),
    }
}

impl Service {
    pub(crate) fn new() -> Self {
        let dependency = Arc::new(Mutex::new(Dependency { users: Users::Well, calls: Vec::new() }));
        let transport = BoxCloneSyncService::new(tower::service_fn({
            let dependency = Arc::clone(&dependency);
            move |request: Request<Bytes>| {
                let mut dependency = dependency.lock().unwrap();
                let path = request.uri().path().to_owned();
                dependency.calls.push(path.clone());
                answer(dependency.users, path)
            }
        }));
        let environment = Environment {
            clock: Arc::new(SystemClock),
            disk: Disk::Backend(Box::new(redb::backends::InMemoryBackend::new())),
            transport,
            seed: 1,
        };
        let options = orders::OrdersOptions {
            service_key: ServiceKey::development(),
            users_url: "http://users-service".parse().unwrap(),
        };
        Self { app: orders::app(&orders::routes(), options, environment).unwrap(), dependency }
    }

    /// Sets the behaviour of users-service.
    pub(crate) fn users(&self, users: Users) {
        self.dependency.lock().unwrap().users = users;
    }

    /// The calls to users-service since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.dependency.lock().unwrap().calls)
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = self.app.answer(request.body(body.into()).unwrap()).await.into_parts();
        let body: Value = serde_json::from_slice(&body).unwrap();
        if !parts.status.is_success() {
            assert_eq!(parts.headers["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(body["status"], parts.status.as_u16());
        }
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, &[], "").await;
        assert_eq!(reply.status, StatusCode::OK, "GET {path}: {}", reply.body);
        reply.body
    }

    /// Places an order of 100.00 for this user.
    pub(crate) async fn place(&self, user: u64, headers: &[(&str, &str)]) -> Reply {
        let body = json!({"user_id": user, "items": ["Phone"], "total_amount": 100});
        self.send("POST", "/api/orders", headers, body.to_string()).await
    }

    /// Sets the status of order 1 to what `body` says.
    pub(crate) async fn set(&self, headers: &[(&str, &str)], body: Value) -> Reply {
        self.send("PUT", "/api/orders/1/status", headers, body.to_string()).await
    }
}
