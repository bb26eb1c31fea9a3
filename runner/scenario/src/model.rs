//! What the files mean, once nothing in them is a mistake.

mod binding;
mod configuration;
mod expectation;
mod exploration;
mod file;
mod flow;
mod generator;
mod invariant;
mod names;
mod request;
mod scenario;
mod step;

pub(crate) use configuration::links;
pub use configuration::{Configuration, Dependency, Need, Readiness, Service, StartCommand};
pub use expectation::{
    BodyExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation, OutcomeCount, OutcomePattern,
    ReplyExpectation,
};
pub use exploration::{Disturbance, Exploration, Operation};
pub use file::File;
pub use flow::{DuringStep, ForStep, Phase, Rounds, SourceFile, WaitUntilStep};
pub use generator::Generator;
pub use invariant::{Invariant, InvariantTiming};
pub use request::{Body, Call};
pub use scenario::{Row, Scenario};
pub use step::{
    Action, EffectExpectation, EventuallyStep, InjectStep, ProcessStep, RequestStep, Signal, StartWait, Step,
    Times,
};
