//! What services wrote, as JSON.

use engine::{LogLine, ServiceOutput};
use serde::{Deserialize, Serialize};

use super::micros;
use crate::service_log::plain;

/// What a service wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLogFile {
    /// The service's name.
    pub service: String,
    /// Its lines by the steps during which they were begun.
    pub slices: Vec<LogSliceFile>,
}

/// The lines of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSliceFile {
    /// The step, counted from 0; `null` before the first and after the last.
    pub step: Option<usize>,
    /// The first lines.
    pub first: Vec<LogLineFile>,
    /// How many lines between the first and the last aren't kept.
    pub left_out: usize,
    /// The last lines, as far as they aren't among the first.
    pub last: Vec<LogLineFile>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLineFile {
    /// When its beginning was read, in microseconds since the world began.
    pub at_us: u64,
    /// The line without its end and its colours; control characters are escaped.
    pub line: String,
}

pub(super) fn logs(output: &ServiceOutput) -> Vec<ServiceLogFile> {
    let line = |line: &LogLine| LogLineFile { at_us: micros(line.at), line: plain(&line.text) };
    let slice = |slice: &engine::LogSlice| LogSliceFile {
        step: slice.step,
        first: slice.first.iter().map(line).collect(),
        left_out: slice.left_out,
        last: slice.last.iter().map(line).collect(),
    };
    let log = |(service, log): (&fault::ServiceName, &engine::ServiceLog)| ServiceLogFile {
        service: service.to_string(),
        slices: log.slices().iter().map(slice).collect(),
    };
    output.logs.iter().map(log).collect()
}
