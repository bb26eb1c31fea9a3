use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use fault::Link;
use http::uri::Authority;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};
use tower::Layer;

use crate::{
    connection::serve,
    gate::Gate,
    layer::Faulty,
    links::{Book, Links},
    upstream::Upstream,
};

/// The pause after a connection that couldn't be accepted, as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(20);

/// A link on real sockets: what connects to it reaches the callee, through the faults in force.
///
/// While everything on the link is refused, nobody listens at its address. Ends when it is closed or dropped.
#[derive(Debug)]
pub struct HttpLink {
    gate: Arc<Gate>,
    accepting: JoinHandle<()>,
}

impl HttpLink {
    /// Listens on `listen` (any free port of loopback if `None`) and carries what comes to `upstream`, `host:port`.
    /// Bodies of up to 32 MiB pass. Fails if the address can't be listened on.
    #[expect(clippy::unused_async, reason = "it has to be called within the runtime that serves it")]
    pub async fn open(
        links: &Links,
        link: Link,
        listen: Option<SocketAddr>,
        upstream: Authority,
    ) -> io::Result<Self> {
        let listen = listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let gate = Gate::open(&links.book, link.clone(), listen)?;
        let callee = links.layer(link).layer(Upstream::new(upstream));
        let accepting = tokio::spawn(accept(Arc::clone(&links.book), Arc::clone(&gate), callee));
        Ok(Self { gate, accepting })
    }

    /// Where it listens, or would if it weren't made to refuse.
    pub fn address(&self) -> SocketAddr {
        self.gate.address()
    }

    /// Ends it. Once this returns nobody listens there and no connection is open. Requests that outlived their
    /// callers end with [`Links::close`].
    pub async fn close(self) {
        let mut connections = self.gate.end();
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for HttpLink {
    fn drop(&mut self) {
        self.accepting.abort();
        drop(self.gate.end());
    }
}

/// Accepts connections, and tells the gate when a fault's window opens or closes.
async fn accept(book: Arc<Book>, gate: Arc<Gate>, callee: Faulty<Upstream>) {
    let mut changes = book.changes();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = changes.changed() => continue,
            () = until(gate.next_look()) => {
                gate.look(&book);
                continue;
            }
            accepted = poll_fn(|context| {
                gate.poll_accept(context, |stream, cut| serve(stream, callee.clone(), cut))
            }) => accepted,
        };
        if let Err(error) = accepted {
            tracing::warn!(address = %gate.address(), %error, "a connection can't be accepted");
            sleep(PAUSE).await;
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
