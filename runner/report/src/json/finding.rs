//! Findings of a failure, with their facts.

use serde::{Deserialize, Serialize};
use verdict::{Computed, Difference, Finding, FindingKind};

use super::micros;

/// One thing that isn't as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingFile {
    /// The kind, by which programs compare findings.
    pub kind: FindingKindFile,
    /// What it is about.
    pub subject: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
    /// The parts of a condition that are false.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed: Vec<ComputedFile>,
    /// Of an invariant that held before: the last time it was seen to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_held: Option<LastHeldFile>,
    /// Of `outcomes`: the exchanges that ended in a way that wasn't expected, or not so often, by their positions among the
    /// exchanges of the history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexpected: Vec<usize>,
    /// The last lines that the service concerned wrote, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A part of a condition that is false. Long values are shortened by members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputedFile {
    /// The part as written: `ledger.total == deposits | sum`.
    pub source: String,
    /// The same with its operands computed: `850 == 950`.
    pub values: String,
    /// Expressions within the part, with their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<(String, String)>,
    /// The members of both operands that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceFile>,
}

/// A member in which two values differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceFile {
    /// Where it is within both values: `[3].amount`.
    pub path: String,
    /// Its value on the left, or `absent`.
    pub left: String,
    /// Its value on the right, or `absent`.
    pub right: String,
}

/// The last time at which an invariant was checked and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastHeldFile {
    /// The step after which it was checked, counted from 0.
    pub step: usize,
    /// When, in microseconds since the world began.
    pub at_us: u64,
}

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKindFile {
    /// Whether there is a reply.
    Reply,
    /// The reply's status.
    Status,
    /// A header of the reply.
    Header,
    /// A value of the reply's body.
    Body,
    /// A condition of `expect.that`.
    Condition,
    /// How the requests of a step ended.
    Outcomes,
    /// A redirect that can't be followed.
    Redirect,
    /// The traffic on a link.
    Traffic,
    /// The calls on a link that match.
    Calls,
    /// The order of calls.
    CallOrder,
    /// The state of a circuit.
    Circuit,
    /// How long the requests of a step took.
    Timing,
    /// A value that can't be captured.
    Capture,
    /// An expression that can't be evaluated.
    Expression,
    /// An `eventually` that never came true.
    Eventually,
    /// A condition under which an `eventually` gives up.
    FailIf,
    /// An `always` that once wasn't true.
    Always,
    /// A `never` that once was true.
    Never,
    /// A condition of a `check` step.
    Check,
    /// An invariant.
    Invariant,
    /// A fault that met no exchange.
    IdleFault,
    /// The process of a service: it ended by itself, or can't be started again.
    Process,
    /// The settled system, which wasn't judged.
    Unsettled,
    /// No step that could fail ran.
    NothingJudged,
    /// The scenario's snapshot.
    Snapshot,
}

impl From<&Finding> for FindingFile {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: (&finding.kind).into(),
            subject: finding.subject(),
            expected: finding.expected.clone(),
            found: finding.found.clone(),
            computed: finding.computed.iter().map(ComputedFile::from).collect(),
            last_held: finding.last_held.map(|held| LastHeldFile { step: held.step, at_us: micros(held.at) }),
            unexpected: finding.unexpected.iter().map(|id| id.number()).collect(),
            log: finding.log.clone(),
            help: finding.help(),
        }
    }
}

impl From<&Computed> for ComputedFile {
    fn from(computed: &Computed) -> Self {
        let difference = |found: &Difference| DifferenceFile {
            path: found.path.clone(),
            left: found.left.clone(),
            right: found.right.clone(),
        };
        Self {
            source: computed.source.clone(),
            values: computed.values.clone(),
            inputs: computed.inputs.clone(),
            differences: computed.differences.iter().map(difference).collect(),
        }
    }
}

impl From<&FindingKind> for FindingKindFile {
    fn from(kind: &FindingKind) -> Self {
        match kind {
            FindingKind::Reply => Self::Reply,
            FindingKind::Status => Self::Status,
            FindingKind::Header(_) => Self::Header,
            FindingKind::Body(_) => Self::Body,
            FindingKind::Condition => Self::Condition,
            FindingKind::Outcomes => Self::Outcomes,
            FindingKind::Redirect => Self::Redirect,
            FindingKind::Traffic(_) => Self::Traffic,
            FindingKind::Calls(_) => Self::Calls,
            FindingKind::CallOrder => Self::CallOrder,
            FindingKind::Circuit(_) => Self::Circuit,
            FindingKind::Timing => Self::Timing,
            FindingKind::Capture(_) => Self::Capture,
            FindingKind::Expression => Self::Expression,
            FindingKind::Eventually => Self::Eventually,
            FindingKind::FailIf => Self::FailIf,
            FindingKind::Always => Self::Always,
            FindingKind::Never => Self::Never,
            FindingKind::Check => Self::Check,
            FindingKind::Invariant(_) => Self::Invariant,
            FindingKind::IdleFault(_) => Self::IdleFault,
            FindingKind::Process(..) => Self::Process,
            FindingKind::Unsettled => Self::Unsettled,
            FindingKind::NothingJudged => Self::NothingJudged,
            FindingKind::Snapshot => Self::Snapshot,
        }
    }
}
