//! A run as JSON, for other programs and for later runs. `RunFile` is its shape.

mod log;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::ScenarioResult;
use fault::FaultName;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use verdict::{
    EncodedBody, Exchange, ExchangeId, Failure, FailureLocation, History, HistoryEvent, Record, Reply,
    Verdict, header_text,
};

use crate::{
    RunRecord,
    timeline::{Moments, moments},
};

mod finding;

pub use finding::{ComputedFile, DifferenceFile, FindingFile, FindingKindFile, LastHeldFile};

type AllMoments = BTreeMap<ExchangeId, Moments>;

use log::logs;

pub use self::log::{LogLineFile, LogSliceFile, ServiceLogFile};
pub use crate::sweep::file::{CallFile, CellFile, LeftOutFile, NotTriedFile, PlantedFile, SweepFile};

/// The version of the shape; it grows when a field changes its meaning or goes away.
pub const FORMAT: u32 = 2;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's seed, as text: a number of 64 bits is more than many readers of JSON can hold.
    pub seed: String,
    /// How many scenarios ended how.
    pub summary: Counts,
    /// Why the run ended before all scenarios had, as a sentence; absent if it didn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// Why the run couldn't begin, or not go on, though no scenario is to blame; absent if it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_off: Option<String>,
    /// How the run was started; absent in the report of a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<StartedFile>,
    /// The scenarios, in the order of the run.
    pub scenarios: Vec<ScenarioFile>,
    /// The tables of a sweep: call × fault × outcome. The scenarios are then the swept ones, each followed by its runs
    /// that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<SweepFile>,
}

/// How a run was started, so that it can be started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedFile {
    /// The kind of world: `live` or `simulated`.
    pub world: WorldFile,
    /// The configuration's file, as it was named or found.
    pub configuration: PathBuf,
    /// The options on the command line, without those that select scenarios, the seed and the reports.
    pub options: Vec<String>,
    /// The files of invariants, which hold for all of its scenarios.
    #[serde(default)]
    pub invariants: Vec<PathBuf>,
    /// The files that were read: the configuration, scenarios, invariants, and what they name.
    pub sources: Vec<SourceFile>,
}

/// A kind of world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorldFile {
    /// Real processes and real time.
    Live,
    /// Virtual time.
    Simulated,
}

/// A file that was read for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its path, as it was named.
    pub file: PathBuf,
    /// A hash of its content, in hexadecimal digits, by which a change is seen.
    pub fingerprint: String,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Scenarios in which all that had to hold held.
    pub passed: usize,
    /// Scenarios in which something didn't hold.
    pub failed: usize,
    /// Scenarios during which the environment failed.
    pub broken_off: usize,
    /// Scenarios that need an optional service that isn't there.
    pub skipped: usize,
    /// Scenarios that weren't begun, because an earlier one ended the run.
    pub not_run: usize,
}

/// A scenario, its verdict and its history.
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
    /// Its verdict.
    pub verdict: VerdictFile,
    /// How long it took, in microseconds of the world's time.
    pub took_us: u64,
    /// The names of its steps.
    pub steps: Vec<String>,
    /// Its history, in the order in which things began.
    pub history: Vec<RecordFile>,
    /// What its services wrote: of a scenario that didn't pass, or of all with `--logs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<ServiceLogFile>,
    /// The folder in which the services' data and logs are kept, with `--keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<PathBuf>,
}

/// The verdict on a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum VerdictFile {
    /// All that had to hold held.
    Passed,
    /// Something didn't hold.
    Failed {
        /// The steps at which something didn't hold.
        failures: Vec<FailureFile>,
    },
    /// The environment failed.
    BrokenOff {
        /// What failed, as a sentence.
        reason: String,
        /// What to do about it.
        help: Option<String>,
        /// The last lines that the service in question wrote.
        log: Vec<String>,
    },
    /// The scenario wasn't run.
    Skipped {
        /// Why it wasn't run.
        why: String,
    },
}

