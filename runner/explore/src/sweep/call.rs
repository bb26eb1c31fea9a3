//! The calls of a scenario: each exchange on a link by what it looks like and which of those it is.

use std::{collections::BTreeMap, fmt};

use fault::Link;
use http::Method;
use verdict::{Exchange, History};

/// A call on a link, by which the same one is found again in another run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptCall {
    /// The link.
    pub link: Link,
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// Which of the calls that look like this, counted from 1.
    pub number: u64,
    /// The step of the scenario during which it was made, from 0.
    pub step: usize,
    /// Which of the calls that look like this it is within its step, counted from 1.
    pub(crate) attempt: u64,
    /// How many bytes the reply's body had.
    pub(crate) reply_length: usize,
}

impl SweptCall {
    /// Whether it is the same call, made in another run.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.link, &self.method, &self.path, self.number)
            == (&other.link, &other.method, &other.path, other.number)
    }
}

impl fmt::Display for SweptCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.link, self.method, self.path)?;
        if self.number > 1 { write!(f, ", number {}", self.number) } else { Ok(()) }
    }
}

/// The calls made during steps, with the exchanges they are, in the order in which they began. `origin` says which step
/// of the scenario that is swept a step of this run was; calls made during others are left out, but counted.
pub(crate) fn calls(
    history: &History,
    origin: impl Fn(usize) -> Option<usize>,
) -> Vec<(SweptCall, Exchange<'_>)> {
    let mut alike: BTreeMap<(Link, String, String), u64> = BTreeMap::new();
    let mut within: BTreeMap<(usize, Link, String, String), u64> = BTreeMap::new();
    let mut calls = Vec::new();
    for exchange in history.exchanges() {
        let Some(during) = exchange.step else { continue };
        let Exchange { link, request, answered, .. } = exchange;
        let path = request.path.split('?').next().unwrap_or_default().to_owned();
        let mut count = |by: Option<usize>| {
            let key = (link.clone(), request.method.to_string(), path.clone());
            let counter = match by {
                None => alike.entry(key).or_default(),
                Some(step) => within.entry((step, key.0, key.1, key.2)).or_default(),
            };
            *counter += 1;
            *counter
        };
        let (number, attempt) = (count(None), count(Some(during)));
        if let Some(step) = origin(during) {
            let reply_length = answered.map_or(0, |reply| reply.body.len());
            let (link, method) = (link.clone(), request.method.clone());
            calls.push((SweptCall { link, method, path, number, step, attempt, reply_length }, exchange));
        }
    }
    calls
}
