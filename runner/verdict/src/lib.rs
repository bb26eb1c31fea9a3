//! History, expectations and invariants in; a verdict out.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `history` | what happened, as an append-only record: exchanges on links, faults, processes |
//! | `exchange` | one request on a link, as a view of its records |
//! | `judge` | a reply, traffic on links or an observation against what it must be |
//! | `matching` | an expected body against the one that came |
//! | `finding` | one thing that isn't as it must be, and its kind |
//! | `broken_off` | what can go wrong in the environment, and what to do about it |
//! | `verdict` | the result of judging a scenario |
//!
//! Nothing in here has a clock, a socket or a file: the same history gives the same verdict.

mod broken_off;
mod exchange;
mod finding;
mod history;
mod judge;
mod matching;
mod verdict;

pub use broken_off::{BrokenOff, Exit, Output, PortState, Resource, RunBy};
pub use exchange::{Ending, Exchange, RequestOutcome};
pub use finding::{BodyPath, Finding, FindingKind};
pub use history::{
    ExchangeId, FaultChange, History, HistoryEvent, NoReply, ProcessChange, Record, Reply, Request, Sent,
};
pub use judge::{
    client_link, judge_check, judge_exchange, judge_fired, judge_invariant, judge_links, judge_outcomes,
    reply_scope,
};
pub use verdict::{Failure, FailureLocation, Verdict};
