//! Writing on the caller's own thread, a commit a job: for backends of the caller's, and before the service serves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{Database, Durability, WriteTransaction};

use super::error::StoreError;

/// Runs the job and commits. Records nothing after an `Err` or a panic.
pub(super) fn run<T, E: From<StoreError>>(
    database: &Database,
    job: impl FnOnce(&WriteTransaction) -> Result<T, E>,
) -> Result<T, E> {
    let mut transaction = database.begin_write().map_err(StoreError::from)?;
    transaction.set_durability(Durability::Immediate).map_err(StoreError::from)?;
    match catch_unwind(AssertUnwindSafe(|| job(&transaction))) {
        Ok(Ok(done)) => {
            transaction.commit().map_err(StoreError::from)?;
            Ok(done)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StoreError::Abandoned.into()),
    }
}
