use std::{
    borrow::Cow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use fault::{Interruption, Link, Moment, Outage, RequestHead};
use http::{Request, Response};
use tower::{Layer, Service};
use verdict::{EncodedBody, ExchangeId, NoReply};

use crate::{
    delivery::{CallerState, DeliveryOutcome, deliver},
    detached::DetachedDeliveries,
    recorder::{ExchangeRecorder, kept_request},
    state::{Admission, Beginning, LinkState},
};

/// Damages the exchanges on one link, around any service that carries them.
#[derive(Clone)]
pub struct FaultLayer {
    state: Arc<LinkState>,
    detached: Arc<DetachedDeliveries>,
    link: Link,
}

impl FaultLayer {
    pub(crate) fn new(state: &Arc<LinkState>, detached: &Arc<DetachedDeliveries>, link: Link) -> Self {
        Self { state: Arc::clone(state), detached: Arc::clone(detached), link }
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, callee: S) -> Faulty<S> {
        Faulty { layer: self.clone(), callee }
    }
}

/// A callee behind a link that may be damaged.
///
/// It is always ready, and waits for the callee's readiness when a request arrives there, as a network does. An
/// exchange begins with [`Service::call`]. Dropping its future means that the caller has given up: the link then closes its
/// connection to a callee that is processing the request, but still delivers a request that is in flight, until
/// [`Links::close`](crate::Links::close).
#[derive(Clone)]
pub struct Faulty<S> {
    layer: FaultLayer,
    callee: S,
}

impl<S> Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Begins an exchange.
    pub(crate) fn begin(&self, request: Request<Bytes>, caller: CallerState) -> InFlight {
        let FaultLayer { state, detached, link } = &self.layer;
        let uri = request.uri();
        let head = RequestHead {
            method: request.method(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers: request.headers(),
        };
        let Beginning { id, at, admission } =
            state.begin(link, kept_request(link, &request), &head, || plain_body(&request));
        let recorder = ExchangeRecorder::new(Arc::clone(state), id, link);
        let mut is_faulted = false;
        let delivery: Delivery = match admission {
            Admission::Refused => Box::pin(async move { caller.refused() }),
            Admission::Admitted(decision) => {
                is_faulted = !decision.faults.is_empty();
                Box::pin(deliver(recorder.clone(), decision, request, self.callee.clone(), caller))
            }
        };
        InFlight {
            detached: Arc::clone(detached),
            recorder,
            since: at,
            is_faulted,
            delivery: Some(delivery),
            interruption: None,
            caller: Caller::Waiting,
        }
    }
}

impl<S> Service<Request<Bytes>> for Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> ReplyFuture {
        ReplyFuture(self.begin(request, CallerState::Connecting))
    }
}

/// The reply to a request on a link, as a caller in this process gets it: a reply that is cut off is lost altogether.
#[must_use = "futures do nothing unless polled"]
pub struct ReplyFuture(InFlight);

impl ReplyFuture {
    /// The exchange's id in the history.
    pub fn exchange(&self) -> ExchangeId {
        self.0.recorder.id()
    }

    /// Ends the caller's wait. The history then says `why`, such as [`NoReply::TimedOut`]; without this it says
    /// [`NoReply::Abandoned`] when the future is dropped.
    pub fn give_up(mut self, why: NoReply) {
        self.0.give_up(why);
    }
}

impl Future for ReplyFuture {
    type Output = Result<Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(DeliveryOutcome::into_received)
    }
}

/// The body of a request without its content coding, in UTF-8; as it was sent if it can't be read.
fn plain_body(request: &Request<Bytes>) -> Cow<'_, [u8]> {
    match EncodedBody::new(request.headers(), request.body()).text() {
        Ok(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Ok(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(request.body()),
    }
}

type Delivery = Pin<Box<dyn Future<Output = DeliveryOutcome> + Send>>;

/// An exchange in flight, for its caller. Dropping it means that the caller gives up.
pub(crate) struct InFlight {
    detached: Arc<DetachedDeliveries>,
    recorder: ExchangeRecorder,
    /// Outages that come into force later interrupt it.
    since: Moment,
    /// Whether it was decided that a fault changes it.
    is_faulted: bool,
    /// `None` once it has ended, or if it never will.
    delivery: Option<Delivery>,
    /// Waits for the next outage. `None` until the exchange has waited for the first time.
    interruption: Option<Pin<Box<dyn Future<Output = Interruption> + Send>>>,
    caller: Caller,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    Waiting,
    Gone,
}

impl InFlight {
    /// Ends the caller's wait without a reply: the link closes its connection to a callee that is processing the
    /// request, unless a fault changes the exchange.
    fn give_up(&mut self, why: NoReply) {
        // The connections are cut in no order, so that the outage may not have been noticed yet.
        while let Some(interruption) = self.recorder.interruption_by_now(self.since) {
            if self.interrupt(&interruption).is_some() {
                return;
            }
        }
        if std::mem::replace(&mut self.caller, Caller::Gone) == Caller::Waiting {
            self.recorder.ended(Err(why));
        }
        if self.is_faulted || !self.recorder.is_being_answered() {
            self.detach();
        }
    }

    /// Carries out an outage that has come into force. What was sent is delivered, but the caller gets no reply: a
    /// reset, which this returns, or nothing.
    fn interrupt(&mut self, interruption: &Interruption) -> Option<NoReply> {
        self.since = interruption.moment;
        if self.caller == Caller::Gone {
            return None;
        }
        self.recorder.damaged(&interruption.fault);
        self.is_faulted = true;
        self.detach();
        if interruption.outage == Outage::Hang {
            return None;
        }
        self.caller = Caller::Gone;
        self.recorder.ended(Err(NoReply::Reset));
        Some(NoReply::Reset)
    }

    fn expect_interruption(&mut self) {
        self.interruption = Some(Box::pin(self.recorder.clone().interruption(self.since)));
    }

    /// Carries out the outages that have come into force, and is ready when one of them ends the exchange.
    fn poll_interruptions(&mut self, context: &mut Context<'_>) -> Poll<NoReply> {
        while let Some(interruption) = &mut self.interruption {
            let interruption = ready!(interruption.as_mut().poll(context));
            if let Some(why) = self.interrupt(&interruption) {
                return Poll::Ready(why);
            }
            self.expect_interruption();
        }
        Poll::Pending
    }

    /// Continues the delivery without the caller.
    fn detach(&mut self) {
        if let Some(mut delivery) = self.delivery.take() {
            self.detached.detach(async move {
                delivery.as_mut().await;
            });
        }
    }
}

impl Future for InFlight {
    type Output = DeliveryOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<DeliveryOutcome> {
        if let Poll::Ready(why) = self.poll_interruptions(context) {
            return Poll::Ready(DeliveryOutcome::NoReply(why));
        }
        if let Some(delivery) = &mut self.delivery
            && let Poll::Ready(outcome) = delivery.as_mut().poll(context)
        {
            self.delivery = None;
            if !matches!(outcome, DeliveryOutcome::Never) {
                self.caller = Caller::Gone;
                self.recorder.ended(outcome.received());
                return Poll::Ready(outcome);
            }
        }
        if self.interruption.is_some() {
            return Poll::Pending;
        }
        // An exchange in one process often ends at once, and never gets here.
        self.expect_interruption();
        self.poll_interruptions(context).map(DeliveryOutcome::NoReply)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.caller == Caller::Waiting {
            self.give_up(NoReply::Abandoned);
        }
    }
}
