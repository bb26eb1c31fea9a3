//! How requests reach a service: directly, or over a link.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::Parts};
use proxy::Faulty;
use tower::{ServiceExt, service_fn, util::BoxCloneSyncService};
use verdict::NoReply;

use crate::{
    budget::Budget,
    host::Host,
    process::{Process, ProcessFuture},
};

/// An HTTP client in memory. Clones are cheap; dropping the future of a request closes its connection.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, NoReply>;

/// A client of one service, over no link. Without a host it refuses connections, as when nothing listens.
pub(crate) fn direct(host: Option<Arc<Host>>, budget: Arc<Budget>) -> Transport {
    Transport::new(service_fn(move |request| {
        let accepted = match (budget.spend(), &host) {
            (Err(used_up), _) => Err(NoReply::Broken(used_up.to_string())),
            (Ok(()), None) => Err(NoReply::Refused),
            (Ok(()), Some(host)) => host.accept(request),
        };
        async move { accepted?.await }
    }))
}

/// The client of a service's process: sends requests to the services in `links`, each over the link to it. Once the
/// process has ended, no request leaves and no reply arrives.
pub(crate) fn over_links(
    process: &Arc<Process>,
    links: BTreeMap<String, Faulty<Transport>>,
    budget: Arc<Budget>,
) -> Transport {
    let (process, links) = (Arc::clone(process), Arc::new(links));
    Transport::new(service_fn(move |request: Request<Bytes>| {
        let used_up = budget.check().is_err();
        let links = Arc::clone(&links);
        let exchange = async move {
            if used_up {
                // A service would retry after an error at once, without end.
                return std::future::pending().await;
            }
            let uri = request.uri();
            let callee = uri.host().and_then(|host| links.get(host)).cloned();
            let callee = callee.ok_or_else(|| NoReply::Broken(format!("no link leads to {uri}")))?;
            callee.oneshot(origin_form(request)).await
        };
        ProcessFuture::new(&process, Box::pin(exchange))
    }))
}

/// Makes a request as it goes over a connection: its URI is a path, and the host is in a header.
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
