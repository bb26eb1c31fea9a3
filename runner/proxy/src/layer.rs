//! The fault layer: what was decided for an exchange is done to it here, in either world.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fault::{Decision, ErrorReply, Fate, Link};
use http::{HeaderName, HeaderValue, Request, Response};
use tokio::{sync::oneshot, time::sleep};
use tower::{Layer, Service, ServiceExt};
use verdict::{ExchangeId, NoReply};

use crate::Links;

/// Puts the faults of a link around whatever reaches its callee.
#[derive(Debug, Clone)]
pub struct FaultLayer {
    links: Links,
    link: Link,
}

/// A service that is reached over a link, with the faults in force on it.
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    links: Links,
    link: Link,
    callee: S,
}

/// What a caller gets.
#[derive(Debug)]
pub(crate) enum Received {
    /// A reply.
    Whole(Response<Bytes>),
    /// A reply of whose body only so many bytes arrive.
    Truncated(Response<Bytes>, usize),
    /// Nothing.
    Nothing(NoReply),
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

impl<S> Service<Request<Bytes>> for Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        // A caller finds out whether the callee is there by calling it, as on a network.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let exchange = self.exchange(request);
        Box::pin(async move {
            match exchange.await {
                Received::Whole(response) => Ok(response),
                Received::Truncated(..) => Err(NoReply::CutOff),
                Received::Nothing(none) => Err(none),
            }
        })
    }
}

impl<S> Faulty<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Carries a request over the link. Dropping the future is the caller's giving up.
    pub(crate) fn exchange(&self, request: Request<Bytes>) -> impl Future<Output = Received> + Send + use<S> {
        let Self { links, link, callee } = self.clone();
        async move {
            let (id, decision) = links.begin(&link, &request);
            let caller = Caller { links: links.clone(), id, waits: true };
            let delivery = Delivery { links: links.clone(), id, callee };
            let received = if decision == Decision::default() {
                // Nothing keeps it: caller and callee see each other as over a wire.
                delivery.carry(decision, request).await
            } else {
                let (tell, told) = oneshot::channel();
                links.spawn(async move {
                    // Nobody hears it when the caller has given up.
                    drop(tell.send(delivery.carry(decision, request).await));
                });
                // The delivery is dropped without a word when the world ends.
                told.await.unwrap_or(Received::Nothing(NoReply::Reset))
            };
            caller.got(&received);
            received
        }
    }
}

/// A caller that waits. It has given up when it is dropped before it got anything.
struct Caller {
    links: Links,
    id: ExchangeId,
    waits: bool,
}

impl Caller {
    fn got(mut self, received: &Received) {
        self.waits = false;
        self.links.end(
            self.id,
            match received {
                Received::Whole(response) => Ok(response),
                Received::Truncated(..) => Err(NoReply::CutOff),
                Received::Nothing(none) => Err(none.clone()),
            },
        );
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.waits {
            self.links.end(self.id, Err(NoReply::Abandoned));
        }
    }
}

/// A request on its way.
struct Delivery<S> {
    links: Links,
    id: ExchangeId,
    callee: S,
}

impl<S> Delivery<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = NoReply> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Does what was decided, in the order in which [`Decision`] names it.
    async fn carry(mut self, decision: Decision, request: Request<Bytes>) -> Received {
        pause(decision.request_delay).await;
        if let Some(service) = &decision.crash_before {
            self.links.crash(service);
        }
        match &decision.fate {
            Fate::Deliver | Fate::LoseReply => {}
            Fate::Refuse => return Received::Nothing(NoReply::Refused),
            Fate::Reset | Fate::LoseRequest => return Received::Nothing(NoReply::Reset),
            Fate::Hang => return std::future::pending().await,
            Fate::Answer(reply) => return Received::Whole(answer(reply)),
        }
        pause(transfer(request.body(), decision.bytes_per_second)).await;
        if decision.duplicate {
            // The first answer is the one that gets lost; what it was is for the callee to know.
            drop(self.deliver(request.clone()).await);
        }
        let delivered = self.deliver(request).await;
        if let Some(service) = &decision.crash_after {
            self.links.crash(service);
        }
        let mut response = match delivered {
            Ok(response) => response,
            Err(none) => return Received::Nothing(none),
        };
        if decision.fate == Fate::LoseReply {
            return Received::Nothing(NoReply::Reset);
        }
        pause(transfer(response.body(), decision.bytes_per_second) + decision.reply_delay).await;
        if let Some(roll) = decision.corrupt {
            corrupt(response.body_mut(), roll);
        }
        match decision.truncate {
            Some(bytes) if bytes < response.body().len() => Received::Truncated(response, bytes),
            _ => Received::Whole(response),
        }
    }

    async fn deliver(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, NoReply> {
        let ready = self.callee.ready().await?;
        self.links.delivered(self.id);
        let response = ready.call(request).await;
        match &response {
            Ok(response) => self.links.answered(self.id, response),
            Err(NoReply::Refused) => self.links.not_delivered(self.id),
            Err(_) => {}
        }
        response
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

/// How long a body takes at so many bytes a second.
fn transfer(body: &Bytes, bytes_per_second: Option<u64>) -> Duration {
    let Some(rate) = bytes_per_second else { return Duration::ZERO };
    Duration::from_nanos((body.len() as u64).saturating_mul(1_000_000_000) / rate.max(1))
}

/// Flips one bit of every 64 bytes, at least one, in places that the roll chooses.
fn corrupt(body: &mut Bytes, roll: u64) {
    let mut damaged = body.to_vec();
    for chunk in damaged.chunks_mut(64) {
        let place = usize::try_from(roll % chunk.len() as u64).expect("less than 64");
        chunk[place] ^= 1 << (roll / 64 % 8);
    }
    *body = damaged.into();
}

fn answer(reply: &ErrorReply) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(reply.body.clone()));
    *response.status_mut() = reply.status;
    for (name, value) in &reply.headers {
        let name = HeaderName::try_from(name).expect("headers are checked when a scenario is read");
        let value = HeaderValue::try_from(value).expect("headers are checked when a scenario is read");
        response.headers_mut().append(name, value);
    }
    response
}