/// A step, or the end of the scenario, at which something didn't hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureFile {
    /// The step, counted from 0; `null` before the first and after the last.
    pub step: Option<usize>,
    /// The step's line in the file, counted from 1.
    pub line: Option<u32>,
    /// The file of that line; absent for the scenario's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Of a step within another one: the names from the outside inwards, with the number of the round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Everything that wasn't as it must be.
    pub findings: Vec<FindingFile>,
    /// The exchange that was judged.
    pub exchange: Option<ExchangeFile>,
}

/// One entry of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordFile {
    /// When it began, in microseconds since the world began.
    pub at_us: u64,
    /// The step during which it began, counted from 0; `null` before the first and after the last.
    pub step: Option<usize>,
    /// What happened.
    #[serde(flatten)]
    pub what: EventFile,
}

/// A kind of entry of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum EventFile {
    /// A request crossed a link.
    Exchange(Box<ExchangeFile>),
    /// A fault came into force or out of it.
    Fault {
        /// The fault's name.
        fault: String,
        /// `injected` or `healed`.
        change: String,
    },
    /// A service's process started, ended or was halted.
    Process {
        /// The service's name.
        service: String,
        /// `started`, `killed`, `crashed`, `stopped`, `paused`, `resumed` or `exited: …`.
        change: String,
    },
    /// A service told the state of a circuit, when the scenario had failed.
    Circuit {
        /// The service's name.
        service: String,
        /// Whose calls the circuit guards, as the service names it.
        callee: String,
        /// Its state, in the service's words.
        state: String,
        /// Its changes of state so far; `null` when the service doesn't tell them.
        moves: Option<Vec<String>>,
    },
}

/// One request on a link, and how it ended.
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
    /// When the callee got it, in microseconds since the world began; one entry for each time.
    #[serde(default)]
    pub delivered_at_us: Vec<u64>,
    /// What the callee answered last.
    pub answered: Option<ReplyFile>,
    /// When the callee answered, in microseconds since the world began; one entry for each answer.
    #[serde(default)]
    pub answered_at_us: Vec<u64>,
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

/// A body: text as it was meant, anything else as its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BodyFile {
    /// UTF-8, as it was sent.
    Text(String),
    /// Text that was sent in a content coding, in another charset or with a byte order mark.
    Decoded {
        /// The text.
        text: String,
        /// The content codings in the order in which they were applied, such as `gzip`.
        codings: Vec<String>,
        /// How many bytes were sent.
        bytes: usize,
    },
    /// Anything else.
    Bytes {
        /// The bytes in Base64 (RFC 4648, section 4).
        base64: String,
    },
}

