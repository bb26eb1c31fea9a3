//! Tells what is under way when nothing else was written for a while, where there is no terminal to show progress on.

use std::{
    io::Write,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
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

/// Writes a line whenever nothing was written for a while. It has a thread of its own, since nothing happens meanwhile.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// `None` once it is being dropped, which ends the thread.
    messages: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    /// This is under way.
    Running(String),
    /// A line was written to the results.
    Wrote,
}

impl Heartbeat {
    /// Writes to `out`, which is stderr as a rule.
    pub(crate) fn start(out: impl Write + Send + 'static, beat: Beat) -> Self {
        let (messages, received) = channel();
        let thread = thread::spawn(move || write_lines(out, beat, &received));
        Self { messages: Some(messages), thread: Some(thread) }
    }

    /// This is under way now.
    pub(crate) fn running(&self, status: String) {
        self.send(Message::Running(status));
    }

    /// A line was written to the results.
    pub(crate) fn wrote(&self) {
        self.send(Message::Wrote);
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // The thread ends before this only by a panic, which has been printed; a run needs no heartbeat.
            drop(messages.send(message));
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.messages.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_lines(mut out: impl Write, beat: Beat, received: &Receiver<Message>) {
    let mut silence = Silence::new(beat, Instant::now());
    loop {
        match received.recv_timeout(silence.next_at.saturating_duration_since(Instant::now())) {
            Ok(message) => silence.take(message, Instant::now()),
            Err(RecvTimeoutError::Timeout) => {
                let line = silence.line(Instant::now());
                // A run doesn't depend on what is shown of it.
                drop(writeln!(out, "{line}").and_then(|()| out.flush()));
            }
            Err(RecvTimeoutError::Disconnected) => break,
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

    fn take(&mut self, message: Message, now: Instant) {
        match message {
            Message::Running(status) => self.status = status,
            Message::Wrote => (self.began, self.next_at) = (now, now + self.beat.quiet),
        }
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
        silence.take(Message::Running("a: 1/3 wait 40s".into()), at(4));
        assert_eq!(silence.next_at, at(10), "a step that begins writes nothing");
        assert_eq!(silence.line(at(10)), "running, nothing ended for 10 s: a: 1/3 wait 40s");
        assert_eq!(silence.next_at, at(20));
        assert_eq!(silence.line(at(20)), "running, nothing ended for 20 s: a: 1/3 wait 40s");
        silence.take(Message::Wrote, at(25));
        assert_eq!(silence.next_at, at(35));
        assert_eq!(silence.line(at(35)), "running, nothing ended for 10 s: a: 1/3 wait 40s");
    }
}
