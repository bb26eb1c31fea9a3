//! Records as JSON in a table: `TableDefinition<u64, Record<User>>`.

use std::{fmt::Debug, marker::PhantomData};

use redb::TypeName;
use serde::{Serialize, de::DeserializeOwned};

/// Table value that is a `T`, written as JSON, so that a record may gain fields without a migration.
#[derive(Debug)]
pub struct Record<T>(PhantomData<T>);

impl<T: Serialize + DeserializeOwned + Debug + 'static> redb::Value for Record<T> {
    type SelfType<'a> = T;
    type AsBytes<'a> = Vec<u8>;

    fn fixed_width() -> Option<usize> {
        None
    }

    fn from_bytes<'a>(data: &'a [u8]) -> T
    where
        Self: 'a,
    {
        serde_json::from_slice(data).expect("only this service writes its database")
    }

    fn as_bytes<'a, 'b: 'a>(value: &'a T) -> Vec<u8>
    where
        Self: 'b,
    {
        serde_json::to_vec(value).expect("a record is plain data")
    }

    fn type_name() -> TypeName {
        TypeName::new("shop::Record")
    }
}
