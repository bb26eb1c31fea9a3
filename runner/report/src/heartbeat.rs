//! Tells what is under way when nothing else was written for a while, where there is no terminal to show progress on.

use std::{
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::layout::duration;

/// How a heartbeat is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beat {
    /// How long nothing is written before a line tells what is under way.
    pub(crate) quiet: Duration,
    /// The line, from how long nothing was written and from what is under way.
    pub(crate) line: fn(&str, &str) -> String,
}

/// Writes a line whenever nothing was written for a while. It has a thread of its own, since nothing happens meanwhile. The thread
/// sleeps until a line is due, whatever happens: waking it for every step would cost more than most steps do.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// `None` once the thread is to end.
    silence: Mutex<Option<Silence>>,
    end: Condvar,
}

impl Heartbeat {
    /// Writes to `out`, which is stderr as a rule.
    pub(crate) fn start(out: impl Write + Send + 'static, beat: Beat) -> Self {
        let silence = Mutex::new(Some(Silence::new(beat, Instant::now())));
        let shared = Arc::new(Shared { silence, end: Condvar::new() });
        let thread = Some(thread::spawn({
            let shared = Arc::clone(&shared);
            move || write_lines(out, &shared)
        }));
        Self { shared, thread }
    }

    /// This is under way now.
    pub(crate) fn running(&self, status: String) {
        if let Some(silence) = self.shared.silence().as_mut() {
            silence.status = status;
        }
    }

    /// A line was written to the results.
    pub(crate) fn wrote(&self) {
        if let Some(silence) = self.shared.silence().as_mut() {
            silence.restart(Instant::now());
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        *self.shared.silence() = None;
        self.shared.end.notify_one();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn silence(&self) -> MutexGuard<'_, Option<Silence>> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_lines(mut out: impl Write, shared: &Shared) {
    let mut locked = shared.silence();
    while let Some(silence) = locked.as_mut() {
        let now = Instant::now();
        if now >= silence.next_at {
            let line = silence.line(now);
            drop(locked);
            // A run doesn't depend on what is shown of it.
            drop(writeln!(out, "{line}").and_then(|()| out.flush()));
            locked = shared.silence();
        } else {
            let due = silence.next_at - now;
            locked = shared.end.wait_timeout(locked, due).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The time in which nothing was written.
#[derive(Debug)]
struct Silence {
    beat: Beat,
    status: String,
    began: Instant,
    /// When a line is due, if nothing is written until then.
    next_at: Instant,
}

impl Silence {
    fn new(beat: Beat, now: Instant) -> Self {
        Self { beat, status: String::new(), began: now, next_at: now + beat.quiet }
    }

    fn restart(&mut self, now: Instant) {
        (self.began, self.next_at) = (now, now + self.beat.quiet);
    }

    fn line(&mut self, now: Instant) -> String {
        self.next_at = now + self.beat.quiet;
        let quiet = duration(Duration::from_secs((now - self.began).as_secs()));
        (self.beat.line)(&quiet, &self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_ten_seconds_after_the_last_one() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let beat = Beat {
            quiet: Duration::from_secs(10),
            line: |quiet, status| format!("running, nothing ended for {quiet}: {status}"),
        };
        let mut silence = Silence::new(beat, start);
        silence.status = "a: 1/3 wait 40s".into();
        assert_eq!(silence.line(at(10)), "running, nothing ended for 10 s: a: 1/3 wait 40s");
        assert_eq!(silence.next_at, at(20));
        assert_eq!(silence.line(at(20)), "running, nothing ended for 20 s: a: 1/3 wait 40s");
        silence.restart(at(25));
        assert_eq!(silence.next_at, at(35));
        assert_eq!(silence.line(at(35)), "running, nothing ended for 10 s: a: 1/3 wait 40s");
    }
}
