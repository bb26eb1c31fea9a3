//! Runs the commands of steps, each like a service: in a process group of its own, which ends with the world.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{CommandEnd, CommandLine, CommandOutput, CommandPlaces};
use scenario::Object;
use tokio::time::timeout;
use verdict::{BrokenOff, Exit};

use crate::{
    LiveWorld,
    guardian::Guardian,
    log::{LineSink, Log, Origin},
    mark::ServiceMark,
    process::{Launch, Process, exit},
};

/// What commands are called where their lines are shown, and where what they leave is ended.
const COMMAND: &str = "run";
/// How long a command has to end after it was asked to, once its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// What commands need of the fleet.
pub(crate) struct Commands {
    /// The configuration's folder.
    pub(crate) folder: PathBuf,
    /// The scenario's name.
    pub(crate) scenario: String,
    /// Receives their lines.
    pub(crate) lines: Option<LineSink>,
    pub(crate) guardian: Arc<Guardian>,
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Commands").field(&self.folder).finish()
    }
}

impl LiveWorld {
    pub(crate) fn places(&self) -> CommandPlaces {
        let services = self.services();
        let url = services.iter().map(|s| (s.name.to_string(), s.address.to_string().into()));
        let started = self.services.all().iter();
        let folder = self.folder.created();
        let data_dir = started.filter_map(|service| {
            let folder = folder?.join(service.name.as_str());
            Some((service.name.to_string(), folder.to_string_lossy().into_owned().into()))
        });
        CommandPlaces {
            url: url.collect::<Object>(),
            data_dir: data_dir.collect::<Object>(),
            conf_dir: self.commands.folder.to_string_lossy().into_owned(),
        }
    }

    /// Runs a command to its end. What it has started ends with it.
    pub(crate) async fn run_command(&self, line: CommandLine) -> Result<CommandOutput, BrokenOff> {
        let CommandLine { words, env, cwd, stdin, timeout: limit } = line;
        let folder = cwd.map_or_else(|| self.commands.folder.clone(), |cwd| self.commands.folder.join(cwd));
        let service = COMMAND.parse().expect("letters are a name");
        let mark = Some(ServiceMark { world: Arc::clone(&self.mark), service });
        let launch = Launch { words, env, folder, mark, stdin: Some(stdin) };
        let (stdout, stderr) = (self.command_log(), self.command_log());
        let began = Instant::now();
        let output = |end| CommandOutput {
            end,
            stdout: stdout.whole(),
            stderr: stderr.whole(),
            took: began.elapsed(),
        };
        let process = match launch.spawn_apart(&stdout, &stderr, &self.commands.guardian) {
            Ok(process) => process,
            Err(error) => {
                let folder = launch.folder.display();
                return Ok(output(CommandEnd::NotStarted(format!("{error} (in {folder})"))));
            }
        };
        let end = await_end(&process, limit).await;
        process.drained().await;
        Ok(output(end))
    }

    /// A log of one output of a command, which keeps all of it.
    fn command_log(&self) -> Log {
        let links = Some(self.links.clone());
        let origin = Origin { scenario: self.commands.scenario.clone(), source: COMMAND.to_owned(), links };
        Log::keeping_all(origin, self.commands.lines.clone())
    }
}

/// Waits for the end of a process, and ends it when the time is over.
async fn await_end(process: &Process, limit: Duration) -> CommandEnd {
    if let Ok(status) = timeout(limit, process.ended()).await {
        return CommandEnd::Exited(status.map_or(Exit::Unknown, exit));
    }
    process.stop(GRACE).await;
    CommandEnd::TimedOut
}
