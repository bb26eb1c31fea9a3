use std::time::Duration;

use fault::ServiceName;
use http::HeaderName;

use super::{Authentication, Body, ClientName, Follow};
use crate::{
    Bindings, EvaluationError, Expression, Pairs, PathTemplate, Scope, Template, TemplateValue, percent,
};

/// An HTTP request whose path, headers and body can have `${…}` in them.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: http::Method,
    /// The service it is sent to.
    pub service: ServiceName,
    /// The path and query.
    pub path: PathTemplate,
    /// Pairs that are appended to the query of the path.
    pub query: Pairs,
    /// Headers, in the order they are sent. A name that is there several times is sent several times.
    pub headers: Vec<(HeaderName, Template)>,
    /// Headers that aren't sent, though what holds for more than this request has them.
    pub without: Vec<HeaderName>,
    /// The body.
    pub body: Body,
    /// The client that sends it; without one, it has no cookies.
    pub client: Option<ClientName>,
    /// How it says who sends it, if it says that itself.
    pub auth: Option<Authentication>,
    /// Whether it follows redirects, if it says that itself.
    pub follow: Option<Follow>,
    /// How long to wait for the reply; the configuration's time when `None`.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A request with nothing but its line.
    pub fn new(method: http::Method, service: ServiceName, path: PathTemplate) -> Self {
        let (query, headers, without, client, auth, follow, timeout) = Default::default();
        let body = Body::None;
        Self { method, service, path, query, headers, without, body, client, auth, follow, timeout }
    }

    /// The same request with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        Self {
            path: self.path.bind(bindings),
            query: self.query.bind(bindings),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect(),
            body: self.body.bind(bindings),
            auth: self.auth.as_ref().map(|auth| auth.bind(bindings)),
            ..self.clone()
        }
    }

    /// The same request with a variable in place of each placeholder that draws a value, and the values of these variables,
    /// whose names begin with `prefix`. Once they are set, the request is the same however often it is sent.
    #[must_use]
    pub fn drawn_once(&self, prefix: &str) -> (Self, Vec<(String, TemplateValue)>) {
        let mut call = self.clone();
        let headers = call.headers.iter_mut().map(|(_, value)| value);
        let mut templates: Vec<&mut Template> =
            std::iter::once(call.path.template_mut()).chain(headers).collect();
        call.query.templates_mut(&mut templates);
        call.body.templates_mut(&mut templates);
        templates.extend(call.auth.iter_mut().flat_map(Authentication::templates_mut));
        let mut values = Vec::new();
        for expression in templates.into_iter().flat_map(Template::expressions_mut) {
            if expression.draws() {
                let name = format!("{prefix}{}", values.len() + 1);
                let variable = Expression::parse(&name).expect("a prefix and a number are a name");
                let drawn = Template::placeholder(std::mem::replace(expression, variable));
                values.push((name, TemplateValue::Text(drawn)));
            }
        }
        (call, values)
    }

    /// The path and query, as they are sent. Of `defaults` it has the pairs whose names it doesn't have itself.
    pub fn target(&self, defaults: &Pairs, scope: &Scope) -> Result<String, EvaluationError> {
        let mut target = self.path.render(scope)?;
        let own = self.query.render(scope)?;
        let others = defaults.render(scope)?;
        let others = others.into_iter().filter(|(name, _)| !self.query.keys().any(|own| own == *name));
        let mut separator = match target.find('?') {
            None => "?",
            Some(_) if target.ends_with(['?', '&']) => "",
            Some(_) => "&",
        };
        for (name, value) in own.into_iter().chain(others) {
            target.push_str(separator);
            target.push_str(&percent::query_value(name));
            target.push('=');
            target.push_str(&percent::query_value(&value));
            separator = "&";
        }
        Ok(target)
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let mut templates: Vec<&Template> = std::iter::once(self.path.template()).chain(headers).collect();
        self.query.templates(&mut templates);
        self.body.templates(&mut templates);
        templates.extend(self.auth.iter().flat_map(Authentication::templates));
        templates.into_iter().flat_map(Template::names)
    }
}
