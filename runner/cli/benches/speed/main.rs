//! Measures what a person waits for, each beside a time to compare it with: `cargo bench -p runner`, or only what needs no
//! services with `cargo bench -p runner -- hurl`.
//!
//! It prints times and ratios, and fails for none: machines are shared, so compare within one run only.

mod beside_hurl;
mod server;
mod watching;

use std::{
    error::Error,
    io::{Write, stdout},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, FleetOptions};
use scenario::read_configuration;

const TIMES: u32 = 15;
/// The variable with which e2e.conf is told how the shop is built.
const PROFILE: &str = "SHOP_PROFILE";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "hurl") {
        return beside_hurl::measure();
    }
    // Benchmarks run in their package's folder; the configuration and the scenarios are the repository's.
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    if std::env::var_os(PROFILE).is_none() {
        // Of optimised services; the configuration reads the variable.
        let status = Command::new(std::env::current_exe()?).env(PROFILE, "release").status()?;
        return if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) };
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let configuration = read_configuration(&std::fs::read_to_string("e2e.conf")?, "e2e.conf".into());
    let configuration = configuration.map_err(|mistakes| format!("{mistakes:?}"))?;
    let fleet = Fleet::new(configuration.into(), FleetOptions::default());
    runtime.block_on(fleet.build())?;

    let nothing = median(|| timed("true", &[]))?;
    let version = median(|| timed(env!("CARGO_BIN_EXE_runner"), &["--version"]))?;
    show("`true`", nothing, "", nothing)?;
    show("`runner --version`", version, "`true`", nothing)?;

    let services = ["users-service", "orders-service", "payment-service"];
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let profile = std::env::var(PROFILE)?;
    let processes = median(|| {
        let began = Instant::now();
        for service in services {
            timed(&format!("{target}/{profile}/{service}"), &["--version"])?;
        }
        Ok(began.elapsed())
    })?;
    show("three services' `--version`", processes, "", processes)?;
    let ready = median(|| {
        let began = Instant::now();
        let world = runtime.block_on(fleet.up(Seed(0)))?;
        let ready = began.elapsed();
        runtime.block_on(world.close());
        Ok(ready)
    })?;
    show("three services ready, with links", ready, "their `--version`", processes)?;

    watching::measure(&format!("{target}/{profile}/users-service"))?;
    beside_hurl::measure()?;

    let suite = timed(env!("CARGO_BIN_EXE_runner"), &["scenarios/", "--no-build"])?;
    show("all scenarios, a fresh fleet for each", suite, "one fleet", ready)
}

/// How long a command takes; it has to succeed.
fn timed(program: &str, arguments: &[&str]) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    if status.success() { Ok(began.elapsed()) } else { Err(format!("{program} ended with {status}").into()) }
}

fn median(mut measure: impl FnMut() -> Result<Duration, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut times = (0..TIMES).map(|_| measure()).collect::<Result<Vec<_>, _>>()?;
    times.sort();
    Ok(times[times.len() / 2])
}

fn show(what: &str, took: Duration, beside: &str, other: Duration) -> Result<(), Box<dyn Error>> {
    let ratio = took.as_secs_f64() / other.as_secs_f64();
    let comparison = if beside.is_empty() { String::new() } else { format!("  {ratio:.1} × {beside}") };
    writeln!(stdout(), "{what:<40} {took:>10.1?}{comparison}")?;
    Ok(())
}
