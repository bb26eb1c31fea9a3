//! Records an exchange in the history.

use std::sync::Arc;

use bytes::Bytes;
use fault::{Crash, Link};
use http::{Request, Response};
use verdict::{ExchangeId, HistoryEvent, NoReply, Reply};

use crate::state::LinkState;

/// Bytes of a body between services that the history keeps. Replies to a scenario's own requests are judged, so they
/// are kept whole.
const KEPT_BODY: usize = 1 << 20;

/// Appends what happens to one exchange to the history.
#[derive(Clone)]
pub(crate) struct ExchangeRecorder {
    state: Arc<LinkState>,
    id: ExchangeId,
    kept_body: usize,
}

impl ExchangeRecorder {
    pub(crate) fn new(state: Arc<LinkState>, id: ExchangeId, link: &Link) -> Self {
        Self { state, id, kept_body: kept_body(link) }
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

    /// Kills a service for a fault.
    pub(crate) fn crash(&self, crash: &Crash) {
        self.state.crash(crash);
    }

    /// Whether the callee is processing the request, and no fault damages the exchange.
    pub(crate) fn is_being_answered(&self) -> bool {
        self.state.read(|history| {
            let exchange = history.exchange(self.id);
            exchange.faults.is_empty() && exchange.delivered > 0 && exchange.answered.is_none()
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
