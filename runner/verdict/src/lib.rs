//! History, expectations and invariants in; a verdict out.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `history` | what happened: exchanges on links, faults, processes |
//! | `judge` | a reply, traffic on links or an observation against what it must be |
//! | `matching` | an expected body against the one that came |
//! | `finding` | one thing that isn't as it must be, with its evidence |
//! | `verdict` | what came of a scenario |
//!
//! Nothing in here has a clock, a socket or a file: the same history gives the same verdict.

mod history;

pub use history::{
    Ending, Exchange, ExchangeId, FaultChange, Happening, History, NoReply, Outcome, ProcessChange, Record, Reply,
    Request,
};
