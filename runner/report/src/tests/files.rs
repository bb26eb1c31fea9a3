use std::{fs, sync::Arc, time::Duration};

use engine::{Event, Summary};
use fault::Seed;

use super::{
    sample::{FIRST, broken_off, failed, gzipped, passed, skipped},
    text::check_text,
};
use crate::{RunRecord, ServiceAddress, Target, html, json, junit};

fn record() -> RunRecord {
    let mut record = RunRecord::default();
    record.take(&Event::RunStarted { scenarios: 4, seed: Seed(u64::MAX) });
    let mut summary = Summary::default();
    let results = [passed(FIRST), failed(), broken_off(), skipped()];
    // Side by side, scenarios end in any order.
    for (index, result) in results.into_iter().enumerate().rev() {
        summary.count(&result.verdict);
        record.take(&Event::ScenarioEnded { index, result: Arc::new(result) });
    }
    record.take(&Event::RunEnded { summary });
    record
}

#[test]
fn junit_has_a_suite_a_folder_and_a_case_a_scenario() {
    check_text("junit", &junit::render(&record()));
}

#[test]
fn json_is_read_back_as_it_was_written() {
    let text = json::render(&record());
    let read: json::RunFile = serde_json::from_str(&text).expect("its own shape");
    assert_eq!(read, json::RunFile::from(&record()));
    assert_eq!(read.seed, u64::MAX.to_string());
    check_text("json", &text);
}

#[test]
fn a_body_that_was_decoded_says_in_json_how_it_was_sent() {
    let mut result = passed(FIRST);
    gzipped().add_to(&mut result.history, Duration::ZERO, None);
    let mut record = RunRecord::default();
    record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
    let read: serde_json::Value = serde_json::from_str(&json::render(&record)).expect("JSON");
    let last =
        read["scenarios"][0]["history"].as_array().and_then(|history| history.last()).expect("an entry");
    let expected = serde_json::json!({"text": "{\"a\":\"ö\"}", "codings": ["gzip"], "bytes": 30});
    assert_eq!(last["received"]["body"], expected);
}

#[test]
fn a_page_needs_nothing_else() {
    let page = html::render(&record());
    for outside in ["src=\"http", "href=\"http", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let shown = [
        "A payment survives a lost reply",
        "she pays, and pays once",
        "reply-lost",
        "broken off",
        "answered at",
    ];
    for shown in shown {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn what_failed_comes_first_on_a_page() {
    let page = html::render(&record());
    let class = |line: &str| Some(line.strip_prefix("<details id=")?.split('"').nth(3)?.to_owned());
    let shown: Vec<_> = page.lines().filter_map(class).collect();
    let failed =
        shown.iter().take_while(|verdict| ["failed", "broken off"].contains(&verdict.as_str())).count();
    assert!(
        failed == 2
            && shown[failed..].iter().all(|verdict| ["passed", "skipped"].contains(&verdict.as_str())),
        "{shown:?}"
    );
    let in_the_run: Vec<_> = record().results.iter().map(|result| result.verdict.clone()).collect();
    assert!(
        !matches!(in_the_run[0], verdict::Verdict::Failed(_) | verdict::Verdict::BrokenOff(_)),
        "{in_the_run:?}"
    );
}

#[test]
fn requests_are_repeated_where_services_are_reached() {
    let result = failed();
    let services = result.scenario.steps.iter().filter_map(|step| match &step.action {
        scenario::Action::Request(request) => Some(request.call.service.clone()),
        _ => None,
    });
    let addresses = services
        .map(|service| (service, ServiceAddress::Running("http://localhost:5999".to_owned())))
        .collect();
    let mut record = RunRecord::default().with_addresses(addresses);
    record.take(&Event::RunStarted { scenarios: 1, seed: Seed(1) });
    record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
    assert!(junit::render(&record).contains("http://localhost:5999/"));
    assert!(html::render(&record).contains("http:&#x2f;&#x2f;localhost:5999&#x2f;"));
}

#[test]
fn what_services_say_is_no_markup() {
    let mut result = failed();
    Arc::make_mut(&mut result.scenario).name = "</script><img src=x onerror=alert(1)>".into();
    let mut record = RunRecord::default();
    record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
    assert!(!html::render(&record).contains("<img"));
    assert!(!junit::render(&record).contains("<img"));
}

#[test]
fn targets_are_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["junit", "json", "html"] {
        let file = folder.path().join("new").join(kind);
        let target: Target = format!("{kind}={}", file.display()).parse().unwrap();
        assert_eq!(target.file(), file);
        target.write(&record()).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("she pays, and pays once"), "{kind}");
        let error = format!("{kind}={}", folder.path().display()).parse::<Target>().unwrap().write(&record());
        assert!(error.unwrap_err().to_string().contains("couldn't be written"));
    }
    for text in ["junit", "junit=", "xml=a", "=a", ""] {
        assert!(text.parse::<Target>().is_err(), "{text}");
    }
}
