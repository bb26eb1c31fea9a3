//! Shows what happens before the first scenario: the build, and the wait for services.
//!
//! On a terminal it is one line that is overwritten. Elsewhere a line is written at once, then one every few seconds.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anstream::adapter::strip_str;
use engine::{Preparation, PreparationSink};
use fault::ServiceName;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use crate::{Progress, layout::duration};

/// How often the line on a terminal is brought up to date.
const REDRAWN: Duration = Duration::from_millis(100);
/// How long nothing is written where there is no terminal.
const QUIET: Duration = Duration::from_secs(5);
/// How long a wait for a service goes unmentioned where there is no terminal: most take milliseconds.
const UNMENTIONED: Duration = Duration::from_secs(2);

/// Shows preparations on a thread of its own, so that it also moves on while nothing happens.
#[derive(Debug)]
pub struct PreparationView {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Happened(Preparation),
    End,
}

impl PreparationView {
    /// Shows on `out`, which is stderr as a rule. With [`Progress::Shown`] stderr must be a terminal.
    pub fn start(out: impl Write + Send + 'static, progress: Progress) -> Self {
        let (messages, received) = channel();
        let thread = thread::spawn(move || match progress {
            Progress::Shown => overwrite(out, &received),
            Progress::Hidden => write_lines(out, &received),
        });
        Self { messages, thread: Some(thread) }
    }

    /// What the view is told by. Once the view is dropped, it ignores what it gets.
    pub fn sink(&self) -> PreparationSink {
        let messages = self.messages.clone();
        PreparationSink::new(move |preparation| drop(messages.send(Message::Happened(preparation))))
    }
}

impl Drop for PreparationView {
    /// Waits until all is written, and takes the overwritten line away.
    fn drop(&mut self) {
        drop(self.messages.send(Message::End));
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already; a run needs no view.
            drop(thread.join());
        }
    }
}

