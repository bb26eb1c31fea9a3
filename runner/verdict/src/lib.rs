//! History, expectations and invariants in; a verdict out.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `history` | what happened: exchanges on links, faults, processes |
//! | `judge` | a reply, traffic on links or an observation against what it must be |
//! | `matching` | an expected body against the one that came |
//! | `verdict` | what came of a scenario: failures, findings and their evidence |
//!
//! Nothing in here has a clock, a socket or a file: the same history gives the same verdict.

mod history;
mod judge;
mod matching;
mod verdict;

pub use history::{
    Ending, Exchange, ExchangeId, FaultChange, Happening, History, NoReply, Outcome, ProcessChange, Record,
    Reply, Request,
};
pub use judge::{
    client_link, ending_pattern, judge_check, judge_exchange, judge_fired, judge_invariant, judge_links,
    judge_outcomes, reply_scope, traffic_during,
};
pub use verdict::{BrokenOff, Failure, Finding, Place, Verdict};
