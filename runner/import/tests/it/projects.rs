//! The first files of a project can be read as they are.

use import::{Answer, Found, new_project};
use scenario::{File, Value, read_configuration, read_file};

/// The files of a project, read back.
#[track_caller]
fn check(found: Vec<Found>, expected: &[&str]) -> Vec<(String, String)> {
    let project = new_project(found).unwrap();
    let paths: Vec<_> = project.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, expected);
    let configuration = read_configuration(&project.files[0].1, "e2e.conf".into()).unwrap();
    for (path, text) in &project.files[1..] {
        let read = read_file(text, path.into(), &configuration);
        assert!(matches!(read, Ok(File::Scenario(_) | File::Invariants(_))), "{text}\n{read:#?}");
    }
    project.files
}

fn answer(path: &'static str, status: u16, body: &str) -> Answer {
    Answer { path, status, body: Value::parse(body).ok() }
}

#[test]
fn a_project_without_services_has_one_to_be_filled_in() {
    let files = check(Vec::new(), &["e2e.conf", "scenarios/app.yaml", "scenarios/invariants.yaml"]);
    assert!(
        files[0].1.contains("  app:\n    base_url: http://localhost:8080    # write its address here\n"),
        "{}",
        files[0].1
    );
}

#[test]
fn a_service_that_answers_is_expected_to_answer_so_again() {
    let users = Found {
        base_url: "http://localhost:5002".parse().ok(),
        answers: vec![answer("/", 404, ""), answer("/health", 200, r#"{"status": "up"}"#)],
        ..Found::default()
    };
    let front = Found {
        base_url: "http://localhost:5003".parse().ok(),
        answers: vec![answer("/", 302, "")],
        ..Found::default()
    };
    let expected = [
        "e2e.conf",
        "scenarios/service-5002.yaml",
        "scenarios/service-5003.yaml",
        "scenarios/invariants.yaml",
    ];
    let files = check(vec![users, front], &expected);
    assert!(files[0].1.ends_with(
        "services:\n  service-5002:\n    base_url: http://localhost:5002\n    ready: /health\n  service-5003:\n    base_url: http://localhost:5003\n"
    ));
    assert!(
        files[1].1.contains("request: GET service-5002 /health\n    expect:\n      status: 200\n"),
        "{}",
        files[1].1
    );
    assert!(files[2].1.contains("status: 302"), "{}", files[2].1);
    assert!(files[3].1.contains("holds: reply.status == 'up'"), "{}", files[3].1);
}

#[test]
fn a_document_gives_a_name_and_a_scenario_for_each_group() {
    let document = r#"{ "openapi": "3.1.0", "info": { "title": "Orders API" }, "servers": [{ "url": "http://elsewhere:1/v1" }], "paths": {
        "/orders": { "get": { "responses": { "200": {} } } }, "/health": { "get": { "responses": { "200": {} } } } } }"#;
    let found = |base_url: Option<&str>| Found {
        base_url: base_url.map(|url| url.parse().unwrap()),
        document: Some(document.into()),
        ..Found::default()
    };
    let files = check(
        vec![found(Some("http://localhost:5003")), found(None)],
        &[
            "e2e.conf",
            "scenarios/orders-api/orders-api-orders.yaml",
            "scenarios/orders-api/orders-api-health.yaml",
            "scenarios/orders-api-2/orders-api-orders.yaml",
            "scenarios/orders-api-2/orders-api-health.yaml",
            "scenarios/invariants.yaml",
        ],
    );
    assert!(files[0].1.contains("  orders-api:\n    base_url: http://localhost:5003\n  orders-api-2:\n    base_url: http://elsewhere:1\n"), "{}", files[0].1);
    assert!(files[1].1.contains("GET orders-api /v1/orders"), "{}", files[1].1);
}
