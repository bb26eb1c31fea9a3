//! Carries requests straight to a service.

use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::HOST};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use verdict::NoReply;

use crate::Address;

/// Many servers close a connection that was idle for 2 or 5 seconds; a request that crosses such a close is lost
/// without anybody's fault.
const IDLE: Duration = Duration::from_secs(1);
/// Idle connections kept.
const KEPT: usize = 64;
/// Bytes of the longest body that is read.
const LONGEST_BODY: usize = 32 << 20;

type Sender = SendRequest<Full<Bytes>>;

/// Carries requests to one life of one service, over connections that are kept alive. A service that is started again
/// gets a new client, so that no request meets a connection to its former life.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: Address,
    host: HeaderValue,
    idle: Mutex<Vec<(Sender, Instant)>>,
}

impl Client {
    pub(crate) fn new(address: Address) -> Self {
        let host =
            HeaderValue::from_str(address.authority().as_str()).expect("an authority is visible ASCII");
        Self(Arc::new(Inner { address, host, idle: Mutex::new(Vec::new()) }))
    }

    /// Sends a request whose URI is a path with its query, and reads the whole reply. It never waits longer than its
    /// caller: dropped, it cuts the connection.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoReply> {
        let mut request = self.prepare(request)?;
        loop {
            let (mut sender, is_fresh) = match self.idle().await {
                Some(sender) => (sender, false),
                None => (self.connect().await?, true),
            };
            match sender.try_send_request(request).await {
                Ok(response) => return self.receive(response, sender).await,
                Err(mut failed) => match failed.take_message() {
                    // The connection was closed before the request was written: nobody has seen it.
                    Some(unsent) if !is_fresh => request = unsent,
                    _ => return Err(no_reply(&failed.into_error())),
                },
            }
        }
    }

    fn prepare(&self, request: Request<Bytes>) -> Result<Request<Full<Bytes>>, NoReply> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let path = self.0.address.path(path);
        parts.uri =
            path.parse().map_err(|error| NoReply::Broken(format!("{path:?} can't be requested: {error}")))?;
        parts.headers.entry(HOST).or_insert_with(|| self.0.host.clone());
        Ok(Request::from_parts(parts, Full::new(body)))
    }

    /// A connection that is still good, as far as one can tell.
    async fn idle(&self) -> Option<Sender> {
        loop {
            let (mut sender, since) = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE && sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Sender, NoReply> {
        let (host, port) = (self.0.address.authority().host(), self.0.address.port());
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::ConnectionRefused => NoReply::Refused,
            io::ErrorKind::ConnectionReset => NoReply::Reset,
            _ => NoReply::Broken(format!("can't connect to {host}:{port}: {error}")),
        };
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| no_reply(&error))?;
        // What breaks a connection shows in the request that it carries.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    async fn receive(
        &self,
        response: Response<Incoming>,
        sender: Sender,
    ) -> Result<Response<Bytes>, NoReply> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_BODY).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                NoReply::Broken(format!("the reply is longer than {} MiB", LONGEST_BODY >> 20))
            } else {
                NoReply::CutOff
            }
        })?;
        if !sender.is_closed() {
            let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push((sender, Instant::now()));
            }
        }
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

fn no_reply(error: &hyper::Error) -> NoReply {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted,
        ) = kind
        {
            return NoReply::Reset;
        }
        causes.push(error.to_string());
        cause = error.source();
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return NoReply::Reset;
    }
    causes.dedup();
    NoReply::Broken(causes.join(": "))
}

impl tower::Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { client.send(request).await })
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::Notify,
    };

    use super::*;

    /// Answers the request of each connection with the next of `scripts`, byte for byte, and closes it once `told` to.
    async fn served(scripts: &'static [&'static str], told: &Arc<Notify>) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = Address::local(listener.local_addr().expect("it listens").port(), None);
        let told = Arc::clone(told);
        let serve = async move {
            for script in scripts {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = vec![0; 4096];
                let _ = stream.read(&mut request).await.expect("a request");
                stream.write_all(script.as_bytes()).await.expect("a reply");
                told.notified().await;
            }
        };
        if scripts.is_empty() {
            serve.await;
        } else {
            tokio::spawn(serve);
        }
        Client::new(address)
    }

    fn request() -> Request<Bytes> {
        Request::get("/").body(Bytes::new()).expect("a request")
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_apart() {
        let check = async |script: &'static [&'static str], expected: NoReply| {
            let told = Arc::new(Notify::new());
            told.notify_one();
            let found = served(script, &told).await.send(request()).await;
            assert_eq!(found.expect_err("no reply"), expected, "{script:?}");
        };
        check(&[], NoReply::Refused).await;
        check(&[""], NoReply::Reset).await;
        check(&["HTTP/1.1 200 OK\r\nContent-"], NoReply::Reset).await;
        check(&["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], NoReply::CutOff).await;
        let invalid = "invalid HTTP version parsed";
        check(&["SMTP is spoken here\r\n\r\n"], NoReply::Broken(invalid.into())).await;
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_meanwhile_is_replaced() {
        let told = Arc::new(Notify::new());
        let client = served(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreply"; 2], &told).await;
        for _ in 0..2 {
            let reply = client.send(request()).await.expect("a reply");
            assert_eq!(reply.into_body(), "reply");
            told.notify_one();
            let (mut kept, since) = client.0.idle.lock().expect("whole").pop().expect("it is kept");
            // The other side's close has arrived once the connection isn't ready any more.
            while kept.ready().await.is_ok() {
                tokio::task::yield_now().await;
            }
            client.0.idle.lock().expect("whole").push((kept, since));
        }
    }
}
