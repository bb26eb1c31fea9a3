//! From saving a scenario to its verdict.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{median, show, timed};

/// The time between two saves: as a person's, longer than a service takes to start.
const BETWEEN_SAVES: Duration = Duration::from_millis(300);

/// A run that watches; it ends with the measurement.
struct Watching {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watching {
    fn until(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            if self.out.read_line(&mut line)? == 0 {
                return Err(format!("it ended before it told `{text}`").into());
            }
        }
        Ok(())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status());
        drop(self.child.wait());
    }
}

/// Measures the verdict of a scenario of this service that is saved, beside a run of it.
pub(crate) fn measure(service: &str) -> Result<(), Box<dyn Error>> {
    let service = Path::new(service).canonicalize()?;
    let folder = tempfile::tempdir()?;
    let configuration = format!(
        "services:\n  users:\n    command: {} --port ${{port}} --database ${{data_dir}}/users.redb\n    ready: /livez\n",
        service.display()
    );
    let conf = folder.path().join("e2e.conf");
    fs::write(&conf, configuration)?;
    let file = folder.path().join("nobody.yaml");
    let scenario = "scenario: Nobody has this id\nsteps:\n  - request: GET users /api/users/999999\n    expect: { status: 404 }\n";
    let save = |number: usize| fs::write(&file, format!("{scenario}# {number}\n"));
    save(0)?;
    let (conf, path) = (conf.display().to_string(), file.display().to_string());
    let plain = median(|| timed(env!("CARGO_BIN_EXE_runner"), &[&path, "--config", &conf]))?;
    show("a scenario of one service", plain, "", plain)?;

    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.args([&path, "--config", &conf, "--watch"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let out = BufReader::new(child.stdout.take().ok_or("its output is piped")?);
    let mut watching = Watching { child, out };
    watching.until("Ctrl-C ends it")?;
    let mut number = 0;
    let saved = median(|| {
        thread::sleep(BETWEEN_SAVES);
        number += 1;
        let began = Instant::now();
        save(number)?;
        watching.until("✓")?;
        let took = began.elapsed();
        watching.until("Ctrl-C ends it")?;
        Ok(took)
    })?;
    show("the same, from its save to its verdict", saved, "a run of it", plain)
}
