//! The writer: one thread, many jobs, one commit.

use std::{
    future::pending,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{self, JoinHandle},
};

use redb::{Database, Durability, WriteTransaction};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};

use super::error::StoreError;

/// A job in the queue. It answers its caller once its batch is committed or abandoned.
type Job = Box<dyn FnOnce(&WriteTransaction) -> Ran + Send>;

struct Ran {
    answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
    panicked: bool,
}

/// Handle of the writing thread. Dropping it runs what is queued and closes the database.
pub(super) struct Thread {
    queue: Option<mpsc::Sender<Job>>,
    running: Option<JoinHandle<()>>,
    failure: watch::Receiver<Option<StoreError>>,
}

impl Thread {
    /// Starts the thread with room for `queue` waiting jobs.
    pub(super) fn start(database: Arc<Database>, queue: usize) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(queue);
        let (fail, failure) = watch::channel(None);
        let write = move || write_all(&database, receiver, &fail);
        let thread = thread::Builder::new().name("store".into()).spawn(write)?;
        Ok(Self { queue: Some(sender), running: Some(thread), failure })
    }

    /// Completes when the database has failed. Nothing is written from then on.
    pub(super) fn failed(&self) -> impl Future<Output = StoreError> + Send + use<> {
        let mut failure = self.failure.clone();
        async move {
            match failure.wait_for(Option::is_some).await.map(|failure| failure.clone()) {
                Ok(Some(error)) => error,
                // The thread ended without a failure.
                _ => pending().await,
            }
        }
    }

    /// Queues the job and waits for its batch.
    pub(super) async fn run<T, E>(
        &self,
        job: impl FnOnce(&WriteTransaction) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let result = catch_unwind(AssertUnwindSafe(|| job(transaction)));
            let panicked = result.is_err();
            let result = result.unwrap_or_else(|_| Err(StoreError::Abandoned.into()));
            let answer = Box::new(move |batch: Result<(), StoreError>| {
                let result = match (result, batch) {
                    (Ok(_), Err(error)) => Err(error.into()),
                    (result, _) => result,
                };
                // The send fails when the caller has been dropped; the job is done all the same.
                drop(sender.send(result));
            });
            Ran { answer, panicked }
        });
        let queue = self.queue.as_ref().expect("the queue lives as long as the handle");
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => StoreError::Closing,
        })?;
        receiver.await.unwrap_or_else(|_| Err(StoreError::Closing.into()))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.running.take()
            && thread.join().is_err()
        {
            tracing::error!("the writing thread panicked");
        }
    }
}

fn write_all(database: &Database, mut queue: mpsc::Receiver<Job>, fail: &watch::Sender<Option<StoreError>>) {
    while let Some(first) = queue.blocking_recv() {
        // The batch takes what was queued during the last commit. Yielding lets tasks that wait for a processor queue
        // theirs, too.
        thread::yield_now();
        if let Err(error @ StoreError::Database(_)) = write_batch(database, first, &mut queue) {
            tracing::error!(%error, "the database can't be written");
            fail.send_replace(Some(error));
        }
    }
}

/// Runs jobs until none waits, or one panics, and answers those that ran. A batch is no longer than the queue.
fn write_batch(database: &Database, first: Job, queue: &mut mpsc::Receiver<Job>) -> Result<(), StoreError> {
    // Without a transaction no job can run; dropping the job tells its caller.
    let transaction = begin(database)?;
    let mut answers = Vec::with_capacity(queue.len() + 1);
    let (mut next, mut panicked) = (Some(first), false);
    while let Some(job) = next {
        let ran = job(&transaction);
        panicked = ran.panicked;
        answers.push(ran.answer);
        let is_full = panicked || answers.len() == queue.max_capacity();
        next = if is_full { None } else { queue.try_recv().ok() };
    }
    let committed = if panicked {
        transaction.abort().map_err(StoreError::from).and(Err(StoreError::Abandoned))
    } else {
        transaction.commit().map_err(StoreError::from)
    };
    for answer in answers {
        answer(committed.clone());
    }
    committed
}

fn begin(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    Ok(transaction)
}
