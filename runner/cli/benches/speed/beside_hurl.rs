//! The same requests and expectations, run by this runner and by hurl in turn.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{ErrorKind, Write as _, stdout},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use crate::server;

const TIMES: usize = 9;
const FILES: usize = 200;
const REQUESTS: usize = 1_000;
/// Prints the wall time, and the processor time of a command and of what it starts, in seconds.
const TIME: &str = r#"TIMEFORMAT="%R %U %S"; time "$@" > /dev/null 2>&1"#;

/// What a command took, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

/// Measures both, if hurl is there.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    for (program, why) in [("hurl", "it is compared with"), ("bash", "its `time` measures")] {
        let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        if found.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            writeln!(stdout(), "beside hurl: skipped, since there is no `{program}` in PATH, which {why}")?;
            return Ok(());
        }
    }
    let address = server::start()?;
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("e2e.conf"),
        format!("services:\n  shop: {{ base_url: http://{address} }}\n"),
    )?;
    let (many, one) = (folder.path().join("many"), folder.path().join("one"));
    for folder in [&many, &one] {
        fs::create_dir(folder)?;
    }
    for number in 0..FILES {
        write_pair(&many, number, &[made(), read("${id}", "{{id}}")], address)?;
    }
    let reads: Vec<_> = (0..REQUESTS).map(|id| read(&id.to_string(), &id.to_string())).collect();
    write_pair(&one, 0, &reads, address)?;
    compare(&format!("{FILES} files of two requests"), folder.path(), "many")?;
    compare(&format!("one file of {REQUESTS} requests"), folder.path(), "one")
}

/// A step of a scenario, and the entry of hurl that does the same.
type Pair = (String, String);

fn made() -> Pair {
    let step = "  - request: POST shop /items
    body: { name: thing }
    expect: { status: 201, body: { name: thing, price: 12.5 } }
    capture: { id: body.id }\n";
    let entry =
        "POST {base}/items\n{ \"name\": \"thing\" }\nHTTP 201\n[Captures]\nid: jsonpath \"$.id\"\n[Asserts]
jsonpath \"$.name\" == \"thing\"\njsonpath \"$.price\" == 12.5\n\n";
    (step.into(), entry.into())
}

/// Reads an item, whose id is written in these ways.
fn read(id: &str, hurl: &str) -> Pair {
    let step = format!(
        "  - request: GET shop /items/{id}\n    expect: {{ status: 200, body: {{ status: ok, id: \"{id}\", owner: {{ name: ann }} }} }}\n"
    );
    let entry = format!(
        "GET {{base}}/items/{hurl}\nHTTP 200\n[Asserts]\njsonpath \"$.status\" == \"ok\"\njsonpath \"$.id\" == \"{hurl}\"\njsonpath \"$.owner.name\" == \"ann\"\n\n"
    );
    (step, entry)
}

fn write_pair(
    folder: &Path,
    number: usize,
    pairs: &[Pair],
    address: SocketAddr,
) -> Result<(), Box<dyn Error>> {
    let (mut scenario, mut hurl) = (format!("scenario: Number {number}\nsteps:\n"), String::new());
    for (step, entry) in pairs {
        scenario += step;
        write!(hurl, "{}", entry.replace("{base}", &format!("http://{address}")))?;
    }
    // A text, as the server sends it.
    fs::write(folder.join(format!("{number}.yaml")), scenario.replace("id: \"${id}\"", "id: \"17\""))?;
    fs::write(folder.join(format!("{number}.hurl")), hurl)?;
    Ok(())
}

fn compare(what: &str, project: &Path, folder: &str) -> Result<(), Box<dyn Error>> {
    let mut files: Vec<_> = fs::read_dir(project.join(folder))?
        .map(|file| Ok(file?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "hurl"));
    files.sort();
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let hurl: Vec<&str> = ["hurl", "--test"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        own.push(cost(&[env!("CARGO_BIN_EXE_runner"), folder], project)?);
        other.push(cost(&hurl, project)?);
    }
    for (of, name) in [(processor as fn(&Cost) -> f64, "processor"), (wall, "wall")] {
        let (own, other) = (median(&own, of), median(&other, of));
        let (milliseconds, ratio) = (own * 1e3, own / other);
        writeln!(stdout(), "{:<40} {milliseconds:>7.1} ms  {ratio:.2} × hurl's", format!("{what}, {name}"))?;
    }
    Ok(())
}

fn processor(cost: &Cost) -> f64 {
    cost.processor
}

fn wall(cost: &Cost) -> f64 {
    cost.wall
}

fn median(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a command takes that has to succeed.
fn cost(command: &[&str], folder: &Path) -> Result<Cost, Box<dyn Error>> {
    let output =
        Command::new("bash").args(["-c", TIME, "bash"]).args(command).current_dir(folder).output()?;
    let told = String::from_utf8(output.stderr)?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", command[0], output.status).into());
    }
    let times = told.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let [wall, user, system] = times[..] else { return Err(format!("these aren't times: {told}").into()) };
    Ok(Cost { wall, processor: user + system })
}
