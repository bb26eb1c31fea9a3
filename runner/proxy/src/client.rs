use std::{
    collections::VecDeque,
    fmt,
    io::{self, ErrorKind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::Authority};
use http_body_util::Full;
use tokio::{net::TcpStream, time::Instant};
use tower::Service;
use verdict::NoReply;

use crate::callee_connection::{Connection, SendError};

/// Idle connections that are kept.
const IDLE: usize = 256;
/// How long they are kept. Many servers close connections that were idle for 2 s, and a request in flight at that
/// moment is lost as if by a fault.
const IDLE_FOR: Duration = Duration::from_secs(1);

/// An HTTP/1.1 client for one service, over connections that are kept alive between requests.
///
/// Links use it for their callees, and the runner for its own requests. It is ready once it has a connection. A request
/// drives its connection itself, so that neither needs a task; an idle connection is not polled, and whether it is
/// still open is checked when it is taken. Dropping a request's future closes its connection.
pub struct HttpClient {
    target: Arc<Target>,
    /// The connection for the next request. Clones have none.
    next: Next,
}

/// How the names of headers are written, in which the case has no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderNames {
    /// `x-request-id`.
    LowerCase,
    /// `X-Request-Id`, as people write them: some programs look for nothing else.
    Capitalised,
}

enum Next {
    None,
    Connecting(Pin<Box<dyn Future<Output = Result<Box<Connection>, NoReply>> + Send + Sync>>),
    Connected(Box<Connection>, Age),
}

struct Target {
    authority: Authority,
    host: HeaderValue,
    /// Prefix of every path: empty, or `/…` without a slash at its end.
    prefix: String,
    names: HeaderNames,
    /// Idle connections with the time since when, the most recently used last.
    idle: Mutex<VecDeque<(Box<Connection>, Instant)>>,
}

impl HttpClient {
    /// A client for `http://AUTHORITY/PREFIX`. Without a port in `authority` the port is 80.
    pub fn new(authority: Authority, prefix: &str) -> Self {
        let host = HeaderValue::from_str(authority.as_str()).expect("an authority is visible ASCII");
        let prefix = prefix.trim_end_matches('/').to_owned();
        let target =
            Target { authority, host, prefix, names: HeaderNames::LowerCase, idle: Mutex::default() };
        Self { target: Arc::new(target), next: Next::None }
    }

    /// A client like [`HttpClient::new`], which writes the names of headers as `names` says.
    pub fn with_names(authority: Authority, prefix: &str, names: HeaderNames) -> Self {
        let Self { target, next } = Self::new(authority, prefix);
        let target = Arc::into_inner(target).expect("a new client has no clones");
        Self { target: Arc::new(Target { names, ..target }), next }
    }
}

impl Clone for HttpClient {
    fn clone(&self) -> Self {
        Self { target: Arc::clone(&self.target), next: Next::None }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpClient").field(&self.target.authority).finish()
    }
}

impl Service<Request<Bytes>> for HttpClient {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        loop {
            self.next = match &mut self.next {
                Next::Connected(..) => return Poll::Ready(Ok(())),
                Next::None => match self.target.take_open(context) {
                    Some(connection) => Next::Connected(connection, Age::Reused),
                    None => Next::Connecting(Box::pin(Arc::clone(&self.target).connect())),
                },
                Next::Connecting(connecting) => {
                    let connected = ready!(connecting.as_mut().poll(context));
                    self.next = Next::None;
                    Next::Connected(connected?, Age::New)
                }
            };
        }
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        match std::mem::replace(&mut self.next, Next::None) {
            Next::Connected(connection, age) => {
                Box::pin(Arc::clone(&self.target).send(request, connection, age))
            }
            Next::None | Next::Connecting(_) => panic!("`poll_ready` must be ready before `call`"),
        }
    }
}

impl Target {
    /// Sends a request whose URI is a path with its query, and reads the whole reply.
    async fn send(
        self: Arc<Self>,
        request: Request<Bytes>,
        mut connection: Box<Connection>,
        mut age: Age,
    ) -> Result<Response<Bytes>, NoReply> {
        let mut request = self.addressed(request)?.map(Full::new);
        loop {
            match connection.exchange(request).await {
                Ok(response) => {
                    self.keep(connection);
                    return Ok(response);
                }
                // Nothing of it was sent, so it can't be processed twice.
                Err(SendError::Unsent(unsent)) if let Age::Reused = age => request = *unsent,
                Err(SendError::Unsent(_)) => return Err(NoReply::Reset),
                Err(SendError::NoReply(why)) => return Err(why),
            }
            (connection, age) = (Arc::clone(&self).connect().await?, Age::New);
        }
    }

    /// The request with the prefix before its path, and a `Host` unless it has one.
    fn addressed(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>, NoReply> {
        if !self.prefix.is_empty() {
            let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            let path = format!("{}{path}", self.prefix);
            *request.uri_mut() = Uri::try_from(&path)
                .map_err(|error| NoReply::Broken(format!("{path:?} can't be requested: {error}")))?;
        }
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        Ok(request)
    }

    async fn connect(self: Arc<Self>) -> Result<Box<Connection>, NoReply> {
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16().unwrap_or(80);
        let connected = async { Connection::new(TcpStream::connect((host, port)).await?, self.names).await };
        connected.await.map(Box::new).map_err(|error| not_connected(&self.authority, &error))
    }

    /// Takes the idle connection that was used last and is still open.
    fn take_open(&self, context: &mut Context<'_>) -> Option<Box<Connection>> {
        loop {
            let mut connection = self.take()?;
            if connection.is_open(context) {
                return Some(connection);
            }
        }
    }

    fn take(&self) -> Option<Box<Connection>> {
        let mut idle = self.idle();
        let (connection, since) = idle.pop_back()?;
        if since.elapsed() < IDLE_FOR {
            return Some(connection);
        }
        // All others have been idle for longer.
        idle.clear();
        None
    }

    fn keep(&self, connection: Box<Connection>) {
        if connection.has_ended() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() == IDLE {
            idle.pop_front();
        }
        idle.push_back((connection, Instant::now()));
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Box<Connection>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_connected(authority: &Authority, error: &io::Error) -> NoReply {
    match error.kind() {
        // A reset means that the listener was closed before it accepted the connection: nothing was sent either way.
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => NoReply::Refused,
        _ => NoReply::Broken(format!("failed to connect to {authority}: {error}")),
    }
}

/// Whether a connection has carried requests before.
#[derive(Clone, Copy)]
enum Age {
    New,
    Reused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_while_connecting_is_a_refusal() {
        let authority = Authority::from_static("users:5002");
        let check = |kind: ErrorKind, expected: NoReply| {
            assert_eq!(not_connected(&authority, &kind.into()), expected, "{kind}");
        };
        check(ErrorKind::ConnectionRefused, NoReply::Refused);
        check(ErrorKind::ConnectionReset, NoReply::Refused);
        let unreachable = NoReply::Broken("failed to connect to users:5002: host unreachable".into());
        check(ErrorKind::HostUnreachable, unreachable);
    }
}
