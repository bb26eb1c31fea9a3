//! Accepts connections, bounds their number, and drains them when the process is told to stop.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::TokioTimer,
    server::graceful::{GracefulConnection, GracefulShutdown},
};
use poem::{
    Addr, Endpoint, EndpointExt, Request, Response,
    endpoint::{BoxEndpoint, make_sync},
    http::{HeaderValue, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{app::App, socket::Socket};
use crate::{api::problem::Problem, store::error::StoreError};

/// Limits of a service at its sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections served at once. Further ones are answered with 503 and closed.
    pub connections: usize,
    /// Timeout for the head of the next request, and so for an idle connection; and for each write of a reply. The
    /// connection is then closed without a reply, which the client would take for the reply to its next request.
    pub head: Duration,
    /// Bytes of the largest head of a request; at least 8 KiB.
    pub head_bytes: usize,
    /// How long accepted requests may take after the signal to stop.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 768,
            head: Duration::from_secs(30),
            head_bytes: 32 << 10,
            grace: Duration::from_secs(10),
        }
    }
}

/// Connections beyond the limit that are answered with 503 at once. Further ones are closed without a reply.
const EXCESS: usize = 64;
/// Timeout for the request of a connection beyond the limit.
const EXCESS_HEAD: Duration = Duration::from_secs(1);

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process listens there.
    #[error("{0} is taken")]
    PortTaken(SocketAddr),
    /// The system refuses.
    #[error("can't listen on {address}: {reason}")]
    Failed {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        reason: io::Error,
    },
}

/// Opens a listening socket. Port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::PortTaken(address),
        _ => ListenError::Failed { address, reason: error },
    })
}

/// Completes on SIGTERM or Ctrl-C.
pub(super) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate =
            signal(SignalKind::terminate()).expect("a runtime with IO can listen for signals");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}

/// Serves `app` until `stop` completes or its store fails, then drains the connections.
pub async fn serve(
    name: &str,
    app: App,
    listener: TcpListener,
    limits: ServerLimits,
    stop: impl Future<Output = ()>,
) -> Result<(), StoreError> {
    let App { endpoint, background, mut failure, port } = app;
    let address = listener.local_addr().expect("a listening socket has an address");
    port.set(address.port());
    let mut tasks = JoinSet::new();
    for task in background {
        tasks.spawn(task);
    }
    tracing::info!("{name} listens on http://{address}");
    let served = Pool::new(endpoint, limits.connections, limits.head);
    let excess = Pool::new(make_sync(too_many_connections).boxed(), EXCESS, EXCESS_HEAD);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    let ended = loop {
        let accepted = tokio::select! {
            () = &mut stop => break Ok(()),
            error = &mut failure => break Err(error),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some((pool, permit)) = served.admit().or_else(|| excess.admit()) else { continue };
                // Errors of a connection that its client closed are of no interest here.
                if stream.set_nodelay(true).is_ok() {
                    let exchange = connection(stream, address, peer, pool, limits.head_bytes);
                    let exchange = connections.watch(exchange);
                    tokio::spawn(async move {
                        drop(exchange.await);
                        drop(permit);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                // Most likely out of file descriptors, until another connection closes.
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    drop(listener);
    if timeout(limits.grace, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    tasks.shutdown().await;
    tracing::info!("{name} stopped");
    ended
}

/// A bounded number of connections with the endpoint that answers them.
struct Pool {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    permits: Arc<Semaphore>,
    head: Duration,
}

impl Pool {
    fn new(endpoint: BoxEndpoint<'static, Response>, connections: usize, head: Duration) -> Self {
        Self { endpoint: Arc::new(endpoint), permits: Arc::new(Semaphore::new(connections)), head }
    }

    /// A permit for one more connection, if there is one.
    fn admit(&self) -> Option<(&Self, OwnedSemaphorePermit)> {
        Some((self, Arc::clone(&self.permits).try_acquire_owned().ok()?))
    }
}

/// The reply on a connection beyond the limit.
#[expect(clippy::needless_pass_by_value, reason = "poem calls it with a request of its own")]
fn too_many_connections(request: Request) -> Response {
    Problem::unavailable(
        "too-many-connections",
        "The service is busy",
        "too many connections are open; nothing was done, ask again",
        Duration::from_secs(1),
    )
    .header(header::CONNECTION, HeaderValue::from_static("close"))
    .response(request.uri().path())
}

fn connection(
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
    pool: &Pool,
    head_bytes: usize,
) -> impl GracefulConnection<Error = hyper::Error> + use<> {
    let endpoint = Arc::clone(&pool.endpoint);
    let service = hyper::service::service_fn(move |request| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let addresses = (LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(peer)));
            let request = Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
            Ok::<_, std::convert::Infallible>(endpoint.get_response(request).await.into())
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(pool.head)
        .max_buf_size(head_bytes)
        .serve_connection(Socket::new(stream, pool.head), service)
}
