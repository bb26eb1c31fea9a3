//! What a service wrote.

use std::{
    fmt, fs,
    io::{self, ErrorKind, PipeReader, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use engine::{LogLine, ServiceLog};
use proxy::Links;
use rustix::io::ioctl_fionread;
use tokio::{net::unix::pipe, sync::watch, task::yield_now};

/// Receives every line as it is read.
pub type LineSink = Arc<dyn Fn(OutputLine<'_>) + Send + Sync>;

/// A line that a service wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLine<'a> {
    /// The name of the scenario that the service runs for.
    pub scenario: &'a str,
    /// The name of the service, or `build`.
    pub source: &'a str,
    /// The line without its end. It may hold control characters and escape sequences.
    pub text: &'a str,
}

/// The most bytes of a command's output that are kept.
const LONGEST_OUTPUT: usize = 4 << 20;
/// Bytes after which a line is split.
const LONGEST_LINE: usize = 4096;
/// Bytes that are read before other tasks run: a service that writes faster than it is read must not hold up the scenarios.
const BETWEEN_TASKS: u64 = 1 << 13;

/// What a service wrote, also by its former processes.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    origin: Origin,
    sink: Option<LineSink>,
    file: Option<fs::File>,
    lines: Mutex<ServiceLog>,
    /// All that was written, up to a limit; `None` where only lines are kept.
    whole: Option<Mutex<Vec<u8>>>,
    /// The outputs of processes that are being read.
    outputs: Mutex<Vec<Weak<Output>>>,
}

/// Where lines come from.
pub(crate) struct Origin {
    /// The scenario's name.
    pub(crate) scenario: String,
    /// The name of the service, or `build`.
    pub(crate) source: String,
    /// Says when a line is written and during which step; `None` if no world exists yet.
    pub(crate) links: Option<Links>,
}

/// The output of a process.
struct Output {
    /// The reading end. It never waits.
    pipe: PipeReader,
    lines: Mutex<LineSplitter>,
}

/// Whether an output has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// More may come.
    Continues,
    /// All processes that could write have ended.
    Ended,
}

/// When a line was begun.
#[derive(Debug, Clone, Copy, Default)]
struct Stamp {
    at: Duration,
    step: Option<usize>,
}

/// Resolves once all output of a process is in its log.
#[derive(Debug, Clone)]
pub(crate) struct Drained(watch::Receiver<()>);

impl Log {
    /// An empty log, which also goes to `sink` and is appended to `file`.
    pub(crate) fn new(origin: Origin, sink: Option<LineSink>, file: Option<fs::File>) -> Self {
        let (lines, outputs) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { origin, sink, file, lines, whole: None, outputs }))
    }

    /// An empty log that keeps all of an output, up to a limit, beside its lines.
    pub(crate) fn keeping_all(origin: Origin, sink: Option<LineSink>) -> Self {
        let (lines, outputs, whole) = (Mutex::default(), Mutex::default(), Some(Mutex::default()));
        Self(Arc::new(Inner { origin, sink, file: None, lines, whole, outputs }))
    }

    /// All of the output that is kept.
    pub(crate) fn whole(&self) -> String {
        let whole = self.0.whole.as_ref().map(|whole| lock(whole).clone()).unwrap_or_default();
        String::from_utf8_lossy(&whole).into_owned()
    }

    /// Reads a process's output until its end.
    pub(crate) fn read(&self, output: PipeReader) -> io::Result<Drained> {
        let copy = output.try_clone()?;
        // Makes the copy non-blocking, too.
        let pipe = pipe::Receiver::from_owned_fd(output.into())?;
        let output = Arc::new(Output { pipe: copy, lines: Mutex::default() });
        let mut outputs = lock(&self.0.outputs);
        outputs.retain(|output| output.strong_count() > 0);
        outputs.push(Arc::downgrade(&output));
        drop(outputs);
        let (reading, drained) = watch::channel(());
        let log = self.clone();
        tokio::spawn(async move {
            while pipe.readable().await.is_ok() {
                let read = |buffer: &mut [u8]| pipe.try_read(buffer);
                if log.read_available(&output, BETWEEN_TASKS, read) == Reading::Ended {
                    break;
                }
                yield_now().await;
            }
            drop(reading);
        });
        Ok(Drained(drained))
    }

    /// Reads what the service has written until now, so that it belongs to the step that runs now.
    pub(crate) fn drain(&self) {
        let outputs: Vec<_> = lock(&self.0.outputs).iter().filter_map(Weak::upgrade).collect();
        for output in outputs {
            // Not until the pipe is empty, which it never is if the service writes faster than it is read.
            let written = ioctl_fionread(&output.pipe).expect("a pipe knows what it holds");
            self.read_available(&output, written, |buffer| (&output.pipe).read(buffer));
        }
    }

    /// Reads without waiting until at least `most` bytes are read.
    fn read_available(
        &self,
        output: &Output,
        most: u64,
        read: impl Fn(&mut [u8]) -> io::Result<usize>,
    ) -> Reading {
        let mut lines = lock(&output.lines);
        let (mut buffer, mut total) = ([0; 8192], 0_u64);
        while total < most {
            let count = match read(&mut buffer) {
                Ok(count @ 1..) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Reading::Continues,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => {
                    lines.finish(|stamp, line| self.push(stamp, line));
                    return Reading::Ended;
                }
            };
            self.store(&buffer[..count]);
            lines.split(&buffer[..count], self.stamp(), |stamp, line| self.push(stamp, line));
            total += count as u64;
        }
        Reading::Continues
    }

    fn stamp(&self) -> Stamp {
        let stamp = |links: &Links| Stamp { at: links.now(), step: links.step() };
        self.0.origin.links.as_ref().map(stamp).unwrap_or_default()
    }

    fn store(&self, bytes: &[u8]) {
        if let Some(whole) = &self.0.whole {
            let mut whole = lock(whole);
            let room = LONGEST_OUTPUT.saturating_sub(whole.len());
            whole.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if let Some(mut file) = self.0.file.as_ref()
            && let Err(error) = file.write_all(bytes)
        {
            self.push(self.stamp(), &format!("(this line isn't in the log file: {error})"));
        }
    }

    fn push(&self, stamp: Stamp, line: &str) {
        let Inner { origin, sink, .. } = &*self.0;
        if let Some(sink) = sink {
            sink(OutputLine { scenario: &origin.scenario, source: &origin.source, text: line });
        }
        lock(&self.0.lines).push(stamp.step, LogLine { at: stamp.at, text: line.to_owned() });
    }

    /// The last lines, at most `count`.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        lock(&self.0.lines).last(count)
    }

    /// All lines that are kept, also one that isn't at its end.
    pub(crate) fn lines(&self) -> ServiceLog {
        self.drain();
        for output in lock(&self.0.outputs).iter().filter_map(Weak::upgrade) {
            lock(&output.lines).finish(|stamp, line| self.push(stamp, line));
        }
        lock(&self.0.lines).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.0.origin.source).finish()
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
    /// When that was read.
    begun: Stamp,
}

