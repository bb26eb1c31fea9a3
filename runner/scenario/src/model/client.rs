use std::{fmt, str::FromStr, sync::Arc};

use fault::{NameError, ServiceName};
use http::HeaderName;

use super::{Authentication, RequestStep};
use crate::Template;

/// A client as a scenario or e2e.conf names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientName(Arc<str>);

/// One who sends requests, with cookies, headers and authentication of its own.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name.
    pub name: ClientName,
    /// Headers of its requests. They can name what its login captures.
    pub headers: Vec<(HeaderName, Template)>,
    /// How its requests say who sends them. It can name what its login captures.
    pub auth: Option<Authentication>,
    /// The request that is sent before its first one.
    pub login: Option<Login>,
}

/// The request by which a client logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The request, its expectations, and the captures that the client's headers and authentication can name.
    pub request: RequestStep,
    /// How often it is sent.
    pub once: LoginScope,
}

/// How often a client logs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoginScope {
    /// Before its first request in each scenario that has one.
    #[default]
    Scenario,
    /// Once for all scenarios of a run, past the links.
    Run,
}

impl ClientName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse::<ServiceName>().map(|name| Self(name.as_str().into()))
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Client {
    /// The names that its login captures.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.login.iter().flat_map(|login| &login.request.capture).map(|(name, _)| name.as_str())
    }
}
