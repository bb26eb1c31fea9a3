use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use fault::{Link, RequestHead};
use http::{Request, Response};
use tower::{Layer, Service};
use verdict::{ExchangeId, NoReply};

use crate::{
    delivery::{DeliveryOutcome, deliver},
    detached::DetachedDeliveries,
    recorder::{ExchangeRecorder, kept_request},
    state::{Admission, LinkState},
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
    pub(crate) fn begin(&self, request: Request<Bytes>) -> InFlight {
        let FaultLayer { state, detached, link } = &self.layer;
        let head =
            RequestHead { method: request.method(), path: request.uri().path(), headers: request.headers() };
        let (id, admission) = state.begin(link, kept_request(link, &request), &head);
        let recorder = ExchangeRecorder::new(Arc::clone(state), id, link);
        let delivery: Delivery = match admission {
            Admission::Refused => Box::pin(async { DeliveryOutcome::NoReply(NoReply::Refused) }),
            Admission::Admitted(decision) => {
                Box::pin(deliver(recorder.clone(), decision, request, self.callee.clone()))
            }
        };
        InFlight {
            detached: Arc::clone(detached),
            recorder,
            delivery: Some(delivery),
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
        ReplyFuture(self.begin(request))
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
        self.0.end(why, EndedBy::Caller);
    }
}

impl Future for ReplyFuture {
    type Output = Result<Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(DeliveryOutcome::into_received)
    }
}

type Delivery = Pin<Box<dyn Future<Output = DeliveryOutcome> + Send>>;

/// An exchange in flight, for its caller. Dropping it means that the caller gives up.
pub(crate) struct InFlight {
    detached: Arc<DetachedDeliveries>,
    recorder: ExchangeRecorder,
    /// `None` once it has ended, or if it never will.
    delivery: Option<Delivery>,
    caller: Caller,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    Waiting,
    Gone,
}

/// The side that ends an exchange before there is a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The caller gave up: the link closes its connection to a callee that is processing the request.
    Caller,
    /// The link cut the caller's connection: the request is still delivered.
    Link,
}

impl InFlight {
    /// Ends the caller's wait without a reply.
    pub(crate) fn end(&mut self, why: NoReply, by: EndedBy) {
        if std::mem::replace(&mut self.caller, Caller::Gone) == Caller::Waiting {
            self.recorder.ended(Err(why));
        }
        if let Some(mut delivery) = self.delivery.take()
            && !(by == EndedBy::Caller && self.recorder.is_being_answered())
        {
            self.detached.detach(async move {
                delivery.as_mut().await;
            });
        }
    }
}

impl Future for InFlight {
    type Output = DeliveryOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<DeliveryOutcome> {
        let Some(delivery) = &mut self.delivery else { return Poll::Pending };
        let Poll::Ready(outcome) = delivery.as_mut().poll(context) else { return Poll::Pending };
        self.delivery = None;
        if matches!(outcome, DeliveryOutcome::Never) {
            return Poll::Pending;
        }
        self.caller = Caller::Gone;
        self.recorder.ended(outcome.received());
        Poll::Ready(outcome)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.end(NoReply::Abandoned, EndedBy::Caller);
    }
}
