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
    let fleet = Fleet::new(configuration, Options::default());
    let kept_up = async {
        if !arguments.place.no_build {
            fleet.build().await?;
        }
        let world = fleet.up(Seed(0)).await?;
        // A person who can't be told where the services are can still find them.
        drop(describe(&world));
        interrupt::wait().await;
        world.close().await;
        Ok::<(), BrokenOff>(())
    };
    let ended = Live.block_on(async {
        tokio::select! {
            biased;
            ended = kept_up => ended,
            // While services are still being built or started.
            () = interrupt::wait() => Ok(()),
        }
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
