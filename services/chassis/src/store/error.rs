//! Errors of the store.

use std::{io, path::PathBuf, sync::Arc};

/// A database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the database {} is in use", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It can't be read, or isn't a database.
    #[error("the database {} can't be opened: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What redb says.
        #[source]
        reason: Box<redb::DatabaseError>,
    },
    /// The writing thread can't be started.
    #[error("can't start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// A job was not done.
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
