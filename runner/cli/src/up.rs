//! Starts the services with a proxy on every link, and keeps them running for use by hand.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use engine::World;
use fault::Seed;
use fleet::{Fleet, FleetOptions, LiveWorld, ServiceState};
use report::{Interruption, PreparationView, Progress, WorldKind};
use tokio::runtime::Builder;
use verdict::{HistoryEvent, ProcessChange, Record};

use crate::{
    Exit,
    arguments::Up,
    interrupt::Interrupt,
    masked::{stderr, stdout},
    output::{show_broken_off, show_mistakes},
    project::configuration_to_run,
    project_command::progress,
    service_output::{Notices, ScenarioNames, print_lines},
};

/// How often it looks for services that have ended.
const LOOKED: Duration = Duration::from_millis(200);
/// The last lines of a service that has ended which are shown.
const LINES: usize = 5;

/// Starts the services on the ports of their `base_url` and waits for Ctrl-C. They are real processes, also in a
/// program whose own worlds are of another kind.
pub(crate) fn up(arguments: &Up, world: WorldKind) -> Exit {
    let configuration = match configuration_to_run(arguments.configuration.named.file.as_deref()) {
        Ok(configuration) => Arc::new(configuration),
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    if world == WorldKind::Simulated {
        // Lines that can't be written don't keep the services from running, here as below.
        drop(show("Simulated services have no ports: `up` starts real processes, in real time.\n"));
    }
    let progress = if arguments.logs { Progress::Hidden } else { progress() };
    let view = PreparationView::start(stderr(), progress);
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
    let interrupt = Interrupt::listen();
    // Several threads: here the links carry whatever load is put on them.
    let runtime = Builder::new_multi_thread().enable_all().build();
    let exit = runtime.expect("a runtime needs threads and a poller only").block_on(async {
        let world = match interrupt.unless(starting).await {
            Ok(Ok(world)) => world,
            Ok(Err(broken)) => return show_broken_off(&broken),
            // It isn't up yet.
            Err(why) => return Exit::Interrupted(why),
        };
        drop(show(&description(&world)));
        let watched = interrupt.unless(watch(&world)).await;
        world.close().await;
        match watched {
            // The usual end.
            Ok(()) | Err(Interruption::Interrupt | Interruption::Terminate) => Exit::Passed,
            Err(why) => Exit::Interrupted(why),
        }
    });
    notices.show(exit)
}

fn show(text: &str) -> io::Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn description(world: &LiveWorld) -> String {
    let services = world.services();
    let service = |service: &fleet::ServiceStatus| {
        let address = match service.state {
            ServiceState::Missing => format!("isn't there (it is optional): expected at {}", service.address),
            _ => service.address.to_string(),
        };
        format!("{:<20} {address}\n", service.name)
    };
    let links = world.link_addresses();
    let link = |(link, address): &(fault::Link, _)| format!("{link:<40} through http://{address}\n");
    let lines = services.iter().map(service).chain(links.iter().map(link));
    lines.chain(["\nUp until Ctrl-C.\n".into()]).collect()
}

/// Tells when a service ends by itself, for as long as it is polled.
async fn watch(world: &LiveWorld) {
    let mut looks = tokio::time::interval(LOOKED);
    let mut seen = 0;
    loop {
        looks.tick().await;
        let ended: Vec<_> = world.links().read(|history| {
            let new = &history.records()[seen..];
            seen += new.len();
            let exit = |record: &Record| match &record.event {
                HistoryEvent::Process { service, change: ProcessChange::Exited(exit) } => {
                    Some((service.clone(), *exit))
                }
                _ => None,
            };
            new.iter().filter_map(exit).collect()
        });
        for (service, exit) in ended {
            let log = world.last_lines(&service).await;
            let lines = log[log.len().saturating_sub(LINES)..].iter().map(|line| format!("  {line}\n"));
            let lines = lines.collect::<String>();
            drop(show(&format!("{service} ended by itself: {exit}\n{lines}")));
        }
    }
}
