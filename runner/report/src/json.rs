//! A run as JSON: all that other programs, or a later run, could want to know. `RunFile` is its shape.

use std::path::PathBuf;

use engine::ScenarioResult;
use fault::FaultName;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use verdict::{
    Exchange, Failure, FailureLocation, FaultChange, FindingKind, History, HistoryEvent, ProcessChange,
    Record, Reply, Verdict,
};

use crate::RunRecord;

pub use crate::sweep::file::{CallFile, CellFile, LeftOutFile, NotTriedFile, PlantedFile, SweepFile};

/// The version of the shape; it grows when a field changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's seed, as text: a number of 64 bits is more than many readers of JSON can hold.
    pub seed: String,
    /// How many scenarios ended how.
    pub summary: Counts,
    /// What came of each.
    pub scenarios: Vec<ScenarioFile>,
    /// The tables of a sweep: call × fault × outcome. The scenarios are then the swept ones, each followed by its runs
    /// that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<SweepFile>,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All that had to hold held.
    pub passed: usize,
    /// Something didn't.
    pub failed: usize,
    /// The environment failed.
    pub broken_off: usize,
    /// They need what isn't there and isn't required.
    pub skipped: usize,
    /// They weren't begun.
    pub not_run: usize,
}

/// A scenario and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioFile {
    /// Its name.
    pub name: String,
    /// Its file, as it was named.
    pub file: PathBuf,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its own seed, as text. It follows from the run's.
    pub seed: String,
    /// What came of it.
    pub verdict: VerdictFile,
    /// How long it took, in microseconds of the world's time.
    pub took_us: u64,
    /// The names of its steps.
    pub steps: Vec<String>,
    /// What happened, in the order in which it began.
    pub history: Vec<RecordFile>,
}

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum VerdictFile {
    /// All that had to hold held.
    Passed,
    /// Something didn't.
    Failed {
        /// What, and where.
        failures: Vec<FailureFile>,
    },
    /// The environment failed.
    BrokenOff {
        /// What failed.
        reason: String,
        /// What to do about it.
        help: Option<String>,
        /// The last lines that the service in question wrote.
        log: Vec<String>,
    },
    /// It wasn't run.
    Skipped {
        /// Why not.
        why: String,
    },
}

/// A step, or the end of the scenario, at which something didn't hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureFile {
    /// The step, counted from 0; `null` after the last.
    pub step: Option<usize>,
    /// The step's line in the file, counted from 1.
    pub line: Option<u32>,
    /// Everything that wasn't as it must be.
    pub findings: Vec<FindingFile>,
    /// The exchange that was judged.
    pub exchange: Option<ExchangeFile>,
}

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
    /// The traffic on a link.
    Traffic,
    /// A value that can't be captured.
    Capture,
    /// An expression that can't be evaluated.
    Expression,
    /// An `eventually` that never came true.
    Eventually,
    /// A condition of a `check` step.
    Check,
    /// An invariant.
    Invariant,
    /// A fault that met no exchange.
    IdleFault,
    /// The scenario's snapshot.
    Snapshot,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordFile {
    /// When it began, in microseconds since the world began.
    pub at_us: u64,
    /// During which step, counted from 0.
    pub step: Option<usize>,
    /// What it was.
    #[serde(flatten)]
    pub what: HappeningFile,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum HappeningFile {
    /// A request crossed a link.
    Exchange(Box<ExchangeFile>),
    /// A fault came into force or out of it.
    Fault {
        /// Which.
        fault: String,
        /// `injected` or `healed`.
        change: String,
    },
    /// Something befell a service's process.
    Process {
        /// Whose.
        service: String,
        /// `started`, `killed`, `crashed`, `stopped`, `paused`, `resumed` or `exited: …`.
        change: String,
    },
}

/// One request on a link, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExchangeFile {
    /// `caller -> callee`.
    pub link: String,
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The request's headers.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: BodyFile,
    /// The faults that met it.
    pub faults: Vec<String>,
    /// How many times the callee got it.
    pub delivered: u32,
    /// What the callee answered.
    pub answered: Option<ReplyFile>,
    /// What the caller got, if it was a reply.
    pub received: Option<ReplyFile>,
    /// Why the caller got no reply.
    pub no_reply: Option<String>,
    /// How long the caller waited, in microseconds; `null` while it still does.
    pub took_us: Option<u64>,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplyFile {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: BodyFile,
}

/// A body: text as it is, anything else as its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BodyFile {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<&RunRecord> for RunFile {
    fn from(record: &RunRecord) -> Self {
        let engine::Summary { passed, failed, broken_off, skipped, not_run } = record.summary;
        Self {
            format: FORMAT,
            seed: record.seed.to_string(),
            summary: Counts { passed, failed, broken_off, skipped, not_run },
            scenarios: record.results.iter().map(|result| scenario(result)).collect(),
            sweeps: record.sweeps.iter().map(|(baseline, table)| SweepFile::new(table, *baseline)).collect(),
        }
    }
}

