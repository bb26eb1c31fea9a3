//! Writing on the caller's own thread, a commit a job: for simulated disks, and before anybody is served.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{Database, Durability, WriteTransaction};

use super::StoreError;

/// Runs the job and commits. After an `Err` or a panic nothing is recorded.
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