impl From<&RunRecord> for RunFile {
    fn from(record: &RunRecord) -> Self {
        let engine::Summary { passed, failed, broken_off, skipped, not_run } = record.summary;
        Self {
            format: FORMAT,
            seed: record.seed.to_string(),
            summary: Counts { passed, failed, broken_off, skipped, not_run },
            interrupted: record.interrupted.map(|why| why.to_string()),
            broken_off: record.broken_off.as_ref().map(ToString::to_string),
            started: record.planning.started.clone(),
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
    let moments = moments(&result.history);
    ScenarioFile {
        name: result.scenario.name.clone(),
        file: result.scenario.file.to_path_buf(),
        tags: result.scenario.tags.clone(),
        seed: result.seed.to_string(),
        verdict: verdict(result, &moments),
        took_us: micros(result.took),
        steps: result.scenario.steps.iter().map(|step| step.name.clone()).collect(),
        history: result
            .history
            .records()
            .iter()
            .filter_map(|record| self::record(record, &result.history, &moments))
            .collect(),
        logs: logs(&result.output),
        kept: result.output.folder.clone(),
    }
}

fn verdict(result: &ScenarioResult, moments: &AllMoments) -> VerdictFile {
    match &result.verdict {
        Verdict::Passed => VerdictFile::Passed,
        Verdict::Failed(failures) => VerdictFile::Failed {
            failures: failures.iter().map(|failed| failure(failed, result, moments)).collect(),
        },
        Verdict::BrokenOff(broken) => {
            let (reason, log) = (broken.to_string(), broken.log().to_vec());
            VerdictFile::BrokenOff { reason, help: broken.help(), log }
        }
        Verdict::Skipped(why) => VerdictFile::Skipped { why: why.clone() },
    }
}

fn failure(failure: &Failure, result: &ScenarioResult, moments: &AllMoments) -> FailureFile {
    let (step, line, file, within) = match &failure.location {
        FailureLocation::Step { index, span, file, name } => {
            let outermost = result.scenario.steps.get(*index);
            let within = outermost.is_none_or(|step| step.name != *name).then(|| name.clone());
            let file = file.as_ref().map(|file| file.path.clone());
            (Some(*index), Some(span.line).filter(|line| *line > 0), file, within)
        }
        FailureLocation::Start | FailureLocation::End => Default::default(),
    };
    let exchange = failure.exchange.map(|id| exchange(&result.history.exchange(id), moments));
    let findings = failure.findings.iter().map(FindingFile::from).collect();
    FailureFile { step, line, file, within, findings, exchange }
}

/// The entry for a record; `None` for the later records of an exchange, whose entry is that of its first record.
fn record(record: &Record, history: &History, moments: &AllMoments) -> Option<RecordFile> {
    let what = match &record.event {
        HistoryEvent::Sent(sent) => {
            EventFile::Exchange(Box::new(exchange(&history.exchange(sent.exchange), moments)))
        }
        HistoryEvent::Fault { fault, change } => {
            EventFile::Fault { fault: fault.to_string(), change: change.to_string() }
        }
        HistoryEvent::Process { service, change } => {
            EventFile::Process { service: service.to_string(), change: change.to_string() }
        }
        HistoryEvent::Circuit(circuit) => EventFile::Circuit {
            service: circuit.service.to_string(),
            callee: circuit.callee.clone(),
            state: circuit.state.clone(),
            moves: circuit.moves.clone(),
        },
        _ => return None,
    };
    Some(RecordFile { at_us: micros(record.at), step: record.step, what })
}

fn exchange(exchange: &Exchange<'_>, moments: &AllMoments) -> ExchangeFile {
    let Moments { delivered, answered } = &moments[&exchange.id];
    let micros_of = |times: &[Duration]| times.iter().copied().map(micros).collect();
    let received = exchange.ending.map(|ending| ending.received);
    ExchangeFile {
        link: exchange.link.to_string(),
        method: exchange.request.method.to_string(),
        path: exchange.request.path.clone(),
        headers: headers(&exchange.request.headers),
        body: body(&exchange.request.headers, &exchange.request.body),
        faults: exchange.faults.iter().map(FaultName::to_string).collect(),
        delivered: exchange.delivered,
        delivered_at_us: micros_of(delivered),
        answered: exchange.answered.map(reply),
        answered_at_us: micros_of(answered),
        received: exchange.reply().map(reply),
        no_reply: received.and_then(Result::err).map(ToString::to_string),
        took_us: exchange.ending.map(|ending| micros(ending.took)),
    }
}

fn reply(reply: &Reply) -> ReplyFile {
    ReplyFile {
        status: reply.status.as_u16(),
        headers: headers(&reply.headers),
        body: body(&reply.headers, &reply.body),
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), header_text(value).into_owned())).collect()
}

fn body(headers: &HeaderMap, bytes: &[u8]) -> BodyFile {
    let body = EncodedBody::new(headers, bytes);
    match body.text() {
        Ok(text) if text.as_bytes() == bytes => BodyFile::Text(text.into()),
        Ok(text) => BodyFile::Decoded { text: text.into(), codings: body.codings(), bytes: bytes.len() },
        Err(_) => BodyFile::Bytes { base64: STANDARD.encode(bytes) },
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
