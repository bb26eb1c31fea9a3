use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use fault::Link;
use http::uri::Authority;
use tokio::{task::JoinHandle, time::sleep};
use tower::Layer;

use crate::{
    caller_connection::serve,
    client::HttpClient,
    layer::Faulty,
    links::Links,
    listener::Listener,
    state::{LinkState, until},
};

/// The pause after a failure to accept, such as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(20);

/// A link on real sockets: it forwards requests to the callee, through the faults in force.
///
/// While an outage refuses everything on the link, or its callee is absent, nothing listens at its address. It is closed
/// when it is dropped.
#[derive(Debug)]
pub struct HttpLink {
    listener: Arc<Listener>,
    accepting: JoinHandle<()>,
}

impl HttpLink {
    /// Listens on `listen` (any free port of loopback if `None`) and forwards to `callee`, `host:port`.
    /// Bodies of up to 32 MiB pass. Fails if the address can't be listened on.
    #[expect(clippy::unused_async, reason = "it must be called within the runtime that serves it")]
    pub async fn open(
        links: &Links,
        link: Link,
        listen: Option<SocketAddr>,
        callee: Authority,
    ) -> io::Result<Self> {
        let listen = listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let listener = Listener::open(&links.state, link.clone(), listen)?;
        let callee = links.layer(link).layer(HttpClient::new(callee, ""));
        let accepting = tokio::spawn(accept(Arc::clone(&links.state), Arc::clone(&listener), callee));
        Ok(Self { listener, accepting })
    }

    /// The address at which it listens, or will again once a refusing outage is over and the callee listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Closes it. When this returns, nothing listens there and no connection is open. Deliveries that outlive their
    /// callers end with [`Links::close`].
    pub async fn close(self) {
        let mut connections = self.listener.close();
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for HttpLink {
    fn drop(&mut self) {
        self.accepting.abort();
        drop(self.listener.close());
    }
}

/// Accepts connections, and updates the listener whenever a fault's window opens or closes.
async fn accept(state: Arc<LinkState>, listener: Arc<Listener>, callee: Faulty<HttpClient>) {
    loop {
        let change = state.change();
        let accepted = tokio::select! {
            biased;
            () = change => continue,
            () = until(listener.next_change()) => {
                listener.follow(&state);
                continue;
            }
            accepted = poll_fn(|context| {
                listener.poll_accept(context, |stream, callee_gone| serve(stream, callee.clone(), callee_gone))
            }) => accepted,
        };
        if let Err(error) = accepted {
            tracing::warn!(address = %listener.address(), %error, "a connection can't be accepted");
            sleep(PAUSE).await;
        }
    }
}
