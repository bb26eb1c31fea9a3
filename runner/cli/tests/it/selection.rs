//! Which scenarios run, and in which order: filters, parts, the last run.

use std::fs;

use crate::{
    list::project,
    project::{Ended, Project},
};

/// The names of the scenarios that would run, by their first letters.
#[track_caller]
fn selected(project: &Project, arguments: &[&str]) -> String {
    let ended = project.run(&[arguments, &["--dry-run"]].concat());
    assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
    ended.out.lines().filter(|line| line.contains(".yaml  ")).map(|line| &line[..1]).collect()
}

#[test]
fn filters_select_by_tag_name_path_and_last_verdict() {
    let project = project();
    for (filters, expected) in [
        (&["tag(people) & !tag(slow)"][..], "C"),
        (&["!path(flows/)"], "B"),
        (&["name(~ ^(Alice|Bob)$)"], "BA"),
        (&["crashes", "name(= Carol)"], "BC"),
        (&["verdict(none)"], "BAC"),
    ] {
        let arguments: Vec<&str> = filters.iter().flat_map(|filter| ["--filter", filter]).collect();
        assert_eq!(selected(&project, &arguments), expected, "{filters:?}");
    }
    assert_eq!(project.run(&["--filter", "tag(people)"]).code, Some(0));
    assert_eq!(selected(&project, &["--filter", "verdict(passed)"]), "AC");
    assert_eq!(selected(&project, &["--filter", "verdict(none)"]), "B", "a part of the scenarios ran");
}

