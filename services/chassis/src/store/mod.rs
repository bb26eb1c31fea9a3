//! The store: redb, with many jobs to a commit.
//!
//! [`Store::write`] takes a job, a closure over a write transaction. On a file one thread owns all writing: it takes
//! every job that is waiting, runs them one after another in one transaction, commits once with
//! `Durability::Immediate`, and only then answers them all. An answer therefore means: on disk.
//!
//! # The rule for jobs
//!
//! redb has no savepoint inside a transaction with changes, so what a job has written can't be taken back for it
//! alone. Hence: **a job checks everything before its first write.** A job that returns `Err` must not have written;
//! the others of its batch are committed. A job that panics spoils its batch: nothing of it is recorded, every job in
//! it is told [`StoreError::Abandoned`], and the writer goes on.

mod inline;
mod record;
mod unfinished;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::task::yield_now;

pub use self::record::Record;
use crate::{environment::Disk, problem::Problem, start::StartError};

/// redb's cache for one database. Its own default is a gibibyte.
const CACHE: usize = 32 << 20;
/// For how many turns of the others a job waits on a simulated disk, whose syncs take no time: what was read before the job
/// may be another's by then.
const TURNS: u32 = 8;
/// Jobs that may wait for the writer; one more is refused.
const QUEUE: usize = 1_024;

/// A database. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    writer: Writer,
}

#[derive(Clone)]
enum Writer {
    Thread(Arc<writer::Thread>),
    Inline,
}

/// Why the store could not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Too many jobs wait already. Nothing was recorded.
    #[error("too many writes are waiting")]
    Busy,
    /// The store is closing. Nothing was recorded.
    #[error("the store is closing")]
    Closing,
    /// Another job of the batch panicked. Nothing was recorded.
    #[error("the batch was abandoned")]
    Abandoned,
    /// The database failed. A job of a failed commit may or may not be recorded.
    #[error("the database failed: {0}")]
    Database(#[source] Arc<redb::Error>),
}

macro_rules! from_redb {
    ($($error:ident),+) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Database(Arc::new(error.into()))
            }
        })+
    };
}
from_redb!(StorageError, TableError, TransactionError, CommitError, SetDurabilityError);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Closing | StoreError::Abandoned => Problem::unavailable(
                "busy",
                "The service is busy",
                format_args!("{error}; nothing was recorded, ask again"),
                Duration::from_secs(1),
            ),
            StoreError::Database(_) => {
                tracing::error!(%error, "a request failed");
                Problem::internal()
            }
        }
    }
}

impl Store {
    /// Opens the database, makes it when there is none, also when the power was cut while it was made.
    pub fn open(disk: Disk) -> Result<Self, StartError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        match disk {
            Disk::File(path) => {
                unfinished::discard_file(&path).map_err(|error| unopened(&path, error.into()))?;
                let database = builder.create(&path).map_err(|error| unopened(&path, error))?;
                let database = Arc::new(database);
                let thread =
                    writer::Thread::start(Arc::clone(&database), QUEUE).map_err(StartError::Thread)?;
                Ok(Self { database, writer: Writer::Thread(Arc::new(thread)) })
            }
            Disk::Backend(backend) => {
                let unopened = |error| unopened(Path::new("the simulated disk"), error);
                unfinished::discard(&*backend).map_err(|error| unopened(error.into()))?;
                let database = builder.create_with_backend(Owned(backend)).map_err(unopened)?;
                Ok(Self { database: Arc::new(database), writer: Writer::Inline })
            }
        }
    }

    /// Reads one consistent snapshot.
    pub fn read<T, E: From<StoreError>>(
        &self,
        look: impl FnOnce(&ReadTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.database.begin_read().map_err(StoreError::from)?;
        look(&transaction)
    }

    /// Runs a job in a write transaction and answers when it is on disk. See the rule for jobs above.
    ///
    /// Once queued, a job runs even when its caller goes away.
    pub async fn write<T, E>(
        &self,
        job: impl FnOnce(&WriteTransaction) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.writer {
            Writer::Thread(thread) => thread.run(job).await,
            Writer::Inline => {
                // As with the thread, others go on before the job and before its caller knows.
                for _ in 0..TURNS {
                    yield_now().await;
                }
                let done = inline::run(&self.database, job);
                yield_now().await;
                done
            }
        }
    }

    /// Completes when the database has failed. redb writes nothing after a failed write or sync, whatever the disk does, and what
    /// such a commit left on disk shows only when the file is opened again: the process has to end. On a simulated disk it never
    /// completes: there the service goes on and refuses.
    pub fn failed(&self) -> impl Future<Output = StoreError> + Send + use<> {
        let failed = match &self.writer {
            Writer::Thread(thread) => Some(thread.failed()),
            Writer::Inline => None,
        };
        async move {
            match failed {
                Some(failed) => failed.await,
                None => std::future::pending().await,
            }
        }
    }

    /// Runs a job before anybody is served: tables are made, a new database gets its first records.
    pub fn prepare(
        &self,
        job: impl FnOnce(&WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StartError> {
        inline::run(&self.database, job).map_err(StartError::Prepare)
    }
}

impl Drop for Store {
    /// redb writes the state of its allocator when it closes, and finds out only then that a simulated disk died with
    /// its process. An empty commit finds out for a fifth of that, and redb then doesn't try.
    fn drop(&mut self) {
        if matches!(self.writer, Writer::Inline) && Arc::strong_count(&self.database) == 1 {
            drop(inline::run(&self.database, |_| Ok::<_, StoreError>(())));
        }
    }
}

fn unopened(path: &Path, error: redb::DatabaseError) -> StartError {
    let path = path.to_owned();
    match error {
        redb::DatabaseError::DatabaseAlreadyOpen => StartError::DatabaseLocked { path },
        error => StartError::DatabaseUnreadable { path, reason: error.to_string() },
    }
}

/// redb wants a backend by value, ours comes in a box.
#[derive(Debug)]
struct Owned(Box<dyn redb::StorageBackend>);

impl redb::StorageBackend for Owned {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.0.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.0.close()
    }
}
