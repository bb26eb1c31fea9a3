//! The documents for users: their blocks are written, run and compared in order, in a folder that is empty at first.

use std::{
    env,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::{Failed, Trial};
use scenario::FileKind;
use tempfile::TempDir;

use super::{
    binaries,
    document::{Block, Part, Purpose, parts},
    reference,
    schemas::Validator,
    transcript::difference,
};

/// How long a block may run.
const LONGEST: Duration = Duration::from_mins(2);
/// How often the output of a program in the background is looked at.
const EVERY: Duration = Duration::from_millis(20);

/// Runs lines in a process group of their own, which ends with them, or with this shell. The shell itself stays in the tests' group: other
/// children of the tests' process count as what a service has left behind.
const SHELL: &str = "\
exec 3>&2 2>/dev/null
set -m
trap 'kill -KILL -- -$job; exit 143' TERM
bash -euo pipefail -c \"$1\" 2>&3 3>&- &
job=$!
wait $job
code=$?
kill -KILL -- -$job
exit $code
";

/// A test for each document: the README and those in `docs`. One that needs a program that isn't there is skipped.
pub(super) fn trials() -> Vec<Trial> {
    let mut documents: Vec<PathBuf> = fs::read_dir("docs")
        .expect("the folder of documents")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        // Its blocks are excerpts of the examples, which run.
        .filter(|path| path != Path::new(reference::FILE))
        .collect();
    documents.push("README.md".into());
    documents.sort();
    documents.iter().flat_map(|document| of_document(document)).collect()
}

/// A test for each project of a document, in which blocks build on each other.
fn of_document(document: &Path) -> Vec<Trial> {
    let name = format!("docs::document {}", document.display());
    let read = fs::read_to_string(document).map_err(|error| error.to_string());
    let projects = match read.and_then(|text| projects(&text)) {
        Ok(projects) => projects,
        Err(wrong) => return vec![Trial::test(name, || Err(wrong.into()))],
    };
    let trials = projects.into_iter().map(|(heading, blocks)| {
        let missing = binaries::missing(&blocks.iter().map(needs).collect::<Vec<_>>().join("\n"));
        let place = if heading.is_empty() { String::new() } else { format!(", {heading}") };
        let trial = Trial::test(format!("{name}{place}"), move || run(&blocks));
        binaries::unless_missing(trial, &missing)
    });
    trials.collect()
}

/// What names the programs that a block needs.
fn needs(block: &Block) -> &str {
    match &block.purpose {
        Purpose::Shown => "",
        Purpose::File { schema: Some(_), .. } => binaries::SCHEMA_CHECK,
        _ => &block.text,
    }
}

/// The projects of a document that have blocks, each with the heading above it.
fn projects(text: &str) -> Result<Vec<(String, Vec<Block>)>, String> {
    let mut projects = vec![(String::new(), Vec::new())];
    for part in parts(text)? {
        match part {
            Part::NewProject(heading) => projects.push((heading, Vec::new())),
            Part::Block(block) => projects.last_mut().expect("there is one").1.push(block),
        }
    }
    projects.retain(|(_, blocks)| !blocks.is_empty());
    Ok(projects)
}

/// Does with each block of a project what it is for. Fails with the line of the first that isn't as it is written.
fn run(blocks: &[Block]) -> Result<(), Failed> {
    let mut project = Project::new()?;
    for block in blocks {
        project.take(block).map_err(|wrong| format!("the block in line {}: {wrong}", block.line))?;
    }
    Ok(())
}

/// A folder in which the blocks of a document are written and run.
struct Project {
    /// Holds the project's folder, and beside it what blocks write.
    temporary: TempDir,
    folder: PathBuf,
    /// What the last block that ran wrote.
    written: Option<String>,
    background: Vec<Child>,
}

impl Project {
    fn new() -> Result<Self, Failed> {
        let temporary = tempfile::Builder::new().prefix("document-").tempdir()?;
        let folder = temporary.path().canonicalize()?.join("project");
        fs::create_dir(&folder)?;
        Ok(Self { temporary, folder, written: None, background: Vec::new() })
    }

    fn take(&mut self, block: &Block) -> Result<(), String> {
        match &block.purpose {
            Purpose::File { path, schema } => {
                let path = self.folder.join(path);
                let folder = path.parent().expect("it is below the project's folder");
                fs::create_dir_all(folder)
                    .and_then(|()| fs::write(&path, &block.text))
                    .map_err(|error| error.to_string())?;
                schema.as_ref().map_or(Ok(()), |schema| check_schema(&path, schema))
            }
            Purpose::Run { exit } => self.run(&block.text, *exit),
            Purpose::Background { until } => self.start(&block.text, until),
            Purpose::Output(extent) => {
                let written = self.written.as_ref().ok_or("no block before it runs")?;
                difference(&block.text, written, *extent, &self.folder).map_or(Ok(()), Err)
            }
            Purpose::Shown => check(block),
        }
    }

    /// Runs lines of a shell, of which the first that fails ends it.
    fn run(&mut self, lines: &str, exit: i32) -> Result<(), String> {
        let (mut child, output) = self.spawn(lines)?;
        let process = child.id();
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(child.wait()));
        let status = end.recv_timeout(LONGEST);
        let written = read(&output);
        let status = status.map_err(|_| {
            terminate(process);
            format!("it didn't end within {} s:\n{written}", LONGEST.as_secs())
        })?;
        let status = status.map_err(|error| error.to_string())?;
        let code = status.code().unwrap_or_default();
        if code != exit {
            return Err(format!("its exit code is {code}, not {exit}:\n{written}"));
        }
        self.written = Some(written);
        Ok(())
    }

    /// Starts what runs on, and waits until it has written `until`.
    fn start(&mut self, lines: &str, until: &str) -> Result<(), String> {
        let (child, output) = self.spawn(lines)?;
        self.background.push(child);
        let began = Instant::now();
        loop {
            let written = read(&output);
            if written.contains(until) {
                self.written = Some(written);
                return Ok(());
            }
            let ended = self.background.last_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || began.elapsed() > LONGEST {
                return Err(format!("it didn't write `{until}`:\n{written}"));
            }
            thread::sleep(EVERY);
        }
    }

    fn spawn(&self, lines: &str) -> Result<(Child, PathBuf), String> {
        let binaries =
            binaries::folder().map_err(|failed| failed.message().unwrap_or_default().to_owned())?;
        let path = env::join_paths(
            [binaries.to_path_buf()]
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        );
        let output = self.temporary.path().join(format!("{}.out", self.background.len()));
        let file = File::create(&output).map_err(|error| error.to_string())?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let mut shell = Command::new("bash");
        shell.args(["-c", SHELL, "document", lines]).current_dir(&self.folder);
        shell.env("PATH", path.map_err(|error| error.to_string())?);
        for cargo in
            env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("CARGO"))
        {
            shell.env_remove(cargo);
        }
        // Their output is for a person at a terminal, not for a workflow.
        shell.env_remove("COLUMNS").env_remove("CI").env_remove("GITHUB_ACTIONS");
        shell.stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = shell.spawn().map_err(|error| format!("bash can't be started: {error}"))?;
        Ok((child, output))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        for mut child in self.background.drain(..) {
            if matches!(child.try_wait(), Ok(None)) {
                terminate(child.id());
                drop(child.wait());
            }
        }
    }
}

