//! The append-only record of a world. Links, processes and steps write it, and judging reads it.

use std::{fmt, time::Duration};

use fault::{FaultName, Link, ServiceName};

use crate::{
    Exit,
    exchange::{Ending, Exchange, ExchangeId},
    message::{NoReply, Reply, Request},
};

/// Everything that happened in a world, in the order in which it happened. Records are appended and never changed.
///
/// An exchange has several records ([`HistoryEvent::Sent`], `Damaged`, `Delivered`, `Answered`, `Ended`);
/// [`History::exchanges`] and [`History::exchange`] show it as one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    records: Vec<Record>,
    /// Where each exchange's records are, by its id.
    index: Vec<ExchangeRecords>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When, since the world's beginning.
    pub at: Duration,
    /// The step that was running, counted from 0; `None` before the first and after the last.
    pub step: Option<usize>,
    /// What happened.
    pub event: HistoryEvent,
}

/// A kind of thing that happens in a world.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryEvent {
    /// A caller sent a request on a link.
    Sent(Box<Sent>),
    /// A fault changed the exchange.
    Damaged(ExchangeId, FaultName),
    /// The link handed the request to the callee; twice for a duplicated request.
    Delivered(ExchangeId),
    /// The last delivery failed: nothing listens at the callee's address.
    Undeliverable(ExchangeId),
    /// The callee answered, whether or not that reached the caller.
    Answered(ExchangeId, Reply),
    /// The caller's wait ended, with what it received.
    Ended(ExchangeId, Result<Reply, NoReply>),
    /// A fault was injected or healed.
    Fault {
        /// The fault.
        fault: FaultName,
        /// Whether it was injected or healed.
        change: FaultChange,
    },
    /// A service's process started, ended or was halted.
    Process {
        /// The service.
        service: ServiceName,
        /// What happened to its process.
        change: ProcessChange,
    },
    /// A service told the state of a circuit, when the scenario had failed.
    Circuit(Box<Circuit>),
}

/// A circuit of a service, as the service tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// The service.
    pub service: ServiceName,
    /// Whose calls it guards, as the service names it.
    pub callee: String,
    /// Its state, in the service's words: `open`.
    pub state: String,
    /// Its changes of state so far, one text each; `None` when the service doesn't tell them.
    pub moves: Option<Vec<String>>,
}

/// The beginning of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The exchange that begins.
    pub exchange: ExchangeId,
    /// The link that the request was sent on.
    pub link: Link,
    /// What the caller sent.
    pub request: Request,
    /// The faults that damage the exchange from its beginning; others follow as `Damaged`.
    pub faults: Vec<FaultName>,
}

/// Whether a fault came into force or out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultChange {
    /// Put in force by a step; its window may open later.
    Injected,
    /// Taken out of force by a step, or at the end of the scenario.
    Healed,
}

/// What happened to a service's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessChange {
    /// It was started, and is ready.
    Started,
    /// It was started by a step that didn't wait until it is ready.
    Launched,
    /// It was killed by a step.
    Killed,
    /// It was killed by a fault.
    Crashed,
    /// It ended because it was asked to.
    Stopped,
    /// It was halted.
    Paused,
    /// It was resumed after a halt.
    Resumed,
    /// It ended by itself.
    Exited(Exit),
}

/// Positions of an exchange's records.
#[derive(Debug, Clone, PartialEq)]
struct ExchangeRecords {
    sent: usize,
    /// The faults that have damaged it, in the order in which they did.
    faults: Vec<FaultName>,
    delivered: u32,
    /// The last answer: a duplicated request is answered twice.
    answered: Option<usize>,
    /// The first ending: after it the caller doesn't wait any more.
    ended: Option<usize>,
}

