//! A callee on a real socket.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, uri::Authority};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};

/// A request that the callee received.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Answers with the request's body; `/large` with as many bytes as the body says; `/held` after [`Callee::release`].
pub(crate) struct Callee {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    running: JoinHandle<()>,
}

struct State {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    held: Semaphore,
}

impl Callee {
    pub(crate) fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(address).expect("a free port");
        let listener = socket.listen(64).expect("a listener");
        let state =
            State { seen: Mutex::default(), connections: AtomicUsize::new(0), held: Semaphore::new(0) };
        let state = Arc::new(state);
        let address = listener.local_addr().expect("an address");
        Self { address, running: tokio::spawn(accept(listener, state.clone())), state }
    }

    pub(crate) fn authority(&self) -> Authority {
        self.address.to_string().parse().expect("an authority")
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().expect("unpoisoned").clone()
    }

    /// Number of connections that it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Answers one held request.
    pub(crate) fn release(&self) {
        self.state.held.add_permits(1);
    }

    /// Ends it with all its connections.
    pub(crate) async fn kill(self) {
        self.running.abort();
        drop(self.running.await);
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        state.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(stream, state.clone()));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).expect("an option");
    let answer = service_fn(|request: Request<Incoming>| {
        let state = state.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let path = parts.uri.to_string();
            let (method, headers) = (parts.method, parts.headers);
            state.seen.lock().expect("unpoisoned").push(Seen {
                method,
                path: path.clone(),
                headers,
                body: body.clone(),
            });
            let body = match path.as_str() {
                "/held" => {
                    state.held.acquire().await.expect("never closed").forget();
                    body
                }
                "/large" => {
                    let size: usize = std::str::from_utf8(&body).expect("text").parse().expect("a size");
                    vec![b'x'; size].into()
                }
                _ => body,
            };
            let response =
                Response::builder().header("x-callee", "yes").header("connection", "keep-alive, x-hop");
            let response = response.header("x-hop", "1").body(Full::new(body)).expect("a response");
            Ok::<_, hyper::Error>(response)
        }
    });
    // An error means that the caller has given up.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await);
}
