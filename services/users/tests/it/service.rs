//! A service on a disk in memory, and its replies.

use std::sync::Arc;

use bytes::Bytes;
use chassis::{App, Disk, Environment, ServiceKey, SystemClock, http_transport};
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;

/// The service key that the service is started with.
pub(crate) const KEY: (&str, &str) = ("x-service-key", "development-key");

pub(crate) struct Service(App);

/// A reply; the body is null when there is none.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Service {
    pub(crate) fn new() -> Self {
        let environment = Environment {
            clock: Arc::new(SystemClock),
            disk: Disk::Backend(Box::new(redb::backends::InMemoryBackend::new())),
            transport: http_transport(),
            seed: 1,
        };
        let options = users::UsersOptions { service_key: ServiceKey::development() };
        Self(users::app(&users::routes(), options, environment).unwrap())
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
        let (parts, body) = self.0.answer(request.body(body.into()).unwrap()).await.into_parts();
        let json = parts.headers.get("content-type").is_some_and(|it| it.to_str().unwrap().contains("json"));
        let body = if json { serde_json::from_slice(&body).unwrap() } else { Value::Null };
        if parts.status.is_client_error() || parts.status.is_server_error() {
            assert_eq!(parts.headers["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(body["status"], parts.status.as_u16());
            assert_eq!(body["instance"], path.split('?').next().unwrap());
            assert!(body["type"].is_string() && body["title"].is_string() && body["detail"].is_string());
        }
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, &[], "").await;
        assert_eq!(reply.status, StatusCode::OK, "GET {path}: {}", reply.body);
        reply.body
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send("POST", path, &all, body.to_string()).await
    }

    /// Moves money with the service key and, unless it is empty, this key.
    pub(crate) async fn change(&self, user: u64, key: &str, body: Value) -> Reply {
        let mut headers = vec![KEY];
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        self.post(&format!("/api/users/{user}/balance"), &headers, body).await
    }

    pub(crate) async fn cancel(&self, user: u64, key: &str) -> Reply {
        self.send("POST", &format!("/api/users/{user}/operations/{key}/cancel"), &[KEY], "").await
    }
}
