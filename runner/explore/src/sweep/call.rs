//! The calls that a scenario makes on links, identified so that they are found again in another run.

use std::{collections::BTreeMap, fmt};

use fault::Link;
use http::Method;
use verdict::{Exchange, History};

/// A call on a link. The link, method, path and number identify it in every run of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptCall {
    /// The link on which it is made.
    pub link: Link,
    /// The method of the request.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The call's number among those with the same link, method and path, counted from 1.
    pub number: u64,
    /// The step of the swept scenario during which it was made, counted from 0.
    pub step: usize,
    /// As `number`, but among the calls of the same step.
    pub(crate) attempt: u64,
    /// The length of the reply's body, in bytes.
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

/// The calls of a run with their exchanges, in the order in which they began. `origin` maps a step of this run to the step of
/// the swept scenario. Calls made during other steps are counted, but not returned; those of the steps before `first` aren't
/// counted either, since no fault is injected yet.
pub(crate) fn calls(
    history: &History,
    first: usize,
    origin: impl Fn(usize) -> Option<usize>,
) -> Vec<(SweptCall, Exchange<'_>)> {
    let mut alike: BTreeMap<(Link, String, String), u64> = BTreeMap::new();
    let mut within: BTreeMap<(usize, Link, String, String), u64> = BTreeMap::new();
    let mut calls = Vec::new();
    for exchange in history.exchanges() {
        let Some(during) = exchange.step.filter(|step| *step >= first) else { continue };
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
