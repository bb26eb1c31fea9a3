//! `JUnit`'s XML, which most build servers show.

use std::{collections::BTreeMap, path::Path};

use anstream::adapter::strip_str;
use engine::ScenarioResult;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use verdict::Verdict;

use crate::{RunRecord, failure, finding_line::message};

/// One suite a folder, one case a scenario.
pub(crate) fn render(record: &RunRecord) -> String {
    let mut suites: BTreeMap<&Path, TestSuite> = BTreeMap::new();
    for result in &record.results {
        let folder = result.scenario.file.parent().unwrap_or(Path::new(""));
        let suite = suites.entry(folder).or_insert_with(|| {
            let mut suite = TestSuite::new(folder.to_string_lossy());
            suite.add_property(Property::new("seed", record.seed.to_string()));
            suite
        });
        suite.add_test_case(case(result, record));
    }
    let mut report = Report::new("runner");
    // Without an error here, a run that ended early would look like one that passed.
    if let Some(why) = record.early_end() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let kind = if record.broken_off.is_some() { "broken off" } else { "interrupted" };
        status.set_type(kind).set_message(format!("{why}; {} not run", record.summary.not_run));
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
        status.set_type(name).set_message(message).set_description(strip_str(&text).to_string());
        status
    };
    let status = match &result.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed(failures) => non_success(NonSuccessKind::Failure, "failed", &message(failures)),
        Verdict::BrokenOff(broken) => non_success(NonSuccessKind::Error, "broken off", &broken.to_string()),
        Verdict::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
    };
    let mut case = TestCase::new(result.scenario.name.as_str(), status);
    case.set_classname(result.scenario.file.to_string_lossy());
    case.set_time(result.took);
    case
}
