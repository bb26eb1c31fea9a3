use std::{fmt, sync::Arc};

use crate::RequestHead;

/// A condition on the query or the body of a request. What these mean, whoever makes the condition knows.
pub trait Content: fmt::Debug + fmt::Display + Send + Sync {
    /// Whether the condition holds for a request. `body` is the request's body as it was meant, without a content coding; it is
    /// empty unless [`Content::needs_body`].
    fn selects(&self, head: &RequestHead<'_>, body: &[u8]) -> bool;

    /// Whether it can only be decided with the request's body.
    fn needs_body(&self) -> bool;

    /// The keys of the condition as a JSON object, as they are written in a scenario. Two conditions with the same keys are
    /// equal.
    fn keys(&self) -> String;
}

/// A [`Content`] that selectors share.
#[derive(Debug, Clone)]
pub struct ContentFilter(Arc<dyn Content>);

impl ContentFilter {
    /// A filter by this condition.
    pub fn new(content: impl Content + 'static) -> Self {
        Self(Arc::new(content))
    }

    /// Its condition.
    pub fn content(&self) -> &dyn Content {
        &*self.0
    }
}

impl PartialEq for ContentFilter {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys() == other.0.keys()
    }
}

impl fmt::Display for ContentFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
