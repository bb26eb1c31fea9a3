use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use fault::{FaultName, Link, Refusal};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Handle,
    sync::watch,
    task::JoinSet,
    time::Instant,
};

use crate::state::{LinkObserver, LinkState};

/// How many connections may be open at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1024;
/// The pause before another attempt to bind the port again.
const REBIND_AFTER: Duration = Duration::from_millis(20);
/// How many connections may wait to be accepted.
pub(crate) const BACKLOG: u32 = 1024;

/// The listening socket of a link, which is closed while an outage refuses connections or the callee is absent.
///
/// It is opened and closed within the call that heals or injects the fault or ends the callee, not by a task that runs
/// later. So it owns the socket and the connections, and the accepting task only polls them.
#[derive(Debug)]
pub(crate) struct Listener {
    link: Link,
    address: SocketAddr,
    runtime: Handle,
    /// Changes when the callee is gone.
    callee_gone: watch::Sender<()>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: ListenerState,
    /// Those that finish their exchanges with an absent callee are among them.
    connections: JoinSet<()>,
    /// When the faults in force change next.
    next_change: Option<Instant>,
}

#[derive(Debug)]
enum ListenerState {
    Listening(TcpListener),
    Refusing {
        because: Refusal,
        /// Bound, but not listening: no other process can take the port meanwhile.
        _reserved: Option<TcpSocket>,
    },
    /// It should listen, but the port can't be bound again yet.
    Unbound,
    Closed,
}

impl Listener {
    /// Listens at `address`, and observes faults and the callee from then on.
    pub(crate) fn open(state: &LinkState, link: Link, address: SocketAddr) -> io::Result<Arc<Self>> {
        let socket = bind(address)?.listen(BACKLOG)?;
        let address = socket.local_addr()?;
        let inner =
            Inner { state: ListenerState::Listening(socket), connections: JoinSet::new(), next_change: None };
        let listener = Arc::new(Self {
            link,
            address,
            runtime: Handle::current(),
            callee_gone: watch::Sender::new(()),
            inner: Mutex::new(inner),
        });
        let observer: Arc<dyn LinkObserver> = Arc::<Self>::clone(&listener);
        state.observe(&observer);
        listener.follow(state);
        Ok(listener)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens or refuses, according to the faults in force now and the callee.
    pub(crate) fn follow(&self, state: &LinkState) {
        let now = state.now();
        let mut inner = self.inner();
        inner.next_change = state.next_change(now);
        self.settle(state, &mut inner, now, &[]);
    }

    /// When to call [`Listener::follow`] again.
    pub(crate) fn next_change(&self) -> Option<Instant> {
        self.inner().next_change
    }

    /// Accepts the next connection and spawns the future that `serve` returns for it.
    pub(crate) fn poll_accept<F>(
        &self,
        context: &mut Context<'_>,
        serve: impl FnOnce(TcpStream, watch::Receiver<()>) -> F,
    ) -> Poll<io::Result<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Inner { state, connections, .. } = &mut *self.inner();
        let ListenerState::Listening(socket) = state else { return Poll::Pending };
        while let Poll::Ready(Some(_)) = connections.poll_join_next(context) {}
        if connections.len() >= CONNECTIONS {
            return Poll::Pending;
        }
        socket.poll_accept(context).map_ok(|(stream, _)| {
            connections.spawn_on(serve(stream, self.callee_gone.subscribe()), &self.runtime);
        })
    }

    /// Closes it for good, and returns the connections, which are being aborted.
    pub(crate) fn close(&self) -> JoinSet<()> {
        let mut inner = self.inner();
        inner.state = ListenerState::Closed;
        inner.connections.abort_all();
        std::mem::take(&mut inner.connections)
    }

    /// Listens or refuses, according to the faults in force at `now` and the callee. An outage is counted when refusing
    /// because of it begins, and when it was injected again (it is in `changed`).
    fn settle(&self, state: &LinkState, inner: &mut Inner, now: Duration, changed: &[FaultName]) {
        match (state.refusal(&self.link, now), &inner.state) {
            (_, ListenerState::Closed) | (None, ListenerState::Listening(_)) => {}
            (None, _) => self.reopen(inner),
            (Some(refusal), ListenerState::Refusing { because, .. })
                if refusal == *because
                    && !matches!(because, Refusal::Outage(fault) if changed.contains(fault)) => {}
            (Some(refusal), _) => self.refuse(state, inner, refusal),
        }
    }

    fn refuse(&self, state: &LinkState, inner: &mut Inner, refusal: Refusal) {
        match &refusal {
            // Cuts the exchanges that are under way.
            Refusal::Outage(fault) => {
                state.record_refusal(fault);
                inner.connections = JoinSet::new();
            }
            // The callee finishes them, or is dead: then there is no reply.
            Refusal::Absent(_) => self.callee_gone.send_replace(()),
        }
        if let ListenerState::Refusing { because, .. } = &mut inner.state {
            *because = refusal;
            return;
        }
        // Drops the socket first, else the port can't be bound.
        inner.state = ListenerState::Unbound;
        inner.state = ListenerState::Refusing { because: refusal, _reserved: bind(self.address).ok() };
    }

    fn reopen(&self, inner: &mut Inner) {
        // Drops the reservation first, else the port can't be bound.
        inner.state = ListenerState::Unbound;
        let _runtime = self.runtime.enter();
        match bind(self.address).and_then(|socket| socket.listen(BACKLOG)) {
            Ok(socket) => inner.state = ListenerState::Listening(socket),
            Err(error) => {
                tracing::warn!(address = %self.address, %error, "a link can't listen again yet");
                let retry = Instant::now() + REBIND_AFTER;
                inner.next_change = inner.next_change.into_iter().chain([retry]).min();
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock calls out, so only a bug of our own could panic in here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkObserver for Listener {
    fn links_changed(&self, state: &LinkState, faults: &[FaultName], now: Duration) {
        let mut inner = self.inner();
        // Keeps an earlier change, which may not have been handled yet.
        inner.next_change = inner.next_change.into_iter().chain(state.next_change(now)).min();
        self.settle(state, &mut inner, now, faults);
    }
}

/// A socket that is bound to `address`.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that were just reset may still use the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
