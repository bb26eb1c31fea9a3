//! Worlds that were started before their scenario is known.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use engine::{Stage, World};
use fault::Seed;
use fleet::{Fleet, FleetOptions};
use rustix::process::{Signal, kill_process};
use scenario::{File, read_file};
use tokio::time::timeout;
use verdict::Verdict;

use crate::fixture::{
    TestFleet, changes, configuration, on_runtime, read, scenario, service, three_services, written_id,
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_spare_world_is_the_next_scenarios", next_scenario),
    ("the_clock_of_a_spare_world_stands_still", clock),
    ("a_spare_world_whose_service_has_ended_is_replaced", replaced),
    ("the_folder_of_a_spare_world_is_kept_by_the_name_of_its_scenario", kept),
    ("a_spare_world_ends_with_its_fleet", ends_with_fleet),
    ("a_scenario_with_stubs_gets_the_addresses_that_a_spare_world_holds", addresses),
    ("no_spare_world_is_started_where_all_services_run_already", nothing_to_start),
];

fn next_scenario() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        fleet.inner.raise_spare().await;
        let spare = fleet.world_folders();
        assert_eq!(spare.len(), 1);
        fleet.inner.raise_spare().await;
        assert_eq!(fleet.world_folders(), spare, "one is enough");
        let world = fleet.ready().await;
        assert_eq!(fleet.world_folders(), spare, "no other was started");
        assert_eq!(read(&world, "front", "/call").await, "1");
        assert_eq!(changes(&world), [], "starting a world isn't part of its history");
        let other = fleet.ready().await;
        assert_eq!(fleet.world_folders().len(), 2, "the scenario after it gets another");
        assert_eq!(read(&other, "front", "/call").await, "1");
        world.close().await;
        other.close().await;
    });
}

fn clock() {
    on_runtime(async {
        let fleet = TestFleet::new(&service("app", &[], &[]));
        let began = Instant::now();
        fleet.inner.raise_spare().await;
        let started = began.elapsed();
        while began.elapsed() < started * 3 {
            tokio::task::yield_now().await;
        }
        let taken = Instant::now();
        let world = fleet.ready().await;
        let now = world.links().now();
        assert!(now <= started + taken.elapsed(), "{now:?} isn't the start and what came after the wait");
        world.close().await;
    });
}

fn replaced() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let id = folder.path().join("id");
        let exe = std::env::current_exe().expect("this binary").display().to_string();
        let own = service("app", &[], &[]);
        let script = format!("[sh, -c, \"echo $$ > {} && exec {exe}\"]", id.display());
        let fleet =
            TestFleet::new(&own.replacen(&format!("command: {exe}"), &format!("command: {script}"), 1));
        fleet.inner.raise_spare().await;
        let spare = fleet.world_folders();
        let process = written_id(&id).expect("it is written before the service listens");
        kill_process(process, Signal::KILL).expect("it runs");
        let world = fleet.ready().await;
        assert_ne!(fleet.world_folders(), spare);
        assert_ne!(written_id(&id), Some(process));
        assert_eq!(changes(&world), []);
        world.close().await;
        assert_eq!(fleet.world_folders(), [""; 0], "neither is left");
    });
}

fn kept() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let keep = folder.path().join("kept");
        let options = FleetOptions { keep: Some(keep.clone()), ..FleetOptions::default() };
        let fleet = Fleet::new(configuration(&service("app", &[], &[]), folder.path()).into(), options);
        fleet.raise_spare().await;
        let world = fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await.expect("it starts");
        let output = world.output(&Verdict::Failed(Vec::new()));
        world.close().await;
        let kept = output.folder.expect("it is kept");
        assert_eq!(kept.file_name(), Some("a-test".as_ref()));
        assert_eq!(fs::read_to_string(kept.join("app/starts")).expect("data"), ".");
    });
}

fn ends_with_fleet() {
    on_runtime(async {
        let fleet = TestFleet::new(&service("app", &[], &[]));
        fleet.inner.raise_spare().await;
        let spare = fleet.world_folders();
        drop(fleet.inner);
        assert!(!Path::new(&spare[0]).exists());
    });
}

fn addresses() {
    on_runtime(async {
        let port =
            TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("it is bound").port();
        let depends_on = format!("depends_on: {{ back: {{ listen: 127.0.0.1:{port} }} }}");
        let services =
            service("front", &[("UPSTREAM", "${url.back}")], &[&depends_on]) + &service("back", &[], &[]);
        let fleet = TestFleet::new(&services);
        fleet.inner.raise_spare().await;
        let text = "scenario: s\nstubs: { back: [{ match: GET /starts, reply: { text: a stub } }] }\nsteps: [{ request: GET front /call, expect: { body: a stub } }]\n";
        let found = read_file(text, "a.yaml".into(), &configuration(&services, fleet.data.path()));
        let Ok(File::Scenario(scenario)) = found else { panic!("{found:#?}") };
        let raised = timeout(Duration::from_secs(20), fleet.inner.raise(&scenario, Seed(1))).await;
        let world = raised.expect("it waits for no spare world").expect("it starts");
        assert_eq!(read(&world, "front", "/call").await, "a stub");
        world.close().await;
        assert_eq!(fleet.world_folders(), [""; 0], "the spare world has ended");
    });
}

fn nothing_to_start() {
    on_runtime(async {
        let fleet = TestFleet::new("  app: { base_url: 'http://127.0.0.1:1', required: true }\n");
        let began = Instant::now();
        fleet.inner.raise_spare().await;
        assert!(began.elapsed().as_secs() < 5, "it isn't waited for");
        assert_eq!(fs::read_dir(fleet.data.path()).expect("a folder").count(), 0);
    });
}
