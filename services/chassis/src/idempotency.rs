//! `Idempotency-Key`: the same key with the same body is the same request, however often it comes.
//!
//! [`Keys`] is a table in the service's own database, written in the transaction of the effect itself, so that a key
//! is known exactly when its effect is. It keeps what the key made (an id), never a reply: a replay answers with the
//! present state of it, and an error is never cached.

use std::hash::Hasher;

use http::HeaderName;
use poem_openapi::{registry::MetaSchema, types::ToJSON};
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{
    leaf::{Leaf, leaf},
    store::{Record, StoreError},
};

/// The header that bears the key.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of a reply to a request that came before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const LONGEST: usize = 255;
const MUST: &str = "must be 1 to 255 visible ASCII characters";

/// A client's name for one request: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key of the service's own making.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(MUST.into())
        }
    }

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Leaf for IdempotencyKey {
    const NAME: &'static str = "IdempotencyKey";

    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            max_length: Some(LONGEST),
            pattern: Some("^[!-~]+$".into()),
            ..MetaSchema::new("string")
        }
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        Self::new(value.as_str().unwrap_or_default())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Self::new(text)
    }

    fn to_json(&self) -> Value {
        self.0.clone().into()
    }
}
leaf!(IdempotencyKey);

/// What tells two bodies apart: a hash of the canonical one, in which order and spelling don't matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of a body that was understood.
    pub fn of(body: &impl ToJSON) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(body.to_json_string().as_bytes());
        Self(hasher.finish128().as_u128())
    }
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// Nothing: go on.
    Unknown,
    /// It made the record with this id: answer with its present state.
    Made(u64),
    /// It stood for another body: 422.
    OtherBody,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    fingerprint: Fingerprint,
    made: u64,
}

/// The keys of one kind of request, a table in the service's database.
#[derive(Clone, Copy)]
pub struct Keys(TableDefinition<'static, &'static str, Record<Entry>>);

impl Keys {
    /// The table of this name.
    pub const fn new(table: &'static str) -> Self {
        Self(TableDefinition::new(table))
    }

    /// What is known of the key. Also makes the table.
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

    /// The same without a write transaction, to answer a replay before anything else is done.
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

    /// Writes down what the key made. Belongs into the transaction that made it.
    pub fn remember(
        self,
        transaction: &WriteTransaction,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
        made: u64,
    ) -> Result<(), StoreError> {
        transaction.open_table(self.0)?.insert(key.as_str(), Entry { fingerprint, made })?;
        Ok(())
    }
}

fn judge(entry: Option<Entry>, fingerprint: Fingerprint) -> Recalled {
    match entry {
        None => Recalled::Unknown,
        Some(entry) if entry.fingerprint == fingerprint => Recalled::Made(entry.made),
        Some(_) => Recalled::OtherBody,
    }
}
