//! Starts the services with a proxy on every link, and keeps them running for use by hand.

use std::{
    io::{self, Write},
    sync::Arc,
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, FleetOptions, LiveWorld};
use report::{PreparationView, Progress};
use verdict::BrokenOff;

use crate::{
    Exit, Live, Worlds,
    arguments::Up,
    interrupt,
    output::{show_broken_off, show_mistakes},
    project::configuration,
    project_command::progress,
    service_output::{Notices, ScenarioNames, print_lines},
};

/// Starts the services on the ports of their `base_url` and waits for Ctrl-C. They are real processes, also in a
/// program that has its own worlds.
pub(crate) fn up(arguments: &Up) -> Exit {
    let configuration = match configuration(arguments.configuration.file.as_deref(), &[]) {
        Ok(configuration) => Arc::new(configuration),
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    let progress = if arguments.logs { Progress::Hidden } else { progress() };
    let view = PreparationView::start(anstream::stderr(), progress);
    let notices = Notices::default();
    let options = FleetOptions {
        preparation: view.sink(),
        lines: arguments.logs.then(|| print_lines(ScenarioNames::Hidden)),
        notices: notices.sink(),
        ..FleetOptions::default()
    };
    let fleet = Fleet::new(configuration, options);
    let starting = async move {
        let _shown_until_it_is_up = view;
        if !arguments.configuration.no_build {
            fleet.build().await?;
        }
        fleet.up(Seed(0)).await
    };
    let mut interrupt = interrupt::listen();
    let ended: Result<(), BrokenOff> = Live.block_on(async {
        let world = tokio::select! {
            biased;
            // Also while services are built or started.
            () = &mut interrupt => return Ok(()),
            started = starting => started?,
        };
        // The services run even if their addresses can't be printed.
        drop(describe(&world));
        interrupt.await;
        world.close().await;
        Ok(())
    });
    notices.show();
    match ended {
        Ok(()) => Exit::Passed,
        Err(broken) => show_broken_off(&broken),
    }
}

fn describe(world: &LiveWorld) -> io::Result<()> {
    let mut out = anstream::stdout();
    for service in world.services() {
        writeln!(out, "{:<20} {}", service.name, service.address)?;
    }
    for (link, address) in world.link_addresses() {
        writeln!(out, "{link:<40} through http://{address}")?;
    }
    writeln!(out, "\nUp until Ctrl-C.")?;
    out.flush()
}
