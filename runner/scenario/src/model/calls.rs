use std::time::Duration;

use fault::{Link, PathPattern};

use super::HeaderExpectation;
use crate::{Bindings, Expression, Template};

/// An expectation on single calls on links while a step ran.
#[derive(Debug, Clone)]
pub enum CallsExpectation {
    /// On all calls that match.
    Matching(Box<MatchingCalls>),
    /// The calls that match one of these happen in this order. Calls in a row that match the same one count as one.
    Order(Vec<CallPattern>),
}

/// A link, and the method and path of calls on it.
#[derive(Debug, Clone)]
pub struct CallPattern {
    /// The link.
    pub link: Link,
    /// Only this method.
    pub method: Option<http::Method>,
    /// Only these paths.
    pub path: PathPattern,
}

/// The calls that match, and what is expected of them.
#[derive(Debug, Clone)]
pub struct MatchingCalls {
    /// Link, method and path.
    pub pattern: CallPattern,
    /// Only requests with these headers.
    pub headers: Vec<(http::HeaderName, HeaderExpectation)>,
    /// Only calls of which all of these conditions are true, over [`CallPattern::NAMES`].
    pub that: Vec<Expression>,
    /// A condition on their number, `count`.
    pub count: Expression,
    /// The time between the beginnings of successive ones.
    pub apart: Option<Distance>,
    /// Expressions over [`CallPattern::NAMES`] that have one value in all of them.
    pub same: Vec<Expression>,
    /// Expressions over [`CallPattern::NAMES`] that have another value in each of them.
    pub different: Vec<Expression>,
}

/// Bounds of a time between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// The shortest.
    pub least: Duration,
    /// The longest; there is none when `None`.
    pub most: Option<Duration>,
}

impl CallPattern {
    /// What expressions on a call can name besides the variables: its request, and the status of its reply, which is 0 without
    /// one.
    pub const NAMES: &[&str] = &["method", "path", "query", "headers", "body", "status"];
}

impl CallsExpectation {
    /// The links that it is about.
    pub fn links(&self) -> Vec<&Link> {
        match self {
            Self::Matching(calls) => vec![&calls.pattern.link],
            Self::Order(patterns) => patterns.iter().map(|pattern| &pattern.link).collect(),
        }
    }

    /// The same expectation with other names or values for some of its variables.
    #[must_use]
    pub(super) fn bind(&self, bindings: &Bindings) -> Self {
        let Self::Matching(calls) = self else { return self.clone() };
        let mut bound = calls.clone();
        for (_, header) in &mut bound.headers {
            *header = header.bind(bindings);
        }
        for expression in [&mut bound.that, &mut bound.same, &mut bound.different].into_iter().flatten() {
            *expression = expression.bind(bindings);
        }
        bound.count = bound.count.bind(bindings);
        Self::Matching(bound)
    }

    /// The variables it uses, some of them more than once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let calls = match self {
            Self::Matching(calls) => Some(calls),
            Self::Order(_) => None,
        };
        calls.into_iter().flat_map(|calls| {
            let MatchingCalls { headers, that, count, same, different, .. } = calls.as_ref();
            let headers = headers.iter().flat_map(|(_, header)| header.values()).flat_map(Template::names);
            let expressions = that.iter().chain(same).chain(different).chain([count]);
            headers.chain(expressions.flat_map(Expression::names))
        })
    }
}
