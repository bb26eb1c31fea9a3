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

use crate::links::Book;

/// How many connections may be open at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1024;
/// The pause before a port that couldn't be bound again is tried once more.
const STUCK_FOR: Duration = Duration::from_millis(20);
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A link's address: it listens, or it refuses everybody.
///
/// It opens and closes within the call that says so, not whenever a task gets to it. Hence the listener and the
/// connections are in here, and the accepting task only polls them.
#[derive(Debug)]
pub(crate) struct Gate {
    link: Link,
    address: SocketAddr,
    runtime: Handle,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// When to look again at what the faults say.
    next_look: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Open {
        listener: TcpListener,
        connections: JoinSet<()>,
        /// What connections of this opening are told when they are cut.
        cut: Cut,
    },
    Refusing {
        /// Because of which fault.
        fault: FaultName,
        accepting: Option<Waker>,
        /// Bound, but not listening: nobody who asks for any port gets this one meanwhile.
        _reserved: Option<TcpSocket>,
    },
    /// It should be open, and couldn't be bound again.
    Stuck,
    Ended,
}

/// Whether the link has cut a connection, rather than its caller.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Cut {
    pub(crate) fn by_link(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Gate {
    /// Listens on `listen`, and from then on does what the faults say.
    pub(crate) fn open(book: &Book, link: Link, listen: SocketAddr) -> io::Result<Arc<Self>> {
        let listener = bind(listen)?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let inner = Mutex::new(Inner { state: State::open(listener), next_look: None });
        let gate = Arc::new(Self { link, address, runtime: Handle::current(), inner });
        book.tell(&gate);
        gate.look(book);
        Ok(gate)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Faults of these names were injected or healed at `now`.
    pub(crate) fn faults_changed(&self, book: &Book, faults: &[FaultName], now: Duration) {
        let mut inner = self.inner();
        // An earlier look isn't called off: the one that was due may not have been had yet.
        inner.next_look = inner.next_look.into_iter().chain(book.next_change(now)).min();
        self.settle(book, &mut inner, now, faults);
    }

    /// A fault's window may have opened or closed.
    pub(crate) fn look(&self, book: &Book) {
        let now = book.now();
        let mut inner = self.inner();
        inner.next_look = book.next_change(now);
        self.settle(book, &mut inner, now, &[]);
    }

    /// When to look again.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.inner().next_look
    }

    /// Accepts the next connection and spawns what `serve` makes of it.
    pub(crate) fn poll_accept<F>(
        &self,
        context: &mut Context<'_>,
        serve: impl FnOnce(TcpStream, Cut) -> F,
    ) -> Poll<io::Result<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match &mut self.inner().state {
            State::Open { listener, connections, cut } => {
                while let Poll::Ready(Some(_)) = connections.poll_join_next(context) {}
                if connections.len() >= CONNECTIONS {
                    return Poll::Pending;
                }
                listener.poll_accept(context).map_ok(|(stream, _)| {
                    connections.spawn_on(serve(stream, cut.clone()), &self.runtime);
                })
            }
            State::Refusing { accepting, .. } => {
                *accepting = Some(context.waker().clone());
                Poll::Pending
            }
            State::Stuck | State::Ended => Poll::Pending,
        }
    }

    /// Closes it for good, and hands out the connections, which are being aborted.
    pub(crate) fn end(&self) -> JoinSet<()> {
        match std::mem::replace(&mut self.inner().state, State::Ended) {
            State::Open { mut connections, .. } => {
                connections.abort_all();
                connections
            }
            _ => JoinSet::new(),
        }
    }

    /// Opens or closes the address as the faults in force at `now` demand. It counts as a refusal when it begins to
    /// refuse, also because of another fault than before or of the same one in `changed`.
    fn settle(&self, book: &Book, inner: &mut Inner, now: Duration, changed: &[FaultName]) {
        match (book.refusal(&self.link, now), &inner.state) {
            (_, State::Ended) | (None, State::Open { .. }) => {}
            (Some(because), State::Refusing { fault, .. })
                if *fault == because && !changed.contains(fault) => {}
            (Some(fault), _) => {
                book.record_refusal(&fault);
                self.refuse(&mut inner.state, fault);
            }
            (None, _) => self.reopen(inner),
        }
    }

    fn refuse(&self, state: &mut State, because: FaultName) {
        if let State::Refusing { fault, .. } = state {
            *fault = because;
            return;
        }
        if let State::Open { cut, .. } = state {
            cut.0.store(true, Ordering::Release);
        }
        // The listener goes first, else its port can't be bound; and with it the connections.
        *state = State::Stuck;
        let reserved = bind(self.address).ok();
        *state = State::Refusing { fault: because, accepting: None, _reserved: reserved };
    }

    fn reopen(&self, inner: &mut Inner) {
        // The reservation goes first, else its port can't be bound.
        let before = std::mem::replace(&mut inner.state, State::Stuck);
        let accepting = if let State::Refusing { accepting, .. } = before { accepting } else { None };
        let _runtime = self.runtime.enter();
        match bind(self.address).and_then(|socket| socket.listen(BACKLOG)) {
            Ok(listener) => inner.state = State::open(listener),
            Err(error) => {
                tracing::warn!(address = %self.address, %error, "a link can't listen again yet");
                inner.next_look = inner.next_look.into_iter().chain([Instant::now() + STUCK_FOR]).min();
            }
        }
        if let Some(accepting) = accepting {
            accepting.wake();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is one assignment: a panic leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(listener: TcpListener) -> Self {
        Self::Open { listener, connections: JoinSet::new(), cut: Cut::default() }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that were just reset may still hold the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
