//! The steps that run commands.

use scenario::{CommandExpectations, EvaluationError, Judging, RunStep, Scope, Template, Value};
use verdict::{BrokenOff, CommandPart, Exit, Finding, FindingKind, judge_that};

use super::{ScenarioRun, StepFindings};
use crate::{
    World,
    command::{CommandEnd, CommandLine, CommandOutput},
};

/// The most lines of each output that a finding shows.
const LAST_LINES: usize = 20;

impl<W: World> ScenarioRun<'_, W> {
    pub(super) async fn command(
        &mut self,
        step: &RunStep,
    ) -> Result<Result<StepFindings, EvaluationError>, BrokenOff> {
        let line = match self.command_line(step) {
            Ok(line) => line,
            Err(error) => return Ok(Err(error)),
        };
        let output = self.world.run(line).await?;
        Ok(Ok(self.judge_command(step, &output)))
    }

    fn command_line(&self, step: &RunStep) -> Result<CommandLine, EvaluationError> {
        let places = self.world.command_places();
        let mut scope = self.variables.clone();
        scope.set("url", places.url);
        scope.set("data_dir", places.data_dir);
        scope.set("conf_dir", places.conf_dir);
        let env = step.env.iter().map(|(name, value)| Ok((name.clone(), value.render(&scope)?)));
        Ok(CommandLine {
            words: step.command.iter().map(|word| word.render(&scope)).collect::<Result<_, _>>()?,
            env: env.collect::<Result<_, _>>()?,
            cwd: step.cwd.as_ref().map(|cwd| cwd.render(&scope)).transpose()?,
            stdin: step.stdin.as_ref().map_or_else(|| Ok(String::new()), |text| text.render(&scope))?,
            timeout: step.timeout,
        })
    }

    /// Judges the end of a command, and stores the step's captures.
    fn judge_command(&mut self, step: &RunStep, output: &CommandOutput) -> StepFindings {
        let mut scope = self.variables.clone();
        if let CommandEnd::Exited(exit) = output.end {
            scope.set("exit", code(exit));
        }
        scope.set("stdout", output.stdout.as_str());
        scope.set("stderr", output.stderr.as_str());
        scope.set("took", output.took.as_secs_f64());
        let mut findings = judge(&step.expect, step, output, &scope);
        if !findings.is_empty() {
            let log = &mut findings[0].log;
            for (name, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                let lines: Vec<&str> = text.lines().collect();
                let last = lines.iter().skip(lines.len().saturating_sub(LAST_LINES));
                log.extend(last.map(|line| format!("{name}: {line}")));
            }
        }
        if findings.is_empty() || step.expect.judging == Judging::Lenient {
            findings.extend(self.store(&step.capture, &step.secret, &scope));
        }
        StepFindings::of(findings)
    }
}

fn judge(
    expect: &CommandExpectations,
    step: &RunStep,
    output: &CommandOutput,
    scope: &Scope,
) -> Vec<Finding> {
    let finding =
        |part, expected: String, found: String| Finding::new(FindingKind::Command(part), expected, found);
    let codes: Vec<String> = expect.exit.iter().map(ToString::to_string).collect();
    let expected = format!("exit code {}", codes.join(" or "));
    let exit = match &output.end {
        CommandEnd::Exited(exit) => {
            let is_expected =
                matches!(exit, Exit::Code(code) if expect.exit.iter().any(|e| i32::from(*e) == *code));
            (!is_expected).then(|| exit.to_string())
        }
        CommandEnd::TimedOut => {
            Some(format!("it was ended, because it didn't end within {:?}", step.timeout))
        }
        CommandEnd::NotStarted(why) => {
            return vec![finding(CommandPart::Exit, expected, format!("it can't be started: {why}"))];
        }
    };
    let mut findings: Vec<_> =
        exit.map(|found| finding(CommandPart::Exit, expected, found)).into_iter().collect();
    let outputs = [
        (CommandPart::Stdout, &expect.stdout, &output.stdout),
        (CommandPart::Stderr, &expect.stderr, &output.stderr),
    ];
    for (part, texts, written) in outputs {
        findings.extend(texts.iter().filter_map(|text| missing(part, text, written, scope)));
    }
    findings.extend(judge_that(&expect.that, scope));
    findings
}

/// The finding that a text isn't in what was written.
fn missing(part: CommandPart, text: &Template, written: &str, scope: &Scope) -> Option<Finding> {
    match text.render(scope) {
        Ok(text) if written.contains(&text) => None,
        Ok(text) => {
            let found =
                if written.is_empty() { "nothing was written" } else { "it isn't in what was written" };
            Some(Finding::new(FindingKind::Command(part), text, found))
        }
        Err(error) => Some(Finding::unevaluated(FindingKind::Command(part), error)),
    }
}

/// The exit code, as shells count: one that a signal ended has 128 and its number.
fn code(exit: Exit) -> Value {
    match exit {
        Exit::Code(code) => i64::from(code).into(),
        Exit::Signal(signal) => i64::from(128 + signal).into(),
        Exit::Unknown => Value::Null,
    }
}
