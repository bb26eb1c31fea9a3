//! A request to another service, and its reply.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    service_key::{self, ServiceKey},
    transport::TransportError,
};

/// The header of a request that bears its idempotency key.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The content type of every error that a service here answers with.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One request to another service.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether sending it twice has the effect of sending it once.
    pub(super) repeatable: bool,
}

impl Call {
    /// A GET. `path` begins with a slash; ids go into it as numbers.
    pub fn get(path: impl fmt::Display) -> Self {
        Self::new(Method::GET, path, Bytes::new(), true)
    }

    /// A PUT with a JSON body.
    pub fn put(path: impl fmt::Display, body: &impl Serialize) -> Self {
        Self::new(Method::PUT, path, json(body), true).header(header::CONTENT_TYPE, JSON)
    }

    /// A POST with a JSON body. It is retried only with an idempotency key.
    pub fn post(path: impl fmt::Display, body: &impl Serialize) -> Self {
        Self::new(Method::POST, path, json(body), false).header(header::CONTENT_TYPE, JSON)
    }

    /// A POST without a body that is idempotent by its meaning, so that it may be retried.
    pub fn post_repeatable(path: impl fmt::Display) -> Self {
        Self::new(Method::POST, path, Bytes::new(), true)
    }

    fn new(method: Method, path: impl fmt::Display, body: Bytes, repeatable: bool) -> Self {
        Self { method, path: path.to_string(), headers: HeaderMap::new(), body, repeatable }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds an idempotency key, so that the call may be retried.
    #[must_use]
    pub fn idempotency_key(mut self, key: &str) -> Self {
        let value = HeaderValue::from_str(key).expect("a key is visible ASCII");
        self.repeatable = true;
        self.header(IDEMPOTENCY_KEY, value)
    }

    /// Adds the service key.
    #[must_use]
    pub fn service_key(self, key: &ServiceKey) -> Self {
        self.header(service_key::HEADER, key.header())
    }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("a body is plain data").into()
}

/// A whole reply, of any status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status. A 5xx says nothing about whether the call took effect.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Reply {
    /// The body as `T`. A body that is something else counts as a broken reply.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, TransportError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| TransportError::Other(format!("the reply is not understood: {error}")))
    }

    /// Whether the service itself refused: anything else on the way would not write a problem of this status.
    pub fn is_refusal(&self) -> bool {
        #[derive(Deserialize)]
        struct Refusal {
            status: u16,
        }
        let typed = self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
        typed && self.json().is_ok_and(|Refusal { status }| status == self.status.as_u16())
    }
}