#[test]
fn all_mistakes_in_filters_are_shown_where_they_are() {
    let ended = project().run(&["-f", "tga(people) & name(~ a{9)", "-f", "Alice", "-f", "tag(a"]);
    let expected = "\
--filter:1:1: unknown predicate `tga`
   │
 1 │ tga(people) & name(~ a{9)
   │ ^^^
   = did you mean `tag`?

--filter:1:22: not a regular expression: unclosed counted repetition
   │
 1 │ tga(people) & name(~ a{9)
   │                      ^^^
   = it is a regular expression, as after `~` in `name(~ ^A)`

--filter:1:4: this `(` isn't closed
   │
 1 │ tag(a
   │    ^
   = write `)` where it ends

";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(2), "", expected));
    assert_eq!(project().run(&["list", "-f", "tag("]).code, Some(2));
}

#[test]
fn each_part_has_scenarios_of_its_own_and_an_empty_one_is_thin() {
    let project = project();
    let mut parts = ["1/2", "2/2"].map(|part| selected(&project, &["--shard", part])).concat().into_bytes();
    parts.sort_unstable();
    assert_eq!(parts, b"ABC");
    let Ended { code, out, .. } = project.run(&["--shard", "4/4"]);
    let expected = "Nothing to run: the other parts have the 3 scenarios.\nthin: this part has none of 3 scenarios (divide them into fewer parts)\n";
    assert!(code == Some(0) && out.ends_with(expected), "{code:?} {out}");
    assert_eq!(project.run(&["--shard", "4/4", "--strict"]).code, Some(1));
    let reports = project.run(&["--shard", "4/4", "--report", "junit=out.xml,json=out.json,html=out.html"]);
    assert_eq!(reports.code, Some(0), "{reports:?}");
    let junit = fs::read_to_string(project.folder().join("out.xml")).unwrap();
    assert!(
        junit.contains("<testsuites name=\"runner\" tests=\"0\""),
        "it is no report of an earlier run: {junit}"
    );
    let wrong = project.run(&["--shard", "3/2"]);
    assert!(
        wrong.code == Some(2) && wrong.err.contains("a part is `K/N` with K from 1 to N"),
        "{}",
        wrong.err
    );
}

#[test]
fn the_sequences_of_an_exploration_are_divided_too() {
    let exploration = "exploration: Users\nsteps: 2\noperations: { look: { request: GET users /users/1, expect: { status: 200 } } }\n";
    let project = project().with("explorations/users.yaml", exploration);
    let explore = |part: &str| {
        project.run(&["explore", "explorations", "--cases", "5", "--seed", "1", "--shard", part])
    };
    for (part, sequences) in [("1/2", "  3 sequences, "), ("2/2", "  2 sequences, ")] {
        let Ended { code, out, .. } = explore(part);
        assert!(code == Some(0) && out.contains(sequences), "{part}: {out}");
        assert!(out.contains(&format!(" of 5 sequences, part {} of 2", &part[..1])), "{out}");
    }
    let ended = project.run(&["explore", "explorations", "--shard", "1/2"]);
    assert!(
        ended.code == Some(2) && ended.err.contains("--seed"),
        "parts of different runs are no parts: {}",
        ended.err
    );
}

#[test]
fn scenarios_run_in_the_order_that_is_asked_for() {
    let project = project();
    for (order, expected) in [("path", "BAC"), ("name", "ABC"), ("duration", "BAC"), ("failed", "BAC")] {
        assert_eq!(selected(&project, &["--sort", order]), expected, "{order}");
    }
    let random = |seed: &str| selected(&project, &["--sort", "random", "--seed", seed]);
    assert_eq!(random("1"), random("1"));
    assert!((2..9).any(|seed| random(&seed.to_string()) != random("1")), "another seed is another order");
    // The last run, with what matters here.
    let result = |name: &str, file: &str, verdict: &str, took: u32| {
        format!(
            r#"{{"file": "scenarios/{file}.yaml", "name": "{name}", "verdict": "{verdict}", "took_us": {took}}}"#
        )
    };
    let results =
        [result("Alice", "flows/alice", "passed", 5), result("Carol", "flows/carol", "broken_off", 9)];
    let project = project
        .with(".runner/last-run.json", format!(r#"{{"format": 1, "scenarios": [{}]}}"#, results.join(",")));
    assert_eq!(selected(&project, &["--sort", "duration"]), "BCA", "what never ran, then the longest");
    assert_eq!(selected(&project, &["--sort", "failed"]), "CBA", "what failed, then what never ran");
}

#[test]
fn what_failed_in_the_last_run_runs_again() {
    let project = project();
    let nothing = |expected: &str| {
        let Ended { code, out, .. } = project.run(&["--rerun-failed"]);
        assert!(code == Some(4) && out.ends_with(expected), "{code:?} {out}");
    };
    nothing("Nothing to run: nothing has run here yet, so that nothing has failed.\n");
    assert_eq!(project.run(&["--filter", "Alice"]).code, Some(0));
    nothing("Nothing to run: of 3 scenarios none failed when it last ran.\n");
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(selected(&project, &["--rerun-failed"]), "B");
    assert_eq!(project.run(&["--filter", "Alice"]).code, Some(0));
    assert_eq!(selected(&project, &["--rerun-failed"]), "B", "others that ran since make no difference");
    let text = fs::read_to_string(project.folder().join("scenarios/crashes/bob.yaml")).unwrap();
    let project = project.with("scenarios/crashes/bob.yaml", text.replace("404", "200"));
    assert_eq!(project.run(&["--rerun-failed"]).code, Some(0));
    assert_eq!(selected(&project, &["--rerun-failed"]), "", "it has passed");
    let ignored = fs::read_to_string(project.folder().join(".runner/.gitignore")).unwrap();
    assert_eq!(ignored, "*\n");
}

#[test]
fn a_last_run_that_can_not_be_read_or_kept_is_no_reason_to_fail() {
    let project = project().with(".runner/last-run.json", "{ torn");
    assert_eq!(selected(&project, &["--sort", "failed"]), "BAC");
    assert_eq!(project.run(&["--filter", "Alice"]).code, Some(0));
    assert_eq!(selected(&project, &["--filter", "verdict(passed)"]), "A", "it is replaced");
    fs::remove_dir_all(project.folder().join(".runner")).unwrap();
    let ended = project.with(".runner", "a file").run(&["--filter", "Alice"]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.err.contains("note: the verdicts of this run aren't kept for --rerun-failed"),
        "{}",
        ended.err
    );
}

#[test]
fn the_command_that_repeats_a_run_selects_what_failed() {
    let project = project();
    let ended =
        project.run(&["--shard", "1/1", "--sort", "name", "--quiet", "--color", "never", "--seed", "7"]);
    assert!(
        ended.out.ends_with("\nagain: runner scenarios/crashes/bob.yaml --sort name --seed 7\n"),
        "{}",
        ended.out
    );
}
