//! What the files mean, once nothing in them is a mistake.

mod calls;
mod configuration;
mod expectation;
mod exploration;
mod file;
mod generator;
mod invariant;
mod request;
mod scenario;
mod status;
mod step;

pub use calls::{CallPattern, CallsExpectation, Distance, MatchingCalls};
pub use configuration::{Configuration, Dependency, Need, Readiness, Service, StartCommand};
pub use expectation::{
    BodyExpectation, CircuitExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation,
    OutcomeCount, OutcomePattern, ReplyExpectation,
};
pub use exploration::{Disturbance, Exploration, Operation};
pub use file::File;
pub use generator::Generator;
pub use invariant::{Invariant, InvariantTiming, Observation, ObservedReply};
pub use request::{Body, Call};
pub use scenario::Scenario;
pub use status::StatusPattern;
pub use step::{
    Action, EffectExpectation, EventuallyStep, InjectStep, ProcessStep, RequestStep, Signal, StartWait, Step,
    Times, WatchRule, WatchStep,
};
