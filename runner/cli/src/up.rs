//! The fleet, kept up for a person to browse.

use std::{
    io::{self, Write},
    sync::Arc,
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, LiveWorld, Options};
use verdict::BrokenOff;

use crate::{
    Exit, Live, Worlds,
    arguments::Up,
    attend::preparation_view,
    interrupt,
    project::configuration,
    run::{show_broken_off, show_mistakes},
};

/// Starts the services on their own ports and waits for Ctrl-C. A fleet is of real processes in any binary.
pub(crate) fn up(arguments: &Up) -> Exit {
    let configuration = match configuration(arguments.place.config.as_deref(), &[]) {
        Ok(configuration) => Arc::new(configuration),
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    let view = preparation_view();
    let fleet = Fleet::new(configuration, Options { preparation: view.sink(), ..Options::default() });
    let raised = async move {
        let _shown_until_it_is_up = view;
        if !arguments.place.no_build {
            fleet.build().await?;
        }
        fleet.up(Seed(0)).await
    };
    let mut interrupt = interrupt::listen();
    let ended: Result<(), BrokenOff> = Live.block_on(async {
        let world = tokio::select! {
            biased;
            // While services are still being built or started.
            () = &mut interrupt => return Ok(()),
            raised = raised => raised?,
        };
        // A person who can't be told where the services are can still find them.
        drop(describe(&world));
        interrupt.await;
        world.close().await;
        Ok(())
    });
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
