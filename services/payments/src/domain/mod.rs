//! What a payment and a refund are and how they go on: pure, without clock, store or network.
//!
//! Everything that moves money is decided by two functions, [`payment::step`] and [`refund::step`]: a record and
//! what happened in, the call to make or the record's next state out. The model in `tests/it/model.rs` checks
//! these very functions in every order of losses, repetitions and crashes.

pub mod backoff;
pub mod ids;
pub mod payment;
pub mod refund;
pub mod step;

pub use ids::{DatabaseTag, Moment, OrderId, PaymentId, RefundId, UserId, Work};
pub use payment::{Payment, Reason, Status};
pub use refund::{Refund, RefundStatus, Refused};
pub use step::{Answer, Command, Event, Next};
