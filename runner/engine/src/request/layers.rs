//! What a request bears: what it says itself, then its client, its scenario and its service.

use std::{collections::BTreeMap, time::Duration};

use fault::{Seed, ServiceName};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use scenario::{Authentication, Call, EvaluationError, RequestDefaults, Scope, Template, Value};

use super::rules::RequestRules;
use crate::clients::BorneByClient;

/// What a request bears that it doesn't say itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) rules: &'a RequestRules,
    pub(crate) defaults: &'a RequestDefaults,
    /// How long a request without a time of its own waits for its reply.
    pub(crate) timeout: Duration,
    /// Gives the boundaries of multipart bodies.
    pub(crate) seed: Seed,
}

/// Headers under construction. What is in one layer wins over the layers after it.
#[derive(Clone)]
pub(super) struct Layers {
    pub(super) headers: HeaderMap,
    /// Headers that no layer adds any more.
    closed: Vec<HeaderName>,
}

impl Layers {
    /// The headers that a request has itself. `content_type` is that of its body.
    pub(super) fn new(
        call: &Call,
        content_type: Option<HeaderValue>,
        variables: &Scope,
    ) -> Result<Self, EvaluationError> {
        let mut layers = Self { headers: HeaderMap::new(), closed: call.without.clone() };
        let is_own =
            call.headers.iter().any(|(name, _)| name == CONTENT_TYPE) || layers.is_closed(&CONTENT_TYPE);
        if let Some(content_type) = content_type.filter(|_| !is_own) {
            layers.headers.insert(CONTENT_TYPE, content_type);
        }
        layers.add(&call.headers, call.auth.as_ref(), variables)?;
        Ok(layers)
    }

    /// Adds a layer.
    pub(super) fn add(
        &mut self,
        headers: &[(HeaderName, Template)],
        auth: Option<&Authentication>,
        variables: &Scope,
    ) -> Result<(), EvaluationError> {
        let before: Vec<HeaderName> = self.headers.keys().cloned().collect();
        for (name, template) in headers {
            if before.contains(name) || self.is_closed(name) {
                continue;
            }
            for value in values(name, template, variables)? {
                self.headers.append(name, value);
            }
        }
        if let Some(auth) = auth
            && !self.headers.contains_key(AUTHORIZATION)
            && !self.is_closed(&AUTHORIZATION)
        {
            match auth.header(variables)? {
                Some(value) => drop(self.headers.insert(AUTHORIZATION, value)),
                None => self.closed.push(AUTHORIZATION),
            }
        }
        Ok(())
    }

    /// Adds what the request's client bears.
    pub(super) fn add_client(&mut self, client: &BorneByClient<'_>) -> Result<(), EvaluationError> {
        self.add(&client.headers, client.auth, &client.variables)
    }

    /// The headers with what every request to a service bears.
    pub(super) fn for_service(
        mut self,
        service: &ServiceName,
        services: &BTreeMap<ServiceName, RequestDefaults>,
        variables: &Scope,
    ) -> Result<HeaderMap, EvaluationError> {
        if let Some(borne) = services.get(service) {
            self.add(&borne.headers, borne.auth.as_ref(), variables)?;
        }
        Ok(self.headers)
    }

    /// The same layers without the headers of these names.
    pub(super) fn without(&self, names: &[HeaderName]) -> Self {
        let mut rest = self.clone();
        for name in names {
            rest.headers.remove(name);
        }
        rest
    }

    fn is_closed(&self, name: &HeaderName) -> bool {
        self.closed.contains(name)
    }
}

/// The values of a header: one, or those of a list, such as a header that was captured.
fn values(
    name: &HeaderName,
    template: &Template,
    variables: &Scope,
) -> Result<Vec<HeaderValue>, EvaluationError> {
    let values = match template.value(variables)? {
        Value::Array(items) => items,
        value => vec![value],
    };
    let header = |value: &Value| {
        let text = value.to_text();
        HeaderValue::from_str(&text).map_err(|_| EvaluationError {
            expression: name.to_string(),
            reason: format!("{text:?} can't be a header's value"),
        })
    };
    values.iter().map(header).collect()
}
