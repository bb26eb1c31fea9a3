use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fault::ServiceName;

use super::Judging;
use crate::{Bindings, Expression, Span, Template};

/// A command that a step runs. Its templates can also name `url[service]`, `data_dir[service]` and `conf_dir`.
#[derive(Debug, Clone)]
pub struct RunStep {
    /// The program and its arguments.
    pub command: Vec<Template>,
    /// Environment variables, in addition to those of the runner itself.
    pub env: BTreeMap<String, Template>,
    /// The working folder, relative to the configuration's folder, which it is when `None`.
    pub cwd: Option<Template>,
    /// What the command reads from its standard input; nothing when `None`.
    pub stdin: Option<Template>,
    /// How long it may take, before it is ended.
    pub timeout: Duration,
    /// The services whose addresses or folders it is given.
    pub services: BTreeSet<ServiceName>,
    /// What must come of it.
    pub expect: CommandExpectations,
    /// Names and the expressions over `exit`, `stdout`, `stderr` and `took` that give their values.
    pub capture: Vec<(String, Expression)>,
    /// Those of these names whose values are secret.
    pub secret: BTreeSet<String>,
}

/// The expectations on a command. All of them are judged, also after one has failed.
#[derive(Debug, Clone)]
pub struct CommandExpectations {
    /// Where `expect:` stands; `None` without one.
    pub span: Option<Span>,
    /// Its exit code is one of these.
    pub exit: Vec<u8>,
    /// Each of these texts is in what it writes to its standard output.
    pub stdout: Vec<Template>,
    /// The same of its standard error.
    pub stderr: Vec<Template>,
    /// Expressions over `exit`, `stdout`, `stderr` and `took`, each of which must be true.
    pub that: Vec<Expression>,
    /// What follows when an expectation isn't met.
    pub judging: Judging,
}

impl Default for CommandExpectations {
    /// It ends with exit code 0.
    fn default() -> Self {
        let (span, stdout, stderr, that, judging) = Default::default();
        Self { span, exit: vec![0], stdout, stderr, that, judging }
    }
}

impl RunStep {
    /// The same command with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let all = |templates: &[Template]| templates.iter().map(|template| template.bind(bindings)).collect();
        let env = self.env.iter().map(|(name, value)| (name.clone(), value.bind(bindings)));
        let capture = self.capture.iter().map(|(name, value)| (name.clone(), value.bind(bindings)));
        let that = self.expect.that.iter().map(|condition| condition.bind(bindings));
        Self {
            command: all(&self.command),
            env: env.collect(),
            cwd: self.cwd.as_ref().map(|cwd| cwd.bind(bindings)),
            stdin: self.stdin.as_ref().map(|text| text.bind(bindings)),
            expect: CommandExpectations {
                stdout: all(&self.expect.stdout),
                stderr: all(&self.expect.stderr),
                that: that.collect(),
                ..self.expect.clone()
            },
            capture: capture.collect(),
            ..self.clone()
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let sent = self.command.iter().chain(self.env.values()).chain(&self.cwd).chain(&self.stdin);
        let templates = sent.chain(&self.expect.stdout).chain(&self.expect.stderr);
        let expressions = self.expect.that.iter().chain(self.capture.iter().map(|(_, value)| value));
        templates.flat_map(Template::names).chain(expressions.flat_map(Expression::names))
    }
}