fn read(file: &Path) -> String {
    let mut content = Vec::new();
    drop(File::open(file).and_then(|mut file| file.read_to_end(&mut content)));
    String::from_utf8_lossy(&content).into_owned()
}

/// Asks a shell to end what it runs.
fn terminate(shell: u32) {
    drop(Command::new("kill").arg(shell.to_string()).status());
}

/// Looks at a block that isn't run, as far as its language can be checked.
fn check(block: &Block) -> Result<(), String> {
    match block.language.as_str() {
        "yaml" => check_yaml(&block.text),
        "json" => serde_json::from_str::<serde_json::Value>(&block.text)
            .map(drop)
            .map_err(|error| error.to_string()),
        "sh" | "bash" => accepts("bash", &["-n", "-c", &block.text]),
        "python" => accepts("python3", &["-c", "import ast, sys; ast.parse(sys.argv[1])", &block.text]),
        _ => Ok(()),
    }
}

/// Refuses what is no YAML, and what is a whole file and has a mistake that can be seen: by its schema if it is one of the language, or in
/// the jobs of a workflow.
fn check_yaml(text: &str) -> Result<(), String> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let has = |key: &str| value.get(key).is_some();
    if has("jobs") {
        return check_workflow(&value);
    }
    // Other programs have `services`, too: theirs have images.
    let kind = FileKind::ALL.iter().find(|kind| has(kind.key())).filter(|_| !text.contains("image:"));
    let schema = kind.map(|kind| Validator::of(std::slice::from_ref(kind)));
    schema.and_then(|schema| schema.complaint(text)).map_or(Ok(()), Err)
}