impl LineSplitter {
    fn split(&mut self, bytes: &[u8], now: Stamp, mut line: impl FnMut(Stamp, &str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.is_empty() {
                self.begun = now;
            }
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST_LINE {
                self.finish(&mut line);
            }
        }
    }

    fn finish(&mut self, mut line: impl FnMut(Stamp, &str)) {
        if !self.partial.is_empty() {
            line(self.begun, String::from_utf8_lossy(&self.partial).trim_end_matches(['\n', '\r']));
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, Stdio},
        sync::atomic::{AtomicU64, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_service_that_writes_without_end_holds_up_no_other_task() {
        let (output, end) = io::pipe().expect("a pipe");
        let mut command = Command::new("yes");
        let mut service = command.arg("x".repeat(100)).stdin(Stdio::null()).stdout(end).spawn().expect("yes");
        drop(command);
        let read: Arc<AtomicU64> = Arc::default();
        let sink: LineSink = {
            let read = Arc::clone(&read);
            Arc::new(move |line| {
                read.fetch_add(line.text.len() as u64 + 1, Ordering::Relaxed);
            })
        };
        let origin = Origin { scenario: String::new(), source: String::new(), links: None };
        let log = Log::new(origin, Some(sink), None);
        let drained = log.read(output).expect("it is read");
        while read.load(Ordering::Relaxed) < 100 * BETWEEN_TASKS {
            let before = read.load(Ordering::Relaxed);
            yield_now().await;
            let at_once = read.load(Ordering::Relaxed) - before;
            assert!(at_once <= 4 * BETWEEN_TASKS, "{at_once} bytes were read before another task ran");
        }
        service.kill().and_then(|()| service.wait()).expect("it ends");
        drained.wait().await;
    }

    #[test]
    fn lines_are_the_same_wherever_reads_end() {
        let check = |pieces: &[&[u8]], expected: &[(usize, &str)]| {
            let (mut lines, mut found) = (LineSplitter::default(), Vec::new());
            for (step, piece) in pieces.iter().enumerate() {
                let now = Stamp { step: Some(step), ..Stamp::default() };
                lines.split(piece, now, |stamp, line| found.push((stamp.step, line.to_owned())));
            }
            lines.finish(|stamp, line| found.push((stamp.step, line.to_owned())));
            let expected: Vec<_> =
                expected.iter().map(|(step, line)| (Some(*step), (*line).to_owned())).collect();
            assert_eq!(found, expected, "{pieces:?}");
        };
        check(&[b"one\ntw", b"o\r\n", b"\nthree"], &[(0, "one"), (0, "two"), (2, ""), (2, "three")]);
        check(&[], &[]);
        check(&[b"caf\xe9\n"], &[(0, "caf\u{fffd}")]);
        let long = "x".repeat(LONGEST_LINE);
        check(&[long.as_bytes(), b"y\n"], &[(0, &long), (1, "y")]);
    }
}