fn overwrite(mut out: impl Write, received: &Receiver<Message>) {
    let mut bar: Option<ProgressBar> = None;
    let mut under_way = UnderWay::default();
    let mut redraw = Instant::now() + REDRAWN;
    loop {
        match received.recv_timeout(redraw.saturating_duration_since(Instant::now())) {
            Ok(Message::Happened(preparation)) => {
                if let Some(line) = under_way.take(preparation, Instant::now()) {
                    // A run doesn't depend on what is shown of it.
                    drop(match &bar {
                        Some(bar) => bar.suspend(|| writeln!(out, "{line}")),
                        None => writeln!(out, "{line}"),
                    });
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                redraw = Instant::now() + REDRAWN;
                let status = under_way.status(Instant::now());
                bar = status.map(|status| {
                    let bar = bar.take().unwrap_or_else(spinner);
                    // Turns the spinner and redraws the line.
                    bar.tick();
                    bar.set_message(status);
                    bar
                });
            }
            Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
}

/// One line that is overwritten, and taken away when it is dropped.
fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is a literal");
    ProgressBar::new_spinner().with_style(style).with_finish(ProgressFinish::AndClear)
}

fn write_lines(mut out: impl Write, received: &Receiver<Message>) {
    let mut lines = Lines::new(Instant::now());
    loop {
        let wait = lines.next_at.saturating_duration_since(Instant::now());
        let line = match received.recv_timeout(wait) {
            Ok(Message::Happened(preparation)) => lines.take(preparation, Instant::now()),
            Err(RecvTimeoutError::Timeout) => lines.tick(Instant::now()),
            Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Some(line) = line {
            drop(writeln!(out, "{line}").and_then(|()| out.flush()));
        }
    }
}

/// What is under way, as text.
#[derive(Debug, Default)]
struct UnderWay {
    /// When the build started, and the last line that it wrote.
    build: Option<(Instant, String)>,
    /// The services waited for, with the beginning of each wait and how long it may take.
    waits: BTreeMap<ServiceName, (Instant, Duration)>,
}

impl UnderWay {
    /// Notes what happened. Returns a line that stays, if this is worth one.
    fn take(&mut self, preparation: Preparation, now: Instant) -> Option<String> {
        match preparation {
            Preparation::BuildStarted { command } => {
                self.build = Some((now, String::new()));
                Some(format!("building: {command}"))
            }
            Preparation::BuildWrote { line } => {
                if let (Some((_, last)), Some(line)) = (&mut self.build, shown(&line)) {
                    *last = line;
                }
                None
            }
            Preparation::BuildSucceeded { took } => {
                self.build = None;
                Some(format!("built in {}", duration(took)))
            }
            Preparation::WaitStarted { service, within } => {
                self.waits.insert(service, (now, within));
                None
            }
            Preparation::WaitEnded { service } => {
                self.waits.remove(&service);
                None
            }
        }
    }

    /// What is under way now, in one line.
    fn status(&self, now: Instant) -> Option<String> {
        let since = |start: Instant| duration(Duration::from_secs((now - start).as_secs()));
        if let Some((start, line)) = &self.build {
            return Some(format!("building, {}: {line}", since(*start)));
        }
        let first = self.waits.values().map(|(start, _)| *start).min()?;
        let longest = self.waits.values().map(|(_, within)| *within).max()?;
        let services: Vec<_> = self.waits.keys().map(ServiceName::as_str).collect();
        Some(format!("waiting for {}, {} of {}", services.join(", "), since(first), duration(longest)))
    }
}

/// A line of a build as it would be seen: without colours, and of one that overwrites itself the last state. `None` for
/// an empty one.
fn shown(line: &str) -> Option<String> {
    let plain = strip_str(line).to_string();
    let last = plain.rsplit('\r').map(str::trim).find(|part| !part.is_empty())?;
    Some(last.chars().filter(|c| !c.is_control()).collect())
}

/// Decides what is written when, where there is no terminal.
#[derive(Debug)]
struct Lines {
    under_way: UnderWay,
    /// When to write the status, if nothing happens until then.
    next_at: Instant,
}

impl Lines {
    fn new(now: Instant) -> Self {
        Self { under_way: UnderWay::default(), next_at: now + QUIET }
    }

    fn take(&mut self, preparation: Preparation, now: Instant) -> Option<String> {
        if self.under_way.status(now).is_none() {
            // The first wait is mentioned sooner than a line is repeated.
            self.next_at = now + UNMENTIONED;
        }
        let line = self.under_way.take(preparation, now)?;
        self.next_at = now + QUIET;
        Some(line)
    }

    fn tick(&mut self, now: Instant) -> Option<String> {
        if now < self.next_at {
            return None;
        }
        self.next_at = now + QUIET;
        self.under_way.status(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::text::check_text;

    /// What is written when these things happen at these seconds, and nothing else before `end`.
    fn written(happens: &[(u64, Preparation)], end: u64) -> String {
        let start = Instant::now();
        let mut lines = Lines::new(start);
        let mut text = String::new();
        let mut happens = happens.iter().peekable();
        for second in 0..=end {
            let now = start + Duration::from_secs(second);
            let mut write = |line: Option<String>| {
                text.extend(line.map(|line| format!("{second:>3} s  {line}\n")));
            };
            while let Some((_, preparation)) = happens.next_if(|(at, _)| *at == second) {
                write(lines.take(preparation.clone(), now));
            }
            write(lines.tick(now));
        }
        text
    }

    fn wrote(line: &str) -> Preparation {
        Preparation::BuildWrote { line: line.into() }
    }

    fn service(name: &str) -> ServiceName {
        name.parse().expect("a name")
    }

    #[test]
    fn a_build_is_seen_every_few_seconds() {
        let text = written(
            &[
                (1, Preparation::BuildStarted { command: "cargo build --bin users-service".into() }),
                (2, wrote("\u{1b}[1m\u{1b}[92m   Compiling\u{1b}[0m tokio v1.54.1")),
                (4, wrote("   Compiling redb v4.6.0")),
                (4, wrote("")),
                (13, wrote("10 %\r20 %\r")),
                (20, wrote("    Finished `dev` profile")),
                (20, Preparation::BuildSucceeded { took: Duration::from_millis(19_300) }),
            ],
            40,
        );
        check_text("preparation_build", &text);
    }

    #[test]
    fn only_a_wait_that_takes_long_is_mentioned() {
        let within = Duration::from_secs(10);
        let started = |at, name| (at, Preparation::WaitStarted { service: service(name), within });
        let ended = |at, name| (at, Preparation::WaitEnded { service: service(name) });
        assert_eq!(written(&[started(30, "users"), ended(31, "users")], 60), "");
        let waits = [started(30, "users"), started(30, "orders"), ended(33, "orders"), ended(38, "users")];
        check_text("preparation_wait", &written(&waits, 60));
    }

    #[test]
    fn a_view_has_written_everything_once_it_is_dropped() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let view = PreparationView::start(writer, Progress::Hidden);
        let sink = view.sink();
        sink.send(Preparation::BuildStarted { command: "make".into() });
        sink.send(Preparation::BuildSucceeded { took: Duration::from_secs(1) });
        drop(view);
        sink.send(Preparation::BuildStarted { command: "ignored".into() });
        assert_eq!(std::io::read_to_string(reader).expect("text"), "building: make\nbuilt in 1 s\n");
    }
}
