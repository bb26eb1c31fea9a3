//! Requests to the callee behind a link.

use std::{
    error::Error,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, Uri, header, uri::Authority};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tower::Service;
use verdict::NoReply;

use crate::http_link::LARGEST_BODY;

/// What concerns one connection only, and is not carried on (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Takes out what concerns one connection only.
pub(crate) fn without_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The callee behind a link, reached over kept connections.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
}

impl Upstream {
    pub(crate) fn new(authority: Authority) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self { client, authority }
    }
}

impl Service<Request<Bytes>> for Upstream {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri =
            Uri::builder().scheme("http").authority(self.authority.clone()).path_and_query(path).build();
        parts.uri = uri.expect("scheme, authority and path were each part of a URI before");
        let sent = self.client.request(Request::from_parts(parts, Full::new(body)));
        Box::pin(async move {
            let (mut parts, body) = sent.await.map_err(|error| no_reply(&error))?.into_parts();
            without_hop_by_hop(&mut parts.headers);
            // Whatever breaks a body that has begun, the caller gets a part of it.
            let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|_| NoReply::CutOff)?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        })
    }
}

/// What an error of the client means.
fn no_reply(error: &hyper_util::client::legacy::Error) -> NoReply {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return NoReply::Refused,
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => return NoReply::Reset,
                _ => {}
            }
        }
        if let Some(http) = error.downcast_ref::<hyper::Error>()
            && (http.is_incomplete_message() || http.is_canceled() || http.is_closed())
        {
            return NoReply::Reset;
        }
        cause = error.source();
    }
    NoReply::Broken(error.to_string())
}
