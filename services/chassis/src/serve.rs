//! Sockets: accepts connections, bounds them, and lets them finish when the process is told to stop.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use poem::{
    Addr, Endpoint, Response,
    endpoint::BoxEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{app::App, start::StartError};

/// Connections served at once; more wait to be accepted.
const CONNECTIONS: usize = 768;
/// How long a connection may take to send its next request's head, and hence how long it may idle.
const HEAD: Duration = Duration::from_secs(30);
/// The most that the head of a request may take.
const HEAD_BYTES: usize = 32 << 10;
/// How long what was accepted may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

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

/// Serves `app` until `stop` completes, then finishes what was accepted (for at most ten seconds).
pub async fn serve(name: &str, app: App, listener: TcpListener, stop: impl Future<Output = ()>) {
    let App { endpoint, background, port, .. } = app;
    let address = listener.local_addr().expect("a listening socket has an address");
    port.set(address.port());
    let mut tasks = JoinSet::new();
    for task in background {
        tasks.spawn(task);
    }
    tracing::info!("{name} listens on http://{address}");
    let endpoint: Arc<BoxEndpoint<'static, Response>> = Arc::new(endpoint);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connection = connections.watch(connection(stream, address, peer, Arc::clone(&endpoint)));
                tokio::spawn(async move {
                    // A client that breaks off is the client's affair.
                    drop(connection.await);
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                // Out of file descriptors, most likely: there will be some when others end.
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    tasks.shutdown().await;
    tracing::info!("{name} stopped");
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.expect("nobody closes the semaphore");
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

fn connection(
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
    endpoint: Arc<BoxEndpoint<'static, Response>>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = hyper::service::service_fn(move |request| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let addresses = (LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(peer)));
            let request = poem::Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
            Ok::<_, std::convert::Infallible>(endpoint.get_response(request).await.into())
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}
