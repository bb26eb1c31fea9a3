//! What the files mean, once nothing in them is a mistake.

mod command;
mod configuration;
mod expectation;
mod exploration;
mod file;
mod generator;
mod invariant;
mod outside;
mod request;
mod scenario;
mod step;
mod stub;

pub use command::{CommandExpectations, RunStep};
pub use configuration::{Configuration, Dependency, Need, Readiness, Service, StartCommand};
pub use expectation::{
    BodyExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation, OutcomeCount, OutcomePattern,
    ReplyExpectation,
};
pub use exploration::{Disturbance, Exploration, Operation};
pub use file::File;
pub use generator::Generator;
pub use invariant::{Invariant, InvariantTiming};
pub use outside::Outside;
pub use request::{Body, Call};
pub use scenario::Scenario;
pub use step::{
    Action, EffectExpectation, EventuallyStep, InjectStep, ProcessStep, RequestStep, Signal, StartWait, Step,
    Times,
};
pub use stub::{MeetingExpectation, Stub, StubEntry, StubReply};
