//! Explorations and sweeps: scenarios that nobody wrote.
//!
//! ```text
//! Exploration ─ generate ─> Sequence ─ script ─> Scenario ─ trial ─> held, or
//!                              ^                                       │ failed
//!                              └────────── shrink: a smaller one ──────┘ ─> counterexample: a scenario file
//! Scenario ─ sweep: its calls on links ─> the same with each fault at each call ─> call × fault × outcome
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `sequence` | what happens, in which order: steps that keep their numbers |
//! | `generate` | sequences from a seed (proptest) |
//! | `script` | a sequence as an ordinary scenario, which is what runs |
//! | `step` | the steps that generated scenarios consist of, besides requests |
//! | `trial` | one run, and what is wrong with it |
//! | `explore` | sequence after sequence, until one fails |
//! | `shrink` | a smaller sequence that fails in the same way |
//! | `reduce` | a failing scenario that somebody wrote, with fewer steps |
//! | `captures` | what steps keep of their replies, once some steps are gone |
//! | `coverage` | what the sequences consisted of |
//! | `counterexample` | a failing scenario as the text of a file |
//! | `sweep` | every single fault at every call of a scenario, then pairs |
//! | `event` | what is told meanwhile |
//!
//! What an exploration judges: the invariants of the project after every step and in the end; what each operation
//! expects of a reply, if one comes (without expectations: neither 500 nor 501); and that a key keeps its word. A
//! request whose outcome is unknown (no reply, or 5xx) is asked again under its key at the end, when nothing is wrong
//! any more, and then has to have one; a success stays a success, and names the same thing ([`scenario::Operation::same`]).
//!
//! It knows no terminal and no file. The clock it reads is only for how long to go on.

mod captures;
mod counterexample;
mod coverage;
mod event;
mod explore;
mod generate;
mod reduce;
mod script;
mod sequence;
mod shrink;
mod step;
mod sweep;
mod trial;

pub use counterexample::counterexample_yaml;
pub use coverage::{Answers, Coverage};
pub use event::Event;
pub use explore::{Counterexample, ExplorationResult, Options, Outcome, Share, explore};
pub use generate::Generator;
pub use reduce::{reduce, steps_before_asking};
pub use script::script;
pub use sequence::{Element, Numbered, Release, Sequence};
pub use shrink::Limits;
pub use sweep::{
    Cell, CellOutcome, Depth, Kind, Planted, Reason, Seen, Skipped, SweepOptions, SweepSummary, SweepTable,
    SweptCall, sweep,
};
