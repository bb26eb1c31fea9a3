//! Records an exchange in the history.

use std::sync::Arc;

use bytes::Bytes;
use fault::{Crash, Decision, Effect, FaultName, Interruption, Link, Moment};
use http::{Request, Response};
use verdict::{ExchangeId, HistoryEvent, NoReply, Reply};

use crate::state::{LinkState, until};

/// Bytes of a body between services that the history keeps. Replies to a scenario's own requests are judged, so they
/// are kept whole.
const KEPT_BODY: usize = 1 << 20;

/// Appends what happens to one exchange to the history.
#[derive(Clone)]
pub(crate) struct ExchangeRecorder {
    state: Arc<LinkState>,
    id: ExchangeId,
    link: Link,
    kept_body: usize,
}

impl ExchangeRecorder {
    pub(crate) fn new(state: Arc<LinkState>, id: ExchangeId, link: &Link) -> Self {
        Self { state, id, link: link.clone(), kept_body: kept_body(link) }
    }

    pub(crate) fn id(&self) -> ExchangeId {
        self.id
    }

    /// The request is delivered to the callee, once or once more.
    pub(crate) fn delivered(&self) {
        self.state.record(HistoryEvent::Delivered(self.id));
    }

    /// The last delivery failed: nothing listens at the callee's address.
    pub(crate) fn undeliverable(&self) {
        self.state.record(HistoryEvent::Undeliverable(self.id));
    }

    /// The callee answered.
    pub(crate) fn answered(&self, response: &Response<Bytes>) {
        self.state.record(HistoryEvent::Answered(self.id, kept_reply(response, self.kept_body)));
    }

    /// The caller's wait ended.
    pub(crate) fn ended(&self, received: Result<&Response<Bytes>, NoReply>) {
        let received = received.map(|response| kept_reply(response, self.kept_body));
        self.state.record(HistoryEvent::Ended(self.id, received));
    }

    /// The faults that have this effect change the exchange now.
    pub(crate) fn damaged_by(&self, decision: &Decision, effect: Effect) {
        for (fault, _) in decision.faults.iter().filter(|(_, own)| *own == effect) {
            self.damaged(fault);
        }
    }

    /// A fault changes the exchange now.
    pub(crate) fn damaged(&self, fault: &FaultName) {
        self.state.record_damage(self.id, fault);
    }

    /// Kills a service for a fault, and returns whether the fault is still injected.
    pub(crate) fn crash(&self, crash: &Crash) -> bool {
        self.state.crash(crash)
    }

    /// Waits for the first outage of the whole link that came into force after `since`.
    pub(crate) async fn interruption(self, since: Moment) -> Interruption {
        loop {
            let change = self.state.change();
            if let Some(interruption) = self.interruption_by_now(since) {
                return interruption;
            }
            tokio::select! {
                biased;
                () = change => {}
                () = until(self.state.next_change(self.state.now())) => {}
            }
        }
    }

    /// The first outage of the whole link that came into force after `since`, if there was one.
    pub(crate) fn interruption_by_now(&self, since: Moment) -> Option<Interruption> {
        self.state.interruption(&self.link, since)
    }

    /// Whether the callee is processing the request.
    pub(crate) fn is_being_answered(&self) -> bool {
        self.state.read(|history| {
            let exchange = history.exchange(self.id);
            exchange.delivered > 0 && exchange.answered.is_none()
        })
    }
}

/// The request as the history keeps it.
pub(crate) fn kept_request(link: &Link, request: &Request<Bytes>) -> verdict::Request {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    verdict::Request {
        method: request.method().clone(),
        path: path.into(),
        headers: request.headers().clone(),
        body: beginning(request.body(), kept_body(link)),
    }
}

fn kept_reply(response: &Response<Bytes>, kept_body: usize) -> Reply {
    Reply {
        status: response.status(),
        headers: response.headers().clone(),
        body: beginning(response.body(), kept_body),
    }
}

fn beginning(body: &Bytes, most: usize) -> Bytes {
    // A copy of the part that is kept, since a slice would keep the whole.
    if body.len() > most { Bytes::copy_from_slice(&body[..most]) } else { body.clone() }
}

fn kept_body(link: &Link) -> usize {
    if link.caller.as_str() == fault::CLIENT { usize::MAX } else { KEPT_BODY }
}
