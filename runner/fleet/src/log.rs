//! The last lines that a service wrote.

use std::{
    collections::VecDeque,
    fmt, fs,
    io::{self, PipeReader, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{io::AsyncReadExt, net::unix::pipe, sync::watch};

/// Receives every line as it is written: the name of a service, or `build`, and the line.
pub type LineSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Lines kept in memory for each service.
const KEPT_LINES: usize = 200;
/// Bytes after which a line is split.
const LONGEST_LINE: usize = 4096;

/// The last lines that a service wrote, also by its former processes.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    source: String,
    sink: Option<LineSink>,
    file: Option<fs::File>,
    lines: Mutex<VecDeque<String>>,
}

/// Resolves once all output of a process is in its log.
#[derive(Debug, Clone)]
pub(crate) struct Drained(watch::Receiver<()>);

impl Log {
    /// An empty log of `source`, which also goes to `sink` and is appended to `file`.
    pub(crate) fn new(source: &str, sink: Option<LineSink>, file: Option<fs::File>) -> Self {
        let (source, lines) = (source.to_owned(), Mutex::new(VecDeque::new()));
        Self(Arc::new(Inner { source, sink, file, lines }))
    }

    /// Reads a process's output until its end.
    pub(crate) fn read(&self, output: PipeReader) -> io::Result<Drained> {
        let mut output = pipe::Receiver::from_owned_fd(output.into())?;
        let (reading, drained) = watch::channel(());
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = LineSplitter::default();
            let mut buffer = vec![0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer).await {
                log.store(&buffer[..count]);
                lines.split(&buffer[..count], |line| log.push(line));
            }
            lines.finish(|line| log.push(line));
            drop(reading);
        });
        Ok(Drained(drained))
    }

    fn store(&self, bytes: &[u8]) {
        if let Some(mut file) = self.0.file.as_ref()
            && let Err(error) = file.write_all(bytes)
        {
            self.push(&format!("(this line isn't in the log file: {error})"));
        }
    }

    fn push(&self, line: &str) {
        if let Some(sink) = &self.0.sink {
            sink(&self.0.source, line);
        }
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The last lines, at most `count`.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.0.source).finish()
    }
}

impl Drained {
    /// Waits until the last process that can write to the pipe has ended.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

/// Splits bytes into lines.
#[derive(Default)]
struct LineSplitter {
    /// The beginning of the next line.
    partial: Vec<u8>,
}

impl LineSplitter {
    fn split(&mut self, bytes: &[u8], mut line: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST_LINE {
                self.finish(&mut line);
            }
        }
    }

    fn finish(&mut self, mut line: impl FnMut(&str)) {
        if !self.partial.is_empty() {
            line(String::from_utf8_lossy(&self.partial).trim_end_matches(['\n', '\r']));
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_wherever_reads_end() {
        let check = |pieces: &[&str], expected: &[&str]| {
            let (mut lines, mut found) = (LineSplitter::default(), Vec::new());
            for piece in pieces {
                lines.split(piece.as_bytes(), |line| found.push(line.to_owned()));
            }
            lines.finish(|line| found.push(line.to_owned()));
            assert_eq!(found, expected, "{pieces:?}");
        };
        check(&["one\ntw", "o\r\n", "\nthree"], &["one", "two", "", "three"]);
        check(&[], &[]);
        let long = "x".repeat(LONGEST_LINE);
        check(&[&long, "y\n"], &[&long, "y"]);
    }

    #[test]
    fn the_oldest_lines_are_dropped_first() {
        let log = Log::new("service", None, None);
        (0..=KEPT_LINES).for_each(|n| log.push(&n.to_string()));
        assert_eq!(log.last(2), [(KEPT_LINES - 1).to_string(), KEPT_LINES.to_string()]);
        assert_eq!(log.last(usize::MAX)[0], "1");
    }
}