/// The run as text.
pub(crate) fn render(record: &RunRecord) -> String {
    let mut text = serde_json::to_string_pretty(&RunFile::from(record)).expect("all keys are texts");
    text.push('\n');
    text
}

fn scenario(result: &ScenarioResult) -> ScenarioFile {
    ScenarioFile {
        name: result.scenario.name.clone(),
        file: result.scenario.file.to_path_buf(),
        tags: result.scenario.tags.clone(),
        seed: result.seed.to_string(),
        verdict: verdict(result),
        took_us: micros(result.took),
        steps: result.scenario.steps.iter().map(|step| step.name.clone()).collect(),
        history: result
            .history
            .records()
            .iter()
            .filter_map(|record| self::record(record, &result.history))
            .collect(),
    }
}

fn verdict(result: &ScenarioResult) -> VerdictFile {
    match &result.verdict {
        Verdict::Passed => VerdictFile::Passed,
        Verdict::Failed(failures) => VerdictFile::Failed {
            failures: failures.iter().map(|failed| failure(failed, &result.history)).collect(),
        },
        Verdict::BrokenOff(broken) => {
            let (reason, log) = (broken.to_string(), broken.log().to_vec());
            VerdictFile::BrokenOff { reason, help: broken.help(), log }
        }
        Verdict::Skipped(why) => VerdictFile::Skipped { why: why.clone() },
    }
}

fn failure(failure: &Failure, history: &History) -> FailureFile {
    let (step, line) = match &failure.location {
        FailureLocation::Step { index, span, .. } => (Some(*index), Some(span.line)),
        FailureLocation::End => (None, None),
    };
    let finding = |finding: &verdict::Finding| FindingFile {
        kind: (&finding.kind).into(),
        subject: finding.subject(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
    };
    let exchange = failure.exchange.map(|id| exchange(&history.exchange(id)));
    FailureFile { step, line, findings: failure.findings.iter().map(finding).collect(), exchange }
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
            FindingKind::Traffic(_) => Self::Traffic,
            FindingKind::Capture(_) => Self::Capture,
            FindingKind::Expression => Self::Expression,
            FindingKind::Eventually => Self::Eventually,
            FindingKind::Check => Self::Check,
            FindingKind::Invariant(_) => Self::Invariant,
            FindingKind::IdleFault(_) => Self::IdleFault,
            FindingKind::Snapshot => Self::Snapshot,
        }
    }
}

/// What a record tells of; `None` for the later records of an exchange, which its first one stands for.
fn record(record: &Record, history: &History) -> Option<RecordFile> {
    let what = match &record.event {
        HistoryEvent::Sent(sent) => {
            HappeningFile::Exchange(Box::new(exchange(&history.exchange(sent.exchange))))
        }
        HistoryEvent::Fault { fault, change } => {
            HappeningFile::Fault { fault: fault.to_string(), change: fault_change(*change).into() }
        }
        HistoryEvent::Process { service, change } => {
            HappeningFile::Process { service: service.to_string(), change: process_change(*change) }
        }
        _ => return None,
    };
    Some(RecordFile { at_us: micros(record.at), step: record.step, what })
}

fn fault_change(change: FaultChange) -> &'static str {
    match change {
        FaultChange::Injected => "injected",
        FaultChange::Healed => "healed",
    }
}

/// What befell a process, in a word or two.
pub(crate) fn process_change(change: ProcessChange) -> String {
    match change {
        ProcessChange::Started => "started".into(),
        ProcessChange::Killed => "killed".into(),
        ProcessChange::Crashed => "crashed".into(),
        ProcessChange::Stopped => "stopped".into(),
        ProcessChange::Paused => "paused".into(),
        ProcessChange::Resumed => "resumed".into(),
        ProcessChange::Exited(how) => format!("exited: {how}"),
    }
}

fn exchange(exchange: &Exchange<'_>) -> ExchangeFile {
    let received = exchange.ending.map(|ending| ending.received);
    ExchangeFile {
        link: exchange.link.to_string(),
        method: exchange.request.method.to_string(),
        path: exchange.request.path.clone(),
        headers: headers(&exchange.request.headers),
        body: body(&exchange.request.body),
        faults: exchange.faults.iter().map(FaultName::to_string).collect(),
        delivered: exchange.delivered,
        answered: exchange.answered.map(reply),
        received: exchange.reply().map(reply),
        no_reply: received.and_then(Result::err).map(ToString::to_string),
        took_us: exchange.ending.map(|ending| micros(ending.took)),
    }
}

fn reply(reply: &Reply) -> ReplyFile {
    ReplyFile { status: reply.status.as_u16(), headers: headers(&reply.headers), body: body(&reply.body) }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn body(bytes: &[u8]) -> BodyFile {
    match std::str::from_utf8(bytes) {
        Ok(text) => BodyFile::Text(text.into()),
        Err(_) => BodyFile::Bytes(bytes.into()),
    }
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
