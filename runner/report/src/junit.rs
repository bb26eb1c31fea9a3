//! `JUnit`'s XML, which most build servers show.

use std::{collections::BTreeMap, path::Path};

use anstream::adapter::strip_str;
use engine::ScenarioResult;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use verdict::Verdict;

use crate::{RunRecord, failure, finding_line::message, layout::printable};

/// One suite a folder, one case a scenario.
pub(crate) fn render<'a>(record: &'a RunRecord) -> String {
    let mut suites: BTreeMap<&'a Path, TestSuite> = BTreeMap::new();
    let mut add = |file: &'a Path, case: TestCase| {
        let folder = file.parent().unwrap_or(Path::new(""));
        let suite = suites.entry(folder).or_insert_with(|| {
            let mut suite = TestSuite::new(xml_text(&folder.to_string_lossy()));
            suite.add_property(Property::new("seed", record.seed.to_string()));
            suite
        });
        suite.add_test_case(case);
    };
    for result in &record.results {
        add(&result.scenario.file, case(result, record));
    }
    for (name, scenario) in record.not_run() {
        let mut status = TestCaseStatus::skipped();
        let early = record.early_end().unwrap_or_else(|| "an earlier scenario ended the run".into());
        status.set_type("not run").set_message(xml_text(&format!("not run: {early}")));
        let mut case = TestCase::new(xml_text(&name), status);
        case.set_classname(xml_text(&scenario.file.to_string_lossy()));
        add(&scenario.file, case);
    }
    let mut report = Report::new("runner");
    // Without an error here, a run that ended early would look like one that passed.
    if let Some(why) = record.early_end() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let kind = if record.broken_off.is_some() { "broken off" } else { "interrupted" };
        let message = format!("{why}; {} not run", record.summary.not_run);
        status.set_type(kind).set_message(xml_text(&message));
        let mut suite = TestSuite::new("the run");
        suite.add_property(Property::new("seed", record.seed.to_string()));
        suite.add_test_case(TestCase::new("the run", status));
        report.add_test_suite(suite);
    }
    for mut suite in suites.into_values() {
        suite.set_time(suite.test_cases.iter().filter_map(|case| case.time).sum());
        report.add_test_suite(suite);
    }
    report.set_time(report.test_suites.iter().filter_map(|suite| suite.time).sum());
    report.to_string().expect("names and texts are sanitised, and a String takes all that is written")
}

fn case(result: &ScenarioResult, record: &RunRecord) -> TestCase {
    let non_success = |kind, name, message: &str| {
        let text = failure::render(result, &|service| record.address(service));
        let mut status = TestCaseStatus::non_success(kind);
        let text = xml_text(&strip_str(&text).to_string());
        status.set_type(name).set_message(xml_text(message)).set_description(text);
        status
    };
    let status = match &result.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed(failures) => non_success(NonSuccessKind::Failure, "failed", &message(failures)),
        Verdict::BrokenOff(broken) => non_success(NonSuccessKind::Error, "broken off", &broken.to_string()),
        Verdict::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml_text(why));
            status
        }
    };
    let mut case = TestCase::new(xml_text(&record.name(result)), status);
    case.set_classname(xml_text(&result.scenario.file.to_string_lossy()));
    case.set_time(result.took);
    case
}

/// The text with the characters escaped that XML can't have, whatever a reply holds.
fn xml_text(text: &str) -> String {
    let printable = printable(text);
    if printable.contains(['\u{fffe}', '\u{ffff}']) {
        printable.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
    } else {
        printable
    }
}
