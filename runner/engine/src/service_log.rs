//! What a service wrote, step by step and bounded.

use std::{collections::VecDeque, time::Duration};

use scenario::Secrets;

/// Lines kept of the beginning of a step's slice.
const FIRST_LINES: usize = 20;
/// Lines kept of the end of a step's slice.
const LAST_LINES: usize = 200;
/// Bytes kept of all slices of a service. Beyond them the oldest slices keep only the number of their lines.
const KEPT_BYTES: usize = 1 << 20;

/// What a service wrote to stdout and stderr, also by its former processes: a slice for each step during which it wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceLog {
    slices: Vec<LogSlice>,
    bytes: usize,
    /// How many slices, from the first, have lost their lines.
    emptied: usize,
}

/// The lines that were begun during one step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// The step, counted from 0; `None` before the first and after the last.
    pub step: Option<usize>,
    /// The first lines.
    pub first: Vec<LogLine>,
    /// How many lines between the first and the last aren't kept.
    pub left_out: usize,
    /// The last lines, as far as they aren't among the first.
    pub last: VecDeque<LogLine>,
}

/// A line that a service wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When its beginning was read, since the world's beginning.
    pub at: Duration,
    /// The line without its end. It may hold control characters and escape sequences.
    pub text: String,
}

impl ServiceLog {
    /// Appends a line that was begun during `step`.
    pub fn push(&mut self, step: Option<usize>, line: LogLine) {
        if self.slices.last().is_none_or(|slice| slice.step != step) {
            self.slices.push(LogSlice { step, ..LogSlice::default() });
        }
        let slice = self.slices.last_mut().expect("one was pushed");
        self.bytes += line.text.len();
        self.bytes -= slice.push(line);
        while self.bytes > KEPT_BYTES && self.emptied + 1 < self.slices.len() {
            self.bytes -= self.slices[self.emptied].empty();
            self.emptied += 1;
        }
    }

    /// Masks the secrets in its lines.
    pub(crate) fn mask(&mut self, secrets: &Secrets) {
        for slice in &mut self.slices {
            let lines = slice.first.iter_mut().chain(&mut slice.last);
            lines.for_each(|line| secrets.mask_in(&mut line.text));
        }
    }

    /// The slices, in the order of the steps.
    pub fn slices(&self) -> &[LogSlice] {
        &self.slices
    }

    /// The last lines that are kept, at most `count`, oldest first.
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.slices.iter().flat_map(LogSlice::lines);
        let mut last: Vec<_> = lines.rev().take(count).map(|line| line.text.clone()).collect();
        last.reverse();
        last
    }
}

impl LogSlice {
    /// The lines that are kept.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.first.iter().chain(&self.last)
    }

    /// Appends a line, and returns how many bytes aren't kept any more.
    fn push(&mut self, line: LogLine) -> usize {
        if self.first.len() < FIRST_LINES && self.left_out == 0 {
            self.first.push(line);
            return 0;
        }
        self.last.push_back(line);
        if self.last.len() <= LAST_LINES {
            return 0;
        }
        self.left_out += 1;
        self.last.pop_front().map_or(0, |line| line.text.len())
    }

    fn empty(&mut self) -> usize {
        let bytes = self.lines().map(|line| line.text.len()).sum();
        self.left_out += self.first.len() + self.last.len();
        self.first = Vec::new();
        self.last = VecDeque::new();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: impl IntoIterator<Item = (Option<usize>, String)>) -> ServiceLog {
        let mut log = ServiceLog::default();
        for (step, text) in lines {
            log.push(step, LogLine { at: Duration::ZERO, text });
        }
        log
    }

    #[test]
    fn a_slice_keeps_the_first_and_the_last_lines_of_its_step() {
        let many = FIRST_LINES + LAST_LINES + 3;
        let lines = (0..many).map(|n| (Some(1), n.to_string()));
        let log = log([(None, "up".to_owned())].into_iter().chain(lines));
        let [start, slice] = log.slices() else { panic!("{log:?}") };
        assert_eq!((start.step, start.left_out, start.first.len()), (None, 0, 1));
        assert_eq!(
            (slice.step, slice.left_out, slice.lines().count()),
            (Some(1), 3, FIRST_LINES + LAST_LINES)
        );
        assert_eq!(slice.last[0].text, (FIRST_LINES + 3).to_string());
        assert_eq!(log.last(2), [(many - 2).to_string(), (many - 1).to_string()]);
        assert_eq!(log.last(usize::MAX)[0], "up");
    }

    #[test]
    fn a_service_that_writes_much_keeps_the_lines_of_its_last_steps() {
        let long = "x".repeat(KEPT_BYTES / 100);
        let log =
            log((0..10).flat_map(|step| (0..30).map(move |_| Some(step))).map(|step| (step, long.clone())));
        let kept: Vec<_> = log.slices().iter().map(|slice| (slice.lines().count(), slice.left_out)).collect();
        assert_eq!(kept[..7], [(0, 30); 7]);
        assert_eq!(kept[7..], [(30, 0); 3]);
        assert!(log.bytes <= KEPT_BYTES);
    }
}
