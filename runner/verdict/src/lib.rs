//! Judges a history by expectations and invariants, and gives a verdict.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `history` | the append-only record of a world: exchanges on links, faults, processes |
//! | `message` | requests and replies as the history keeps them |
//! | `body` | bodies as they were meant: decoded, as text, as JSON |
//! | `exchange` | one request on a link, as a view of its records |
//! | `header` | header fields of a reply, and what is expected of them |
//! | `judge` | compares replies, traffic on links and observations with what is expected |
//! | `calls` | compares single calls on links with what is expected |
//! | `circuits` | compares the states of circuits with what is expected |
//! | `timing` | how long the requests of a step took |
//! | `matching` | compares a body with the expected one |
//! | `finding` | one difference from what is expected, and its kind |
//! | `process_failure` | a service that ended by itself or can't be started again, as a finding |
//! | `computed` | a condition's parts that are false, with their operands computed |
//! | `stub` | compares a request with what an entry of a stub is for |
//! | `outline` | values as short texts |
//! | `broken_off` | failures of the environment, and what to do about them |
//! | `masking` | histories and verdicts without the secrets in them |
//! | `verdict` | the result of judging a scenario |
//!
//! Nothing in here has a clock, a socket or a file: the same history gives the same verdict.

mod body;
mod broken_off;
mod calls;
mod circuits;
mod computed;
mod exchange;
mod finding;
mod header;
mod history;
mod judge;
mod masking;
mod matching;
mod message;
mod outline;
mod process_failure;
mod stub;
mod timing;
mod verdict;

pub use body::{EncodedBody, UnreadableBody};
pub use broken_off::{
    BrokenOff, Exit, Output, PortState, ReadinessReply, RemainingProcess, Resource, RunBy, UnmetCondition,
};
pub use calls::judge_calls;
pub use circuits::judge_circuits;
pub use computed::{Computed, Difference, differing_texts};
pub use exchange::{Ending, Exchange, ExchangeId, RequestOutcome};
pub use finding::{BodyPath, CommandPart, Finding, FindingKind, LastHeld, PathSegment};
pub use history::{Circuit, FaultChange, History, HistoryEvent, ProcessChange, Record, Sent};
pub use judge::{
    client_link, invariant_holds, judge_check, judge_exchange, judge_fail_if, judge_fired, judge_invariant,
    judge_links, judge_observation, judge_outcomes, judge_that, reply_scope, traffic_holds,
};
pub use matching::has_expected_keys;
pub use message::{NoReply, Reply, Request};
pub use outline::outline;
pub use process_failure::ProcessFailure;
pub use scenario::header_text;
pub use stub::{judge_stub_entry, request_scope};
pub use timing::{judge_timing, slowest};
pub use verdict::{FailedRequest, Failure, FailureLocation, Verdict};
