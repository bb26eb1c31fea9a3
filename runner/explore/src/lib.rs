//! Generates scenarios: explorations run random sequences of operations and faults, sweeps run a scenario with each fault at
//! each of its calls.
//!
//! [`explore`](explore()) runs an exploration until a sequence fails, and shrinks that one to a [`Counterexample`].
//! [`sweep`](sweep()) makes the table of a scenario's calls and faults. [`reduce`](reduce()) removes the steps of a failing
//! scenario that aren't needed for its failure. All three run scenarios in any [`Stage`](engine::Stage), real or simulated.
//! [`counterexample_yaml`] writes what they find as a scenario file; the [`ReplaySeed`] that they return says
//! whether it failed again.
//!
//! ```text
//! Exploration ─ generator ─> Sequence ─ script ─> Scenario ─ trial ─> held, or
//!                               ^                                       │ failed
//!                               └────────── shrink: a smaller one ──────┘ ─> Counterexample
//! Scenario ─ sweep: its calls on links ─> a run with each fault at each call ─> SweepTable
//! ```
//!
//! | file | content |
//! | --- | --- |
//! | `sequence` | a generated sequence: steps that keep their numbers |
//! | `generator` | sequences from seeds (proptest) |
//! | `script` | a sequence as an ordinary scenario |
//! | `step` | the steps of generated scenarios that send no request |
//! | `outcome_check` | the last steps of a generated scenario, which send requests again until each has an outcome |
//! | `interference` | whether a fault or another request may have interfered with a request |
//! | `trial` | one run of a generated scenario, with one seed or with several |
//! | `complaint` | what is wrong with a run, in a form that stays the same when its scenario gets smaller |
//! | `certainty` | whether a failure remains one whatever the unknown outcomes turn out to be |
//! | `explore` | runs generated sequences until one fails |
//! | `shrink` | a smaller sequence that fails in the same way |
//! | `reduce` | a failing scenario with fewer steps |
//! | `captures` | the values that steps capture, and which steps use them |
//! | `coverage` | what the sequences of an exploration contained |
//! | `untested` | what they never did |
//! | `counterexample` | a failing scenario as the text of a file |
//! | `sweep` | a scenario with each fault at each of its calls, and with pairs of faults |
//! | `progress` | the progress of an exploration or a sweep, for display |
//!
//! An exploration judges: the invariants of the project, after every step and at the end; what each operation expects of a
//! reply, if one comes (an operation without expectations: neither 500 nor 501); and the outcome of each request with a key
//! that had no final reply. It is sent again at the end, when all faults are healed and all services run, and then must have an
//! outcome. After a success, every later reply to the same key must be a success that names the same thing
//! ([`scenario::Operation::same`]).
//!
//! The crate knows no terminal and no file. It reads the clock only to limit how long an exploration lasts.

mod captures;
mod certainty;
mod complaint;
mod counterexample;
mod coverage;
mod explore;
mod generator;
mod interference;
mod outcome_check;
mod progress;
mod reduce;
mod script;
mod sequence;
mod shrink;
mod step;
mod sweep;
mod trial;
mod untested;

pub use counterexample::counterexample_yaml;
pub use coverage::{Coverage, RequestCounts};
pub use explore::{
    Counterexample, ExplorationOptions, ExplorationOutcome, ExplorationResult, Shard, explore,
};
pub use generator::Generator;
pub use outcome_check::steps_before_outcome_checks;
pub use progress::Progress;
pub use reduce::reduce;
pub use script::{Script, script};
pub use sequence::{Element, NumberedStep, Release, Sequence};
pub use shrink::ShrinkLimits;
pub use sweep::{
    CellOutcome, ClientStatus, Depth, FaultKind, FaultPlacement, SkipReason, SkippedFaults, SweepCell,
    SweepOptions, SweepSummary, SweepTable, SweptCall, sweep,
};
pub use trial::{FailingRun, ReplaySeed};
pub use untested::Untested;
