//! One life of a service: from a start to its end.

use std::{
    fmt,
    future::{Future, poll_fn},
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
use verdict::NoReply;

use crate::{
    place::{Running, Server, Work},
    watchdog,
};

/// A request waits for up to so many turns of the others before it is handled, so that seeds differ in who is first.
const TURNS: u64 = 8;
/// Requests that a service is at at most; more are refused, as by a process without file descriptors.
const CONNECTIONS: usize = 10_000;

/// The turns that work takes at one moment, while nothing comes in, before it is taken for work without end.
const TURNS_AT_ONE_MOMENT: u32 = 50_000;

/// A life with all that works in it. Once it is over, nothing of it is polled again, whoever still holds it.
pub(crate) struct Life {
    service: ServiceName,
    inner: Mutex<Inner>,
}

struct Inner {
    condition: Condition,
    /// Answers requests, unless the life has not begun or is over.
    server: Option<Server>,
    requests: JoinSet<()>,
    background: JoinSet<()>,
    /// Who goes on when it is resumed.
    halted: Vec<Waker>,
    /// The last moment at which it worked, and how often since something came in.
    moment: Instant,
    turns: u32,
    chance: ChaCha8Rng,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Running,
    /// Nothing is polled, and what comes in waits.
    Halted,
    /// What came in is finished, and nothing else comes in.
    Ending,
    Over,
}

impl Life {
    /// A life of this service in which nothing works yet. The seed decides how many turns requests wait for.
    pub(crate) fn new(service: ServiceName, seed: Seed) -> Arc<Self> {
        let inner = Inner {
            condition: Condition::Running,
            server: None,
            requests: JoinSet::new(),
            background: JoinSet::new(),
            halted: Vec::new(),
            moment: Instant::now(),
            turns: 0,
            chance: ChaCha8Rng::seed_from_u64(seed.0),
        };
        Arc::new(Self { service, inner: Mutex::new(inner) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a service work in it.
    pub(crate) fn begin(self: &Arc<Self>, running: Running) {
        let Running { server, background } = running;
        self.lock().server = Some(server);
        for work in background {
            self.spawn(work);
        }
    }

    /// Lets work go on in it, until it ends or the life does.
    pub(crate) fn spawn(self: &Arc<Self>, work: Work) {
        let work = Living::new(self, work);
        let mut inner = self.lock();
        while inner.background.try_join_next().is_some() {}
        if inner.condition != Condition::Over {
            inner.background.spawn(work);
        }
    }

    /// Takes a request in. It is handled by a task of this life.
    pub(crate) fn accept(self: &Arc<Self>, request: http::Request<Bytes>) -> Result<Answer, NoReply> {
        let mut inner = self.lock();
        while inner.requests.try_join_next().is_some() {}
        let closed = matches!(inner.condition, Condition::Ending | Condition::Over);
        if closed || inner.requests.len() >= CONNECTIONS {
            return Err(NoReply::Refused);
        }
        let server = inner.server.clone().ok_or(NoReply::Refused)?;
        inner.turns = 0;
        let turns = inner.chance.next_u64() % TURNS;
        let (sender, reply) = oneshot::channel();
        let handling = Living::new(self, Box::pin(server.oneshot(request)));
        let task = inner.requests.spawn(async move {
            for _ in 0..turns {
                yield_now().await;
            }
            if let Ok(response) = handling.await {
                // A caller that has gone away wants no reply.
                drop(sender.send(response));
            }
        });
        Ok(Answer { life: Arc::clone(self), reply, task })
    }

    /// Halts it. Says whether it ran.
    pub(crate) fn halt(&self) -> bool {
        self.change(Condition::Running, Condition::Halted)
    }

    /// Lets it go on. Says whether it was halted.
    pub(crate) fn resume(&self) -> bool {
        let resumed = self.change(Condition::Halted, Condition::Running);
        let waiting = std::mem::take(&mut self.lock().halted);
        waiting.into_iter().for_each(Waker::wake);
        resumed
    }

    fn change(&self, from: Condition, to: Condition) -> bool {
        let mut inner = self.lock();
        let changes = inner.condition == from;
        if changes {
            inner.condition = to;
        }
        changes
    }

    /// Whether it is neither halted nor over.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.lock().condition, Condition::Running | Condition::Ending)
    }

    fn is_over(&self) -> bool {
        self.lock().condition == Condition::Over
    }

    /// Finishes what came in, for at most so long, and takes nothing in any more. A halted life finishes nothing.
    pub(crate) async fn finish(&self, grace: Duration) {
        if self.change(Condition::Running, Condition::Ending) {
            let finished = poll_fn(|context| {
                let mut inner = self.lock();
                while let Poll::Ready(Some(_)) = inner.requests.poll_join_next(context) {}
                // A fault may have killed it meanwhile.
                let over = inner.condition == Condition::Over || inner.requests.is_empty();
                if over { Poll::Ready(()) } else { Poll::Pending }
            });
            // What isn't finished by then is cut off.
            drop(timeout(grace, finished).await);
        }
    }

    /// Ends it at once, from wherever: also from a task of its own, which is dropped when it next waits.
    pub(crate) fn end(&self) {
        drop(self.take());
    }

    /// Ends it at once, and waits until all that worked in it is dropped.
    pub(crate) async fn ended(&self) {
        let (server, mut requests, mut background) = self.take();
        drop(server);
        requests.shutdown().await;
        background.shutdown().await;
    }

    fn take(&self) -> (Option<Server>, JoinSet<()>, JoinSet<()>) {
        let mut inner = self.lock();
        inner.condition = Condition::Over;
        inner.halted.clear();
        // Dropped by the caller, without the lock: the drop of a service is foreign code.
        (inner.server.take(), std::mem::take(&mut inner.requests), std::mem::take(&mut inner.background))
    }
}

impl Inner {
    /// Takes a turn. Says whether there have been too many while no time passed and nothing came in.
    fn is_without_end(&mut self) -> bool {
        let now = Instant::now();
        if self.moment < now {
            (self.moment, self.turns) = (now, 0);
        }
        self.turns += 1;
        self.turns > TURNS_AT_ONE_MOMENT
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").finish_non_exhaustive()
    }
}

/// Work that goes on only while its life does: it isn't polled while that is halted, nor ever again once it is over.
pub(crate) struct Living<T> {
    life: Arc<Life>,
    work: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Living<T> {
    pub(crate) fn new(life: &Arc<Life>, work: Pin<Box<dyn Future<Output = T> + Send>>) -> Self {
        Self { life: Arc::clone(life), work }
    }
}

impl<T> Future for Living<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        {
            let mut inner = self.life.lock();
            if matches!(inner.condition, Condition::Running | Condition::Ending) && inner.is_without_end() {
                // In real time it would heat the processor and answer no more; here no time would ever pass.
                inner.condition = Condition::Halted;
            }
            match inner.condition {
                Condition::Running | Condition::Ending => {}
                Condition::Halted => {
                    inner.halted.push(context.waker().clone());
                    return Poll::Pending;
                }
                Condition::Over => return Poll::Pending,
            }
        }
        let Self { life, work } = &mut *self;
        match watchdog::step(&life.service, || work.as_mut().poll(context)) {
            // It died of this very poll: what came of it is never known.
            Poll::Ready(_) if life.is_over() => Poll::Pending,
            polled => polled,
        }
    }
}

/// The reply to a request that was taken in. Dropping it is hanging up: the request's task is dropped, as an HTTP
/// server drops the handler of a connection that is gone. One that is halted doesn't notice.
#[derive(Debug)]
pub(crate) struct Answer {
    life: Arc<Life>,
    reply: oneshot::Receiver<http::Response<Bytes>>,
    task: AbortHandle,
}

impl Future for Answer {
    type Output = Result<http::Response<Bytes>, NoReply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Without a reply the task is gone: it failed, panicked or died.
        Pin::new(&mut self.reply).poll(context).map(|reply| reply.map_err(|_| NoReply::Reset))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.life.lock().condition != Condition::Halted {
            self.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_life_did_when_it_ended_is_never_known() {
        let life = Life::new("mortal".parse().expect("a name"), Seed(1));
        let fatal = Arc::clone(&life);
        let work = async move {
            fatal.end();
            "done"
        };
        let mut living = Living::new(&life, Box::pin(work));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(Pin::new(&mut living).poll(&mut context), Poll::Pending);
        assert_eq!(Pin::new(&mut living).poll(&mut context), Poll::Pending);
    }
}
