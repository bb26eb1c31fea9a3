//! The scenario language: text in, a scenario or every mistake in it out.
//!
//! ```text
//! text ──node──▶ tree with positions ──reader, tables──▶ Scenario, Vec<Invariant>, Configuration or Vec<Mistake>
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `model` | what a scenario means once it is read |
//! | `exploration` | what an exploration means |
//! | `configuration` | what e2e.conf means |
//! | `template` | texts and values with `${…}` in them |
//! | `expression`, `expression::code` | an expression; what it is compiled to |
//! | `expression::scope` | what it can name |
//! | `binding`, `expression::binding` | other names or values in place of variables |
//! | `writing` | from a scenario back to text |
//! | `expression::exact` | filters that count money as written |
//! | `expression::ordering` | why `'a' < 1` is an error here |
//! | `reading` | from text to all of these |
//! | `reading::node` | YAML as a tree in which everything knows where it stands |
//! | `reading::table` | which keys a mapping has, what they mean: for reader and editors |
//! | `reading::reader` | collects mistakes, takes scalars apart |
//! | `reading::names` | expressions and templates, and whether what they name exists at that point |
//! | `reading::scenario`, `step`, `request`, `expect`, `faults`, `invariants`, `conf`, `exploration`, `generator` | a mapping each: its table, its checks |
//! | `reading::schema` | the tables as JSON Schema |
//! | `mistake` | where something is wrong, and what to do |
//!
//! There is no clock, no file and no environment in here: text comes in as an argument.

mod binding;
mod configuration;
mod duration;
mod exploration;
mod expression;
mod mistake;
mod model;
mod reading;
mod template;
mod writing;

pub use configuration::{Configuration, Dependency, Need, Readiness, Service, StartCommand};
pub use duration::{InvalidDuration, parse_duration};
pub use exploration::{Disturbance, Exploration, Generator, Operation};
pub(crate) use expression::KEYWORDS;
pub use expression::{Binding, Bindings, EvaluationError, Expression, InvalidExpression, Scope, SharedValue};
pub use mistake::{Mistake, Span};
pub use model::{
    Action, Body, BodyExpectation, Call, EventuallyStep, Expectations, InjectStep, Invariant,
    InvariantTiming, Judging, LinkExpectation, OutcomeCount, OutcomePattern, ProcessStep, ReplyExpectation,
    RequestStep, Scenario, Signal, Step, Times,
};
pub use reading::{configuration_schema, read_configuration, read_file, schema};
pub use template::{Template, TemplateValue};
pub use writing::write;

/// What a scenario file holds.
#[derive(Debug, Clone)]
pub enum File {
    /// A scenario, told by its key `scenario`.
    Scenario(Box<Scenario>),
    /// Invariants for all scenarios, told by the key `invariants`.
    Invariants(Vec<Invariant>),
    /// What sequences are generated from, told by the key `exploration`.
    Exploration(Box<Exploration>),
}
