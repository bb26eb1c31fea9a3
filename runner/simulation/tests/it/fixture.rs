//! Worlds of two services: `tally` keeps a number on its disk, `front` calls `tally` and keeps no state.

use std::time::Duration;

use bytes::Bytes;
use engine::{Stage, World};
use fault::{Calls, Damage, Fault, Link, Seed, Selector, ServiceName};
use http::{Request, Response, StatusCode};
use scenario::{Configuration, Scenario, Signal, read_configuration};
use simulation::{Disk, HostContext, Running, Services, SimulatedWorld, Simulation, StartError, Transport};
use tower::{ServiceExt, service_fn};
use verdict::NoReply;

pub(crate) const TALLY: &str = "tally";
pub(crate) const FRONT: &str = "front";

pub(crate) fn name(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

/// A configuration of services, each with the services that it depends on.
pub(crate) fn configuration(services: &[(&str, &[&str])]) -> Configuration {
    let service = |(own, calls): &(&str, &[&str])| {
        format!("  {own}: {{ command: linked-in, stop: 10s, depends_on: [{}] }}\n", calls.join(", "))
    };
    let services: String = services.iter().map(service).collect();
    let text = format!("services:\n{services}settle: 5s\n");
    read_configuration(&text, "e2e.conf".into()).expect("no mistakes")
}

/// A scenario without steps, for a world that a test drives.
pub(crate) fn no_steps() -> Scenario {
    Scenario::new("no steps", "no-steps.yaml")
}

/// A fresh world of `front` and `tally`.
pub(crate) async fn world(seed: u64) -> SimulatedWorld {
    let services = Services::new().with(name(TALLY), tally).with(name(FRONT), front);
    raise(&configuration(&[(TALLY, &[]), (FRONT, &[TALLY])]), &services, seed).await
}

pub(crate) async fn raise(configuration: &Configuration, services: &Services, seed: u64) -> SimulatedWorld {
    let simulation = Simulation::new(configuration, services).expect("everything is linked in");
    simulation.raise(&no_steps(), Seed(seed)).await.expect("a world")
}

/// Sends a request to a service, over no link. Returns the status and the text of the reply.
pub(crate) async fn post(
    world: &SimulatedWorld,
    service: &str,
    path: &str,
) -> Result<(StatusCode, String), NoReply> {
    let request = Request::post(path).body(Bytes::new()).expect("a request");
    let reply = world.client(&name(service)).oneshot(request).await?;
    Ok((reply.status(), String::from_utf8_lossy(reply.body()).into_owned()))
}

pub(crate) async fn signal(world: &SimulatedWorld, service: &str, signal: Signal) {
    world.signal(&name(service), signal).await.expect("the service can be signalled");
}

/// Reads the number on the disk of `tally`.
pub(crate) fn tallied(world: &SimulatedWorld) -> u64 {
    number(&world.disk(&name(TALLY)).expect("it is linked in"))
}

/// A fault on the first call from `front` to `tally`.
pub(crate) fn fault(damage: Damage) -> Fault {
    Fault {
        name: "fault".parse().expect("a name"),
        link: Link::new(name(FRONT), name(TALLY)),
        selector: Selector { calls: Calls::Range(1..=1), ..Selector::default() },
        damage,
    }
}

/// Reads the number at the beginning of a disk.
pub(crate) fn number(disk: &Disk) -> u64 {
    let mut bytes = [0; 8];
    // Fails on a new disk, which is shorter. The number is 0 then.
    drop(disk.read(0, &mut bytes));
    u64::from_le_bytes(bytes)
}

fn write(disk: &Disk, number: u64) {
    disk.write(0, &number.to_le_bytes()).expect("a good disk");
}

/// `/add` adds one and syncs; `/slowly` adds ten, a second before each, and syncs each; `/carelessly` adds one
/// without a sync; `/panic` panics. A ticker adds one to the number at offset 8 every second.
fn tally(context: HostContext) -> Result<Running, StartError> {
    let disk = context.disk.clone();
    let ticker = async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut bytes = [0; 8];
            drop(disk.read(8, &mut bytes));
            disk.write(8, &(u64::from_le_bytes(bytes) + 1).to_le_bytes()).expect("a good disk");
            disk.sync_data().expect("a good disk");
        }
    };
    let disk = context.disk;
    let service = service_fn(move |request: Request<Bytes>| {
        let disk = disk.clone();
        async move {
            let add = |by| write(&disk, number(&disk) + by);
            match request.uri().path() {
                "/slowly" => {
                    for _ in 0..10 {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        add(1);
                        disk.sync_data().expect("a good disk");
                    }
                }
                "/carelessly" => add(1),
                "/panic" => panic!("requested by the test"),
                _ => {
                    add(1);
                    disk.sync_data()?;
                }
            }
            Ok::<_, std::io::Error>(Response::new(number(&disk).to_string().into()))
        }
    });
    Ok(Running::new(service).with_background(ticker))
}

/// Reads how often the ticker of `tally` has ticked.
pub(crate) fn ticks(world: &SimulatedWorld) -> u64 {
    let mut bytes = [0; 8];
    drop(world.disk(&name(TALLY)).expect("it is linked in").read(8, &mut bytes));
    u64::from_le_bytes(bytes)
}

/// Passes every request on to `tally`, and then writes to its own disk. With the path `/insist` it retries every second
/// until it gets a reply.
fn front(context: HostContext) -> Result<Running, StartError> {
    let HostContext { transport, disk, .. } = context;
    Ok(Running::new(service_fn(move |request: Request<Bytes>| {
        let (transport, disk) = (transport.clone(), disk.clone());
        async move {
            let reply = loop {
                match pass_on(&transport).await {
                    Err(_) if request.uri().path() == "/insist" => {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                    reply => break reply,
                }
            };
            disk.write(0, b"replied to")?;
            disk.sync_data()?;
            let (status, body) = match reply {
                Ok(reply) => (reply.status(), reply.into_body()),
                Err(none) => (StatusCode::SERVICE_UNAVAILABLE, none.to_string().into()),
            };
            let mut response = Response::new(body);
            *response.status_mut() = status;
            Ok::<_, std::io::Error>(response)
        }
    })))
}

async fn pass_on(transport: &Transport) -> Result<Response<Bytes>, NoReply> {
    let request = Request::post(format!("{}/add", HostContext::url(&name(TALLY))));
    transport.clone().oneshot(request.body(Bytes::new()).expect("a request")).await
}
