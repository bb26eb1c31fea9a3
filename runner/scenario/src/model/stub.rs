use std::time::Duration;

use fault::{PathPattern, ServiceName};

use super::{Body, HeaderExpectation};
use crate::{Expression, Span, Template, TemplateValue};

/// A stub in place of a service: how it answers.
#[derive(Debug, Clone)]
pub struct Stub {
    /// The service.
    pub service: ServiceName,
    /// What it answers; the first entry that matches a request counts.
    pub entries: Vec<StubEntry>,
}

/// A kind of request that a stub knows, and its reply.
#[derive(Debug, Clone)]
pub struct StubEntry {
    /// Where it begins.
    pub span: Span,
    /// The method of the requests; any when `None`.
    pub method: Option<http::Method>,
    /// Their paths.
    pub path: PathPattern,
    /// What their headers must be.
    pub headers: Vec<(http::HeaderName, HeaderExpectation)>,
    /// What their body must be; it may have more.
    pub body: Option<TemplateValue>,
    /// Expressions over `method`, `path`, `query`, `headers` and `body`, each of which must be true.
    pub that: Vec<Expression>,
    /// The reply.
    pub reply: StubReply,
    /// Whether a scenario that brings this entry has to meet it.
    pub meeting: MeetingExpectation,
}

/// Whether requests have to meet an entry of a stub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MeetingExpectation {
    /// At least one has to, if a scenario brings the entry.
    #[default]
    Required,
    /// None has to.
    Optional,
}

/// The reply of a stub. Its templates can name `request`.
#[derive(Debug, Clone)]
pub struct StubReply {
    /// The status.
    pub status: u16,
    /// Headers, in the order they are sent.
    pub headers: Vec<(http::HeaderName, Template)>,
    /// The body.
    pub body: Body,
    /// How long the stub waits before it answers.
    pub after: Duration,
}

impl StubEntry {
    /// The requests it is for, as they are written: `POST /charges`.
    pub fn matching(&self) -> String {
        let any_path = self.path == PathPattern::default();
        match &self.method {
            Some(method) if any_path => method.to_string(),
            Some(method) => format!("{method} {}", self.path),
            None => self.path.to_string(),
        }
    }
}
