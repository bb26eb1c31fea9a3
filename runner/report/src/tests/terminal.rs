use std::{
    collections::BTreeSet,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use anstream::StripStream;
use engine::{Event, ScenarioResult, Summary};
use fault::Seed;
use scenario::{Configuration, Dependency, Need, RequestDefaults, Service, StartCommand, Template};
use verdict::Verdict;

use super::{
    sample::{FIRST, broken_off, failed, passed, service, skipped},
    text::{check_text, plain},
};
use crate::{
    Again, Detail, Progress, Repetitions, ServiceAddress, Terminal, TerminalOptions, WorldKind,
    layout::width, render_broken_off, result_line, summary::counts,
};

fn options() -> TerminalOptions {
    TerminalOptions {
        width: 110,
        world: WorldKind::Live,
        progress: Progress::Hidden,
        detail: Detail::Usual,
        repetitions: Repetitions::default(),
        again: Again {
            program: vec!["runner".into()],
            selection: vec!["scenarios".into()],
            ..Again::default()
        },
        address: Box::new(|name| {
            (name.as_str() == "payment-service")
                .then(|| ServiceAddress::WithUp("http://localhost:5004".into()))
        }),
    }
}

fn shown(results: Vec<ScenarioResult>) -> String {
    shown_with(options(), results)
}

fn shown_with(options: TerminalOptions, results: Vec<ScenarioResult>) -> String {
    let mut terminal = Terminal::new(StripStream::new(Vec::new()), options);
    let mut summary = Summary::default();
    let mut show = |event: Event| terminal.show(&event).unwrap();
    show(Event::RunStarted { scenarios: results.len(), seed: Seed(42) });
    for (index, result) in results.into_iter().enumerate().rev() {
        summary.count(&result.verdict);
        show(Event::ScenarioStarted { index, scenario: Arc::clone(&result.scenario) });
        show(Event::StepStarted { scenario: index, step: 0 });
        show(Event::ScenarioEnded { index, result: Arc::new(result) });
    }
    terminal.close(&summary, Duration::from_millis(12_340)).unwrap();
    String::from_utf8(terminal.into_inner().into_inner()).unwrap()
}

#[test]
fn a_run_that_passes_is_short() {
    check_text("run_passes", &shown(vec![passed(FIRST), passed(FIRST), skipped()]));
}

#[test]
fn failures_are_shown_in_full_in_the_order_of_the_run() {
    check_text("run_fails", &shown(vec![failed(), passed(FIRST), broken_off()]));
}

/// A result of a scenario of this name in the run that comes so many runs after the first, whose seed is 42.
fn repeated(result: ScenarioResult, name: &str, repetition: u32) -> ScenarioResult {
    let mut result = ScenarioResult { seed: Seed(42).after(repetition).derive(name), ..result };
    Arc::make_mut(&mut result.scenario).name = name.into();
    result
}

#[test]
fn of_several_runs_the_first_failure_is_shown_and_what_is_flaky_is_named() {
    let runs = [
        repeated(passed(FIRST), "Alice pays", 0),
        repeated(failed(), "Alice pays", 1),
        repeated(failed(), "Alice pays", 2),
        repeated(failed(), "Bob pays", 0),
        repeated(failed(), "Bob pays", 1),
        repeated(failed(), "Bob pays", 2),
        repeated(skipped(), "Carol pays", 0),
    ];
    let repetitions = Repetitions { runs: NonZeroU32::new(3).unwrap() };
    let again = Again { repeat: vec!["--repeat".into(), "3".into()], ..options().again };
    let shown = shown_with(TerminalOptions { repetitions, again, ..options() }, runs.into());
    let without_failures = shown.split("\n✗ Alice pays\n").next().unwrap();
    let end = &shown[shown.find("flaky: ").unwrap()..];
    assert_eq!(shown.matches("\n✗ Alice pays\n").count() + shown.matches("\n✗ Bob pays\n").count(), 2);
    check_text("run_repeated", &format!("{without_failures}\n…\n\n{end}"));
}

#[test]
fn a_verbose_run_tells_what_each_scenario_did() {
    let options = TerminalOptions { detail: Detail::Verbose, ..options() };
    check_text("run_verbose", &shown_with(options, vec![passed(FIRST), skipped()]));
}

#[test]
fn a_quiet_run_writes_one_line_if_all_passed() {
    let options = TerminalOptions { detail: Detail::Quiet, ..options() };
    let shown = shown_with(options, vec![passed(FIRST), skipped()]);
    assert_eq!(shown, "2 scenarios: 1 passed, 1 skipped  (12.3 s, seed 42)\n");
}

#[test]
fn a_run_that_could_not_begin_says_why() {
    let Verdict::BrokenOff(broken) = broken_off().verdict else { panic!("it is broken off") };
    check_text("broken_off", &plain(&render_broken_off(&broken)));
}

#[test]
fn failures_in_colour() {
    let mut terminal = Terminal::new(Vec::new(), options());
    let result = Arc::new(failed());
    terminal.show(&Event::ScenarioEnded { index: 0, result }).unwrap();
    let summary = Summary { failed: 1, not_run: 2, ..Summary::default() };
    terminal.close(&summary, Duration::ZERO).unwrap();
    let coloured = String::from_utf8(terminal.into_inner()).unwrap();
    check_text("run_fails_in_colour", &coloured.replace('\u{1b}', "␛"));
}

#[test]
fn a_line_is_never_wider_than_the_terminal() {
    let mut result = failed();
    Arc::make_mut(&mut result.scenario).name =
        "日本 has a name that is much longer than any line would be".repeat(2);
    let mut quick = passed(FIRST);
    Arc::make_mut(&mut quick.scenario).steps.clear();
    Arc::make_mut(&mut quick.scenario).name = "👩‍👩‍👧 passes".into();
    let mut lines = Vec::new();
    for columns in [40, 60, 80, 120, 200] {
        let folder =
            result_line::heading(result.scenario.file.parent().unwrap(), WorldKind::Simulated, columns);
        let lines_of = [&result, &quick]
            .map(|result| plain(&result_line::render(result, &result.scenario.name, columns)));
        let [long, short] = &lines_of;
        assert_eq!(width(long), width(short), "the columns hold:\n{long}\n{short}");
        assert!(width(long) <= columns && width(&plain(&folder)) <= columns, "{long}");
        lines.push(plain(&folder));
        lines.extend(lines_of);
    }
    lines.push(plain(&result_line::not_run(&result.scenario.name, "skipped: no bank", 40)));
    check_text("lines_of_several_widths", &lines.join("\n"));
}

#[test]
fn the_end_of_a_run_is_shown_once_it_ends() {
    let mut terminal = Terminal::new(StripStream::new(Vec::new()), options());
    terminal.show(&Event::RunEnded { summary: Summary { passed: 2, ..Summary::default() } }).unwrap();
    let text = String::from_utf8(terminal.into_inner().into_inner()).unwrap();
    assert!(text.starts_with("\n2 scenarios: 2 passed  ("), "{text}");
    assert_eq!(plain(&counts(&Summary::default(), "scenario")), "nothing ran");
}

fn found(name: &str, start: Option<&str>, url: Option<&str>, calls: &[&str], need: Need) -> Service {
    Service {
        stub: None,
        name: service(name),
        base_url: url.map(|url| url.parse().unwrap()),
        need,
        start: start.map(|program| StartCommand {
            command: vec![Template::literal(program), Template::literal("--port")],
            env: std::collections::BTreeMap::new(),
            cwd: None,
            stop_grace: Duration::from_secs(5),
        }),
        depends_on: calls.iter().map(|name| Dependency { service: service(name), listen: None }).collect(),
        after: Vec::new(),
        ready: Vec::new(),
        requests: RequestDefaults::default(),
        circuits: None,
    }
}

fn configuration(services: Vec<Service>) -> Configuration {
    Configuration {
        outside: scenario::Outside::default(),
        file: "e2e.conf".into(),
        build: None,
        services,
        clients: Vec::new(),
        invariants: Vec::new(),
        before: Vec::new(),
        finally: Vec::new(),
        sources: BTreeSet::new(),
        snapshots: None,
        settle: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        ignored: Vec::new(),
    }
}

#[test]
fn the_opening_says_what_was_found() {
    let configuration = configuration(vec![
        found("users-service", Some("target/debug/users-service"), None, &[], Need::Required),
        found("orders-service", None, Some("http://localhost:5003/"), &["users-service"], Need::Required),
        found("mail-service", None, None, &["users-service", "orders-service"], Need::Optional),
    ]);
    let mut terminal = Terminal::new(StripStream::new(Vec::new()), options());
    terminal.open(&configuration, 7, Seed(42), NonZeroUsize::new(2).unwrap()).unwrap();
    check_text("opening", &String::from_utf8(terminal.into_inner().into_inner()).unwrap());
}

#[test]
fn services_are_said_to_be_started_once_they_are() {
    let configuration = configuration(vec![found("users-service", Some("users"), None, &[], Need::Required)]);
    let scenario = Arc::clone(&failed().scenario);
    let [first, second] =
        [0, 1].map(|index| Event::ScenarioStarted { index, scenario: Arc::clone(&scenario) });
    let [first_step, second_step] = [0, 1].map(|scenario| Event::StepStarted { scenario, step: 0 });
    let times_said = |events: &[&Event]| {
        let mut terminal = Terminal::new(StripStream::new(Vec::new()), options());
        terminal.open(&configuration, 2, Seed(42), NonZeroUsize::MIN).unwrap();
        for event in events {
            terminal.show(event).unwrap();
        }
        let text = String::from_utf8(terminal.into_inner().into_inner()).unwrap();
        text.matches("services started in ").count()
    };
    assert_eq!(times_said(&[&first, &second]), 0);
    assert_eq!(times_said(&[&first, &second, &second_step]), 1);
    assert_eq!(times_said(&[&first, &second, &second_step, &first_step]), 1);
}
