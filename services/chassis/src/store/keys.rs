//! Idempotency keys that were used, in the service's own database.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use values::{Fingerprint, IdempotencyKey};

use super::{error::StoreError, record::Record};

/// What is recorded under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// Nothing: the request is new.
    Unknown,
    /// A request with the same body, which made the record with this id.
    Made(u64),
    /// A request with another body.
    OtherBody,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyRecord {
    fingerprint: Fingerprint,
    made: u64,
}

/// The keys of one kind of request: a table, written in the transaction of the effect itself, so that a key is recorded
/// exactly when its effect is. It holds what the key made (an id), never a reply: a replay answers with the present state
/// of the record, and an error is never cached.
#[derive(Clone, Copy)]
pub struct Keys(TableDefinition<'static, &'static str, Record<KeyRecord>>);

impl Keys {
    /// The keys in the table of this name.
    pub const fn new(table: &'static str) -> Self {
        Self(TableDefinition::new(table))
    }

    /// What is recorded under the key. Also creates the table.
    pub fn recall(
        self,
        transaction: &WriteTransaction,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Recalled, StoreError> {
        let keys = transaction.open_table(self.0)?;
        let entry = keys.get(key.as_str())?.map(|entry| entry.value());
        Ok(judge(entry, fingerprint))
    }

    /// What is recorded under the key, by a read transaction, to answer a replay before anything else is done.
    pub fn look_up(
        self,
        transaction: &redb::ReadTransaction,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Recalled, StoreError> {
        let keys = match transaction.open_table(self.0) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Recalled::Unknown),
            keys => keys?,
        };
        let entry = keys.get(key.as_str())?.map(|entry| entry.value());
        Ok(judge(entry, fingerprint))
    }

    /// Records what the key made. Belongs in the transaction that made it.
    pub fn remember(
        self,
        transaction: &WriteTransaction,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
        made: u64,
    ) -> Result<(), StoreError> {
        transaction.open_table(self.0)?.insert(key.as_str(), KeyRecord { fingerprint, made })?;
        Ok(())
    }
}

fn judge(entry: Option<KeyRecord>, fingerprint: Fingerprint) -> Recalled {
    match entry {
        None => Recalled::Unknown,
        Some(entry) if entry.fingerprint == fingerprint => Recalled::Made(entry.made),
        Some(_) => Recalled::OtherBody,
    }
}
