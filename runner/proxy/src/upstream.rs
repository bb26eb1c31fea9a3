use std::{
    collections::VecDeque,
    io::ErrorKind,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, uri::Authority};
use http_body_util::Full;
use tokio::{net::TcpStream, time::Instant};
use tower::Service;
use verdict::NoReply;

use crate::wire::{Failure, Wire};

/// How many connections wait for their next request.
const IDLE: usize = 256;
/// How long they do. Servers end connections that are idle for 2 s and more: a request that meets such an end on its
/// way looks like a fault.
const IDLE_FOR: Duration = Duration::from_secs(1);

/// The callee behind a link, over connections that are kept between requests.
///
/// A request drives its connection itself, so that neither needs a task of its own. Nobody looks at an idle one:
/// whether it still stands is found out when it is taken.
#[derive(Debug, Clone)]
pub(crate) struct Upstream(Arc<Callee>);

#[derive(Debug)]
struct Callee {
    authority: Authority,
    /// The latest used last.
    idle: Mutex<VecDeque<(Wire, Instant)>>,
}

impl Upstream {
    pub(crate) fn new(authority: Authority) -> Self {
        Self(Arc::new(Callee { authority, idle: Mutex::default() }))
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
        Box::pin(Arc::clone(&self.0).send(request))
    }
}

impl Callee {
    async fn send(self: Arc<Self>, request: Request<Bytes>) -> Result<Response<Bytes>, NoReply> {
        let mut request = request.map(Full::new);
        loop {
            let (mut wire, kept) = match self.take() {
                Some(wire) => (wire, Kept::Since),
                None => (self.connect().await?, Kept::Fresh),
            };
            if let Kept::Since = kept
                && !wire.still_stands().await
            {
                continue;
            }
            match wire.exchange(request).await {
                Ok(response) => {
                    self.keep(wire);
                    return Ok(response);
                }
                // Nothing of it was sent, so the callee can't have seen it.
                Err(Failure::Unsent(unsent)) if let Kept::Since = kept => request = *unsent,
                Err(Failure::Unsent(_)) => return Err(NoReply::Reset),
                Err(Failure::NoReply(why)) => return Err(why),
            }
        }
    }

    async fn connect(&self) -> Result<Wire, NoReply> {
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16().unwrap_or(80);
        let connected = async { Wire::new(TcpStream::connect((host, port)).await?).await };
        connected.await.map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => NoReply::Refused,
            _ => NoReply::Broken(format!("failed to connect to {}: {error}", self.authority)),
        })
    }

    fn take(&self) -> Option<Wire> {
        let mut idle = self.idle();
        let (wire, since) = idle.pop_back()?;
        if since.elapsed() < IDLE_FOR {
            return Some(wire);
        }
        // All others have waited for longer.
        idle.clear();
        None
    }

    fn keep(&self, wire: Wire) {
        if wire.has_ended() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() == IDLE {
            idle.pop_front();
        }
        idle.push_back((wire, Instant::now()));
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Wire, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection has carried requests before.
#[derive(Clone, Copy)]
enum Kept {
    Fresh,
    Since,
}
