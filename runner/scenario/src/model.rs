//! What the files mean, once nothing in them is a mistake.

mod authentication;
mod binding;
mod body;
mod calls;
mod client;
mod command;
mod configuration;
mod defaults;
mod expectation;
mod exploration;
mod file;
mod flow;
mod follow;
mod generator;
mod invariant;
mod names;
mod outside;
mod request;
mod scenario;
mod status;
mod step;
mod stub;

pub use authentication::Authentication;
pub use body::{Body, BodyFile, Part, PartContent};
pub use calls::{CallPattern, CallsExpectation, Distance, MatchingCalls};
pub use client::{Client, ClientName, Login, LoginScope};
pub use command::{CommandExpectations, RunStep};
pub(crate) use configuration::links;
pub use configuration::{Configuration, Dependency, Need, Readiness, Service, StartCommand};
pub use defaults::RequestDefaults;
pub use expectation::{
    BodyExpectation, CircuitExpectation, Expectations, HeaderExpectation, Judging, LinkExpectation,
    OutcomeCount, OutcomePattern, ReplyExpectation,
};
pub use exploration::{Disturbance, Exploration, Operation};
pub use file::File;
pub use flow::{DuringStep, ForStep, Phase, Rounds, SourceFile, WaitUntilStep};
pub use follow::Follow;
pub use generator::Generator;
pub use invariant::{Invariant, InvariantTiming, Observation, ObservedReply};
pub use outside::{Outside, Unset};
pub use request::Call;
pub use scenario::{Row, Scenario};
pub use status::StatusPattern;
pub use step::{
    Action, EffectExpectation, EventuallyStep, InjectStep, ProcessStep, RequestStep, Signal, StartWait, Step,
    Times, WatchRule, WatchStep,
};
pub use stub::{MeetingExpectation, Stub, StubEntry, StubReply};
