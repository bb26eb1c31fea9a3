//! How much is shown, and in which colours.

use crate::{list::project, project::Ended};

#[test]
fn a_quiet_run_shows_failures_and_the_summary_only() {
    let project = project();
    let ended = project.run(&["--quiet", "--filter", "people"]);
    assert!(
        ended.out.starts_with("2 scenarios: 2 passed  (") && ended.out.lines().count() == 1,
        "{}",
        ended.out
    );
    assert_eq!(ended.err, "");
    let ended = project.run(&["--quiet"]);
    assert!(ended.out.starts_with("\n✗ Bob\n  scenarios/crashes/bob.yaml:4:7"), "{}", ended.out);
    assert!(ended.out.contains("\n3 scenarios: 2 passed, 1 failed  ("), "{}", ended.out);
    assert_eq!(project.run(&["--quiet", "--verbose"]).code, Some(2));
}

#[test]
fn a_verbose_run_shows_what_each_scenario_did() {
    let ended = project().run(&["--verbose", "--filter", "Alice"]);
    let mut lines = ended.out.lines().skip_while(|line| !line.starts_with('✓')).skip(1);
    let request = lines.next().unwrap_or_default();
    assert!(request.contains("  1  GET users /users/1 → 200  "), "{}", ended.out);
}

#[test]
fn colours_are_used_where_they_are_wanted() {
    let project = project();
    let coloured = |arguments: &[&str]| {
        let Ended { out, err, .. } = project.run(arguments);
        out.contains('\u{1b}') || err.contains('\u{1b}')
    };
    for command in [&["--filter", "Alice"][..], &["nosuch"], &["sweep", "nosuch"], &["check", "nosuch"]] {
        assert!(!coloured(command), "{command:?} has no terminal");
        assert!(!coloured(&[command, &["--color", "never"]].concat()));
        assert!(coloured(&[command, &["--color", "always"]].concat()), "{command:?}");
    }
}
