//! How requests get to a service: straight, and over a link.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use fault::Link;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::Parts};
use proxy::Faulty;
use tower::{Layer, Service, ServiceExt};
use verdict::NoReply;

use crate::{
    budget::Budget,
    host::{Blueprint, Host},
    life::{Answer, Life, Living},
    network::Network,
};

/// Hands requests to the present life of a service, over no link.
#[derive(Clone)]
pub struct Delivery {
    /// `None`: nobody is there.
    host: Option<Arc<Host>>,
    budget: Arc<Budget>,
}

impl Delivery {
    pub(crate) fn new(host: Option<Arc<Host>>, network: &Network) -> Self {
        Self { host, budget: Arc::clone(&network.budget) }
    }
}

impl Service<Request<Bytes>> for Delivery {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Delivered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Delivered {
        Delivered(match (self.budget.spend(), &self.host) {
            (Err(used_up), _) => Err(Some(NoReply::Broken(used_up.to_string()))),
            (Ok(()), None) => Err(Some(NoReply::Refused)),
            (Ok(()), Some(host)) => host.accept(request).map_err(Some),
        })
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.host.as_ref().map(|host| host.blueprint.name.as_str());
        f.debug_tuple("Delivery").field(&name).finish()
    }
}

/// The reply to a delivered request. Dropping it is hanging up.
#[derive(Debug)]
pub struct Delivered(Result<Answer, Option<NoReply>>);

impl Future for Delivered {
    type Output = Result<Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(answer) => Pin::new(answer).poll(context),
            Err(none) => Poll::Ready(Err(none.take().expect("a future isn't polled after its end"))),
        }
    }
}

/// Carries one service's requests to those that it calls, each over the link between the two. The host of a request's
/// URL is the name of the callee. When the caller has died, nothing leaves and nothing comes back.
#[derive(Clone)]
pub struct Transport {
    life: Arc<Life>,
    routes: Arc<BTreeMap<String, Faulty<Delivery>>>,
    budget: Arc<Budget>,
}

impl Transport {
    pub(crate) fn new(network: &Network, caller: &Blueprint, life: &Arc<Life>) -> Self {
        let route = |callee: &fault::ServiceName| {
            let link = Link::new(caller.name.clone(), callee.clone());
            let delivery = Delivery::new(network.host(callee).cloned(), network);
            (callee.to_string(), network.links.layer(link).layer(delivery))
        };
        let routes = Arc::new(caller.calls.iter().map(route).collect());
        Self { life: Arc::clone(life), routes, budget: Arc::clone(&network.budget) }
    }

    fn route(&self, request: Request<Bytes>) -> Result<(Faulty<Delivery>, Request<Bytes>), NoReply> {
        let uri = request.uri();
        let route = uri.host().and_then(|host| self.routes.get(host)).cloned();
        let route = route.ok_or_else(|| NoReply::Broken(format!("no link leads to {uri}")))?;
        Ok((route, origin_form(request)))
    }
}

impl Service<Request<Bytes>> for Transport {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        if self.budget.left().is_err() {
            // An error would be tried again at once, and so without end.
            return Box::pin(std::future::pending());
        }
        let routed = self.route(request);
        let exchange = async move {
            let (route, request) = routed?;
            route.oneshot(request).await
        };
        Box::pin(Living::new(&self.life, Box::pin(exchange)))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("routes", &self.routes.keys()).finish_non_exhaustive()
    }
}

/// A request as it goes over a connection: a path, and the host in a header.
fn origin_form(mut request: Request<Bytes>) -> Request<Bytes> {
    let uri = request.uri();
    let host = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let mut parts = Parts::default();
    parts.path_and_query =
        Some(uri.path_and_query().cloned().unwrap_or_else(|| "/".parse().expect("a path")));
    *request.uri_mut() = Uri::from_parts(parts).expect("a path alone is a URI");
    if let Some(host) = host {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    request
}
