//! One process of a service, from a start to its end.

use std::{
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use fault::{Seed, ServiceName};
use tokio::{
    sync::oneshot,
    task::{AbortHandle, JoinSet, yield_now},
    time::{Instant, timeout},
};
use tower::ServiceExt;
use verdict::{Exit, NoReply};

use crate::{
    running::{BackgroundWork, Running, Server},
    watchdog,
};

/// Exclusive upper bound of the times that a request yields before it is handled. The seed draws the number, so that
/// seeds differ in which of several requests is handled first.
const YIELD_BOUND: u64 = 8;
/// The most requests in flight. More are refused, as by a process without file descriptors.
const MAX_CONNECTIONS: usize = 10_000;
/// The most polls at one instant of virtual time, while no request arrives, before the process is taken to loop forever.
const MAX_POLLS_AT_ONE_INSTANT: u32 = 50_000;
/// How a Rust program ends that panics.
const PANICKED: Exit = Exit::Code(101);

/// Is called with a process that ends by itself, and how.
type OnExit = dyn Fn(&Arc<Process>, Exit) + Send + Sync;

/// A process of a service, with its tasks. Once it has ended, none of its tasks is polled again, even one that the
/// service spawned past it.
pub(crate) struct Process {
    service: ServiceName,
    on_exit: Box<OnExit>,
    inner: Mutex<Inner>,
}

struct Inner {
    state: ProcessState,
    /// Answers requests; `None` before the service has started and after the process has ended.
    server: Option<Server>,
    requests: JoinSet<()>,
    background: JoinSet<()>,
    /// The tasks to wake when the process is resumed.
    paused: Vec<Waker>,
    /// The virtual time of the last poll.
    last_poll: Instant,
    /// The number of polls at that time, since the last request arrived.
    polls: u32,
    random: ChaCha8Rng,
    /// How it ended, if it did so by itself.
    exit: Option<Exit>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ProcessState {
    Running,
    /// No task is polled, and requests that arrive wait.
    Paused,
    /// Requests in flight are finished, and new ones are refused.
    Draining,
    Ended,
}

impl Process {
    /// A process of `service` without tasks. `on_exit` is called if it ends by itself, and has to end its tasks.
    pub(crate) fn new(
        service: ServiceName,
        seed: Seed,
        on_exit: impl Fn(&Arc<Self>, Exit) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let inner = Inner {
            state: ProcessState::Running,
            server: None,
            requests: JoinSet::new(),
            background: JoinSet::new(),
            paused: Vec::new(),
            last_poll: Instant::now(),
            polls: 0,
            random: ChaCha8Rng::seed_from_u64(seed.0),
            exit: None,
        };
        Arc::new(Self { service, on_exit: Box::new(on_exit), inner: Mutex::new(inner) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a service in this process: its background work now, its server for the requests that arrive.
    pub(crate) fn run(self: &Arc<Self>, running: Running) {
        let Running { server, background, main } = running;
        self.lock().server = Some(server);
        for work in background {
            self.spawn(work);
        }
        if let Some(main) = main {
            let process = Arc::clone(self);
            self.spawn(Box::pin(async move {
                let code = main.await;
                process.exit_with(Exit::Code(code));
            }));
        }
    }

    /// Spawns a task that runs until it ends or the process does. A panic in it ends the process.
    pub(crate) fn spawn(self: &Arc<Self>, work: BackgroundWork) {
        let (process, mut work) = (Arc::clone(self), ProcessFuture::new(self, work));
        let unless_it_panics = poll_fn(move |context| {
            let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut work).poll(context)));
            polled.unwrap_or_else(|_| {
                process.exit_with(PANICKED);
                Poll::Ready(())
            })
        });
        let mut inner = self.lock();
        while inner.background.try_join_next().is_some() {}
        if inner.state != ProcessState::Ended {
            inner.background.spawn(unless_it_panics);
        }
    }

    /// Ends the process because it ends by itself.
    fn exit_with(self: &Arc<Self>, exit: Exit) {
        let has_ended = {
            let mut inner = self.lock();
            let has_ended = inner.state == ProcessState::Ended;
            inner.exit = inner.exit.or((!has_ended).then_some(exit));
            has_ended
        };
        if !has_ended {
            (self.on_exit)(self, exit);
        }
    }

    /// How it ended, if it did so by itself.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.lock().exit
    }

    /// Accepts a request. A task of this process handles it.
    pub(crate) fn accept(self: &Arc<Self>, request: http::Request<Bytes>) -> Result<PendingReply, NoReply> {
        let mut inner = self.lock();
        while inner.requests.try_join_next().is_some() {}
        let closed = matches!(inner.state, ProcessState::Draining | ProcessState::Ended);
        if closed || inner.requests.len() >= MAX_CONNECTIONS {
            return Err(NoReply::Refused);
        }
        let server = inner.server.clone().ok_or(NoReply::Refused)?;
        inner.polls = 0;
        let yields = inner.random.next_u64() % YIELD_BOUND;
        let (sender, reply) = oneshot::channel();
        let handling = ProcessFuture::new(self, Box::pin(server.oneshot(request)));
        let task = inner.requests.spawn(async move {
            for _ in 0..yields {
                yield_now().await;
            }
            if let Ok(response) = handling.await {
                // Fails when the caller has closed the connection, and then nothing is left to do.
                drop(sender.send(response));
            }
        });
        Ok(PendingReply { process: Arc::clone(self), reply, task })
    }

    /// Pauses a running process. Returns whether it was running.
    pub(crate) fn pause(&self) -> bool {
        self.transition(ProcessState::Running, ProcessState::Paused)
    }

    /// Resumes a paused process. Returns whether it was paused.
    pub(crate) fn resume(&self) -> bool {
        let resumed = self.transition(ProcessState::Paused, ProcessState::Running);
        let paused = std::mem::take(&mut self.lock().paused);
        paused.into_iter().for_each(Waker::wake);
        resumed
    }

    fn transition(&self, from: ProcessState, to: ProcessState) -> bool {
        let mut inner = self.lock();
        let matches = inner.state == from;
        if matches {
            inner.state = to;
        }
        matches
    }

    /// Whether its tasks are polled: it is neither paused nor ended.
    pub(crate) fn is_running(&self) -> bool {
        self.lock().is_running()
    }

    fn has_ended(&self) -> bool {
        self.lock().state == ProcessState::Ended
    }

    /// Refuses new requests, and waits until those in flight are finished, at most for `grace`. A paused process
    /// finishes nothing.
    pub(crate) async fn drain(&self, grace: Duration) {
        if self.transition(ProcessState::Running, ProcessState::Draining) {
            let drained = poll_fn(|context| {
                let mut inner = self.lock();
                while let Poll::Ready(Some(_)) = inner.requests.poll_join_next(context) {}
                // A fault may have killed the process meanwhile.
                let done = inner.state == ProcessState::Ended || inner.requests.is_empty();
                if done { Poll::Ready(()) } else { Poll::Pending }
            });
            // Requests that take longer are cut off when the process ends.
            drop(timeout(grace, drained).await);
        }
    }

    /// Ends the process at once. One of its own tasks may call this; that task is dropped at its next await.
    pub(crate) fn end(&self) {
        drop(self.take());
    }

    /// Ends the process, and waits until all its tasks are dropped.
    pub(crate) async fn end_and_wait(&self) {
        let (server, mut requests, mut background) = self.take();
        drop(server);
        requests.shutdown().await;
        background.shutdown().await;
    }

    fn take(&self) -> (Option<Server>, JoinSet<()>, JoinSet<()>) {
        let mut inner = self.lock();
        inner.state = ProcessState::Ended;
        inner.paused.clear();
        // The caller drops these without the lock, since dropping a service runs foreign code.
        (inner.server.take(), std::mem::take(&mut inner.requests), std::mem::take(&mut inner.background))
    }
}

impl Inner {
    fn is_running(&self) -> bool {
        matches!(self.state, ProcessState::Running | ProcessState::Draining)
    }

    /// Counts a poll. Returns whether there have been too many at one instant.
    fn loops_forever(&mut self) -> bool {
        let now = Instant::now();
        if self.last_poll < now {
            (self.last_poll, self.polls) = (now, 0);
        }
        self.polls += 1;
        self.polls > MAX_POLLS_AT_ONE_INSTANT
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("service", &self.service).finish_non_exhaustive()
    }
}

/// A future that is polled only while its process runs: not while it is paused, and never again once it has ended.
pub(crate) struct ProcessFuture<T> {
    process: Arc<Process>,
    work: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> ProcessFuture<T> {
    pub(crate) fn new(process: &Arc<Process>, work: Pin<Box<dyn Future<Output = T> + Send>>) -> Self {
        Self { process: Arc::clone(process), work }
    }
}

impl<T> Future for ProcessFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        {
            let mut inner = self.process.lock();
            if inner.is_running() && inner.loops_forever() {
                // A real process would keep a processor busy and answer no more. Virtual time would stand still.
                inner.state = ProcessState::Paused;
            }
            match inner.state {
                ProcessState::Running | ProcessState::Draining => {}
                ProcessState::Paused => {
                    inner.paused.push(context.waker().clone());
                    return Poll::Pending;
                }
                ProcessState::Ended => return Poll::Pending,
            }
        }
        let Self { process, work } = &mut *self;
        match watchdog::watch_poll(&process.service, || work.as_mut().poll(context)) {
            // The process ended during this poll, so nothing may see its result.
            Poll::Ready(_) if process.has_ended() => Poll::Pending,
            polled => polled,
        }
    }
}

/// The reply to an accepted request. Dropping it closes the connection: the task that handles the request is dropped,
/// as an HTTP server drops the handler of a closed connection. A paused process doesn't notice.
#[derive(Debug)]
pub(crate) struct PendingReply {
    process: Arc<Process>,
    reply: oneshot::Receiver<http::Response<Bytes>>,
    task: AbortHandle,
}

impl Future for PendingReply {
    type Output = Result<http::Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Without a reply the task has failed, panicked or been dropped with its process.
        Pin::new(&mut self.reply).poll(context).map(|reply| reply.map_err(|_| NoReply::Reset))
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        if self.process.lock().state != ProcessState::Paused {
            self.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_of_the_poll_that_ended_the_process_is_never_seen() {
        let process = Process::new("mortal".parse().expect("a name"), Seed(1), |_, _| {});
        let killed = Arc::clone(&process);
        let work = async move {
            killed.end();
            "done"
        };
        let mut future = ProcessFuture::new(&process, Box::pin(work));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(Pin::new(&mut future).poll(&mut context), Poll::Pending);
        assert_eq!(Pin::new(&mut future).poll(&mut context), Poll::Pending);
    }
}
