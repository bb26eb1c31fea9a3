//! Sockets: accepts connections, bounds them, and lets them finish when the process is told to stop.

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

use crate::{app::App, problem::Problem, socket::Socket, start::StartError, store::StoreError};

/// What a service takes on at most, at its sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at once. One more is told 503 and closed.
    pub connections: usize,
    /// How long a connection may take to send its next request's head, and hence how long it may idle; and how long to take a
    /// piece of a reply. It is closed then without a word: what is said where no whole request has come would be taken
    /// for the answer to the next.
    pub head: Duration,
    /// The most that the head of a request may take, 8 KiB or more.
    pub head_bytes: usize,
    /// How long what was accepted may take after the signal to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 768,
            head: Duration::from_secs(30),
            head_bytes: 32 << 10,
            grace: Duration::from_secs(10),
        }
    }
}

/// Connections that are told at once that they are too many. More than that are closed without a word.
const TURNED_AWAY: usize = 64;
/// How long one of those has to send its request.
const TURNED_AWAY_HEAD: Duration = Duration::from_secs(1);

/// Opens a listening socket. Port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(address),
        _ => StartError::Listen { address, reason: error },
    })
}

/// Completes on SIGTERM or Ctrl-C.
pub async fn stop_signal() {
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

/// Serves `app` until `stop` completes or it can't go on, then finishes what was accepted.
pub async fn serve(
    name: &str,
    app: App,
    listener: TcpListener,
    limits: Limits,
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
    let inside = Room::new(endpoint, limits.connections, limits.head);
    let outside = Room::new(make_sync(too_many).boxed(), TURNED_AWAY, TURNED_AWAY_HEAD);
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
                let Some((room, permit)) = inside.enter().or_else(|| outside.enter()) else { continue };
                // A client that is gone already, or breaks off later, is the client's affair.
                if stream.set_nodelay(true).is_ok() {
                    let served = connection(stream, address, peer, room, limits.head_bytes);
                    let served = connections.watch(served);
                    tokio::spawn(async move {
                        drop(served.await);
                        drop(permit);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                // Out of file descriptors, most likely: there will be some when others end.
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

/// So many connections, and what answers them.
struct Room {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    places: Arc<Semaphore>,
    head: Duration,
}

impl Room {
    fn new(endpoint: BoxEndpoint<'static, Response>, places: usize, head: Duration) -> Self {
        Self { endpoint: Arc::new(endpoint), places: Arc::new(Semaphore::new(places)), head }
    }

    /// A place in it, if one is free.
    fn enter(&self) -> Option<(&Self, OwnedSemaphorePermit)> {
        Some((self, Arc::clone(&self.places).try_acquire_owned().ok()?))
    }
}

/// What a connection is told that is one too many.
#[expect(clippy::needless_pass_by_value, reason = "poem calls it with a request of its own")]
fn too_many(request: Request) -> Response {
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
    room: &Room,
    head_bytes: usize,
) -> impl GracefulConnection<Error = hyper::Error> + use<> {
    let endpoint = Arc::clone(&room.endpoint);
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
        .header_read_timeout(room.head)
        .max_buf_size(head_bytes)
        .serve_connection(Socket::new(stream, room.head), service)
}
