//! Command line and environment variables that all services share.

use std::{net::IpAddr, num::NonZero, path::PathBuf};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

use crate::about::About;

/// Arguments of every service.
#[derive(Debug, Clone, Args)]
pub(super) struct SharedArguments {
    /// Port to listen on; 0 takes a free one and logs it.
    #[arg(long, env = "PORT")]
    pub(super) port: u16,
    /// Address to listen on. Anything but loopback needs a service key of its own.
    #[arg(long, default_value = "127.0.0.1")]
    pub(super) bind: IpAddr,
    /// File of the database; it is created when it does not exist.
    #[arg(long)]
    pub(super) database: PathBuf,
    /// Secret that the services share (1 or more visible ASCII characters).
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    pub(super) service_key: Option<String>,
    /// Threads that answer requests, beside the one that writes; by default one for each processor.
    #[arg(long, env = "WORKERS")]
    pub(super) workers: Option<NonZero<usize>>,
}

/// Arguments of a service that has none of its own.
#[derive(Debug, Clone, Copy, Args)]
pub struct NoArguments {}

#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine<A: Args> {
    #[command(flatten)]
    shared: SharedArguments,
    #[command(flatten)]
    own: A,
}

/// Reads the command line of the process; ends the process on `--help` and on mistakes, as clap does.
pub(super) fn from_command_line<A: Args>(about: &About) -> (SharedArguments, A) {
    read(&command::<A>(about).get_matches())
}

fn command<A: Args>(about: &About) -> clap::Command {
    CommandLine::<A>::command()
        .name(about.name)
        .about(about.purpose)
        .mut_arg("port", |arg| arg.required(false).default_value(about.port.to_string()))
        .mut_arg("database", |arg| arg.required(false).default_value(about.database))
}

fn read<A: Args>(matches: &ArgMatches) -> (SharedArguments, A) {
    let line = CommandLine::<A>::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    (line.shared, line.own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About =
        About { name: "some-service", purpose: "Does something.", port: 5009, database: "some.redb" };

    #[test]
    fn defaults_are_the_service_s_own() {
        let command = command::<NoArguments>(&ABOUT);
        command.clone().debug_assert();
        let none = command.clone().try_get_matches_from(["some-service", "--workers", "0"]);
        assert!(none.is_err(), "at least one thread has to answer");
        let (shared, _) = read::<NoArguments>(&command.get_matches_from(["some-service", "--bind", "::1"]));
        assert_eq!(shared.database, PathBuf::from("some.redb"));
        assert!(shared.bind.is_loopback());
        assert_eq!(shared.workers, None);
    }
}
