//! Values that the shop's domains are made of: pure, without clock, IO or web framework.
//!
//! - [`money`]: amounts in minor units, and their JSON numbers;
//! - [`id`]: ids of records, typed by the kind of record;
//! - [`key`]: idempotency keys;
//! - [`fingerprint`]: hash that tells request bodies apart, and seeded hashes for jitter;
//! - [`names`](mod@names): enums that are written as their names.
//!
//! How a value is documented in an API or laid out in a table is said in chassis.

pub mod fingerprint;
pub mod id;
pub mod key;
pub mod money;
pub mod names;

pub use fingerprint::{Fingerprint, seeded_hash};
pub use id::{Id, IdError};
pub use key::{IdempotencyKey, KeyError};
pub use money::{Money, MoneyError};
pub use names::Named;
