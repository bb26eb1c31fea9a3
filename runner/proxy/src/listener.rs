use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use fault::{FaultName, Link};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Handle,
    task::JoinSet,
    time::Instant,
};

use crate::state::{FaultObserver, LinkState};

/// How many connections may be open at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1024;
/// The pause before another attempt to bind the port again.
const REBIND_AFTER: Duration = Duration::from_millis(20);
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The listening socket of a link, which is closed while an outage refuses connections.
///
/// It is opened and closed within the call that heals or injects the fault, not by a task that runs later. So it owns
/// the socket and the connections, and the accepting task only polls them.
#[derive(Debug)]
pub(crate) struct Listener {
    link: Link,
    address: SocketAddr,
    runtime: Handle,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: ListenerState,
    /// When the faults in force change next.
    next_change: Option<Instant>,
}

#[derive(Debug)]
enum ListenerState {
    Listening {
        socket: TcpListener,
        connections: JoinSet<()>,
        /// Set when the link cuts these connections.
        cut: CutByLink,
    },
    Refusing {
        /// The outage.
        fault: FaultName,
        /// Wakes the accepting task.
        accepting: Option<Waker>,
        /// Bound, but not listening: no other process can take the port meanwhile.
        _reserved: Option<TcpSocket>,
    },
    /// It should listen, but the port can't be bound again yet.
    Unbound,
    Closed,
}

/// Whether the link has cut a connection, rather than its caller.
#[derive(Debug, Clone, Default)]
pub(crate) struct CutByLink(Arc<AtomicBool>);

impl CutByLink {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Listener {
    /// Listens at `address`, and observes the faults from then on.
    pub(crate) fn open(state: &LinkState, link: Link, address: SocketAddr) -> io::Result<Arc<Self>> {
        let socket = bind(address)?.listen(BACKLOG)?;
        let address = socket.local_addr()?;
        let inner = Mutex::new(Inner { state: ListenerState::listening(socket), next_change: None });
        let listener = Arc::new(Self { link, address, runtime: Handle::current(), inner });
        let observer: Arc<dyn FaultObserver> = Arc::<Self>::clone(&listener);
        state.observe(&observer);
        listener.follow_faults(state);
        Ok(listener)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens or refuses, according to the faults in force now.
    pub(crate) fn follow_faults(&self, state: &LinkState) {
        let now = state.now();
        let mut inner = self.inner();
        inner.next_change = state.next_change(now);
        self.settle(state, &mut inner, now, &[]);
    }

    /// When to call [`Listener::follow_faults`] again.
    pub(crate) fn next_change(&self) -> Option<Instant> {
        self.inner().next_change
    }

    /// Accepts the next connection and spawns the future that `serve` returns for it.
    pub(crate) fn poll_accept<F>(
        &self,
        context: &mut Context<'_>,
        serve: impl FnOnce(TcpStream, CutByLink) -> F,
    ) -> Poll<io::Result<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match &mut self.inner().state {
            ListenerState::Listening { socket, connections, cut } => {
                while let Poll::Ready(Some(_)) = connections.poll_join_next(context) {}
                if connections.len() >= CONNECTIONS {
                    return Poll::Pending;
                }
                socket.poll_accept(context).map_ok(|(stream, _)| {
                    connections.spawn_on(serve(stream, cut.clone()), &self.runtime);
                })
            }
            ListenerState::Refusing { accepting, .. } => {
                *accepting = Some(context.waker().clone());
                Poll::Pending
            }
            ListenerState::Unbound | ListenerState::Closed => Poll::Pending,
        }
    }

    /// Closes it for good, and returns the connections, which are being aborted.
    pub(crate) fn close(&self) -> JoinSet<()> {
        match std::mem::replace(&mut self.inner().state, ListenerState::Closed) {
            ListenerState::Listening { mut connections, .. } => {
                connections.abort_all();
                connections
            }
            _ => JoinSet::new(),
        }
    }

    /// Listens or refuses, according to the faults in force at `now`. The outage is counted when refusing begins, when
    /// another outage is the reason from now on, and when the same outage was injected again (it is in `changed`).
    fn settle(&self, state: &LinkState, inner: &mut Inner, now: Duration, changed: &[FaultName]) {
        match (state.refusal(&self.link, now), &inner.state) {
            (_, ListenerState::Closed) | (None, ListenerState::Listening { .. }) => {}
            (Some(because), ListenerState::Refusing { fault, .. })
                if *fault == because && !changed.contains(fault) => {}
            (Some(fault), _) => {
                state.record_refusal(&fault);
                self.refuse(&mut inner.state, fault);
            }
            (None, _) => self.reopen(inner),
        }
    }

    fn refuse(&self, state: &mut ListenerState, because: FaultName) {
        if let ListenerState::Refusing { fault, .. } = state {
            *fault = because;
            return;
        }
        if let ListenerState::Listening { cut, .. } = state {
            cut.0.store(true, Ordering::Release);
        }
        // Drops the socket and the connections first, else the port can't be bound.
        *state = ListenerState::Unbound;
        let reserved = bind(self.address).ok();
        *state = ListenerState::Refusing { fault: because, accepting: None, _reserved: reserved };
    }

    fn reopen(&self, inner: &mut Inner) {
        // Drops the reservation first, else the port can't be bound.
        let before = std::mem::replace(&mut inner.state, ListenerState::Unbound);
        let accepting = if let ListenerState::Refusing { accepting, .. } = before { accepting } else { None };
        let _runtime = self.runtime.enter();
        match bind(self.address).and_then(|socket| socket.listen(BACKLOG)) {
            Ok(socket) => inner.state = ListenerState::listening(socket),
            Err(error) => {
                tracing::warn!(address = %self.address, %error, "a link can't listen again yet");
                let retry = Instant::now() + REBIND_AFTER;
                inner.next_change = inner.next_change.into_iter().chain([retry]).min();
            }
        }
        if let Some(accepting) = accepting {
            accepting.wake();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock calls out, so only a bug of our own could panic in here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultObserver for Listener {
    fn faults_changed(&self, state: &LinkState, faults: &[FaultName], now: Duration) {
        let mut inner = self.inner();
        // Keeps an earlier change, which may not have been handled yet.
        inner.next_change = inner.next_change.into_iter().chain(state.next_change(now)).min();
        self.settle(state, &mut inner, now, faults);
    }
}

impl ListenerState {
    fn listening(socket: TcpListener) -> Self {
        Self::Listening { socket, connections: JoinSet::new(), cut: CutByLink::default() }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that were just reset may still use the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