impl History {
    /// Appends the beginning of an exchange at `at`, and returns the exchange's id.
    pub fn send(
        &mut self,
        at: Duration,
        step: Option<usize>,
        link: Link,
        request: Request,
        faults: Vec<FaultName>,
    ) -> ExchangeId {
        let exchange = ExchangeId(self.index.len());
        self.append(at, step, HistoryEvent::Sent(Box::new(Sent { exchange, link, request, faults })));
        exchange
    }

    /// Appends an event. Exchanges begin with [`History::send`], which gives out their ids.
    pub fn append(&mut self, at: Duration, step: Option<usize>, event: HistoryEvent) {
        let position = self.records.len();
        match &event {
            HistoryEvent::Sent(sent) => {
                self.index.push(ExchangeRecords {
                    sent: position,
                    faults: sent.faults.clone(),
                    delivered: 0,
                    answered: None,
                    ended: None,
                });
            }
            HistoryEvent::Damaged(id, fault) => self.index[id.0].faults.push(fault.clone()),
            HistoryEvent::Delivered(id) => self.index[id.0].delivered += 1,
            HistoryEvent::Undeliverable(id) => {
                let delivered = &mut self.index[id.0].delivered;
                *delivered = delivered.saturating_sub(1);
            }
            HistoryEvent::Answered(id, _) => self.index[id.0].answered = Some(position),
            HistoryEvent::Ended(id, _) => {
                self.index[id.0].ended.get_or_insert(position);
            }
            HistoryEvent::Fault { .. } | HistoryEvent::Process { .. } | HistoryEvent::Circuit(_) => {}
        }
        self.records.push(Record { at, step, event });
    }

    /// All records, in the order in which they were written.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The exchange with this id.
    pub fn exchange(&self, id: ExchangeId) -> Exchange<'_> {
        let ExchangeRecords { sent: position, faults, delivered, answered, ended } = &self.index[id.0];
        let record = &self.records[*position];
        let HistoryEvent::Sent(sent) = &record.event else {
            unreachable!("the index keeps the position of a Sent record")
        };
        let answered = answered.map(|position| match &self.records[position].event {
            HistoryEvent::Answered(_, reply) => reply,
            _ => unreachable!("the index keeps the position of an Answered record"),
        });
        let ending = ended.map(|position| match &self.records[position] {
            Record { at, event: HistoryEvent::Ended(_, received), .. } => {
                Ending { took: at.saturating_sub(record.at), received: received.as_ref() }
            }
            _ => unreachable!("the index keeps the position of an Ended record"),
        });
        Exchange {
            id,
            at: record.at,
            step: record.step,
            link: &sent.link,
            request: &sent.request,
            faults,
            delivered: *delivered,
            answered,
            ending,
        }
    }

    /// All exchanges, in the order in which they were sent.
    pub fn exchanges(&self) -> impl DoubleEndedIterator<Item = Exchange<'_>> {
        (0..self.index.len()).map(|number| self.exchange(ExchangeId(number)))
    }

    /// The number of exchanges so far.
    pub fn sent(&self) -> usize {
        self.index.len()
    }

    /// The exchanges from a number on, in the order in which they were sent.
    pub fn exchanges_from(&self, first: usize) -> impl Iterator<Item = Exchange<'_>> {
        (first..self.index.len()).map(|number| self.exchange(ExchangeId(number)))
    }

    /// The exchanges that were sent on any link during a step.
    pub fn exchanges_during(&self, step: usize) -> impl Iterator<Item = Exchange<'_>> {
        let during = move |records: &&ExchangeRecords| self.records[records.sent].step == Some(step);
        let ids = self.index.iter().enumerate().filter(move |(_, records)| during(records));
        ids.map(|(number, _)| self.exchange(ExchangeId(number)))
    }
}

impl fmt::Display for FaultChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Injected => "injected",
            Self::Healed => "healed",
        })
    }
}

impl fmt::Display for ProcessChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "started",
            Self::Launched => "started, not waited for",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Exited(exit) => return write!(f, "exited: {exit}"),
        })
    }
}
