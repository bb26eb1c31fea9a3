//! The scenario language: text in, a scenario or every mistake in it out.
//!
//! [`read_configuration`] reads e2e.conf, and [`read_file`] a file among the scenarios: a [`Scenario`], invariants for
//! all of them, or an [`Exploration`]. [`write()`] gives a scenario's text back. [`schema()`] and [`tables()`] tell what the
//! files can hold.
//!
//! ```
//! use scenario::{File, read_configuration, read_file};
//!
//! let services = "services: { shop: { base_url: http://localhost:5002 } }";
//! let configuration = read_configuration(services, "e2e.conf".into()).expect("no mistakes");
//!
//! let text = "
//! scenario: The shop answers
//! steps:
//!   - { request: GET shop /health, expect: { status: 200 } }
//! ";
//! let Ok(File::Scenario(scenario)) = read_file(text, "health.yaml".into(), &configuration) else {
//!     panic!("it is a scenario without mistakes");
//! };
//! assert_eq!(scenario.steps[0].name, "GET shop /health");
//!
//! let misspelled = text.replace("GET shop", "GET shpo");
//! let mistakes = read_file(&misspelled, "health.yaml".into(), &configuration).expect_err("a mistake");
//! assert_eq!(mistakes[0].to_string(), "health.yaml:4:20: unknown service `shpo` (did you mean `shop`?)");
//! ```
//!
//! ```text
//! text ──reading::yaml──▶ tree with positions ──reading, tables──▶ model, or Vec<Mistake>
//! model ──writing──▶ text
//! ```
//!
//! | folder or file | what is in it |
//! | --- | --- |
//! | `model` | what the files mean once they are read |
//! | `reading` | from text to the model; a table of keys for each kind of mapping |
//! | `writing` | from a scenario back to text |
//! | `expression` | the expression language |
//! | `template` | texts, values and paths with `${…}` in them |
//! | `pattern` | types and conditions that stand for many values, such as `${uuid}` |
//! | `percent` | percent-encoding of paths and queries |
//! | `value` | JSON values with their numbers as written |
//! | `secrets` | secrets, and how they are kept out of what is printed and written |
//! | `duration` | lengths of time, such as `200ms` |
//! | `request_content` | the requests of a fault, selected by their query and body |
//! | `size` | numbers of bytes, and of bytes a second, such as `64KiB` |
//! | `mistake` | a mistake: its place, the message, and what to do |
//!
//! | to add | change |
//! | --- | --- |
//! | a key of a step | `reading/step.rs` or the file in `reading/step` named for it, `model/step.rs`, `writing/step.rs` |
//! | an expectation | `reading/expect.rs`, `model/expectation.rs`, `writing/expectation.rs` |
//! | a kind of damage | `reading/fault/damage.rs`, `writing/fault.rs`, and the crate `fault` |
//! | a filter or test of expressions | `expression/filters.rs`, `expression/helpers.rs` |
//!
//! This crate has no clock, no file and no environment: text is passed in by the caller.

mod duration;
mod expression;
mod mistake;
mod model;
mod pattern;
mod percent;
mod reading;
mod request_content;
mod secrets;
mod size;
mod template;
mod value;
mod writing;

pub use duration::{InvalidDuration, parse_duration};
pub(crate) use expression::KEYWORDS;
pub use expression::{
    Binding, Bindings, Draws, EvaluationError, Expression, FalsePart, HELPERS, Helper, InvalidExpression,
    Relation, Scope, SharedValue, WallClock,
};
pub use expression::{header_fields, header_text};
pub use mistake::{Mistake, Span};
pub use model::{
    Action, Authentication, Body, BodyExpectation, BodyFile, Call, CallPattern, CallsExpectation,
    CircuitExpectation, Client, ClientName, CommandExpectations, Configuration, Dependency, Distance,
    Disturbance, DuringStep, EffectExpectation, EventuallyStep, Expectations, Exploration, File, Follow,
    ForStep, Generator, HeaderExpectation, InjectStep, Invariant, InvariantTiming, Judging, LinkExpectation,
    Login, LoginScope, MatchingCalls, MeetingExpectation, Need, Observation, ObservedReply, Operation,
    OutcomeCount, OutcomePattern, Outside, Part, PartContent, Phase, ProcessStep, Readiness,
    ReplyExpectation, RequestDefaults, RequestStep, Rounds, Row, RunStep, Scenario, Service, Signal,
    SourceFile, StartCommand, StartWait, StatusPattern, Step, Stub, StubEntry, StubReply, Times, Unset,
    WaitUntilStep, WatchRule, WatchStep,
};
pub use pattern::{Fit, ValuePattern, ValueType};
pub use percent::query_values;
pub use reading::{
    FileKind, Files, KNOWN_NAMES, KeyPresence, KeyReference, KeyUse, KnownName, TableReference,
    help_for_unknown, is_variable_name, keys_used, nearest_name, read_configuration, read_configuration_with,
    read_file, read_file_with, read_yaml, schema, tables,
};
pub use secrets::Secrets;
pub use template::{
    Others, Pairs, PathTemplate, Strictness, Template, TemplateValue, UnorderedList, partners,
};
pub use value::{NotJson, Number, Object, Value};
pub use writing::{path_between, write, write_yaml};
