//! From the command line to a serving process, and what can go wrong on the way.

use std::{
    io::{self, IsTerminal, Write},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::{
    app::App,
    clock::SystemClock,
    config::{self, About, SharedArguments},
    environment::{Disk, Environment},
    serve::{Limits, listen, serve, stop_signal},
    service_key::ServiceKey,
    store::StoreError,
    transport::http_transport,
};

/// Why a service did not start, or could not go on: which thing, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is taken: stop what listens there, or choose another with --port")]
    PortTaken(SocketAddr),
    /// It can't listen there.
    #[error("can't listen on {address}: {reason}; choose another with --bind or --port")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// Another process has the database.
    #[error("the database {} is in use: stop the process that has it open, or choose another with --database", path.display())]
    DatabaseLocked {
        /// The file.
        path: PathBuf,
    },
    /// It can't be opened, or isn't one.
    #[error("the database {} can't be opened: {reason}; mend it, or choose another with --database", path.display())]
    DatabaseUnreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The first records could not be written.
    #[error("the database can't be written: {0}; choose another with --database")]
    Prepare(StoreError),
    /// What it serves from failed.
    #[error(
        "stopped, as nothing can be written any more: {0}; when the disk is well, start it again: what was answered is kept"
    )]
    Failed(StoreError),
    /// No thread.
    #[error("can't start a thread: {0}")]
    Thread(io::Error),
    /// The built-in key is for loopback alone.
    #[error(
        "won't listen on {bind} with the built-in key: give --service-key (or SERVICE_KEY), or stay on 127.0.0.1"
    )]
    KeyNeeded {
        /// Where it was to listen.
        bind: IpAddr,
    },
    /// A key that no header can bear.
    #[error("the service key must be visible ASCII characters: change --service-key (or SERVICE_KEY)")]
    UnfitKey,
    /// Not the root of a service's URLs.
    #[error("{url:?} is no address of a service: write it like http://localhost:5002")]
    UnfitUrl {
        /// What was given.
        url: String,
    },
}

/// What [`start`] hands to a service besides its own arguments.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The key of this fleet.
    pub service_key: ServiceKey,
}

/// The whole of a service's `main`: reads the command line, makes the app, serves it until the process is told to
/// stop. Whatever keeps it from starting or going on is one line on stderr and an exit code of 1.
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
            // Nothing can be done when stderr is closed, and the exit code says it too.
            drop(writeln!(io::stderr(), "{}: {error}", about.name));
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
            tracing::info!("using the built-in service key, which everybody knows: for development only");
        }
        serve(about.name, app, listener, Limits::default(), stop_signal()).await.map_err(StartError::Failed)
    })
}
