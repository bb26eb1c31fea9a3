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
//! the others of its batch are committed. When a job panics, nothing of its batch is recorded, every job in it fails with
//! [`StoreError::Abandoned`], and the writer takes the next batch.

pub(crate) mod error;
mod inline;
pub(crate) mod keys;
pub(crate) mod page;
pub(crate) mod record;
mod unfinished;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::task::yield_now;

use self::error::{OpenError, StoreError};

/// redb's cache for one database. Its own default is a gibibyte.
const CACHE: usize = 32 << 20;
/// How often a job on a backend of the caller's yields before it runs: such a disk may take no time to sync, and other
/// tasks must get to change what was read before the job, as they do on a real disk.
const TURNS: u32 = 8;
/// Jobs that may wait for the writer; one more is refused with [`StoreError::Busy`].
const QUEUE: usize = 1_024;

/// A database. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    writer: Writer,
}

/// Where a [`Store`] keeps its database.
#[derive(Debug)]
pub enum Disk {
    /// A file, written by a thread that commits many jobs at once.
    File(PathBuf),
    /// A backend of the caller's, written inline on the caller's thread, so that a paused clock stays still.
    Backend(Box<dyn redb::StorageBackend>),
}

#[derive(Clone)]
enum Writer {
    Thread(Arc<writer::Thread>),
    Inline,
}

impl Store {
    /// Opens the database, or creates it: also over one whose creation was cut short by a loss of power.
    pub fn open(disk: Disk) -> Result<Self, OpenError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        match disk {
            Disk::File(path) => {
                unfinished::discard_file(&path).map_err(|error| unopened(&path, error.into()))?;
                let database = builder.create(&path).map_err(|error| unopened(&path, error))?;
                let database = Arc::new(database);
                let thread =
                    writer::Thread::start(Arc::clone(&database), QUEUE).map_err(OpenError::Thread)?;
                Ok(Self { database, writer: Writer::Thread(Arc::new(thread)) })
            }
            Disk::Backend(backend) => {
                let unopened = |error| unopened(Path::new("of the caller's backend"), error);
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

    /// Runs a job in a write transaction and returns once it is on disk. See the rule for jobs above.
    ///
    /// Once queued, a job runs even when its caller is dropped.
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
                // As with the thread, other tasks run before the job and before its caller is answered.
                for _ in 0..TURNS {
                    yield_now().await;
                }
                let done = inline::run(&self.database, job);
                yield_now().await;
                done
            }
        }
    }

    /// Completes when the database has failed. redb writes nothing after a failed write or sync, even when the disk has
    /// recovered, and what such a commit left on disk shows only when the file is opened again: the process has to end.
    /// On a backend of the caller's it never completes: there the service keeps running and refuses.
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

    /// Runs a job before the service serves: it creates the tables and the first records of a new database.
    pub fn prepare(
        &self,
        job: impl FnOnce(&WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        inline::run(&self.database, job)
    }
}

impl Drop for Store {
    /// Commits nothing, on a backend of the caller's. redb writes the state of its allocator when it closes. When the
    /// backend fails by then, an empty commit notices at a fifth of the cost, and redb skips the rest.
    fn drop(&mut self) {
        if matches!(self.writer, Writer::Inline) && Arc::strong_count(&self.database) == 1 {
            drop(inline::run(&self.database, |_| Ok::<_, StoreError>(())));
        }
    }
}

fn unopened(path: &Path, error: redb::DatabaseError) -> OpenError {
    let path = path.to_owned();
    match error {
        redb::DatabaseError::DatabaseAlreadyOpen => OpenError::Locked { path },
        error => OpenError::Unreadable { path, reason: Box::new(error) },
    }
}

/// A boxed backend as redb takes it: by value.
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
