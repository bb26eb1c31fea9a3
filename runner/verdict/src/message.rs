//! Requests and replies as the history keeps them.

use std::time::Duration;

use bytes::Bytes;
use scenario::SharedValue;

use crate::EncodedBody;

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: http::Method,
    /// The path and query.
    pub path: String,
    /// The headers in the order they were sent.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A reply as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: http::StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What a caller got in place of a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    /// Nothing listens there: the request certainly wasn't processed.
    #[error("connection refused")]
    Refused,
    /// The connection was reset, or closed, before a reply began.
    #[error("connection reset")]
    Reset,
    /// The reply broke off.
    #[error("reply cut off")]
    CutOff,
    /// The caller's timeout passed.
    #[error("no reply within {0:?}")]
    TimedOut(Duration),
    /// The caller closed its connection before there was a reply.
    #[error("given up by the caller")]
    Abandoned,
    /// Anything else, in words.
    #[error("{0}")]
    Broken(String),
}

impl Reply {
    /// The value of its body, or why that can't be read.
    pub fn value(&self) -> SharedValue {
        match EncodedBody::new(&self.headers, &self.body).value() {
            Ok(value) => value.into(),
            Err(unreadable) => SharedValue::unusable(unreadable.to_string()),
        }
    }
}
