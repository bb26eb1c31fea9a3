//! From the command line to a serving process.

use std::{
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::{
    app::App,
    clock::SystemClock,
    config::{self, SharedArguments},
    environment::Environment,
    serve::{ServerLimits, listen, serve, stop_signal},
    start_error::StartError,
};
use crate::{
    about::About,
    client::{service_key::ServiceKey, transport::http_transport},
    store::Disk,
};

/// What a service gets from the arguments that all services share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The secret that the services share.
    pub service_key: ServiceKey,
}

/// The whole of a service's `main`: reads the command line, makes the app, serves it until the process is told to stop. An
/// error is one line on stderr and the exit code 1.
pub fn start<A: Args>(
    about: &About,
    make: impl FnOnce(Shared, A, Environment) -> Result<App, StartError>,
) -> ExitCode {
    let (shared, own) = config::from_command_line::<A>(about);
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match run(about, shared, own, make) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
            // The write fails when stderr is closed; the exit code tells of the error, too.
            drop(writeln!(io::stderr(), "{}: {error}{help}", about.name));
            ExitCode::FAILURE
        }
    }
}

fn run<A: Args>(
    about: &About,
    arguments: SharedArguments,
    own: A,
    make: impl FnOnce(Shared, A, Environment) -> Result<App, StartError>,
) -> Result<(), StartError> {
    let service_key = ServiceKey::for_address(arguments.service_key, arguments.bind)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = arguments.workers {
        runtime.worker_threads(workers.get());
    }
    let runtime = runtime.enable_all().build().map_err(StartError::Thread)?;
    runtime.block_on(async {
        let listener = listen(SocketAddr::new(arguments.bind, arguments.port)).await?;
        let development = service_key.is_development();
        let environment = Environment {
            clock: Arc::new(SystemClock),
            disk: Disk::File(arguments.database),
            transport: http_transport(),
            seed: u64::from(std::process::id()),
        };
        let app = make(Shared { service_key }, own, environment)?;
        if development {
            tracing::info!("using the built-in service key, which is public: for development only");
        }
        serve(about.name, app, listener, ServerLimits::default(), stop_signal())
            .await
            .map_err(StartError::Failed)
    })
}
