use std::{fs, sync::Arc, time::Duration};

use engine::{Event, ScenarioResult, Summary};
use fault::Seed;
use verdict::{Finding, FindingKind, Verdict};

use super::{
    sample::{FIRST, broken_off, failed, gzipped, passed, skipped},
    text::check_text,
};
use crate::{
    GithubPaths, Interruption, Planning, RunRecord, ServiceAddress, Target, annotations, html, job_summary,
    json, junit,
};

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
fn junit_has_the_skipped_and_the_not_run() {
    let (passed, skipped) = (passed(FIRST), skipped());
    let scenarios = [&passed, &skipped, &passed, &passed].map(|result| Arc::clone(&result.scenario)).to_vec();
    let mut record = RunRecord::default().with_planning(Planning { scenarios, ..Planning::default() });
    record.take(&Event::RunStarted { scenarios: 4, seed: Seed(1) });
    record.take(&Event::ScenarioEnded { index: 2, result: Arc::new(passed) });
    record.take(&Event::ScenarioEnded { index: 1, result: Arc::new(skipped) });
    let cases = |record: &RunRecord| {
        let text = junit::render(record);
        let document = roxmltree::Document::parse(&text).expect("XML");
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        let child = |case: roxmltree::Node<'_, '_>| {
            let child = case.children().find(roxmltree::Node::is_element);
            child.map_or("passed", |child| child.attribute("message").expect("a message")).to_owned()
        };
        cases.map(child).collect::<Vec<_>>()
    };
    let ended = "not run: an earlier scenario ended the run";
    assert_eq!(cases(&record), ["mail-service isn't there", "passed", ended, ended]);
    record.interrupted = Some(Interruption::Interrupt);
    assert_eq!(cases(&record)[3..], ["not run: interrupted by SIGINT", "not run: interrupted by SIGINT"]);
}

/// What replies hold that XML can't have, or that would end the text that it stands in.
const HOSTILE: &str = "]]> <![CDATA[ </failure> &amp; &#0; \u{0}\u{1}\u{8}\u{b}\u{1b}[31m\u{1b}]0;title\u{7f}\u{85}\u{9b}31m\u{fffe}\u{ffff}\r\n\t\"' \\ud800 \u{10ffff}";

/// A failed result that has a text wherever a service or a file can bring one.
fn hostile(text: &str) -> ScenarioResult {
    let mut result = failed();
    let scenario = Arc::make_mut(&mut result.scenario);
    scenario.name = text.into();
    scenario.file = Arc::new(format!("folder {text}/file {text}.yaml").into());
    scenario.text = text.into();
    let Verdict::Failed(failures) = &mut result.verdict else { panic!("it failed") };
    failures[0].findings = vec![
        Finding::new(FindingKind::Status, text, text),
        Finding::new(FindingKind::Invariant(text.into()), text, text),
    ];
    result
}

#[test]
fn junit_is_xml_whatever_a_reply_holds() {
    for broken in [false, true] {
        let mut result = hostile(HOSTILE);
        if broken {
            result.verdict = Verdict::Skipped(HOSTILE.into());
        }
        let not_run = Arc::clone(&result.scenario);
        let scenarios = vec![Arc::clone(&result.scenario), not_run];
        let mut record = RunRecord::default().with_planning(Planning { scenarios, ..Planning::default() });
        record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
        let text = junit::render(&record);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).collect::<Vec<_>>();
        assert_eq!(cases.len(), 2, "nothing ends an element early");
        let name = cases[0].attribute("name").expect("a name");
        for kept in [
            "]]>",
            "<![CDATA[",
            "</failure>",
            "&amp;",
            "\\u{0}",
            "\\u{1b}[31m",
            "\\u{fffe}\\u{ffff}",
            "\\ud800",
        ] {
            assert!(name.contains(kept), "{kept}: {name}");
        }
    }
}

#[test]
fn annotations_and_summaries_are_lines_whatever_a_reply_holds() {
    let mut record = RunRecord::default();
    let hostile = hostile(&format!("{HOSTILE}\n::error::x\n::add-mask::x, a: b%0A|`<img>` @team"));
    record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(hostile) });
    let annotations = annotations(&record, &GithubPaths::default());
    let properties = annotations.strip_prefix("::error ").and_then(|rest| rest.split_once("::")).unwrap().0;
    assert_eq!(annotations.lines().count(), 2, "a line for each failure: {annotations}");
    assert_eq!(properties.split(',').count(), 3, "{properties}");
    assert!(!properties.contains(':') && annotations.contains("%250A"), "{annotations}");
    let summary = job_summary(&record, Some("runner 'a\nb' --seed 1"));
    let row = summary.lines().find(|line| line.starts_with("| ✗")).unwrap();
    assert_eq!(row.matches('|').count(), 5, "{row}");
    assert!(!row.contains(['<', '`', '@']), "{row}");
    assert!(summary.contains("\n    runner 'a b' --seed 1\n"), "{summary}");
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
fn a_body_that_is_not_text_as_it_was_sent_says_in_json_what_it_was() {
    let mut no_text = gzipped();
    let Some((_, Ok(reply))) = &mut no_text.ending else { panic!("it has a reply") };
    reply.headers.clear();
    for (exchange, expected) in [
        (gzipped(), serde_json::json!({"text": "{\"a\":\"ö\"}", "codings": ["gzip"], "bytes": 30})),
        (no_text, serde_json::json!({"base64": "H4sIAAAAAAACA6tWSlSyUjq8TakWAOjkijcKAAAA"})),
    ] {
        let mut result = passed(FIRST);
        exchange.add_to(&mut result.history, Duration::ZERO, None);
        let mut record = RunRecord::default();
        record.take(&Event::ScenarioEnded { index: 0, result: Arc::new(result) });
        let read: serde_json::Value = serde_json::from_str(&json::render(&record)).expect("JSON");
        let last =
            read["scenarios"][0]["history"].as_array().and_then(|history| history.last()).expect("an entry");
        assert_eq!(last["received"]["body"], expected);
    }
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
