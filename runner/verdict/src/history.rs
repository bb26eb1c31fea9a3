//! What happened: an append-only record that links, processes and steps write, and that judging reads.

use std::{fmt, time::Duration};

use bytes::Bytes;
use fault::{FaultName, Link, ServiceName};

/// What happened in a world, in the order in which it began. All times count from the world's beginning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    records: Vec<Record>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it began.
    pub at: Duration,
    /// During which step (counted from 0) it began; `None` before the first and after the last.
    pub step: Option<usize>,
    /// What it was.
    pub what: Happening,
}

/// What can happen.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that happens is exchanges; boxing them would gain nothing"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A request crossed a link.
    Exchange(Exchange),
    /// A fault came into force or out of it.
    Fault {
        /// Which.
        fault: FaultName,
        /// What became of it.
        change: FaultChange,
    },
    /// Something befell a service's process.
    Process {
        /// Whose.
        service: ServiceName,
        /// What.
        change: ProcessChange,
    },
}

/// What became of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultChange {
    /// Put in force by a step; its window may open later.
    Injected,
    /// Taken out of force by a step, or by the end of the scenario.
    Healed,
}

/// What befell a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessChange {
    /// It was started and is ready.
    Started,
    /// It was killed by a step.
    Killed,
    /// It was killed by a fault.
    Crashed,
    /// It ended because it was asked to.
    Stopped,
    /// It was halted.
    Paused,
    /// It was let go on.
    Resumed,
    /// It ended by itself: its exit code or signal, in words.
    Exited(String),
}

/// One request on a link, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The link.
    pub link: Link,
    /// What the caller sent.
    pub request: Request,
    /// The faults that met it.
    pub faults: Vec<FaultName>,
    /// How many times the callee got the request, be it after the caller had given up.
    pub delivered: u32,
    /// What the callee answered (last), whether or not that reached the caller.
    pub answered: Option<Reply>,
    /// What came of it for the caller; `None` while it waits.
    pub ending: Option<Ending>,
}

/// How an exchange ended for its caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// How long after its beginning.
    pub took: Duration,
    /// What the caller got.
    pub received: Result<Reply, NoReply>,
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: http::Method,
    /// The path and query.
    pub path: String,
    /// The headers in the order they were sent.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A reply as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: http::StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What a caller got in place of a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    /// Nobody listens there: the request certainly wasn't processed.
    #[error("connection refused")]
    Refused,
    /// The connection was reset, or closed, before a reply began.
    #[error("connection reset")]
    Reset,
    /// The reply broke off.
    #[error("reply cut off")]
    CutOff,
    /// The caller waited for as long as it wanted to.
    #[error("no reply within {0:?}")]
    TimedOut(Duration),
    /// The caller went away before there was a reply.
    #[error("given up by the caller")]
    Abandoned,
    /// Anything else, in words.
    #[error("{0}")]
    Broken(String),
}

/// What is certain about a request once it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A reply below 500 came back.
    Ok,
    /// It certainly did not happen.
    Failed,
    /// It may have happened, or may still.
    Unknown,
}

impl Exchange {
    /// What the caller may conclude.
    pub fn outcome(&self) -> Outcome {
        match self.ending.as_ref().map(|ending| &ending.received) {
            Some(Ok(reply)) if reply.status.as_u16() < 500 => Outcome::Ok,
            Some(Err(NoReply::Refused)) => Outcome::Failed,
            _ => Outcome::Unknown,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        })
    }
}

/// The place of an exchange in its history, by which it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeId(usize);

impl History {
    /// Writes down that something happened.
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Writes down that an exchange began.
    pub fn begin(&mut self, at: Duration, step: Option<usize>, exchange: Exchange) -> ExchangeId {
        self.push(Record { at, step, what: Happening::Exchange(exchange) });
        ExchangeId(self.records.len() - 1)
    }

    /// Writes down that the callee got the request (once more).
    pub fn delivered(&mut self, id: ExchangeId) {
        self.exchange_mut(id).delivered += 1;
    }

    /// Takes that back: it turned out that nobody listened.
    pub fn not_delivered(&mut self, id: ExchangeId) {
        let delivered = &mut self.exchange_mut(id).delivered;
        *delivered = delivered.saturating_sub(1);
    }

    /// Writes down what the callee answered.
    pub fn answered(&mut self, id: ExchangeId, reply: Reply) {
        self.exchange_mut(id).answered = Some(reply);
    }

    /// Writes down what the caller got at `now`. Only the first ending counts.
    pub fn end(&mut self, id: ExchangeId, now: Duration, received: Result<Reply, NoReply>) {
        let took = now.saturating_sub(self.records[id.0].at);
        self.exchange_mut(id).ending.get_or_insert(Ending { took, received });
    }

    fn exchange_mut(&mut self, id: ExchangeId) -> &mut Exchange {
        match &mut self.records[id.0].what {
            Happening::Exchange(exchange) => exchange,
            _ => unreachable!("ids are given out for exchanges only"),
        }
    }

    /// Everything, in the order in which it began.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The exchanges that began on any link during a step.
    pub fn exchanges_during(&self, step: usize) -> impl Iterator<Item = &Exchange> {
        self.records.iter().filter(move |record| record.step == Some(step)).filter_map(Record::exchange)
    }

    /// The exchange with this id.
    pub fn exchange(&self, id: ExchangeId) -> &Exchange {
        self.records[id.0].exchange().expect("ids are given out for exchanges only")
    }
}

impl Record {
    /// The exchange, if it is one.
    pub fn exchange(&self) -> Option<&Exchange> {
        match &self.what {
            Happening::Exchange(exchange) => Some(exchange),
            _ => None,
        }
    }
}
