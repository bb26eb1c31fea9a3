//! What services wrote, beside a failure and in the reports.

use std::{path::PathBuf, sync::Arc, time::Duration};

use engine::{Event, LogLine, ScenarioResult, ServiceLog};
use fault::ServiceName;
use verdict::{Exit, HistoryEvent, ProcessChange, Verdict};

use super::sample::{FIRST, failed, passed};
use crate::{RunRecord, html, json, render_failure, render_service_line};

fn service(name: &str) -> ServiceName {
    name.parse().unwrap()
}

fn log(lines: impl IntoIterator<Item = (Option<usize>, String)>) -> ServiceLog {
    let mut log = ServiceLog::default();
    for (step, text) in lines {
        log.push(step, LogLine { at: Duration::from_millis(7), text });
    }
    log
}

/// The sample that fails at step 3, in which users, orders and payments are called, and after the last step.
fn with_logs(logs: impl IntoIterator<Item = (&'static str, ServiceLog)>) -> ScenarioResult {
    let mut result = failed();
    result.output.logs = logs.into_iter().map(|(name, log)| (service(name), log)).collect();
    result
}

/// The blocks of a failure, without colours. The first one is at a step, the second one at the end.
fn blocks(result: &ScenarioResult, failure: usize) -> Vec<String> {
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    let lines = crate::service_log::lines(result, &failures[failure]);
    let plain = lines.iter().map(|line| anstream::adapter::strip_str(line).to_string());
    plain.filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_failure_shows_the_last_lines_of_its_step_callee_first() {
    let many = (0..40).map(|n| (Some(2), format!("payments {n}"))).chain([(Some(3), "too late".to_owned())]);
    let result = with_logs([
        ("payment-service", log(many)),
        ("users-service", log([(None, "up".to_owned()), (Some(1), "\u{1b}[31mred\u{1b}[0m\rx".to_owned())])),
        ("orders-service", log([(None, "listening".to_owned())])),
        ("never-called", log([(Some(2), "no".to_owned())])),
    ]);
    let blocks = blocks(&result, 0);
    assert_eq!(blocks[..2], ["what payment-service wrote", "  … 25 lines before"]);
    assert_eq!(blocks[2..17], (25..40).map(|n| format!("  payments {n}")).collect::<Vec<_>>());
    assert_eq!(blocks[17..], ["what users-service wrote before, during step 2", "  red\\rx"]);
}

#[test]
fn what_was_written_after_the_last_step_is_not_what_led_to_a_failure_before() {
    let line = |at, text: &str| LogLine { at: Duration::from_millis(at), text: text.to_owned() };
    for during_a_step in [None, Some(1)] {
        let mut log = ServiceLog::default();
        log.push(None, line(7, "up"));
        if let Some(step) = during_a_step {
            log.push(Some(step), line(31, "order read"));
        }
        log.push(None, line(900, "ledger read"));
        let result = with_logs([("payment-service", log)]);
        let before: &[&str] = match during_a_step {
            None => &[],
            Some(_) => &["what payment-service wrote before, during step 2", "  order read"],
        };
        assert_eq!(blocks(&result, 0), before);
        assert_eq!(blocks(&result, 1), ["what payment-service wrote", "  ledger read"]);
    }
    let only_before = with_logs([("payment-service", log([(None, "up".to_owned())]))]);
    assert_eq!(blocks(&only_before, 1), [""; 0]);
}

#[test]
fn a_failure_shows_the_lines_of_a_service_that_ended_by_itself() {
    let mut result = with_logs([("notifications", log([(None, "panic: nil map".to_owned())]))]);
    assert_eq!(blocks(&result, 0), [""; 0]);
    let change = ProcessChange::Exited(Exit::Code(2));
    let exited = HistoryEvent::Process { service: service("notifications"), change };
    result.history.append(Duration::from_millis(70), Some(1), exited);
    assert_eq!(blocks(&result, 0), ["what notifications wrote before, while it started", "  panic: nil map"]);
}

#[test]
fn the_folder_that_is_kept_is_named_once() {
    let mut result = failed();
    result.output.folder = Some(PathBuf::from("/tmp/runner-kept/a-payment"));
    let shown = render_failure(&result, &|_| None);
    assert_eq!(shown.matches("kept: data and logs of the services in /tmp/runner-kept/a-payment").count(), 1);
}

#[test]
fn reports_have_the_lines_by_step() {
    let mut record = RunRecord::default();
    let text = "<b>\u{1b}[1mbold\u{1b}[0m</b>".to_owned();
    for (index, result) in
        [passed(FIRST), with_logs([("users-service", log([(Some(2), text)]))])].into_iter().enumerate()
    {
        record.take(&Event::ScenarioEnded { index, result: Arc::new(result) });
    }
    let file = json::RunFile::from(&record);
    assert_eq!(file.scenarios[0].logs, []);
    let slice = &file.scenarios[1].logs[0].slices[0];
    assert_eq!((slice.step, slice.first[0].at_us, &*slice.first[0].line), (Some(2), 7_000, "<b>bold</b>"));
    let page = html::render(&record);
    assert!(page.contains("<span>what <b>users-service</b> wrote</span>"), "{page}");
    assert!(page.contains("step 3\n     7 ms  &lt;b&gt;bold&lt;"), "{page}");
}

#[test]
fn a_line_is_printed_behind_its_service() {
    let plain = |scenario, line| {
        anstream::adapter::strip_str(&render_service_line(scenario, "users", line)).to_string()
    };
    assert_eq!(plain(None, "hello"), "users            | hello");
    assert_eq!(plain(Some("Alice pays"), "\u{1b}[2Jx\ry"), "Alice pays users | x\\ry");
}