/// Refuses a file of another program that isn't as its schema says.
fn check_schema(file: &Path, schema: &str) -> Result<(), String> {
    let mut command = Command::new(binaries::SCHEMA_CHECK);
    command.arg("--builtin-schema").arg(format!("vendor.{schema}")).arg(file);
    let ended = command.output().map_err(|error| format!("{}: {error}", binaries::SCHEMA_CHECK))?;
    let written = [ended.stdout, ended.stderr].concat();
    if ended.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&written).into_owned()) }
}

/// Refuses a workflow of GitHub Actions that lacks what each needs.
fn check_workflow(workflow: &serde_yaml::Value) -> Result<(), String> {
    let needs = |value: &serde_yaml::Value, what: &str, keys: &[&str]| {
        let found = keys.iter().any(|key| value.get(key).is_some());
        if found { Ok(()) } else { Err(format!("{what} needs `{}`", keys.join("` or `"))) }
    };
    needs(workflow, "a workflow", &["on"])?;
    for job in workflow["jobs"].as_mapping().into_iter().flat_map(|jobs| jobs.values()) {
        needs(job, "a job", &["runs-on", "uses"])?;
        let steps = job.get("steps").and_then(serde_yaml::Value::as_sequence);
        steps.into_iter().flatten().try_for_each(|step| needs(step, "a step", &["run", "uses"]))?;
    }
    Ok(())
}

/// Whether a program accepts a text; one that isn't there accepts all.
fn accepts(program: &str, arguments: &[&str]) -> Result<(), String> {
    match Command::new(program).args(arguments).output() {
        Ok(ended) if !ended.status.success() => Err(String::from_utf8_lossy(&ended.stderr).into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Fails unless a document is run as it is written, and one that isn't so fails.
pub(super) fn that_are_wrong_fail() -> Result<(), Failed> {
    let runs = |text: &str| projects(text)?.iter().try_for_each(|(_, blocks)| run(blocks));
    let right = "```py file=a/b.txt\none\n```\n```sh\ncat a/b.txt; echo $((6 * 7)) ms\n```\n```text output\none\n7 ms\n```\n";
    runs(right)?;
    runs("```sh exit=3\nexit 3\n```\n```sh\nrunner --version\n```\n")?;
    runs("```sh\ntouch a\n```\n<!-- new project -->\n```sh\ntest ! -e a\n```\n")?;
    runs("```sh background until=ready\necho ready; sleep 1000\n```\n```sh\ntrue\n```\n")?;
    for (text, wrong) in [
        ("```sh\nfalse\ntrue\n```", "the block in line 1: its exit code is 1, not 0"),
        ("```sh\necho two\n```\n```text output\none\n```", "the block in line 4: the document shows"),
        ("```text output\none\n```", "the block in line 1: no block before it runs"),
        ("```sh background until=ready\necho no\n```", "the block in line 1: it didn't write `ready`"),
        ("```yaml\na: [\n```", "the block in line 1: "),
        ("```yaml\nscenario: s\nstep: []\n```", "the block in line 1: jsonschema validation failed"),
        ("```json\n{\n```", "the block in line 1: "),
        (
            "```yaml\non: push\njobs: { a: { runs-on: x, steps: [{ name: y }] } }\n```",
            "the block in line 1: a step needs `run` or `uses`",
        ),
        ("<!-- not run: it is wrong -->\n```sh\nif then\n```", "the block in line 2: bash"),
    ] {
        let failed = runs(text).expect_err(text);
        let message = failed.message().unwrap_or_default();
        if !message.starts_with(wrong) {
            return Err(format!("{text}\nexpected: {wrong}\nfound: {message}").into());
        }
    }
    Ok(())
}
