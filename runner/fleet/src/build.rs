//! Runs the configuration's `build` command, and tells how it proceeds.

use std::{sync::Arc, time::Instant};

use engine::Preparation;
use scenario::Scope;
use verdict::BrokenOff;

use crate::{
    Fleet, LineSink,
    log::Log,
    process::{Launch, ending},
};

/// Lines of the build's output that an error shows.
const LINES_IN_ERROR: usize = 40;

impl Fleet {
    /// Runs the `build` command, if there is one, and waits for it. If it fails, the error has its last lines.
    pub async fn build(&self) -> Result<(), BrokenOff> {
        let Some(build) = &self.configuration.build else { return Ok(()) };
        let log = Log::new("build", Some(self.build_lines()), None);
        let broken_off = |reason: String, help: String| BrokenOff {
            reason: format!("the build command {reason}"),
            help: Some(help),
            log: log.last(LINES_IN_ERROR),
        };
        let check = || "check `build` in the configuration".to_owned();
        let mut scope = Scope::default();
        scope.set("env", self.environment.clone());
        let command = build.render(&scope).map_err(|error| broken_off(error.to_string(), check()))?;
        let words = shlex::split(&command).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| broken_off(format!("{command:?} has an open quote"), check()))?;
        let ground = self.ground().await?;
        let launch = Launch { words, env: Vec::new(), folder: ground.folder.clone() };
        let started = Instant::now();
        self.options.preparation.send(Preparation::BuildStarted { command: command.clone() });
        let process = launch
            .spawn(&log, &ground.guardian, |_| {})
            .map_err(|error| broken_off(format!("{command:?} can't be started: {error}"), check()))?;
        let status = process.ended().await;
        process.drained().await;
        if status.is_some_and(|status| status.success()) {
            self.options.preparation.send(Preparation::BuildSucceeded { took: started.elapsed() });
            return Ok(());
        }
        let status = status.map_or_else(|| "an unknown end".into(), ending);
        let help = format!("run `{command}` in {} to see all of it", ground.folder.display());
        Err(broken_off(format!("failed with {status}"), help))
    }

    /// Passes the build's lines on to both sinks of the options.
    fn build_lines(&self) -> LineSink {
        let (lines, preparation) = (self.options.lines.clone(), self.options.preparation.clone());
        Arc::new(move |source, line| {
            if let Some(lines) = &lines {
                lines(source, line);
            }
            preparation.send(Preparation::BuildWrote { line: line.to_owned() });
        })
    }
}
