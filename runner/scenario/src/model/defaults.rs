use std::time::Duration;

use http::HeaderName;

use super::{Authentication, ClientName, Follow};
use crate::{Pairs, Template};

/// What requests bear and how they are sent, unless they say otherwise themselves.
#[derive(Debug, Clone, Default)]
pub struct RequestDefaults {
    /// Headers. One that a request has itself replaces those of the same name.
    pub headers: Vec<(HeaderName, Template)>,
    /// Pairs that are appended to the query. One that a request has itself replaces those of the same name.
    pub query: Pairs,
    /// How a request says who sends it.
    pub auth: Option<Authentication>,
    /// The client that sends it.
    pub client: Option<ClientName>,
    /// Whether it follows redirects.
    pub follow: Option<Follow>,
    /// How long to wait for the reply.
    pub timeout: Option<Duration>,
}

impl RequestDefaults {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        let Self { headers, query, auth, client, follow, timeout } = self;
        headers.is_empty()
            && query.is_empty()
            && auth.is_none()
            && client.is_none()
            && follow.is_none()
            && timeout.is_none()
    }

    /// The variables they use, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut templates: Vec<&Template> = self.headers.iter().map(|(_, value)| value).collect();
        self.query.templates(&mut templates);
        templates.extend(self.auth.iter().flat_map(Authentication::templates));
        templates.into_iter().flat_map(Template::names)
    }
}
