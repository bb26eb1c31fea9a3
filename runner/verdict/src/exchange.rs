//! A request on a link with its reply, as a view of its records in the history.

use std::{fmt, time::Duration};

use fault::{FaultName, Link};
use scenario::OutcomePattern;

use crate::message::{NoReply, Reply, Request};

/// Number of an exchange in its history, counted from 0 in the order in which they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub(crate) usize);

/// A request on a link, and everything that the history has about it so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exchange<'a> {
    /// Its number in the history.
    pub id: ExchangeId,
    /// When it was sent, since the world's beginning.
    pub at: Duration,
    /// The step during which it was sent, counted from 0.
    pub step: Option<usize>,
    /// The link.
    pub link: &'a Link,
    /// What the caller sent.
    pub request: &'a Request,
    /// The faults that damaged it.
    pub faults: &'a [FaultName],
    /// How many times the callee got the request, also after the caller had given up.
    pub delivered: u32,
    /// The callee's last answer, whether or not that reached the caller.
    pub answered: Option<&'a Reply>,
    /// How it ended for the caller; `None` while the caller waits.
    pub ending: Option<Ending<'a>>,
}

/// How an exchange ended for its caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ending<'a> {
    /// Time since it was sent.
    pub took: Duration,
    /// What the caller got.
    pub received: Result<&'a Reply, &'a NoReply>,
}

/// What a caller knows about its request once that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// A reply below 500 came back.
    Ok,
    /// It was certainly not processed.
    Failed,
    /// It may have been processed, or may still be.
    Unknown,
}

impl ExchangeId {
    /// The number.
    pub fn number(self) -> usize {
        self.0
    }
}

impl<'a> Exchange<'a> {
    /// The reply that the caller received, if it received one.
    pub fn reply(&self) -> Option<&'a Reply> {
        self.ending.and_then(|ending| ending.received.ok())
    }

    /// What the caller knows about the request.
    pub fn outcome(&self) -> RequestOutcome {
        match self.ending.map(|ending| ending.received) {
            Some(Ok(reply)) if reply.status.as_u16() < 500 => RequestOutcome::Ok,
            Some(Err(NoReply::Refused)) => RequestOutcome::Failed,
            _ => RequestOutcome::Unknown,
        }
    }

    /// The pattern of `expect.outcomes` under which it is counted.
    pub fn pattern(&self) -> OutcomePattern {
        self.reply().map_or(OutcomePattern::NoReply, |reply| OutcomePattern::Status(reply.status.as_u16()))
    }
}

impl fmt::Display for RequestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        })
    }
}
