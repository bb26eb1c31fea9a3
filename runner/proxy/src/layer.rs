use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use fault::{Link, RequestHead};
use http::{Request, Response};
use tower::{Layer, Service};
use verdict::{Exchange, NoReply};

use crate::{
    journey::{Passage, travel},
    links::{Admission, Links},
    record::{Entry, kept_request},
};

/// Damages the exchanges on one link, around whatever carries them.
#[derive(Debug, Clone)]
pub struct FaultLayer {
    links: Links,
    link: Link,
}

impl FaultLayer {
    pub(crate) fn new(links: Links, link: Link) -> Self {
        Self { links, link }
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, callee: S) -> Faulty<S> {
        Faulty { links: self.links.clone(), link: self.link.clone(), callee }
    }
}

/// A callee behind a link that may be damaged.
///
/// It takes every request, and asks the callee whether it is ready when the request gets there, as a network does.
/// An exchange begins with [`Service::call`]. When its future is dropped the caller has given up: it hangs up on a callee
/// that works on its request. A request that is still under way arrives all the same, until [`Links::close`].
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    links: Links,
    link: Link,
    callee: S,
}

impl<S> Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Begins an exchange.
    pub(crate) fn cross(&self, request: Request<Bytes>) -> Crossing {
        let exchange = Exchange {
            link: self.link.clone(),
            request: kept_request(&self.link, &request),
            faults: Vec::new(),
            delivered: 0,
            answered: None,
            ending: None,
        };
        let head =
            RequestHead { method: request.method(), path: request.uri().path(), headers: request.headers() };
        let book = &self.links.book;
        let (id, admission) = book.begin(exchange, &head);
        let entry = Entry::new(book.clone(), id, &self.link);
        let journey: Journey = match admission {
            Admission::Refused => Box::pin(async { Passage::Lost(NoReply::Refused) }),
            Admission::Admitted(decision) => {
                Box::pin(travel(entry.clone(), decision, request, self.callee.clone()))
            }
        };
        Crossing { links: self.links.clone(), entry, journey: Some(journey), open: true }
    }
}

impl<S> Service<Request<Bytes>> for Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Received;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Received {
        Received(self.cross(request))
    }
}

/// The reply to a request on a link, as a caller in this process gets it: what was cut off is lost altogether.
#[must_use = "futures do nothing unless polled"]
pub struct Received(Crossing);

impl Future for Received {
    type Output = Result<Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(Passage::received)
    }
}

type Journey = Pin<Box<dyn Future<Output = Passage> + Send>>;

/// An exchange under way, as its caller sees it. Dropping it means giving up.
pub(crate) struct Crossing {
    links: Links,
    entry: Entry,
    /// `None` once it is over, or if it never will be.
    journey: Option<Journey>,
    /// Whether the caller still waits.
    open: bool,
}

impl Crossing {
    /// The caller's wait ends otherwise than by a reply.
    pub(crate) fn give_up(&mut self, with: NoReply) {
        let given_up = with == NoReply::Abandoned;
        if std::mem::take(&mut self.open) {
            self.entry.ended(Err(with));
        }
        if let Some(mut journey) = self.journey.take()
            && !(given_up && self.entry.is_being_answered())
        {
            self.links.deliveries.carry_on(async move {
                journey.as_mut().await;
            });
        }
    }
}

impl Future for Crossing {
    type Output = Passage;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Passage> {
        let Some(journey) = &mut self.journey else { return Poll::Pending };
        let Poll::Ready(passage) = journey.as_mut().poll(context) else { return Poll::Pending };
        self.journey = None;
        if matches!(passage, Passage::Never) {
            return Poll::Pending;
        }
        self.open = false;
        self.entry.ended(passage.as_received());
        Poll::Ready(passage)
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        self.give_up(NoReply::Abandoned);
    }
}
