//! When a service is started, and in which folder.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
};

use engine::{Stage, World};
use fault::Seed;
use fleet::{Fleet, FleetOptions, LiveWorld, Notice, NoticeSink};
use futures_util::future::join_all;

use crate::fixture::{TestFleet, configuration, on_runtime, scenario, service};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_service_is_started_once_those_before_it_are_ready", in_order),
    ("a_service_that_waits_is_not_blamed_for_one_that_fails", not_blamed),
    ("a_service_runs_in_its_working_folder", working_folder),
    ("a_file_that_changes_where_several_worlds_run_is_noticed", shared),
    ("a_working_folder_that_is_not_there_is_named", no_folder),
];

/// A service of e2e.conf: a shell that runs `script`, and then this binary.
fn scripted(name: &str, script: &str, keys: &[&str]) -> String {
    let own = service(name, &[], keys);
    let exe = std::env::current_exe().expect("this binary").display().to_string();
    own.replacen(&format!("command: {exe}"), &format!("command: [sh, -c, \"{script} && exec {exe}\"]"), 1)
}

fn in_order() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let mute = folder.path().display().to_string();
        let script = format!("test -e {mute}/answer");
        let fleet = TestFleet::new(
            &(scripted("app", &script, &["after: [config]"]) + &service("config", &[("MUTE", &mute)], &[])),
        );
        let answer = async {
            while !folder.path().join("asked").exists() {
                tokio::task::yield_now().await;
            }
            fs::write(folder.path().join("answer"), "").expect("it can be written");
            std::future::pending().await
        };
        let started = tokio::select! { started = fleet.start() => started, never = answer => never };
        let world = started.unwrap_or_else(|error| panic!("{error:#?}"));
        let names: Vec<_> = world.services().iter().map(|service| service.name.to_string()).collect();
        assert_eq!(names, ["config", "app"]);
        world.close().await;
    });
}

fn not_blamed() {
    on_runtime(async {
        let services = scripted("app", "touch ${conf_dir}/started", &["after: config"])
            + &service("config", &[("FAIL_WITH", "no")], &[]);
        let fleet = TestFleet::new(&services);
        assert_eq!(fleet.refused().await.to_string(), "config ended before it was ready: exit code 3");
        assert!(!fleet.data.path().join("started").exists(), "nothing is started after it");
    });
}

fn working_folder() {
    on_runtime(async {
        let at = |fleet: &TestFleet, file: &str| {
            let text = fs::read_to_string(fleet.data.path().join(file)).expect("it was written");
            Path::new(text.trim()).to_owned()
        };
        let write = "pwd > ${conf_dir}/where";
        let fleet = TestFleet::new(&scripted("app", write, &["cwd: \"${data_dir}/deep/below\""]));
        let world = fleet.ready().await;
        let folder = Path::new(&fleet.world_folders()[0]).join("app/deep/below");
        assert_eq!(at(&fleet, "where"), folder.canonicalize().expect("it is there"));
        world.close().await;

        let run = service("app", &[], &["cwd: sub"]);
        let exe = std::env::current_exe().expect("this binary").display().to_string();
        let fleet = TestFleet::new(&run.replacen(&format!("command: {exe}"), "command: ./run", 1));
        let sub = fleet.data.path().join("sub");
        fs::create_dir(&sub).expect("a folder");
        fs::write(sub.join("run"), format!("#!/bin/sh\npwd > ../where\nexec {exe}\n"))
            .expect("it can be written");
        fs::set_permissions(sub.join("run"), fs::Permissions::from_mode(0o755)).expect("it is there");
        fleet.ready().await.close().await;
        assert_eq!(at(&fleet, "where"), sub.canonicalize().expect("it is there"));
    });
}

fn no_folder() {
    on_runtime(async {
        let fleet = TestFleet::new(&service("app", &[], &["cwd: nowhere"]));
        let broken_off = fleet.refused().await;
        let expected = format!(
            "app can't be started in {}/nowhere: No such file or directory (os error 2)",
            fleet.data.path().display()
        );
        assert_eq!(broken_off.to_string(), expected);
    });
}

fn shared() {
    on_runtime(async {
        let noticed = async |keys: &[&str], worlds: usize| {
            let folder = tempfile::tempdir().expect("a folder");
            let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
            let seen = Arc::clone(&notices);
            let sink = NoticeSink::new(move |notice| seen.lock().expect("whole").push(notice));
            let options = FleetOptions { notices: sink, ..FleetOptions::default() };
            let services = scripted("app", "date > app.pid", keys);
            let fleet = Fleet::new(configuration(&services, folder.path()).into(), options);
            let start =
                async || fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await.expect("it starts");
            let started = join_all((0..worlds).map(|_| start())).await;
            join_all(started.into_iter().map(LiveWorld::close)).await;
            let notices = notices.lock().expect("whole").clone();
            (folder.path().join("app.pid"), notices)
        };
        let (file, notices) = noticed(&[], 3).await;
        assert_eq!(notices, [Notice::SharedFolder { file }], "once");
        assert_eq!(noticed(&[], 1).await.1, []);
        assert_eq!(noticed(&["cwd: ${data_dir}"], 3).await.1, []);
    });
}
