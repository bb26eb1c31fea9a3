//! Processes that left the process group of their service end with it.

use engine::World;
use fault::{CrashPoint, Damage, Fault, Selector};
use fleet::LiveWorld;
use rustix::process::{Pid, Signal, kill_process};
use verdict::NoReply;

use crate::fixture::{
    TestFleet, eventually, get, name, on_runtime, port, read, refuses_connections, service,
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_daemon_ends_when_its_service_is_killed_or_stopped", signalled),
    ("a_daemon_ends_when_a_fault_crashes_its_service", crashed),
    ("a_daemon_ends_when_its_service_ends_by_itself", ended),
    ("a_daemon_ends_with_its_world", closed),
];

fn daemon() -> TestFleet {
    TestFleet::new(&(service("daemon", &[("DAEMON", "1")], &[]) + &service("other", &[], &[])))
}

fn leader(world: &LiveWorld) -> Pid {
    let status = world.services().into_iter().find(|service| service.name.as_str() == "daemon");
    match status.map(|service| service.state) {
        Some(fleet::ServiceState::Running(id)) => {
            i32::try_from(id).ok().and_then(Pid::from_raw).expect("an id")
        }
        other => panic!("{other:?}"),
    }
}

fn signalled() {
    on_runtime(async {
        let fleet = daemon();
        let world = fleet.ready().await;
        for signal in [scenario::Signal::Kill, scenario::Signal::Stop] {
            world.signal(&name("daemon"), signal).await.expect("it ends");
            assert_eq!(get(&world, "daemon", "/starts").await, Err(NoReply::Refused), "{signal}");
            world.signal(&name("daemon"), scenario::Signal::Start).await.expect("it starts again");
        }
        assert_eq!(read(&world, "daemon", "/starts").await, "...".len().to_string());
        assert_eq!(read(&world, "other", "/starts").await, "1", "another service's processes stay");
        world.close().await;
    });
}

fn crashed() {
    on_runtime(async {
        let fleet = daemon();
        let world = fleet.ready().await;
        let link: fault::Link = "client -> other".parse().expect("a link");
        let fault = Fault {
            name: "crash".parse().expect("a name"),
            link: link.clone(),
            selector: Selector::default(),
            damage: Damage::Crash { service: name("daemon"), point: CrashPoint::AfterReply },
        };
        world.links().inject(fault, std::time::Duration::ZERO, None).keep();
        let client = tower::Layer::layer(&world.links().layer(link), world.client(&name("other")));
        let request = http::Request::get("/starts").body(bytes::Bytes::new()).expect("a request");
        let _ = tower::ServiceExt::oneshot(client, request).await;
        assert_eq!(get(&world, "daemon", "/starts").await, Err(NoReply::Refused));
        world.close().await;
    });
}

fn ended() {
    on_runtime(async {
        let fleet = daemon();
        let world = fleet.ready().await;
        let port = port(&world, "daemon");
        kill_process(leader(&world), Signal::KILL).expect("it runs");
        eventually("the daemon has ended", || refuses_connections(port));
        world.close().await;
    });
}

fn closed() {
    on_runtime(async {
        let fleet = daemon();
        let (closed, dropped) = (fleet.ready().await, fleet.ready().await);
        let ports = [port(&closed, "daemon"), port(&dropped, "daemon")];
        closed.close().await;
        eventually("the daemon of a closed world has ended", || refuses_connections(ports[0]));
        assert!(!refuses_connections(ports[1]), "that of another world stays");
        drop(dropped);
        eventually("the daemon of a dropped world has ended", || refuses_connections(ports[1]));
    });
}
