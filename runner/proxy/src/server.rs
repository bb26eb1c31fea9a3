use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{
    listener::{BACKLOG, bind},
    message::{BodyError, collect, problem},
};

/// The pause after a failure to accept, such as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(20);

/// A service in this process, on a real socket. Nothing listens there once it is dropped.
#[derive(Debug)]
pub struct HttpServer {
    open: Arc<Mutex<Open>>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Open {
    /// `None` once it is closed.
    socket: Option<TcpListener>,
    connections: JoinSet<()>,
}

impl HttpServer {
    /// Listens on `listen` and answers with `service`. It must be called within the runtime that serves it. Bodies of up to
    /// 32 MiB are taken. Fails if the address can't be listened on.
    pub fn open<S>(listen: SocketAddr, service: S) -> io::Result<Self>
    where
        S: tower::Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let socket = Some(bind(listen)?.listen(BACKLOG)?);
        let open = Arc::new(Mutex::new(Open { socket, connections: JoinSet::new() }));
        let accepting = tokio::spawn(accept(Arc::clone(&open), service));
        Ok(Self { open, accepting })
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
        let mut open = lock(&self.open);
        open.socket = None;
        open.connections.abort_all();
    }
}

async fn accept<S>(open: Arc<Mutex<Open>>, service: S)
where
    S: tower::Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    loop {
        let (polled, service) = (Arc::clone(&open), service.clone());
        let accepted = poll_fn(move |context| lock(&polled).poll_accept(context, &service)).await;
        let Err(error) = accepted else { return };
        tracing::warn!(%error, "a connection can't be accepted");
        sleep(PAUSE).await;
    }
}

impl Open {
    /// Accepts connections until it is closed, or until one can't be accepted.
    fn poll_accept<S>(&mut self, context: &mut Context<'_>, service: &S) -> Poll<io::Result<()>>
    where
        S: tower::Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        while let Poll::Ready(Some(_)) = self.connections.poll_join_next(context) {}
        let Some(socket) = &self.socket else { return Poll::Ready(Ok(())) };
        loop {
            match socket.poll_accept(context) {
                Poll::Ready(Ok((stream, _))) => drop(self.connections.spawn(serve(stream, service.clone()))),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve<S>(stream: TcpStream, service: S)
where
    S: tower::Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    // Without this, a small reply waits up to 40 ms for the acknowledgement of the one before it.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), Answering(service)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a caller hung up");
    }
}

/// Answers the requests on one connection.
struct Answering<S>(S);

/// The request broke off: there is nothing to answer.
#[derive(Debug, thiserror::Error)]
#[error("the request breaks off")]
struct BrokeOff;

impl<S> Service<Request<Incoming>> for Answering<S>
where
    S: tower::Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = BrokeOff;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, BrokeOff>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut service = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match collect(body).await {
                Ok(body) => body,
                Err(BodyError::TooLarge) => {
                    let detail = "the body is larger than a stub takes";
                    return Ok(problem(StatusCode::PAYLOAD_TOO_LARGE, detail).map(Full::new));
                }
                Err(BodyError::BrokeOff) => return Err(BrokeOff),
            };
            let Ok(reply) = service.call(Request::from_parts(parts, body)).await;
            Ok(reply.map(Full::new))
        })
    }
}
