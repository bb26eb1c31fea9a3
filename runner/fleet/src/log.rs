//! The last lines that a process wrote.

use std::{
    collections::VecDeque,
    fmt, fs,
    io::{self, PipeReader, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{io::AsyncReadExt, net::unix::pipe, sync::watch};

/// What gets every line as it is written: the name of a service, or `build`, and the line.
pub type LineSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Lines kept in memory for each service.
const KEPT: usize = 200;
/// Bytes of a line after which it is broken into two.
const LONGEST: usize = 4096;

/// The last lines that a service wrote, over all its lives.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    source: String,
    sink: Option<LineSink>,
    file: Option<fs::File>,
    lines: Mutex<VecDeque<String>>,
}

/// Says when all that a process wrote has been read.
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
            let mut lines = Lines::default();
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
        if lines.len() == KEPT {
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
    /// Waits until everybody who could write has gone.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

/// Bytes in, lines out.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn split(&mut self, bytes: &[u8], mut line: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.begun.len() >= LONGEST {
                self.finish(&mut line);
            }
        }
    }

    fn finish(&mut self, mut line: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            line(String::from_utf8_lossy(&self.begun).trim_end_matches(['\n', '\r']));
            self.begun.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_wherever_the_pieces_end() {
        let check = |pieces: &[&str], expected: &[&str]| {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for piece in pieces {
                lines.split(piece.as_bytes(), |line| found.push(line.to_owned()));
            }
            lines.finish(|line| found.push(line.to_owned()));
            assert_eq!(found, expected, "{pieces:?}");
        };
        check(&["one\ntw", "o\r\n", "\nthree"], &["one", "two", "", "three"]);
        check(&[], &[]);
        let long = "x".repeat(LONGEST);
        check(&[&long, "y\n"], &[&long, "y"]);
    }

    #[test]
    fn the_oldest_lines_go_first() {
        let log = Log::new("service", None, None);
        (0..=KEPT).for_each(|n| log.push(&n.to_string()));
        assert_eq!(log.last(2), [(KEPT - 1).to_string(), KEPT.to_string()]);
        assert_eq!(log.last(usize::MAX)[0], "1");
    }
}
