//! What services write, and the folders that are kept.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use engine::{ServiceLog, Stage, World};
use fault::Seed;
use fleet::{Fleet, FleetOptions, Notice, NoticeSink, OutputLine};
use verdict::Verdict;

use crate::fixture::{TestFleet, configuration, name, on_runtime, read, scenario, service};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("lines_belong_to_the_step_during_which_they_were_begun", by_step),
    ("lines_are_passed_on_with_their_service", passed_on),
    ("the_folders_of_a_scenario_that_failed_are_kept", kept),
    ("the_folders_of_services_that_do_not_start_are_kept", kept_at_start),
];

fn slices(log: &ServiceLog) -> Vec<(Option<usize>, Vec<&str>)> {
    let slice = |slice: &engine::LogSlice| slice.step;
    log.slices().iter().map(|s| (slice(s), s.lines().map(|line| line.text.as_str()).collect())).collect()
}

fn by_step() {
    on_runtime(async {
        let fleet = TestFleet::new(&(service("app", &[], &[]) + &service("silent", &[], &[])));
        let world = fleet.ready().await;
        for step in 0..20 {
            world.enter_step(Some(step));
            read(&world, "app", &format!("/write/step-{step}")).await;
        }
        world.enter_step(None);
        read(&world, "app", "/begin/unfinished").await;
        let output = world.output(&Verdict::Passed);
        assert_eq!(output.folder, None);
        assert_eq!(output.logs.keys().collect::<Vec<_>>(), [&name("app")]);
        let texts: Vec<_> = (0..20).map(|step| format!("step-{step}")).collect();
        let mut expected: Vec<_> =
            texts.iter().enumerate().map(|(n, t)| (Some(n), vec![t.as_str()])).collect();
        expected.push((None, vec!["unfinished"]));
        assert_eq!(slices(&output.logs[&name("app")]), expected);
        world.close().await;
    });
}

fn passed_on() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&lines);
        let sink = move |line: OutputLine<'_>| {
            let OutputLine { scenario, source, text } = line;
            seen.lock().expect("whole").push(format!("{scenario}/{source}/{text}"));
        };
        let options = FleetOptions { lines: Some(Arc::new(sink)), ..FleetOptions::default() };
        let configuration = configuration(&service("app", &[], &[]), folder.path());
        let fleet = Fleet::new(configuration.into(), options);
        let world = fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await.expect("it starts");
        read(&world, "app", "/write/hello").await;
        world.enter_step(Some(0));
        assert_eq!(*lines.lock().expect("whole"), ["A test/app/hello"]);
        world.close().await;
    });
}

fn kept() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let keep = folder.path().join("kept");
        let options = FleetOptions { keep: Some(keep.clone()), ..FleetOptions::default() };
        let services = service("app", &[], &["cwd: ${data_dir}"]);
        let fleet = Fleet::new(configuration(&services, folder.path()).into(), options);
        let run = async |verdict: Verdict| {
            let world = fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await.expect("it starts");
            read(&world, "app", "/write/hello").await;
            let output = world.output(&verdict);
            world.close().await;
            output.folder
        };
        assert_eq!(run(Verdict::Passed).await, None);
        let failed = Verdict::Failed(Vec::new());
        let first = run(failed.clone()).await.expect("it is kept");
        let second = run(failed).await.expect("it is kept");
        let root = keep.canonicalize().expect("it is there");
        assert_eq!((&first, &second), (&root.join("a-test"), &root.join("a-test-2")));
        for kept in [first, second] {
            assert_eq!(fs::read_to_string(kept.join("app.log")).expect("a log"), "hello\n");
            assert_eq!(fs::read_to_string(kept.join("app/starts")).expect("data"), ".");
        }
        drop(fleet);
        assert_eq!(fs::read_dir(keep).expect("a folder").count(), 2, "nothing else is left");
    });
}

fn kept_at_start() {
    on_runtime(async {
        // What it says when it ends because its port is taken: then another start is tried, and only the last is kept.
        let fail_once = "${conf_dir}/failed";
        let failing = service("failing", &[("FAIL_ONCE", fail_once), ("FAIL_WITH", "no database")], &[]);
        for (services, expected) in
            [(failing.clone(), vec!["a-test"]), (failing + "    required: false\n", vec![])]
        {
            let folder = tempfile::tempdir().expect("a folder");
            let keep = folder.path().join("kept");
            let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
            let seen = Arc::clone(&notices);
            let options = FleetOptions {
                keep: Some(keep.clone()),
                notices: NoticeSink::new(move |notice| seen.lock().expect("whole").push(notice)),
                ..FleetOptions::default()
            };
            let fleet = Fleet::new(configuration(&services, folder.path()).into(), options);
            let started = fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await;
            assert_eq!(started.is_err(), !expected.is_empty(), "{started:?}");
            drop((started, fleet));
            let root = keep.canonicalize().expect("it is there");
            let kept: Vec<_> =
                fs::read_dir(&root).expect("a folder").map(|entry| entry.expect("a folder").path()).collect();
            assert_eq!(kept, expected.iter().map(|name| root.join(name)).collect::<Vec<_>>());
            let notice = |folder: &PathBuf| Notice::Kept { folder: folder.clone() };
            assert_eq!(*notices.lock().expect("whole"), kept.iter().map(notice).collect::<Vec<_>>());
            for kept in kept {
                let log = fs::read_to_string(kept.join("failing.log")).expect("a log");
                assert!(log.contains("no database"), "{log}");
            }
        }
    });
}
