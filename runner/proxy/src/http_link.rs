//! A link on real sockets: what connects to it is carried to the callee, through the fault layer.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use fault::Link;
use http::{Request, Response, StatusCode, uri::Authority};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};
use tower::Layer;
use verdict::NoReply;

use crate::{
    Links,
    broken_body::BrokenBody,
    layer::{Faulty, Received},
    upstream::{Upstream, without_hop_by_hop},
};

/// The largest body that passes, in bytes.
pub(crate) const LARGEST_BODY: usize = 32 * 1024 * 1024;
/// How many connections may be open at once; further ones wait.
const CONNECTIONS: usize = 4096;
/// How long the headers of a request may take to arrive.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// The pause after a connection that couldn't be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A listening link. It ends when it is closed or dropped.
#[derive(Debug)]
pub struct HttpLink {
    address: SocketAddr,
    listening: JoinHandle<()>,
}

impl HttpLink {
    /// Listens on `listen`, or any free port of loopback, and carries what comes to `upstream`.
    pub async fn open(
        links: &Links,
        link: Link,
        listen: Option<SocketAddr>,
        upstream: Authority,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into())).await?;
        let address = listener.local_addr()?;
        let carried = links.layer(link.clone()).layer(Upstream::new(upstream));
        let listening = Listening { links: links.clone(), link, address, carried };
        Ok(Self { address, listening: tokio::spawn(listening.run(listener)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: when this returns, nobody listens there and no connection is open.
    pub async fn close(mut self) {
        self.listening.abort();
        // It can only have been aborted.
        drop((&mut self.listening).await);
    }
}

impl Drop for HttpLink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// What a listening link needs.
struct Listening {
    links: Links,
    link: Link,
    address: SocketAddr,
    carried: Faulty<Upstream>,
}

impl Listening {
    async fn run(self, listener: TcpListener) {
        let mut listener = Some(listener);
        let mut connections = Connections::default();
        let mut changes = self.links.changes();
        loop {
            changes.borrow_and_update();
            let (refused, next) = self.links.refusal(&self.link);
            let change = async {
                tokio::select! {
                    biased;
                    _ = changes.changed() => {}
                    () = until(next) => {}
                }
            };
            if refused {
                // Whoever connects now is refused, as by a machine on which nothing runs.
                listener = None;
                connections = Connections::default();
                change.await;
                continue;
            }
            let bound = match listener.take() {
                Some(bound) => bound,
                None => match TcpListener::bind(self.address).await {
                    Ok(bound) => bound,
                    Err(_) => {
                        // A connection that was just reset still has the port.
                        sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            tokio::select! {
                biased;
                () = change => {}
                () = connections.accept(&bound, &self.carried) => {}
            }
            listener = Some(bound);
        }
    }
}

/// The open connections of a link. They are reset when it is dropped.
struct Connections {
    open: JoinSet<()>,
    places: Arc<Semaphore>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { open: JoinSet::new(), places: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl Connections {
    /// Accepts and serves connections, without end.
    async fn accept(&mut self, listener: &TcpListener, carried: &Faulty<Upstream>) {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    let serving = serve(stream, carried.clone());
                    self.open.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
            while self.open.try_join_next().is_some() {}
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Serves one connection until either side ends it, or until a request on it gets no reply.
async fn serve(stream: TcpStream, carried: Faulty<Upstream>) {
    // Replies are small; one that waits for another's acknowledgement is 40 ms late.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| Box::pin(carry(request, &carried)));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    if std::future::poll_fn(|context| connection.poll_without_shutdown(context)).await.is_err() {
        // A reset, not an orderly end: the caller must not take it for one.
        drop(connection.into_parts().io.inner().set_zero_linger());
    }
}

type Body = Either<Full<Bytes>, BrokenBody>;

async fn carry(request: Request<Incoming>, carried: &Faulty<Upstream>) -> Result<Response<Body>, NoReply> {
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(too_large()),
        // The caller went away before it had said everything.
        Err(_) => return Err(NoReply::Abandoned),
    };
    without_hop_by_hop(&mut parts.headers);
    match carried.exchange(Request::from_parts(parts, body)).await {
        Received::Whole(response) => Ok(response.map(|body| Either::Left(Full::new(body)))),
        Received::Truncated(response, bytes) => {
            Ok(response.map(|body| Either::Right(BrokenBody::new(&body, bytes))))
        }
        Received::Nothing(none) => Err(none),
    }
}

fn too_large() -> Response<Body> {
    let text = format!("the link carries bodies of at most {LARGEST_BODY} bytes\n");
    let mut response = Response::new(Either::Left(Full::new(text.into())));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}
