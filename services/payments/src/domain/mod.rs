//! The rules of payments and refunds: pure, without clock, store or network.
//!
//! Everything that moves money is decided by two functions, [`payment::step`] and [`refund::step`]: a record and an
//! event in, the call to make or the record's next state out. The model in `tests/it/model.rs` checks these functions
//! in every order of losses, repetitions and crashes.

pub mod backoff;
pub mod ids;
pub mod payment;
pub mod refund;
pub mod step;

pub use ids::{DatabaseTag, Moment, OrderId, PaymentId, RefundId, UserId, Work};
pub use payment::{Payment, Reason, Status};
pub use refund::{NotRefundable, Refund, RefundStatus};
pub use step::{Answer, Command, Event, Next};
